"""What came out of slicing tracks: what is drawn at every time, and the response that says which time it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.slicing.line_grid import LineGrid
from lamella.slicing.point_table import Columns
from lamella.slicing.primitives import Clock, PrimitivesTile
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.text import TextBlock
from lamella.slicing.track_picking import alpha_at, nearest
from lamella.slicing.track_table import Span, TrackTable

Floats = npt.NDArray[np.float64]

REACH = 3.0  # canvas pixels: a line whose middle is as near to the cursor as that is under it


@dataclass(frozen=True, eq=False, slots=True)
class TracksContent:
    """What a tile of tracks keeps beside its segments.

    Attributes
    ----------
    table : TrackTable
        Of all tracks.
    columns : Columns
        Of the layer's data.
    drawn : (k,) array or None
        The lines of the table that the segments are; None: all of them.
    span : Span
        Of the segments.
    colors : (n, 4) uint8
        Of the vertices, by track and time.
    grid : LineGrid or None
    """

    table: TrackTable
    columns: Columns
    drawn: npt.NDArray[np.intp] | None
    span: Span
    colors: npt.NDArray[np.uint8]
    grid: LineGrid | None

    @property
    def nbytes(self) -> int:
        own = self.colors.nbytes if self.drawn is None else self.colors.nbytes + self.drawn.nbytes + self.span.nbytes
        return own + self.table.nbytes + (0 if self.grid is None else self.grid.nbytes)


@dataclass(frozen=True, slots=True)
class TracksSliceResponse(LayerSliceResponse):
    """A slice of tracks. The arrays have one row a vertex, by track and then by time; without a slice yet none.

    They are worked out when they are asked for: 10⁶ vertices take some 10 ms each time.

    Attributes
    ----------
    tiles : tuple of PrimitivesTile
        All tracks, at whatever time; or nothing.
    errors : tuple of str
        Why it failed.
    time : float or None
        Data coordinate on axis 0; None where that is displayed.
    clock : Clock or None
        The same for drawing.
    segment_span : (int, int) or None
        The segments of the tile that can be seen; None: all.
    text : TextBlock or None
        Ids at the vertices of this very time.
    """

    tiles: tuple[PrimitivesTile, ...] = ()
    errors: tuple[str, ...] = ()
    time: float | None = None
    clock: Clock | None = None
    segment_span: tuple[int, int] | None = None
    text: TextBlock | None = None

    @property
    def indices(self) -> npt.NDArray[np.intp]:
        """Rows of the layer's data, (n,)."""
        content = self._content
        if content is None:
            return np.empty(0, np.intp)
        return np.arange(len(content.table.ids)) if content.table.order is None else content.table.order

    @property
    def vertices(self) -> Floats:
        """Data coordinates in displayed order, (n, displayed)."""
        content = self._content
        if content is None:
            return np.empty((0, len(self.dims_displayed)))
        columns = [content.table.sorted(content.columns.columns[1 + axis]) for axis in self.dims_displayed]
        return np.stack(columns, axis=1).astype(np.float64, copy=False)

    @property
    def track_ids(self) -> npt.NDArray[np.int64]:
        """The track of each vertex, (n,)."""
        content = self._content
        return np.empty(0, np.int64) if content is None else content.table.ids

    @property
    def times(self) -> Floats:
        """Data coordinate of each vertex on axis 0, (n,)."""
        content = self._content
        return np.empty(0) if content is None else content.table.times

    @property
    def alpha(self) -> Floats:
        """How much is seen of each vertex, 0 to 1, (n,)."""
        content = self._content
        if content is None:
            return np.empty(0)
        table, clock = content.table, self.clock
        origin = self.tiles[0].time_origin
        return alpha_at(table.times - origin, table.last_times() - origin, clock)

    @property
    def graph(self) -> npt.NDArray[np.int64]:
        """Track ids of parent and child of each edge, (k, 2), by time."""
        content = self._content
        if content is None:
            return np.empty((0, 2), np.int64)
        table = content.table
        return table.ids[table.links[:, table.of_graph].T]

    @property
    def thumbnail(self) -> npt.NDArray[np.uint8] | None:
        """All tracks, at whatever time, (32, 32, 4); None without vertices."""
        return self.tiles[0].thumbnail if self.tiles else None

    def value_at(self, position: tuple[float, ...]) -> tuple[int] | None:
        """`value_near`, with pixels as large as they were when the slice was asked for."""
        return self.value_near(position, self.window.pixel)

    def value_near(self, position: tuple[float, ...], pixel: float) -> tuple[int] | None:
        """The id of the track of which a visible line is nearest to a place; None if none is within 3 canvas pixels.

        Parameters
        ----------
        position : tuple of float
            Displayed data coordinates.
        pixel : float
            World units of a canvas pixel.
        """
        content = self._content
        if content is None or len(position) != 2 or len(self.dims_displayed) != 2:
            return None
        tile, linear = self.tiles[0], self.displayed_to_world.linear
        start, stop = self.segment_span or (0, len(tile.segments))
        place = np.array(position) - tile.origin
        reach = REACH * pixel
        among: npt.NDArray[np.intp] = np.arange(start, stop)
        if content.grid is not None:
            # However the transform shears, nothing farther than this along an axis can be near.
            around = np.full(2, reach / float(np.linalg.svd(linear, compute_uv=False)[-1]))
            near = content.grid.near(place, around)
            among = near[np.searchsorted(near, start) : np.searchsorted(near, stop)]
        hit = nearest(tile.segments, among, place, linear, reach, self.clock)
        if hit is None:
            return None
        line = hit if content.drawn is None else content.drawn[hit]
        return (int(content.table.ids[content.table.links[1, line]]),)

    @property
    def _content(self) -> TracksContent | None:
        content: TracksContent | None = self.tiles[0].content if self.tiles else None
        return content
