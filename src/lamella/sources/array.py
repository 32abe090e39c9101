"""Arrays in memory and memory-mapped files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Outcome, Pool, new_token
from lamella.sources.limits import check_dtype, check_shape

TILE = 512  # samples: a tile of uint16 copies in 0.1 ms, and 16 of them cover a large screen
MEMORY_POOL = Pool(key="memory", slots=2, threads=2)


class ArraySource:
    """A numpy array or memory map as a source.

    Reads are views without the right to write: whoever keeps the samples copies them. Immutable but for `close`, so
    any thread may read.

    Parameters
    ----------
    array : numpy.ndarray
        At least one axis and one sample; boolean, integer, floating or complex.
    name : str, optional
        What messages call it.

    Raises
    ------
    TypeError, ValueError
        The array cannot be a picture.
    """

    def __init__(self, array: npt.NDArray[Any], *, name: str | None = None) -> None:
        self.name = name or "the array"
        check_dtype(self.name, array.dtype)
        check_shape(self.name, array.shape)
        self.token = new_token()
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.fill_value: Any = array.dtype.type(0)
        self.pool = MEMORY_POOL
        self.in_memory = True
        self._array: npt.NDArray[Any] | None = np.asarray(array)

    def __repr__(self) -> str:
        return f"ArraySource({self.name!r}, shape={self.shape}, dtype={self.dtype})"

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        """Squares (or cubes) of `TILE` samples along the displayed axes, single planes along the others."""
        return Grid(tuple(TILE if axis in displayed else 1 for axis in range(len(self.shape))))

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        array = self._array
        if array is None:
            done(Failed(FailureKind.OTHER, f"{self.name} is closed"))
            return
        view = array[box].view()
        view.setflags(write=False)
        done(Loaded(view))

    def close(self) -> None:
        """Let go of the array; a memory map is unmapped once the last view of it is gone."""
        self._array = None
