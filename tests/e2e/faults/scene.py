"""A layer on a server that fails, beside one on a server that is well, and what is left of both at the end."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers import Layer
from lamella.notifications import Notification
from lamella.testing import HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.stores import is_chunk

WAIT = 60  # seconds, against hanging
PLANE = 1  # what a new viewer shows: the middle one
CHUNKS = tuple(f"plain.zarr/c/{PLANE}/{row}/{column}" for row in (0, 1) for column in (0, 1))
CHUNK = CHUNKS[0]  # rows and columns 0 to 15
ROUNDS = 1000
CHUNK_NBYTES = 16 * 16 * 2


def is_the_chunk(path: str) -> bool:
    return path == CHUNK


class Scene:
    """Two servers with the same image, and a viewer of both. A context manager.

    Parameters
    ----------
    folder : path
        With what `tests.e2e.stores.write_plain` wrote.
    data : array
        What it wrote.
    """

    def __init__(self, folder: Path, data: npt.NDArray[np.uint16]) -> None:
        self.data = data
        self.server = HttpServer(folder)
        self.beside = HttpServer(folder)
        self.told: list[Notification] = []
        self.viewer: Any = None

    def __enter__(self) -> Scene:
        self.server.start()
        self.beside.start()
        self._start()
        return self

    def _start(self) -> None:
        self._threads = set(threading.enumerate())
        self.viewer = ViewerModel()
        self.viewer.events.notification.connect(self.told.append)

    def __exit__(self, *exc: object) -> None:
        try:
            self.viewer.close()
        finally:
            self.server.stop()
            self.beside.stop()

    def open(self) -> Layer:
        """Show the image of the failing server, and beside it that of the other.

        Whatever befalls the chunks of the first, the second is complete before: the requests for the first are held.
        """
        self.server.hold(is_chunk)
        (layer,) = self.viewer.open(f"{self.server.url}/plain.zarr", timeout=WAIT)
        (other,) = self.viewer.open(f"{self.beside.url}/plain.zarr", timeout=WAIT)
        assert self.server.wait_for_hanging(4, WAIT)
        self.wait_until(lambda: other.status.have == 4 and not other.status.loading)
        np.testing.assert_array_equal(self.viewer.slices[other].as_array(), self.data[PLANE])
        assert layer.status.loading
        assert self.server.release() == 4
        return layer

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Take what the engine leaves until something is so."""
        woken = threading.Event()
        self.viewer.set_wake(woken.set)
        deadline = time.monotonic() + WAIT
        while True:
            woken.clear()
            self.viewer.drain()
            if condition():
                break
            assert woken.wait(deadline - time.monotonic()), "it never came"
        self.viewer.set_wake(None)

    def settle(self) -> None:
        """Wait until all is there or has failed."""
        self.viewer.wait_until_loaded(WAIT)
        assert self.viewer._engine.wait_idle(WAIT)

    # What is so

    def shown(self, layer: Layer) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = self.viewer.slices[layer].as_array()
        return array

    def counts(self, layer: Layer) -> tuple[int, int, int]:
        """Chunks that are needed, there, failed."""
        return layer.status.needed, layer.status.have, layer.status.failed

    def requests(self) -> Counter[str]:
        """How often the failing server was asked for each chunk."""
        return Counter({path: n for path, n in self.server.seen.items() if is_chunk(path)})

    def assert_nothing_was_told(self) -> None:
        assert self.viewer.failures == ()
        assert self.told == []

    def assert_told_once(self, *words: str) -> None:
        """One line for all chunks that failed for one reason, with the address and these words."""
        (line,) = map(str, self.told)
        for word in (f"{self.server.url}/plain.zarr", *words):
            assert word in line
        assert {f.source for f in self.viewer.failures} == {f"{self.server.url}/plain.zarr"}
        assert len({f.message for f in self.viewer.failures}) == 1

    def assert_memory_is_accounted_for(self, chunks: int) -> None:
        """What is taken is the chunks that came and the tiles that are shown, nothing else."""
        tiles = {id(t): t.data.nbytes for r in self.viewer.slices.values() for t in r.tiles}
        expected = (sum(tiles.values()), chunks * CHUNK_NBYTES)
        for _ in range(ROUNDS):  # a host that is down is tried now and then, which takes memory for a moment
            assert self.viewer._engine.wait_idle(WAIT)
            statistics = self.viewer.statistics()
            if (statistics.reserved, statistics.resident) == expected:
                break
        assert (statistics.reserved, statistics.resident) == expected

    def assert_nothing_is_left(self) -> None:
        """Close the viewer: no thread of it goes on, and no picture stays in memory."""
        arrays = [weakref.ref(t.data) for r in self.viewer.slices.values() for t in r.tiles]
        assert arrays
        self.viewer.close()
        assert [t for t in set(threading.enumerate()) - self._threads if t.name.startswith("lamella")] == []
        self._start()  # another viewer, which knows nothing of the one before
        gc.collect()
        assert [ref for ref in arrays if ref() is not None] == []
