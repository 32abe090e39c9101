"""Everything ends: the window on a server that hangs, threads, sockets and files after close."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import zarr

from lamella.testing import Fault, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.processes import HANG, LAMELLA, environment

PROMISE_S = 1.0
SLACK_S = 4.0  # a loaded machine; without the promise kept, it would be until the server gives up: minutes


def wait_for(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + HANG
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        threading.Event().wait(0.02)


@pytest.mark.parametrize("what", ["metadata", "chunks"])
def test_view_on_a_server_that_hangs_ends_with_ctrl_c(what: str, tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a.zarr", np.zeros((4, 64, 64), "u1"))
    asked = threading.Event()

    def hangs(path: str) -> bool:
        if what == "metadata" or "/c/" in path:
            asked.set()
            return True
        return False

    with HttpServer(tmp_path) as server:
        server.fail_always(hangs, Fault("hang"))
        command = [LAMELLA, "view", f"{server.url}/a.zarr"]
        process = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            assert asked.wait(HANG)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=PROMISE_S + SLACK_S)
        finally:
            process.kill()
    assert "Traceback" not in errors
    assert process.returncode in (0, 1, 130)


def test_close_leaves_no_thread_socket_or_file(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a.zarr", np.zeros((4, 64, 64), "u1"))
    me = psutil.Process()

    def once(url: str) -> None:
        with ViewerModel() as viewer:
            viewer.open(url)
            viewer.screenshot()

    with HttpServer(tmp_path) as server:
        once(f"{server.url}/a.zarr")  # what libraries keep for good, they have from now on
        threads, files = set(threading.enumerate()), me.num_fds()
        for _ in range(5):
            once(f"{server.url}/a.zarr")
            once(str(tmp_path / "a.zarr"))
        assert set(threading.enumerate()) <= threads
        assert not [t for t in threading.enumerate() if t.name.startswith("lamella")]
        wait_for(lambda: me.num_fds() <= files + 16)  # tensorstore keeps a few idle connections a host


def test_close_while_a_server_hangs_is_prompt(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a.zarr", np.zeros((4, 64, 64), "u1"))
    with HttpServer(tmp_path) as server:
        server.fail_always(lambda path: "/c/" in path, Fault("hang"))
        viewer = ViewerModel()
        viewer.open(f"{server.url}/a.zarr")
        with pytest.raises(TimeoutError, match=r"chunks|slice"):
            viewer.wait_until_loaded(0.2)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing of ours is stuck: the read is tensorstore's
            viewer.close()
        assert not [t for t in threading.enumerate() if t.name.startswith("lamella")]


def test_a_read_stuck_in_user_code_is_named_and_left_behind() -> None:
    release = threading.Event()

    class Stuck:
        shape, dtype, ndim = (4, 8, 8), np.dtype("u1"), 3

        def __getitem__(self, index: object) -> np.ndarray:
            release.wait(HANG)
            return np.zeros((1, 8, 8), "u1")

    viewer = ViewerModel()
    viewer.add_image(Stuck(), contrast_limits=(0, 1))
    wait_for(lambda: viewer.reads)
    with pytest.warns(RuntimeWarning, match="1 read"):
        viewer.close()
    release.set()
    wait_for(lambda: not [t for t in threading.enumerate() if t.name.startswith("lamella")])
