"""The application: run, Ctrl-C, scripts that forget to run, and when garbage is collected."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QTimer

import lamella
from lamella.qt import application
from lamella.qt.application import IdleCollector, get_app, interrupts
from tests.qt.conftest import QuietViewer


def run_script(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_window_is_made_on_the_main_thread_only(qtbot: QtBot) -> None:
    errors: list[Exception] = []

    def elsewhere() -> None:
        try:
            get_app()
        except RuntimeError as error:
            errors.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "main thread" in str(errors[0])


def test_an_application_of_somebody_else_keeps_its_looks(qtbot: QtBot) -> None:
    app = get_app()
    before = app.styleSheet()
    viewer = QuietViewer()
    assert not application.owns_app()
    assert app.styleSheet() == before
    assert viewer.window.styleSheet()
    viewer.close()


def test_run_returns_at_once_where_a_loop_runs_already(viewer: QuietViewer, qtbot: QtBot) -> None:
    returned: list[bool] = []

    def inside() -> None:
        lamella.run()
        returned.append(True)

    QTimer.singleShot(0, inside)
    qtbot.waitUntil(lambda: bool(returned))
    assert viewer.window.isVisible()


RUN = """
import threading
import numpy as np
import lamella
from qtpy.QtCore import QTimer
viewer = lamella.view(np.zeros((3, 40, 50), np.uint8), title="t")
assert viewer.window.windowTitle() == "t"
other = lamella.Viewer(show=False)
def close():
    assert other.window.isVisible()  # run() shows what was hidden
    viewer.window.close()
    QTimer.singleShot(0, other.window.close)
QTimer.singleShot(0, close)
lamella.run()
print("returned", [t.name for t in threading.enumerate()])
lamella.run()
print("again")
"""


def test_run_returns_when_the_last_window_is_closed() -> None:
    done = run_script(RUN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["returned ['MainThread']", "again"]
    assert "lamella.run()" not in done.stderr


def test_a_script_that_forgets_to_run_is_told() -> None:
    done = run_script("import numpy, lamella; lamella.view(numpy.zeros((40, 50)))")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if "lamella.run()" in line] == [
        "lamella: the script ended without lamella.run(), so its window closed at once; "
        "add lamella.run() as the last line"
    ]


def test_a_script_that_closes_its_window_is_told_nothing() -> None:
    done = run_script("import lamella; v = lamella.Viewer(); v.close()")
    assert done.returncode == 0
    assert "lamella.run()" not in done.stderr


INTERRUPT = """
import os, signal, threading
import numpy as np
import lamella
from qtpy.QtCore import QTimer
viewer = lamella.view(np.zeros((3, 40, 50), np.uint8))
QTimer.singleShot(50, lambda: os.kill(os.getpid(), signal.SIGINT))
lamella.run()
print("closed", viewer.window is not None, [t.name for t in threading.enumerate()])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a process of its own there")
def test_ctrl_c_closes_the_windows() -> None:
    done = run_script(INTERRUPT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "closed True ['MainThread']"
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a process of its own there")
def test_a_waiting_loop_hears_ctrl_c_and_the_old_handler_comes_back(qtbot: QtBot) -> None:
    heard: list[bool] = []
    before = signal.getsignal(signal.SIGINT)
    with interrupts(lambda: heard.append(True)):
        os.kill(os.getpid(), signal.SIGINT)
        qtbot.waitUntil(lambda: bool(heard))
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_garbage_is_collected_at_rest_only(qtbot: QtBot) -> None:
    class Cycle:
        def __init__(self) -> None:
            self.me = self

    def alive() -> int:
        return sum(isinstance(thing, Cycle) for thing in gc.get_objects())

    busy = True
    collector = IdleCollector(lambda: busy)
    collector.start()
    try:
        assert not gc.isenabled()
        Cycle()
        collector.collect()
        assert alive() == 1
        busy = False
        collector.collect()
        assert alive() == 0
    finally:
        collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_view_of_bad_data_leaves_no_window(qtbot: QtBot) -> None:
    before = application.open_viewers()
    with pytest.raises(TypeError):
        lamella.view(np.zeros((4, 4), object))
    with pytest.raises(TypeError, match="colourmap"):
        lamella.view("nothing.zarr", colourmap="gray")
    assert application.open_viewers() == before


def test_importing_lamella_loads_no_qt() -> None:
    done = run_script("import sys, lamella, lamella.qt; print(any(m in sys.modules for m in ('qtpy', 'PySide6')))")
    assert done.stdout.strip() == "False"
