"""The arrays that scenarios show. Plane z of an image has the value z in its first corner, so a picture says which one
it is."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.measures import Read

DISTINCT = 16  # planes of noise; the others repeat them


def planes(count: int, side: int, seed: int = 0) -> npt.NDArray[np.uint16]:
    """(count, side, side) uint16: noise that no compressor or cache makes smaller."""
    noise = np.random.default_rng(seed).integers(0, 4096, (min(count, DISTINCT), side, side), dtype=np.uint16)
    data = np.empty((count, side, side), np.uint16)
    for z in range(count):
        data[z] = noise[z % DISTINCT]
        data[z, 0, 0] = z
    return data


def labelled(count: int, side: int, ids: int, seed: int = 0) -> npt.NDArray[np.int32]:
    """(count, side, side) int32: squares with ids from 1 to ``ids`` in any order, as many of background between them.

    From plane to plane they move on by 5 samples, so no two planes are equal.
    """
    rng = np.random.default_rng(seed)
    across = int(np.ceil(np.sqrt(2 * ids)))
    cells = np.zeros(across * across, np.int32)
    cells[rng.permutation(len(cells))[:ids]] = np.arange(1, ids + 1)
    plane = np.kron(cells.reshape(across, across), np.ones((-(-side // across),) * 2, np.int32))[:side, :side]
    data = np.empty((count, side, side), np.int32)
    for z in range(count):
        data[z] = np.roll(plane, 5 * z, axis=1)
    return data


class SlowPlanes:
    """Shape, dtype and ``[]``, where each read takes ``delay`` seconds: what no viewer knows anything of.

    Attributes
    ----------
    reads : list of Read
        In the order in which they ended.
    """

    def __init__(self, data: npt.NDArray[Any], delay: float) -> None:
        self._data = data
        self._delay = delay
        self._lock = threading.Lock()
        self.shape = data.shape
        self.dtype = data.dtype
        self.ndim = data.ndim
        self.reads: list[Read] = []

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        began = time.perf_counter()
        time.sleep(self._delay)
        result = np.array(self._data[index])
        with self._lock:
            self.reads.append(Read(plane_of(index), began, time.perf_counter()))
        return result

    def __array__(self, dtype: Any = None, copy: Any = None) -> npt.NDArray[Any]:
        """All of it, with one delay a plane: who asks for this waits for it."""
        time.sleep(self._delay * self.shape[0])
        return np.array(self._data, dtype=dtype)


def plane_of(index: Any) -> int:
    """The first plane that an index takes along axis 0."""
    first = index[0] if isinstance(index, tuple) else index
    if isinstance(first, slice):
        return first.start or 0
    return int(np.asarray(first).ravel()[0])
