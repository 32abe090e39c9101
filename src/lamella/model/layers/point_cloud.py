"""Where points are: an array of coordinates that slicing refers to, frozen as far as anyone outside can see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.snapshots import AT_THE_CALL, is_writable, snapshot_of_columns
from lamella.sources.base import new_token

Array = npt.NDArray[np.float64]

_ROWS = 512  # rows that are compared side by side: contiguous, so that the processor does several at once
_PIECE = 32  # times as many rows at a time stay in its cache


class Lineage:
    """Clouds that grew out of one another: the rows of the shorter are the first rows of the longer."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class PointCloud:
    """Coordinates of points. Made by `PointCloud.of`, on any thread: then handing them to a layer costs nothing.

    Attributes
    ----------
    data : (n, ndim) array
        One row a point, one column an axis.
    extent : (2, ndim) array or None
        Smallest and largest finite coordinate; NaN on an axis without any. None without points.
    settled : bool
        Nobody writes to `data` any more: slicing needs no copy of it.
    token : int
        Identity in the keys of slices.
    lineage : Lineage
        What slicing knows of one cloud of a lineage serves the others.
    """

    data: npt.NDArray[Any]
    extent: Array | None
    settled: bool
    token: int = field(default_factory=new_token)
    lineage: Lineage = field(default_factory=Lineage)

    @classmethod
    def of(cls, data: Any, ndim: int | None = None) -> PointCloud:
        """Check coordinates and find their extent: one pass over them, 10 ms for 10⁶ points of three axes.

        Arrays of up to 1 MiB are copied. Larger ones are copied by the first slice, on another thread.

        Parameters
        ----------
        data : (n, ndim) array or None
            Numbers, NaN and infinite ones too. None: no points.
        ndim : int, optional
            Axes of a cloud without points; 2 by default.

        Raises
        ------
        TypeError
            They are no numbers.
        ValueError
            They are no table with at least two columns.
        """
        array = checked_coordinates(data, ndim)
        extent = extent_of(array)
        if array.nbytes <= AT_THE_CALL:
            return cls(snapshot_of_columns(array), extent, settled=True)
        return cls(array, extent, settled=not is_writable(array))

    @property
    def count(self) -> int:
        return len(self.data)

    @property
    def ndim(self) -> int:
        return int(self.data.shape[1])


class Growing:
    """Coordinates with room for more. What was handed out is never written to again. Owned by the main thread.

    Parameters
    ----------
    cloud : PointCloud
        The first rows.
    """

    def __init__(self, cloud: PointCloud) -> None:
        dtype = np.result_type(cloud.data.dtype, np.float32)
        self._columns = np.empty((cloud.ndim, max(2 * cloud.count, 1024)), dtype)
        self._columns[:, : cloud.count] = cloud.data.T
        self._lineage = Lineage()
        self.cloud = self._first(cloud.count, cloud.extent)

    def add(self, more: npt.NDArray[Any]) -> PointCloud:
        """The cloud with ``more`` rows after the others. Doubles the room where it ends, so a row costs O(1)."""
        old, count = self.cloud, self.cloud.count + len(more)
        if count > self._columns.shape[1]:
            columns = np.empty((old.ndim, 2 * count), self._columns.dtype)
            columns[:, : old.count] = self._columns[:, : old.count]
            self._columns = columns
        self._columns[:, old.count : count] = more.T
        extents = [e for e in (old.extent, extent_of(more)) if e is not None]
        low = np.fmin.reduce([e[0] for e in extents]) if extents else None
        high = np.fmax.reduce([e[1] for e in extents]) if extents else None
        self.cloud = self._first(count, None if low is None or high is None else np.stack([low, high]))
        return self.cloud

    def _first(self, count: int, extent: Array | None) -> PointCloud:
        rows = self._columns[:, :count].T
        rows.setflags(write=False)
        return PointCloud(rows, extent, settled=True, lineage=self._lineage)


def checked_coordinates(data: Any, ndim: int | None) -> npt.NDArray[Any]:
    """Coordinates as an (n, ndim) array of numbers, without a copy where it is one already."""
    array = as_numbers(
        np.empty((0, ndim or 2)) if data is None else data, "point", "one row a point and one column an axis"
    )
    if array.shape == (0,):
        array = np.empty((0, ndim or 2))
    if array.ndim != 2 or array.shape[1] < 2:
        raise ValueError(
            f"data must have the shape (points, axes) with at least two axes, not {array.shape}"
            + (": a single point is [[y, x]]" if array.ndim == 1 else "")
        )
    if ndim is not None and array.shape[1] != ndim:
        raise ValueError(f"data must have {ndim} columns, one an axis, not {array.shape[1]}")
    return array


def as_numbers(data: Any, each: str, form: str) -> npt.NDArray[Any]:
    """An array of numbers that slicing can work with, without a copy where it is one already.

    Parameters
    ----------
    data : array-like
    each : str
        What a row is of, for messages.
    form : str
        What the rows and columns are, for messages.

    Raises
    ------
    TypeError
        They are no numbers.
    ValueError
        They are no array.
    """
    try:
        array = np.asarray(data)
    except ValueError:
        raise ValueError(f"data must be a table of {form}, but its rows have different lengths") from None
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"data must be numbers, one row a {each}, but holds other objects") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"data must be numbers, one row a {each}, not an array of {array.dtype}")
    return array.astype(np.float64) if array.dtype.kind == "f" and array.dtype.itemsize > 8 else array


def extent_of(data: npt.NDArray[Any]) -> Array | None:
    """Low and high corner of the finite coordinates, shape (2, ndim), read-only; NaN where there is none.

    None without rows.
    """
    if not len(data):
        return None
    with np.errstate(invalid="ignore"):
        low, high = _bounds(data)
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            low, high = _finite_bounds(data)
    extent = np.stack([low, high]).astype(np.float64)
    extent.setflags(write=False)
    return extent


def _bounds(data: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    ndim = data.shape[1]
    whole = len(data) // _ROWS * _ROWS
    lows, highs = [], []
    if whole and data.flags.c_contiguous:
        wide = data[:whole].reshape(-1, _ROWS * ndim)
        for start in range(0, len(wide), _PIECE):
            piece = wide[start : start + _PIECE]
            lows.append(np.fmin.reduce(piece).reshape(_ROWS, ndim).min(axis=0))
            highs.append(np.fmax.reduce(piece).reshape(_ROWS, ndim).max(axis=0))
    else:
        whole = 0
    for start in range(whole, len(data), _ROWS * _PIECE):
        columns = np.ascontiguousarray(data[start : start + _ROWS * _PIECE].T)
        lows.append(np.fmin.reduce(columns, axis=1))
        highs.append(np.fmax.reduce(columns, axis=1))
    return np.fmin.reduce(lows), np.fmax.reduce(highs)


def _finite_bounds(data: npt.NDArray[Any]) -> tuple[Array, Array]:
    low, high = np.full(data.shape[1], np.nan), np.full(data.shape[1], np.nan)
    for start in range(0, len(data), _ROWS * _PIECE):
        piece = data[start : start + _ROWS * _PIECE].astype(np.float64)
        piece[np.isinf(piece)] = np.nan
        low, high = np.fmin(low, np.fmin.reduce(piece)), np.fmax(high, np.fmax.reduce(piece))
    return low, high
