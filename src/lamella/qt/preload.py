"""Prepares for the first image while the window has nothing else to do: 0.1 s that nobody then waits for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, QTimer

QUIET_MS = 300  # after the window was shown: its first picture comes first

_imported = threading.Event()  # once a process is enough


class Preload(QObject):
    """Waits until a viewer is idle; then its renderer rehearses, and what opening a URL needs is imported on another
    thread, once a process.

    Owned by the main thread.

    Parameters
    ----------
    viewer : Viewer
    rehearse : callable
        Lets the renderer prepare for the first image; called while there is none.
    parent : QObject, optional
    """

    def __init__(self, viewer: Any, rehearse: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._rehearse = rehearse
        self._timer = QTimer(self)  # not a static single shot, which outlives the window
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Call it when the window of the viewer is shown."""
        self._timer.start()

    def close(self) -> None:
        self._timer.stop()

    def _look(self) -> None:
        viewer = self._viewer
        if viewer.opening or not viewer.loaded or any(view.interacting for view in viewer.views):
            return
        self._timer.stop()
        if not viewer.layers:
            self._rehearse()
        if not _imported.is_set():
            _imported.set()
            threading.Thread(target=_import, name="lamella-preload", daemon=True).start()


def _import() -> None:
    with contextlib.suppress(ImportError):  # told when something is opened
        import lamella.io  # noqa: F401
        from lamella.sources.tensorstore_source import load_tensorstore

        load_tensorstore()
