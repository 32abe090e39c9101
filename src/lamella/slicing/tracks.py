"""Tracks: the lines that are drawn at every time, and when it is. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Tracks" of the semantics. What a
worker makes does not depend on the point, so that moving through time only tells the renderer what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from lamella.model.layers.features import Features
from lamella.model.layers.track_graph import TrackData
from lamella.model.layers.track_style import BY_TRACK, TrackStyle
from lamella.model.view_state import ViewState
from lamella.slicing import whole
from lamella.slicing.line_grid import LineGrid
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.point_index import PIECE
from lamella.slicing.point_table import columns_of, values_of
from lamella.slicing.primitives import CORNER, SEGMENT, Clock, PrimitivesTile
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey
from lamella.slicing.response_tracks import TracksContent, TracksSliceResponse
from lamella.slicing.thumbnail import of_points
from lamella.slicing.track_ids import ids_at
from lamella.slicing.track_table import Span, TrackTable, table_of

if TYPE_CHECKING:
    from lamella.model.layers.tracks import Tracks

Floats = npt.NDArray[np.float64]

_large: WeakKeyDictionary[TrackData, PrimitivesTile] = WeakKeyDictionary()  # the last ones too large for the cache
BYTES_A_VERTEX = 100  # of a tile: the segment, what picking needs, and the table
BYTES_AN_AXIS = 8


@dataclass(frozen=True, slots=True)
class TracksSlice:
    """What a tracks request refers to.

    Attributes
    ----------
    tracks : TrackData
    style : TrackStyle
    tail, head : float
        Data units of axis 0.
    hide_completed, display_id, display_tail, display_graph : bool
    """

    tracks: TrackData
    style: TrackStyle
    tail: float
    head: float
    hide_completed: bool
    display_id: bool
    display_tail: bool
    display_graph: bool

    @property
    def name(self) -> str:
        return "tracks"

    @property
    def empty(self) -> bool:
        return self.tracks.cloud.count == 0

    def nbytes(self, request: LayerSliceRequest) -> int:
        """What a slice takes."""
        return self.tracks.cloud.count * (BYTES_A_VERTEX + BYTES_AN_AXIS * len(request.key.displayed))


def make_slice_request(
    layer: Tracks, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds, however many tracks there are."""
    data = TracksSlice(
        layer.tracks,
        layer.style,
        layer.tail_length,
        layer.head_length,
        layer.hide_completed_tracks,
        layer.display_id,
        layer.display_tail,
        layer.display_graph,
    )
    point: tuple[float, ...] = () if data.empty else place.point(state.point)
    key = SliceKey(
        source=data.tracks.cloud.cloud.token,
        fixed=(),
        version=layer.version,
        point=point,
        margin_left=(0.0,) * len(point),
        margin_right=(0.0,) * len(point),
        displayed=place.displayed,
        projection="none",
        look=(_drawn(data), data.tail, data.head, data.hide_completed, data.display_id),
    )
    return whole.make_request(
        state, place, key, data, kind="tracks", layer=layer.id, generation=generation, view=view, mode=mode
    )


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """One read that computes what is drawn at every time.

    What the cache would not keep lives as long as its layer, or it would be computed again at each move of the slider.
    """
    data: TracksSlice = request.data
    if data.empty:
        return whole.plan_of()
    nbytes, get = data.nbytes(request), get_slice
    if nbytes > budget:
        get = _get_large
        nbytes = 0 if _known(request) is not None else nbytes
        budget = -1
    return whole.plan_of(whole.work(request, _position(request), nbytes, budget, get))


def _known(request: LayerSliceRequest) -> PrimitivesTile | None:
    tile = _large.get(request.data.tracks)
    return tile if tile is not None and tile.key == _tile_key(request) else None


def _get_large(request: LayerSliceRequest) -> PrimitivesTile:
    tile = _known(request)
    if tile is None:
        tile = _large[request.data.tracks] = get_slice(request)
    return tile


def _position(request: LayerSliceRequest) -> tuple[Any, ...]:
    """What a tile depends on: not on the point."""
    return (request.key.displayed, _drawn(request.data))


def _drawn(data: TracksSlice) -> tuple[Any, ...]:
    return (data.style.token, data.tracks.graph.token, data.display_tail, data.display_graph)


def _tile_key(request: LayerSliceRequest) -> Hashable:
    return ("tracks", request.key.source, request.key.version, _position(request))


def get_slice(request: LayerSliceRequest) -> PrimitivesTile:
    """All tracks, ready to draw. Runs in a worker.

    Raises
    ------
    ValueError
        A track has two vertices at one time, or the graph has tracks that are not there.
    """
    key, data = request.key, request.data
    cloud = data.tracks.cloud.cloud
    columns, table = columns_of(cloud), table_of(data.tracks)
    colors = table.sorted(_colors(data.style, columns.columns[0], cloud.count))
    extent = np.zeros((2, cloud.ndim)) if cloud.extent is None else np.nan_to_num(cloud.extent)
    origin = np.array([_middle(*extent[:, 1 + axis]) for axis in key.displayed])
    time_origin = float(table.moments[0])
    with np.errstate(over="ignore", invalid="ignore"):
        places = [
            (table.sorted(columns.columns[1 + axis]).astype(np.float64, copy=False) - o).astype(np.float32)
            for axis, o in zip(key.displayed, origin, strict=True)
        ]
    drawn = _drawn_links(table, places, data)
    links, ends = (table.links, table.ends) if drawn is None else (table.links[:, drawn], table.ends[drawn])
    times = (table.times - time_origin).astype(np.float32)
    segments = _segments(links, places, colors, times, (ends - time_origin).astype(np.float32))
    span = table.span
    if drawn is not None:
        a, b = table.times[links[0]], table.times[links[1]]
        span = Span.of(np.minimum(a, b), np.maximum(a, b))
    content = TracksContent(table, columns, drawn, span, colors, LineGrid.of(segments["start"], segments["stop"]))
    picture = of_points(np.stack(places, axis=1).astype(np.float64), colors)
    corners, triangles = np.empty(0, CORNER[len(places)]), np.empty((0, 3), np.uint32)
    for array in (segments, corners, triangles, origin, colors, drawn, span.earlier, span.latest):
        if array is not None:
            array.setflags(write=False)
    return PrimitivesTile(
        key=_tile_key(request),
        nbytes=segments.nbytes + content.nbytes,
        origin=origin,
        corners=corners,
        triangles=triangles,
        segments=segments,
        content=content,
        time_origin=time_origin,
        thumbnail=picture,
    )


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[PrimitivesTile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> TracksSliceResponse:
    """The response to a request with what is there so far: which time it is, and which segments that shows."""
    data = request.data
    common = whole.common(request, plan, tiles, have, failures, missed=False)
    if 0 in request.key.displayed or not request.key.point:
        return TracksSliceResponse(**common)
    time = request.key.point[0]
    if not tiles:
        return TracksSliceResponse(**common, time=time)
    tile = tiles[0]
    content: TracksContent = tile.content
    time = content.table.snapped(time)
    since = time - data.tail
    if data.tail + data.head > 0:
        since = math.nextafter(since, math.inf)  # at this time itself a line has faded
    text = None
    if data.display_id:
        columns = [content.columns.columns[1 + axis] for axis in request.key.displayed]
        text = ids_at(content.table, time, columns, content.colors)
    return TracksSliceResponse(
        **common,
        time=time,
        text=text,
        clock=Clock(time - tile.time_origin, data.tail, data.head, data.hide_completed),
        segment_span=content.span.between(since, time + data.head),
    )


def _colors(style: TrackStyle, ids: npt.NDArray[Any], count: int) -> npt.NDArray[np.uint8]:
    """Of the vertices in the order of the data."""
    if style.color is not None:
        return values_of(style.color, count)
    return style.rule(Features({BY_TRACK: ids}, count, "vertex"), BY_TRACK)


def _drawn_links(
    table: TrackTable, places: Sequence[npt.NDArray[np.float32]], data: TracksSlice
) -> npt.NDArray[np.intp] | None:
    """The lines that are drawn; None: all. One with an end that is nowhere is not."""
    shown = np.ones(len(table.ends), bool)
    if not data.display_tail:
        shown &= table.of_graph
    if not data.display_graph:
        shown &= ~table.of_graph
    for column in places:
        if not np.isfinite(column).all():
            shown &= np.isfinite(column)[table.links].all(axis=0)
    return None if shown.all() else np.flatnonzero(shown)


def _segments(
    links: npt.NDArray[np.uint32],
    places: Sequence[npt.NDArray[np.float32]],
    colors: npt.NDArray[np.uint8],
    times: npt.NDArray[np.float32],
    ends: npt.NDArray[np.float32],
) -> npt.NDArray[Any]:
    """Piece by piece: what is gathered for one stays in the processor's cache."""
    segments = np.empty(links.shape[1], SEGMENT[len(places)])
    segments["width"] = 1
    rgba = np.ascontiguousarray(colors).view(np.uint32)[:, 0]
    words = segments["colors"].view(np.uint32)[..., 0] if len(segments) else np.empty((0, 2), np.uint32)
    for first in range(0, len(segments), PIECE):
        piece = slice(first, first + PIECE)
        part = segments[piece]
        for end, name in enumerate(("start", "stop")):
            vertices = links[end, piece]
            for i, column in enumerate(places):
                part[name][:, i] = column.take(vertices)
            words[piece, end] = rgba.take(vertices)
            part["times"][:, end] = times.take(vertices)
        part["end"] = ends[piece]
    return segments


def _middle(low: float, high: float) -> float:
    return low / 2 + high / 2


__all__ = [
    "TracksSlice",
    "TracksSliceResponse",
    "get_slice",
    "make_slice_request",
    "plan",
    "respond",
]
