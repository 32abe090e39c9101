"""What workers keep of tracks between slices: the vertices by track and time, and the lines between them by time.

The lines stand in the order of their earlier ends. So those that can be seen at a time are a range: none begins after
the time that is seen farthest ahead, and none before the range ends after the time that is seen farthest back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.track_cloud import sorted_rows
from lamella.model.layers.track_graph import TrackData
from lamella.slicing.point_table import Kept, columns_of

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

SAME_TIME = 1e-6  # data units: times that differ by less differ by rounding
_FEW = 2**16  # whole numbers from 0 to this are sorted ten times as fast as floats


@dataclass(frozen=True, eq=False, slots=True)
class TrackTable:
    """Vertices by track and time, n, and lines between them, m, by their earlier time. Immutable.

    A track of a single vertex has a line from it to itself.

    Attributes
    ----------
    order : (n,) array or None
        Rows of the layer's data; None: the same.
    ids : (n,) int64
    times : (n,) float64
    moments : (k,) float64
        The different times, ascending.
    links : (2, m) array
        The vertices that each line joins: of a track the earlier one first, of the graph the parent's first.
    of_graph : (m,) bool
        The line joins two tracks.
    ends : (m,) float64
        Last time of the track that a line belongs to, the child's for a line of the graph.
    span : Span
        Of all lines.
    """

    order: Index | None
    ids: npt.NDArray[np.int64]
    times: Floats
    moments: Floats
    links: npt.NDArray[np.uint32]
    of_graph: npt.NDArray[np.bool_]
    ends: Floats
    span: Span

    @property
    def nbytes(self) -> int:
        arrays = (self.order, self.ids, self.times, self.moments, self.links, self.of_graph, self.ends)
        return sum(array.nbytes for array in arrays if array is not None) + self.span.nbytes

    def sorted(self, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Values that stand in the order of the data in the order of the vertices."""
        return column if self.order is None else column.take(self.order, axis=0)

    def last_times(self) -> Floats:
        """Last time of the track of each vertex, (n,)."""
        last = np.flatnonzero(np.diff(self.ids, append=self.ids[-1:] + 1))
        return np.repeat(self.times[last], np.diff(last, prepend=-1))

    def snapped(self, time: float) -> float:
        """The time of a vertex if it differs from ``time`` by rounding only."""
        i = int(np.searchsorted(self.moments, time))
        near = [m for m in self.moments[max(i - 1, 0) : i + 1].tolist() if abs(m - time) <= SAME_TIME]
        return min(near, key=lambda m: abs(m - time)) if near else time


@dataclass(frozen=True, eq=False, slots=True)
class Span:
    """When lines are, in the order of their earlier ends.

    Attributes
    ----------
    earlier : (m,) float64
        Ascending.
    latest : (m,) float64
        The latest end of a line and all before it.
    """

    earlier: Floats
    latest: Floats

    @classmethod
    def of(cls, earlier: Floats, later: Floats) -> Span:
        return cls(earlier, np.maximum.accumulate(later))

    @property
    def nbytes(self) -> int:
        return self.earlier.nbytes + self.latest.nbytes

    def between(self, low: float, high: float) -> tuple[int, int]:
        """The range of lines outside of which none has any part from time ``low`` to ``high``."""
        stop = int(np.searchsorted(self.earlier, high, side="right"))
        return min(int(np.searchsorted(self.latest, low, side="left")), stop), stop


_tables = Kept()


def table_of(tracks: TrackData) -> TrackTable:
    """The table, worked out once: 0.1 s for 10⁶ vertices that are sorted already, 0.5 s otherwise. Runs in a worker.

    Raises
    ------
    ValueError
        A track has two vertices at one time, or the graph has tracks that are not there.
    """
    table: TrackTable = _tables.get(tracks, lambda: _made(tracks))
    return table


def memory() -> int:
    """Bytes that are kept here for all layers together."""
    return sum(int(table.nbytes) for table in _tables.values())


def _made(tracks: TrackData) -> TrackTable:
    columns = columns_of(tracks.cloud.cloud).columns
    ids, times = columns[0].astype(np.int64), columns[1].astype(np.float64)
    order: Index | None = None
    if not ((ids[1:] > ids[:-1]) | ((ids[1:] == ids[:-1]) & (times[1:] > times[:-1]))).all():
        order = sorted_rows(ids, times)
        ids, times = ids[order], times[order]
    first = np.flatnonzero(np.diff(ids, prepend=ids[:1] - 1)) if len(ids) else np.empty(0, np.intp)
    last = np.append(first[1:], len(ids)) - 1 if len(ids) else first
    tracks.graph.check(ids[first])
    places = np.searchsorted(ids[first], tracks.graph.edges)
    alone = first[first == last]
    inner = np.ones(len(ids), bool)
    inner[last] = False
    begin = np.flatnonzero(inner)
    links = np.concatenate(
        [[begin, begin + 1], [alone, alone], [last[places[:, 0]], first[places[:, 1]]]], axis=1
    ).astype(np.uint32)
    ends = np.repeat(times[last], last - first + 1)[links[1]]
    a, b = times[links[0]], times[links[1]]
    by_time = _by_time(np.minimum(a, b))
    links = np.ascontiguousarray(links[:, by_time])
    arrays = {
        "ids": ids,
        "times": times,
        "moments": np.unique(_ranks(times)) + times.min() if _are_ranks(times) else np.unique(times),
        "links": links,
        "of_graph": by_time >= len(begin) + len(alone),
        "ends": ends[by_time],
    }
    span = Span.of(np.minimum(a, b)[by_time], np.maximum(a, b)[by_time])
    for array in (*arrays.values(), order, span.earlier, span.latest):
        if array is not None:
            array.setflags(write=False)
    return TrackTable(order=order, span=span, **arrays)


def _by_time(times: Floats) -> Index:
    return np.argsort(_ranks(times) if _are_ranks(times) else times, kind="stable")


def _are_ranks(times: Floats) -> bool:
    """Whether times are whole numbers in so narrow a range that they sort quickly."""
    if not len(times):
        return False
    return bool(times.max() - times.min() < _FEW and (times == np.floor(times)).all())


def _ranks(times: Floats) -> npt.NDArray[np.uint16]:
    ranks: npt.NDArray[np.uint16] = (times - times.min()).astype(np.uint16)
    return ranks
