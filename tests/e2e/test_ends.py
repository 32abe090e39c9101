"""The end: promptly, whatever a server or a user's code does, and with nothing left behind."""

from __future__ import annotations

import json
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lamella.testing import Fault, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.processes import HANG, LAMELLA, python, started
from tests.e2e.stores import is_chunk, write_volume

# The promise is 1 s; it takes 0.3 to 0.5 on two idle cores. A guard, not a measurement: a test machine may be busy with
# something else, and a program that waits for the server would take at least the 10 s of its time limit.
PROMPT = 6.0

OPENED = """
import sys, threading
import lamella.qt.viewer
from lamella.cli import main
from lamella.qt import application
from qtpy.QtCore import QTimer
app = application.get_app()
def close():
    for viewer in application.open_viewers():
        viewer.window.close()
def look():
    if sys.stdin.readline():
        QTimer.singleShot(0, app, close)
threading.Thread(target=look, daemon=True).start()
sys.argv = ["lamella", "view", sys.argv[1]]
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ends")
    write_volume(folder)
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[HttpServer]:
    with HttpServer(folder) as server:
        yield server


class Asked:
    """Tells when the server has been asked for something that it will not answer."""

    def __init__(self, server: HttpServer, matches: Callable[[str], bool]) -> None:
        self._asked = threading.Event()
        self._matches = matches
        server.heal()
        server.fail_always(self._see, Fault("hang"))

    def _see(self, path: str) -> bool:
        hangs = self._matches(path)
        if hangs:
            self._asked.set()
        return hangs

    def wait(self) -> None:
        assert self._asked.wait(HANG), "the server was never asked"


HANGS: dict[str, Callable[[str], bool]] = {"metadata": lambda path: True, "chunks": is_chunk}


def assert_prompt(end_once: Callable[[], float]) -> None:
    took = end_once()
    assert took < PROMPT


@pytest.mark.parametrize("what", HANGS)
def test_ctrl_c_ends_a_window_on_a_server_that_hangs(server: HttpServer, what: str) -> None:
    def end_once() -> float:
        asked = Asked(server, HANGS[what])
        with started([LAMELLA, "view", f"{server.url}/volume.zarr"]) as process:
            asked.wait()
            took = process.interrupt()
            ended = process.end()
        assert "Traceback" not in ended.err
        assert ended.status == 0
        return took

    assert_prompt(end_once)


@pytest.mark.parametrize("what", HANGS)
def test_closing_the_window_ends_it_on_a_server_that_hangs(server: HttpServer, what: str) -> None:
    def end_once() -> float:
        asked = Asked(server, HANGS[what])
        with started([sys.executable, "-c", OPENED, f"{server.url}/volume.zarr"]) as process:
            asked.wait()
            took = process.tell("close")
            ended = process.end()
        assert "Traceback" not in ended.err
        assert ended.status == 0
        return took

    assert_prompt(end_once)


@pytest.mark.parametrize("command", [["info"], ["screenshot", "-o", "none.png"]], ids=lambda c: c[0])
def test_ctrl_c_ends_a_command_that_waits(server: HttpServer, command: list[str]) -> None:
    def end_once() -> float:
        asked = Asked(server, HANGS["metadata"])
        with started([LAMELLA, *command, f"{server.url}/volume.zarr"]) as process:
            asked.wait()
            took = process.interrupt()
            ended = process.end()
        assert "Traceback" not in ended.err
        assert ended.status == 130
        return took

    assert_prompt(end_once)


LEFT = """
import gc, json, sys, threading
import psutil
import lamella.qt.viewer
from lamella.qt.viewer import Viewer
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QApplication
from shiboken6 import isValid

me = psutil.Process()

def left():
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    gc.collect()
    return {
        "threads": sorted(t.name for t in threading.enumerate() if t.name.startswith("lamella")),
        "native": me.num_threads(),
        "files": [f.path for f in me.open_files()],
        "sockets": len(me.net_connections()),
        "handles": me.num_fds(),
        "timers": [
            f"{type(o.parent()).__name__}, {o.interval()} ms"
            for o in gc.get_objects()
            if isinstance(o, QTimer) and isValid(o) and o.isActive()
        ],
        "widgets": [type(widget).__name__ for widget in QApplication.allWidgets()],
    }

def cycle():
    viewer = Viewer()
    viewer.open(sys.argv[1])
    viewer.wait_until_loaded()
    inside = left()
    viewer.close()
    return inside

cycle(), cycle()
before = left()
for _ in range(20):
    inside = cycle()
print(json.dumps([before, inside, left()]))
"""


@pytest.mark.parametrize("where", ["folder", "server"])
def test_twenty_windows_leave_no_thread_handle_or_timer(folder: Path, server: HttpServer, where: str) -> None:
    ended = python(LEFT, f"{folder if where == 'folder' else server.url}/volume.zarr")
    assert ended.status == 0, ended.err
    before, inside, after = json.loads(ended.out)
    assert "lamella-slicing" in inside["threads"]  # it would see one
    assert after["threads"] == []
    assert after["timers"] == after["widgets"] == []
    assert after["files"] == []
    assert after["native"] < before["native"] + 10  # C++ pools start their threads when they need them
    # tensorstore keeps its connections to a server alive, for the whole process and up to 64
    kept = after["sockets"] if where == "server" else 0
    assert after["sockets"] <= 70
    assert after["handles"] - kept <= before["handles"] - (before["sockets"] if where == "server" else 0)


MODEL = """
import json, sys, threading
import numpy as np, psutil
from lamella import ViewerModel

me = psutil.Process()
np.save(sys.argv[1], np.ones((40, 300, 300), "u2"))
handles = []
for _ in range(20):
    with ViewerModel() as viewer:
        viewer.open(sys.argv[1])
        viewer.screenshot()
    handles.append((me.num_fds(), me.num_threads()))
print(json.dumps([handles, [t.name for t in threading.enumerate()], [f.path for f in me.open_files()]]))
"""


def test_a_model_leaves_nothing_either(tmp_path: Path) -> None:
    ended = python(MODEL, str(tmp_path / "a.npy"))
    assert ended.status == 0, ended.err
    handles, threads, files = json.loads(ended.out)
    (files_before, threads_before), (files_after, threads_after) = handles[1], handles[-1]
    assert files_after == files_before
    assert threads_after < threads_before + 10  # an ended thread may take a moment to go
    assert threads == ["MainThread"]
    assert files == []


def test_closing_while_a_server_hangs_warns_of_nothing(server: HttpServer) -> None:
    asked = Asked(server, HANGS["chunks"])
    viewer = ViewerModel()
    viewer.open(f"{server.url}/volume.zarr")
    asked.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no thread of lamella is stuck: the reads are tensorstore's
        viewer.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("lamella")]


STUCK = """
import threading, time, warnings
import numpy as np
from lamella import ViewerModel

class Laboratory:
    shape, dtype = (20, 64, 64), np.dtype("u1")
    def __getitem__(self, index):
        stuck.set()
        threading.Event().wait()

stuck = threading.Event()
viewer = ViewerModel()
viewer.add_image(Laboratory())
good = viewer.add_image(np.ones((20, 64, 64), "u1"))
assert stuck.wait(30)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    began = time.perf_counter()
    viewer.close()
    took = time.perf_counter() - began
for warning in caught:
    print(warning.category.__name__, str(warning.message))
assert took < 1, took
"""


def test_a_read_stuck_in_user_code_is_named_and_left_behind() -> None:
    ended = python(STUCK)
    assert ended.status == 0, ended.err
    (line,) = ended.out.splitlines()
    assert line.startswith("RuntimeWarning")
    assert "1 read(s) did not return" in line
    assert "Laboratory" in line
