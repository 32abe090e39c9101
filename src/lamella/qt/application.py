"""The Qt application: made once, in lamella's colours; `run`; Ctrl-C; when garbage is collected."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pydantic.fields  # noqa: F401  # before Qt: PySide6's import hook breaks a later import of it
from qtpy.QtCore import QObject, QSocketNotifier, Qt, QThread, QTimer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QApplication, QStyleFactory

from lamella.qt import ipython
from lamella.qt.icons import app_icon
from lamella.qt.style import DARK, THEMES, Theme, palette, stylesheet

if TYPE_CHECKING:
    from lamella.qt.viewer import Viewer

COLLECT_MS = 2_000  # how often the idle timer looks; young garbage is collected in < 1 ms
FULL_COLLECT_EVERY = 15  # every 30 s of rest: a full collection takes tens of ms even when most objects are frozen


class _State:
    """What this process's application needs to remember. Owned by the main thread."""

    def __init__(self) -> None:
        self.app: QApplication | None = None  # kept alive: PySide6 deletes an application nobody refers to
        self.ours = False
        self.was_run = False
        self.runs = False  # inside `run`
        self.theme = DARK
        self.viewers: list[Viewer] = []  # strong: a window whose viewer nobody refers to stays open


_state = _State()


def get_app() -> QApplication:
    """The application of this process; made, with lamella's looks, if there is none yet.

    Raises
    ------
    RuntimeError
        Called on another thread than the main one, or there is a Qt application without widgets.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a window must be made on the main thread; use lamella.ViewerModel on other threads")
    app = QApplication.instance()
    if app is None:
        QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
        app = QApplication([sys.argv[0] or "lamella"])
        app.setApplicationName("lamella")
        app.setDesktopFileName("lamella")
        app.setWindowIcon(app_icon())
        app.setStyle(QStyleFactory.create("Fusion"))
        _state.ours = True
        apply_theme("dark")
    elif not isinstance(app, QApplication):
        raise RuntimeError(f"lamella needs a QApplication, but this process has a {type(app).__name__} already")
    _state.app = app
    return app


def owns_app() -> bool:
    """Whether lamella made the application, and so may style it and tune the process for it."""
    return _state.ours and QApplication.instance() is _state.app


def apply_theme(name: str) -> None:
    """Colour lamella's windows ``"dark"`` or ``"light"``; the whole application if lamella made it."""
    theme = _state.theme = THEMES[name]
    for viewer in open_viewers():
        viewer.window.set_theme(theme)
    app = QApplication.instance()
    if _state.ours and isinstance(app, QApplication):
        app.setPalette(palette(theme))
        app.setStyleSheet(stylesheet(theme))


def current_theme() -> Theme:
    return _state.theme


def register(viewer: Viewer) -> None:
    """Remember an open window, for `run`, Ctrl-C and the hint at exit."""
    if not _state.viewers:
        atexit.register(_at_exit)
    _state.viewers.append(viewer)


def forget(viewer: Viewer) -> None:
    """The window of ``viewer`` is closed."""
    if viewer in _state.viewers:
        _state.viewers.remove(viewer)
    if not _state.viewers:
        atexit.unregister(_at_exit)
        app = QApplication.instance()
        if _state.runs and app is not None:
            app.quit()  # lastWindowClosed is for windows that the user closes


def open_viewers() -> list[Viewer]:
    """The viewers whose windows are not closed."""
    return list(_state.viewers)


def _at_exit() -> None:
    viewers = [viewer for viewer in open_viewers() if viewer.window.isVisible()]
    hint = ipython.exit_hint(ipython.current_host(), len(viewers), _state.was_run)
    if hint is not None and sys.stderr is not None and not hasattr(sys, "last_type"):  # an error tells enough
        print(hint, file=sys.stderr)
    for viewer in open_viewers():
        viewer.close()


def loop_runs(app: QApplication) -> bool:
    """Whether somebody else's event loop already serves the windows."""
    thread: QThread = app.thread()
    return thread.loopLevel() > 0 or ipython.has_qt_loop(ipython.current_shell())


def run() -> None:
    """Show the windows and return when the last one is closed. Ctrl-C closes them.

    Returns at once if no window is open, or if an event loop already runs (IPython, Jupyter, another Qt program).
    """
    app = get_app()
    _state.was_run = True
    if loop_runs(app):
        return
    for viewer in open_viewers():
        viewer.show()
    if not open_viewers():
        return
    app.lastWindowClosed.connect(app.quit)
    _state.runs = True
    try:
        with interrupts(close_all), _quiet_collector(app):
            app.exec()
    finally:
        _state.runs = False
        app.lastWindowClosed.disconnect(app.quit)
        for viewer in open_viewers():
            viewer.close()


def close_all() -> None:
    """Close every window and end the event loop."""
    for viewer in open_viewers():
        viewer.close()
    app = QApplication.instance()
    if app is not None:
        app.quit()


@contextlib.contextmanager
def interrupts(stop: Callable[[], object]) -> Iterator[None]:
    """While inside, Ctrl-C calls ``stop`` within one turn of the event loop.

    Python runs signal handlers between two of its own instructions, and a Qt loop that waits executes none: so the
    signal also writes to a socket that the loop listens to.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)

    def empty() -> None:
        # nothing else to do: Python has called the handler before this line
        with contextlib.suppress(BlockingIOError):
            while reader.recv(64):
                pass

    notifier.activated.connect(empty)
    old_handler = signal.signal(signal.SIGINT, lambda *_: stop())
    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(old_fd)
        signal.signal(signal.SIGINT, signal.default_int_handler if old_handler is None else old_handler)
        notifier.setEnabled(False)
        notifier.activated.disconnect(empty)
        reader.close()
        writer.close()


class IdleCollector(QObject):
    """Collects garbage while no view is acted upon. Owned by the main thread.

    Automatic collection strikes at any allocation, in the middle of a drag too; a full one stops the window for tens of
    milliseconds.
    """

    def __init__(self, busy: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = busy
        self._turns = 0
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self.collect)

    def start(self) -> None:
        gc.freeze()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()
        gc.unfreeze()

    def collect(self) -> None:
        if self._busy():
            return
        self._turns += 1
        gc.collect(2 if self._turns % FULL_COLLECT_EVERY == 0 else 1)


def any_view_acted_upon() -> bool:
    return any(view.interacting for viewer in open_viewers() for view in viewer.views)


@contextlib.contextmanager
def _quiet_collector(app: QApplication) -> Iterator[None]:
    """Inside, garbage is collected at rest only; only where the process is lamella's."""
    if not owns_app() or not gc.isenabled() or os.environ.get("LAMELLA_GC") == "auto":
        yield
        return
    collector = IdleCollector(any_view_acted_upon, app)
    collector.start()
    try:
        yield
    finally:
        collector.stop()
        collector.deleteLater()
