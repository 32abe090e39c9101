"""The vertices of tracks: which track each belongs to, when it is and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_cloud import PointCloud, as_numbers

Ids = npt.NDArray[np.int64]

ID_COLUMNS = ("track_id", "id", "particle")
TIME_COLUMNS = ("t", "time", "frame")
"""Names of columns of a table, in any case; where there are several the first one counts."""

LARGEST_ID = 2**53  # whole numbers up to it are exact as floats
SORTED_AT_THE_CALL = 50_000  # vertices in no order that are sorted to be checked: 10 ms; a worker checks more
_PIECE = 2**14  # rows at a time stay in the processor's cache


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class TrackCloud:
    """Vertices of tracks. Made by `TrackCloud.of`, on any thread: then handing them to a layer costs nothing.

    Attributes
    ----------
    cloud : PointCloud
        One row a vertex, in any order: track id, time and the other coordinates.
    ids : (k,) int64 array or None
        The different track ids, ascending. None where finding them takes long: there are many vertices in no order.
    """

    cloud: PointCloud
    ids: Ids | None

    @classmethod
    def of(cls, data: Any, ndim: int | None = None) -> TrackCloud:
        """Check vertices: two passes over them, 20 ms for 10⁶ vertices of three axes.

        Arrays of up to 1 MiB are copied. Larger ones are copied by the first slice, on another thread.

        Parameters
        ----------
        data : (n, 1 + ndim) array, table or None
            See `Tracks`. None: no vertices.
        ndim : int, optional
            Axes, time among them; 3 by default for no vertices.

        Raises
        ------
        TypeError
            They are no numbers.
        ValueError
            They are no such table, an id is no whole number, a time is not finite, or a track has two vertices at one
            time. In more than 50,000 vertices that are not sorted the latter is found by the first slice.
        """
        rows = _checked_rows(data, ndim)
        ids = checked_vertices(rows)
        return cls(PointCloud.of(rows), ids)

    @property
    def count(self) -> int:
        return self.cloud.count

    @property
    def ndim(self) -> int:
        """Axes of the layer: time and the others."""
        return self.cloud.ndim - 1

    @property
    def extent(self) -> npt.NDArray[np.float64] | None:
        """Smallest and largest coordinate of the layer's axes, (2, ndim), as of `PointCloud`."""
        return None if self.cloud.extent is None else self.cloud.extent[:, 1:]


def vertex_columns(names: Sequence[str]) -> tuple[str, ...] | None:
    """The columns of a table in the order of `Tracks.data`: id, time, z if there is one, y and x; None without them."""
    known = {name.lower(): name for name in reversed(names)}
    ids = [known[name] for name in ID_COLUMNS if name in known]
    times = [known[name] for name in TIME_COLUMNS if name in known]
    if not ids or not times or "y" not in known or "x" not in known:
        return None
    return (ids[0], times[0], *(known[axis] for axis in "zyx" if axis in known))


def checked_vertices(rows: npt.NDArray[Any]) -> Ids | None:
    """Check ids and times; the different ids, ascending, or None if there are too many vertices in no order to know.

    Raises
    ------
    ValueError
        See `TrackCloud.of`.
    """
    ascending = True
    found: list[Ids] = [rows[:1, 0].astype(np.int64)] if len(rows) and _is_whole(rows[:1, 0]) else []
    for start in range(0, len(rows), _PIECE):
        first = max(start - 1, 0)
        ids = np.ascontiguousarray(rows[first : start + _PIECE, 0])
        times = np.ascontiguousarray(rows[first : start + _PIECE, 1])
        if not _is_whole(ids):
            row = first + next(i for i in range(len(ids)) if not _is_whole(ids[i : i + 1]))
            raise ValueError(
                f"data must have whole numbers as track ids in its first column, but row {row} has {rows[row, 0]:g}"
            )
        if not np.isfinite(times).all():
            row = first + int(np.flatnonzero(~np.isfinite(times))[0])
            raise ValueError(f"data must have finite times in its second column, but row {row} has {rows[row, 1]:g}")
        new, same = ids[1:] > ids[:-1], ids[1:] == ids[:-1]
        twice = np.flatnonzero(same & (times[1:] == times[:-1]))
        if len(twice):
            raise _twice(rows, first + int(twice[0]), first + int(twice[0]) + 1)
        ascending = ascending and bool((new | (same & (times[1:] > times[:-1]))).all())
        if ascending:
            found.append(ids[1:][new].astype(np.int64))
    if ascending:
        return np.concatenate(found) if found else np.empty(0, np.int64)
    if len(rows) > SORTED_AT_THE_CALL:
        return None
    order = sorted_rows(rows[:, 0], rows[:, 1])
    return np.unique(rows[order, 0]).astype(np.int64)


def sorted_rows(ids: npt.NDArray[Any], times: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """The rows of vertices by track, then by time.

    Raises
    ------
    ValueError
        A track has two vertices at one time.
    """
    order = np.lexsort((times, ids))
    ids, times = ids[order], times[order]
    twice = np.flatnonzero((ids[1:] == ids[:-1]) & (times[1:] == times[:-1]))
    if len(twice):
        pair = sorted(order[twice[0] : twice[0] + 2].tolist())
        raise _twice_at(ids[twice[0]], times[twice[0]], *pair)
    return order


def _twice(rows: npt.NDArray[Any], first: int, second: int) -> ValueError:
    return _twice_at(rows[first, 0], rows[first, 1], first, second)


def _twice_at(track: Any, time: Any, first: int, second: int) -> ValueError:
    return ValueError(
        f"data must have one vertex of a track at a time, but track {int(track)} has two at time {time:g}, in the rows "
        f"{first} and {second}"
    )


def _is_whole(ids: npt.NDArray[Any]) -> bool:
    if ids.dtype.kind == "f":
        return bool((np.rint(ids) == ids).all() and np.abs(ids).max(initial=0) <= LARGEST_ID)
    return bool(ids.max(initial=0) <= LARGEST_ID and ids.min(initial=0) >= -LARGEST_ID)


def _checked_rows(data: Any, ndim: int | None) -> npt.NDArray[Any]:
    """Vertices as an (n, 1 + ndim) array of numbers, without a copy where it is one already."""
    if data is None:
        data = np.empty((0, 1 + (ndim or 3)))
    table = _rows_of_table(data)
    array = as_numbers(data if table is None else table, "vertex", "one row a vertex: track id, time, z, y, x")
    if array.shape == (0,):
        array = np.empty((0, 1 + (ndim or 3)))
    if array.ndim != 2 or array.shape[1] < 3:
        raise ValueError(
            "data must have the shape (vertices, columns) with the columns track id, time and at least one more axis, "
            f"not {array.shape}"
        )
    if ndim is not None and array.shape[1] != 1 + ndim:
        raise ValueError(f"data must have {1 + ndim} columns, the track id and one an axis, not {array.shape[1]}")
    return array


def _rows_of_table(data: Any) -> npt.NDArray[Any] | None:
    """Of a mapping, DataFrame or pyarrow Table: the columns with known names, all of them where these are missing."""
    if isinstance(data, Mapping):
        names = list(data)
    elif hasattr(data, "column_names"):
        names = list(data.column_names)
    elif hasattr(data, "columns") and hasattr(data, "dtypes"):
        names = list(data.columns)
    else:
        return None
    chosen = vertex_columns([name for name in names if isinstance(name, str)]) or names
    rows = np.column_stack([np.asarray(data[name]) for name in chosen]) if chosen else np.empty(0)
    rows.setflags(write=False)
    return rows
