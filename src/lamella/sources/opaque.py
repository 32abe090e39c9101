"""Any object with shape, dtype and ``[]``: h5py, dask, a user's class. Its code may be slow, hold locks or hang."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Outcome, Pool, new_token
from lamella.sources.limits import check_dtype, check_shape

MAX_CHUNK = 64 * 2**20  # bytes; larger chunks are read in rows, as if there were none


class OpaqueSource:
    """A user's array as a source, with one worker of its own: what it does to itself it does to nobody else.

    `shape`, `dtype` and `chunks` of the object are read once, here. Its ``__getitem__`` is called with a tuple of
    slices, in `read`, on its worker.

    Parameters
    ----------
    data : object
        With ``shape``, ``dtype`` and ``__getitem__``; ``chunks`` is used as the grid where it is regular.
    name : str, optional
        What messages call it; the name of the class if not given.

    Raises
    ------
    TypeError, ValueError
        The object cannot be a picture.
    """

    def __init__(self, data: Any, *, name: str | None = None) -> None:
        self.name = name or type(data).__name__
        try:
            self.shape: tuple[int, ...] = tuple(int(n) for n in data.shape)
            self.dtype: np.dtype[Any] = np.dtype(data.dtype)
        except (AttributeError, TypeError, ValueError) as error:
            raise TypeError(
                f"{self.name} cannot be shown ({error}): lamella needs an object with a shape of integers, "
                "a numpy dtype and indexing by slices"
            ) from None
        check_dtype(self.name, self.dtype)
        check_shape(self.name, self.shape)
        self.token = new_token()
        self.fill_value: Any = self.dtype.type(0)
        self.pool = Pool(key=f"opaque:{self.token}:{self.name}", slots=1, threads=1)
        self.in_memory = False
        self._grid = _regular_grid(getattr(data, "chunks", None), self.shape, self.dtype)
        self._data: Any = data

    def __repr__(self) -> str:
        return f"OpaqueSource({self.name!r}, shape={self.shape}, dtype={self.dtype})"

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        """Call the object's ``__getitem__``, which may block as long as it likes. Whatever it raises is a failure."""
        data = self._data
        if data is None:
            done(Failed(FailureKind.OTHER, f"{self.name} is closed"))
            return
        try:
            outcome: Outcome = self._checked(np.asarray(data[box]), box)
        except MemoryError as error:
            outcome = Failed(FailureKind.MEMORY, _sentence(error))
        except BaseException as error:  # a user's code on a worker: nothing it raises may harm others
            outcome = Failed(FailureKind.OTHER, _sentence(error))
        done(outcome)

    def close(self) -> None:
        """Let go of the object; it is the user's to close."""
        self._data = None

    def _checked(self, result: npt.NDArray[Any], box: Box) -> Outcome:
        wanted = tuple(s.stop - s.start for s in box)
        if result.shape != wanted:
            return Failed(FailureKind.CORRUPT, f"{self.name} answered with another shape than was asked for")
        if result.dtype.newbyteorder("=") != self.dtype.newbyteorder("="):
            return Failed(FailureKind.CORRUPT, f"{self.name} answered with {result.dtype} where it said {self.dtype}")
        # A part of a larger array would pin the whole of it, and may change under the cache.
        result = np.array(result) if result.base is not None else result.view()
        result.setflags(write=False)
        return Loaded(result)


def _sentence(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _regular_grid(chunks: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Grid | None:
    """The grid of a ``chunks`` attribute: one integer an axis, or dask's tuples where all but the last are equal."""
    if not isinstance(chunks, (tuple, list)) or len(chunks) != len(shape):
        return None
    lengths = [_regular_length(c) for c in chunks]
    if None in lengths:
        return None
    chunk = tuple(min(c, n) for c, n in zip(lengths, shape, strict=True) if c is not None)
    return Grid(chunk) if math.prod(chunk) * dtype.itemsize <= MAX_CHUNK else None


def _regular_length(chunks: Any) -> int | None:
    """The chunk length along one axis, None where it is not regular."""
    if isinstance(chunks, (int, np.integer)):
        return int(chunks) if chunks >= 1 else None
    if not isinstance(chunks, (tuple, list)) or not chunks:
        return None
    if not all(isinstance(c, (int, np.integer)) and c >= 1 for c in chunks):
        return None
    first = int(chunks[0])
    return first if all(c == first for c in chunks[:-1]) and chunks[-1] <= first else None
