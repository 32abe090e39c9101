"""Any object with shape, dtype and ``[]``: h5py, dask, a user's class. Its code may be slow, hold locks or hang."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Outcome, Pool, new_token
from lamella.sources.indexing import index
from lamella.sources.limits import check_dtype, check_shape
from lamella.sources.portable import NotPortable
from lamella.sources.reader_group import Member, ReaderGroup, group_of

MAX_CHUNK = 64 * 2**20  # bytes; larger chunks are read in rows, as if there were none
READER = "reader process"
NO_RECIPE = "lamella cannot make an array of this class in another process"


class OpaqueSource:
    """A user's array as a source, with one worker of its own: what it does to itself it does to nobody else.

    `shape`, `dtype` and `chunks` of the object are read once, here. Its ``__getitem__`` is called with a tuple of
    slices: in the reader process if there is a recipe that makes the array there, otherwise in `read`, on its
    worker.

    Parameters
    ----------
    data : object
        With ``shape``, ``dtype`` and ``__getitem__``.
    name : str, optional
        What messages call it; the name of the class if not given.
    grid : Grid or None, optional
        The units of reading; by default ``data.chunks`` where they are regular.
    pool : Pool, optional
        By default one worker of its own. Sources that share a pool share a reader process, and its threads.
    recipe : callable, optional
        Gives a pickle of an object with ``shape``, ``dtype`` and ``__getitem__(tuple of slices)``; raises `NotPortable`
        where that cannot be. Called on a worker at the first read, and again after `forget`.
    to_numpy : callable
        Makes a numpy array of what ``data[box]`` answers in this process.

    Attributes
    ----------
    isolation : str
        Where it is read: ``"reader process"``, or the reason why it is read in a thread of this process; empty until
        the first read tells.

    Raises
    ------
    TypeError, ValueError
        The object cannot be a picture.
    """

    def __init__(
        self,
        data: Any,
        *,
        name: str | None = None,
        grid: Grid | Literal["chunks"] | None = "chunks",
        pool: Pool | None = None,
        recipe: Callable[[], bytes] | None = None,
        to_numpy: Callable[[Any], npt.NDArray[Any]] = np.asarray,
    ) -> None:
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
        self.pool = pool or Pool(key=f"opaque:{self.token}:{self.name}", slots=1, threads=1)
        self.in_memory = False
        self.isolation = "" if recipe is not None else NO_RECIPE
        self._grid = regular_grid(getattr(data, "chunks", None), self.shape, self.dtype) if grid == "chunks" else grid
        self._to_numpy = to_numpy
        self._data: Any = data
        self._portable = recipe is not None
        self._member: Member | None = None
        self._group: ReaderGroup | None = None
        if recipe is not None:
            self._member = Member(self.token, self.name, self.dtype, recipe)
            self._group = group_of(self.pool)
            self._group.add(self.token)
            self._leave = weakref.finalize(self, self._group.leave, self.token)
            self._leave.atexit = False  # all processes are ended at exit

    def __repr__(self) -> str:
        return f"OpaqueSource({self.name!r}, shape={self.shape}, dtype={self.dtype})"

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        """Call the object's ``__getitem__``, which may block as long as it likes. Whatever it raises is a failure."""
        done(self._read(box))

    def close(self) -> None:
        """Let go of the object; it is the user's to close. Ends a read in the reader process."""
        self._data = None
        if self._group is not None:
            self._leave()

    def forget(self) -> None:
        """Reads from now on see the data as they are now."""
        if self._group is not None and self._member is not None:
            self._group.add(self.token)
            self._portable = True
            self._group.forget(self._member)

    def stop(self) -> None:
        """End the reader process, unless others use it; a later read starts it again. Returns at once."""
        if self._group is not None:
            self._group.stop()

    def insist(self, deadline: float) -> None:
        """After `stop`: wait until the `time.monotonic` deadline for the reads in the reader process, then end them."""
        if self._group is not None:
            self._group.insist(deadline)

    def _read(self, box: Box) -> Outcome:
        data = self._data
        if data is None:
            return Failed(FailureKind.OTHER, f"{self.name} is closed")
        result = self._read_elsewhere(box) if self._portable else None
        if result is None:
            result = index(data, box, name=self.name, dtype=self.dtype, to_numpy=self._to_numpy)
            if isinstance(result, Failed):
                return result
            # A part of a larger array would pin the whole of it, and may change under the cache.
            result = np.array(result) if result.base is not None else result.view()
        if isinstance(result, Failed):
            return result if self._data is not None else Failed(FailureKind.OTHER, f"{self.name} is closed")
        result.setflags(write=False)
        return Loaded(result)

    def _read_elsewhere(self, box: Box) -> npt.NDArray[Any] | Failed | None:
        """Read in the reader process; None where that cannot be."""
        assert self._group is not None and self._member is not None
        try:
            result = self._group.read(self._member, box)
        except NotPortable as reason:
            self.isolation = str(reason)
        else:
            self.isolation = READER
            return result
        self._portable = False
        self._group.leave(self.token)
        return None


def regular_grid(
    chunks: Any, shape: tuple[int, ...], dtype: np.dtype[Any], *, most_bytes: int = MAX_CHUNK
) -> Grid | None:
    """The grid of a ``chunks`` attribute: one integer an axis, or dask's tuples where all but the last are equal.

    None if they are not regular, or larger than ``most_bytes``.
    """
    if not isinstance(chunks, (tuple, list)) or len(chunks) != len(shape):
        return None
    lengths = [_regular_length(c) for c in chunks]
    if None in lengths:
        return None
    chunk = tuple(min(c, n) for c, n in zip(lengths, shape, strict=True) if c is not None)
    return Grid(chunk) if math.prod(chunk) * dtype.itemsize <= most_bytes else None


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
