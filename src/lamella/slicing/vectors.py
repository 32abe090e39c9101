"""Vectors: which of them a slice holds, and the lines, triangles or arrows that are drawn. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Vectors" of the semantics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.vector_cloud import VectorCloud
from lamella.model.layers.vector_style import VectorStyle
from lamella.model.view_state import ViewState
from lamella.slicing import whole
from lamella.slicing.line_grid import LineGrid
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.point_selection import Sizes, select, slab_of
from lamella.slicing.point_table import Columns, build_index, columns_of, values_of, values_of_rows
from lamella.slicing.primitives import CORNER, SEGMENT, PrimitivesTile
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey
from lamella.slicing.response_points import middle_of, pieces_of
from lamella.slicing.response_vectors import VectorsContent, VectorsSliceResponse
from lamella.slicing.thumbnail import of_points
from lamella.slicing.vector_shapes import CORNERS, TRIANGLES, Metric, corners_of, metric_of, triangles_of

if TYPE_CHECKING:
    from lamella.model.layers.vectors import Vectors

__all__ = ["VectorsSlice", "VectorsSliceResponse", "get_slice", "make_slice_request", "plan", "prepare", "respond"]

Floats = npt.NDArray[np.float64]
Colors = npt.NDArray[np.uint8]

SLAB_MODES = {"none": "none", "all": "all", "fade": "rescale_linear"}  # alpha fades as the size of points does
FULL = np.ones((), np.float32)  # the alpha that fades
CONTENT_BYTES = 24  # of a vector in a slice: index, alpha, colour and picking,
CONTENT_BYTES_AN_AXIS = 16  # start and end
SLAB_BYTES = 2**18  # reserved for a slice of a slab until its number of vectors is known; then the truth is counted
_SEEN, _PLACES = 128, 4  # vectors, and places on each, that a thumbnail is made of


@dataclass(frozen=True, slots=True)
class VectorsSlice:
    """What a vectors request refers to.

    Attributes
    ----------
    vectors : VectorCloud
    style : VectorStyle
    shape : {"line", "triangle", "arrow"}
    length : float
    width : float
        Data units.
    metric : (displayed, displayed) or None
        See `metric_of`; None for lines, whose width is the renderer's.
    """

    vectors: VectorCloud
    style: VectorStyle
    shape: str
    length: float
    width: float
    metric: Metric | None

    @property
    def name(self) -> str:
        return "vectors"

    @property
    def empty(self) -> bool:
        return self.vectors.count == 0

    def nbytes(self, request: LayerSliceRequest) -> int:
        """What a slice may take, as far as it can be known before it is made."""
        ndisplay = len(request.key.displayed)
        drawn = SEGMENT[ndisplay].itemsize
        if self.shape != "line":
            drawn = CORNERS[self.shape] * CORNER[ndisplay].itemsize + TRIANGLES[self.shape].nbytes
        whole_layer = self.vectors.count * (drawn + CONTENT_BYTES + CONTENT_BYTES_AN_AXIS * ndisplay)
        return min(whole_layer, SLAB_BYTES) if request.key.point else whole_layer


def make_slice_request(
    layer: Vectors, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds, however many vectors there are.

    What cannot change the slice is left out of the key: then nothing is sliced when it changes.
    """
    shape = layer.vector_style
    metric = None if shape == "line" else metric_of(place.world_to_data, place.displayed)
    data = VectorsSlice(layer.vectors, layer.style, shape, layer.length, layer.edge_width, metric)
    projection = layer.projection_mode
    point: tuple[float, ...] = ()
    left: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    if place.hidden and not data.empty:
        point = place.point(state.point)
        left = right = (0.0,) * len(point)
        if projection != "none":
            left, right = place.margin(state.margin_left), place.margin(state.margin_right)
    key = SliceKey(
        source=data.vectors.cloud.token,
        fixed=(),
        version=layer.version,
        point=point,
        margin_left=left,
        margin_right=right,
        displayed=place.displayed,
        projection=projection,
        look=(*_drawn(data), data.width),
    )
    return whole.make_request(
        state, place, key, data, kind="vectors", layer=layer.id, generation=generation, view=view, mode=mode
    )


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """One read that computes the slice."""
    if request.data.empty:
        return whole.plan_of()
    nbytes = request.data.nbytes(request)
    return whole.plan_of(whole.work(request, _position(request), nbytes, budget, get_slice, prepare))


def prepare(request: LayerSliceRequest, stopped: Callable[[], bool]) -> None:
    """Build the index that the next slices need. Runs in a worker, after the slice was answered."""
    vectors: VectorCloud = request.data.vectors
    build_index(vectors.cloud, _hidden(request), stopped)


def get_slice(request: LayerSliceRequest) -> PrimitivesTile:
    """The vectors of a slice, ready to draw. Runs in a worker."""
    key, data = request.key, request.data
    cloud, style = data.vectors.cloud, data.style
    table = columns_of(cloud)
    slab = slab_of(_hidden(request), key.point, key.margin_left, key.margin_right, SLAB_MODES[key.projection], False)
    found = select(table, slab, FULL, values_of(style.shown, cloud.count), 0.0)
    rows, alpha = found.rows, found.sizes
    colors = values_of_rows(style.edge_color, cloud.count, rows)
    starts, ends = places = _places(table, rows, key.displayed, data.vectors.ndim, data.length)

    origin = np.array([middle_of(column) for column in starts])
    with np.errstate(over="ignore", invalid="ignore"):
        relative = places - origin[:, None]
        known = np.isfinite(relative.astype(np.float32)).all(axis=(0, 1))
    drawn = None if known.all() else np.flatnonzero(known)
    if drawn is not None:
        relative, starts, ends = relative[..., drawn], starts[:, drawn], ends[:, drawn]
    rgba = _faded(colors, alpha) if drawn is None else _faded(colors[drawn], alpha[drawn])
    corners, triangles, segments = _primitives(data, relative[0], relative[1], rgba)

    content = VectorsContent(rows, places.transpose(2, 0, 1), alpha, colors, drawn, LineGrid.of(starts.T, ends.T))
    arrays = (content.indices, content.segments, alpha, colors, origin, corners, triangles, segments)
    for array in arrays if drawn is None else (*arrays, drawn):
        array.setflags(write=False)
    return PrimitivesTile(
        key=("vectors", key.source, key.version, _position(request)),
        nbytes=sum(part.nbytes for part in (content, corners, triangles, segments)),
        origin=origin,
        corners=corners,
        triangles=triangles,
        segments=segments,
        content=content,
        thumbnail=_thumbnail(starts, ends, rgba),
    )


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[PrimitivesTile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> VectorsSliceResponse:
    """The response to a request with what is there so far."""
    missed = bool(tiles) and not len(tiles[0].content.indices)
    common = whole.common(request, plan, tiles, have, failures, missed=missed)
    return VectorsSliceResponse(**common, vector_style=request.data.shape, edge_width=request.data.width)


def _hidden(request: LayerSliceRequest) -> tuple[int, ...]:
    return tuple(a for a in range(request.data.vectors.ndim) if a not in request.key.displayed)


def _drawn(data: VectorsSlice) -> tuple[Any, ...]:
    """What a tile depends on beside the place: not on the width of lines, which the renderer is told."""
    return (data.style.token, data.shape, data.length, data.metric, None if data.shape == "line" else data.width)


def _position(request: LayerSliceRequest) -> tuple[Any, ...]:
    key = request.key
    return (key.displayed, key.point, key.margin_left, key.margin_right, key.projection, _drawn(request.data))


def _places(table: Columns, rows: npt.NDArray[np.int64], displayed: Sequence[int], ndim: int, length: float) -> Floats:
    """Starts and ends of these rows, (2, displayed, n): contiguous along the vectors."""
    places = np.empty((2, len(displayed), len(rows)))
    with np.errstate(over="ignore", invalid="ignore"):
        for i, axis in enumerate(displayed):
            for piece in pieces_of(len(rows)):
                start, end = places[0, i, piece], places[1, i, piece]
                start[:] = table.columns[axis].take(rows[piece])
                end[:] = table.columns[ndim + axis].take(rows[piece])
                end *= length
                end += start
    return places


def _faded(colors: Colors, alpha: Sizes) -> Colors:
    """Colours with what alpha leaves of them."""
    if alpha.strides == (0,):  # nothing fades
        return colors
    faded = np.array(colors)
    faded[:, 3] = np.rint(faded[:, 3] * alpha)
    return faded


def _primitives(
    data: VectorsSlice, starts: Floats, ends: Floats, rgba: Colors
) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint32], npt.NDArray[Any]]:
    """Corners, triangles and segments of vectors, of which the places are relative to the origin."""
    ndisplay, count = starts.shape
    corners = np.empty(0, CORNER[ndisplay])
    triangles = np.empty((0, 3), np.uint32)
    segments = np.zeros(count if data.metric is None else 0, SEGMENT[ndisplay])
    if data.metric is None:
        segments["start"], segments["stop"], segments["width"] = starts.T, ends.T, 1
        segments["colors"] = rgba[:, None]
    else:
        corners = corners_of(data.shape, starts, ends, data.width, data.metric, rgba)
        triangles = triangles_of(data.shape, count)
    return corners, triangles, segments


def _thumbnail(starts: Floats, ends: Floats, rgba: Colors) -> Colors | None:
    step = max(1, -(-len(rgba) // _SEEN))
    first, last = starts[:, ::step].T, ends[:, ::step].T
    parts = np.linspace(0, 1, _PLACES)[:, None]
    along = first[:, None] + parts * (last - first)[:, None]
    return of_points(along.reshape(-1, len(starts)), np.repeat(rgba[::step], _PLACES, axis=0))
