"""Shapes: which of them a slice meets, and the triangles of their faces and edges. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Shapes" of the semantics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shape_geometry import flat_indices
from lamella.model.layers.shape_style import ShapeStyle
from lamella.model.view_state import ViewState
from lamella.slicing import whole
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.point_table import values_of_rows
from lamella.slicing.primitives import CORNER, SEGMENT, PrimitivesTile
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey
from lamella.slicing.response import Remark
from lamella.slicing.response_points import middle_of
from lamella.slicing.response_shapes import ShapesContent, ShapesSliceResponse
from lamella.slicing.shape_index import index_of
from lamella.slicing.shape_outline import Band, band_of, outline_of
from lamella.slicing.shape_rings import Rings, rings_of, rows_all
from lamella.slicing.shape_triangles import CROSSING, FLAT, Faces, triangulation_of
from lamella.slicing.text import text_of
from lamella.slicing.thumbnail import of_points
from lamella.slicing.vector_shapes import Metric, metric_of

if TYPE_CHECKING:
    from lamella.model.layers.shapes import Shapes

__all__ = ["ShapesSlice", "ShapesSliceResponse", "get_slice", "make_slice_request", "plan", "prepare", "respond"]

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Colors = npt.NDArray[np.uint8]
Triangles = npt.NDArray[np.uint32]

BYTES_A_VERTEX = 200  # of a slice: corners of face and edge, triangles, and what picking needs
SLAB_BYTES = 2**18  # reserved for a slice until its number of shapes is known; then the truth is counted
_SEEN, _SAMPLES = 512, 512  # triangles that a thumbnail is made of, and places on them
_GOLDEN = (0.7548776662466927, 0.5698402909980532)  # multiples of these lie evenly in a square


@dataclass(frozen=True, slots=True)
class ShapesSlice:
    """What a shapes request refers to.

    Attributes
    ----------
    cloud : ShapeCloud
    style : ShapeStyle
    metric : (displayed, displayed)
        How the displayed axes measure: edges are as wide on all sides in the world.
    """

    cloud: ShapeCloud
    style: ShapeStyle
    metric: Metric

    @property
    def name(self) -> str:
        return "shapes"

    @property
    def empty(self) -> bool:
        return self.cloud.count == 0

    def nbytes(self, request: LayerSliceRequest) -> int:
        """What a slice may take, as far as it can be known before it is made."""
        whole_layer = len(self.cloud.geometry.vertices) * BYTES_A_VERTEX
        return min(whole_layer, SLAB_BYTES) if request.key.point else whole_layer


def make_slice_request(
    layer: Shapes, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds, however many shapes there are."""
    data = ShapesSlice(layer.cloud, layer.style, metric_of(place.world_to_data, place.displayed))
    point = () if data.empty else place.point(state.point)
    key = SliceKey(
        source=data.cloud.token,
        fixed=(),
        version=layer.version,
        point=point,
        margin_left=(0.0,) * len(point),
        margin_right=(0.0,) * len(point),
        displayed=place.displayed,
        projection="none",
        look=_drawn(data),
    )
    return whole.make_request(
        state, place, key, data, kind="shapes", layer=layer.id, generation=generation, view=view, mode=mode
    )


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """One read that computes the slice."""
    if request.data.empty:
        return whole.plan_of()
    nbytes = request.data.nbytes(request)
    return whole.plan_of(whole.work(request, _position(request), nbytes, budget, get_slice, prepare))


def prepare(request: LayerSliceRequest, stopped: Callable[[], bool]) -> None:
    """Sort the shapes by their planes for the next slices. Runs in a worker, after the slice was answered."""
    index_of(request.data.cloud).build(_hidden(request), stopped)


def _drawn(data: ShapesSlice) -> tuple[Any, ...]:
    return (data.style.token, data.metric)


def _position(request: LayerSliceRequest) -> tuple[Any, ...]:
    """What a tile depends on: of the point only the plane that it is in."""
    planes = tuple(int(np.rint(p)) for p in request.key.point)
    return (request.key.displayed, planes, _drawn(request.data))


def _hidden(request: LayerSliceRequest) -> tuple[int, ...]:
    return tuple(a for a in range(request.data.cloud.ndim) if a not in request.key.displayed)


def get_slice(request: LayerSliceRequest) -> PrimitivesTile:
    """The shapes of a slice, ready to draw. Runs in a worker."""
    key, data = request.key, request.data
    cloud, style, count = data.cloud, data.style, data.cloud.count
    rows = index_of(cloud).rows_at(_hidden(request), key.point)
    order = values_of_rows(style.z_index, count, rows)
    if 0 not in order.strides:
        rows = rows[np.argsort(order, kind="stable")]
    face, edge = values_of_rows(style.face_color, count, rows), values_of_rows(style.edge_color, count, rows)
    width = values_of_rows(style.edge_width, count, rows)

    rings = rings_of(cloud, rows, key.displayed)
    origin = np.array([middle_of(column) for column in rings.vertices.T])
    with np.errstate(over="ignore", invalid="ignore"):
        near = (rings.vertices - origin).astype(np.float32)
    known = np.ones(rings.count, bool)
    known[rings.shape_of_vertex[~rows_all(np.isfinite(near))]] = False  # a shape that is nowhere is not drawn
    faces = triangulation_of(cloud, key.displayed).of(rows, rings)
    outline = outline_of(rings, known)
    lined = outline.take((width > 0) & (edge[:, 3] > 0))
    band = band_of(rings, lined, width.astype(np.float64), np.array(data.metric), origin)
    corners, triangles = _drawn_in_turn(rings, faces, (face[:, 3] > 0) & known, band, near, face, edge)

    bounds = _bounds(rings)
    content = ShapesContent(
        indices=rows,
        vertices=rings.vertices,
        faces=faces.triangles,
        outline=outline.pairs.astype(np.uint32),
        face_starts=_starts(faces.counts),
        outline_starts=_starts(outline.counts),
        bounds=bounds,
        face_color=face,
        edge_color=edge,
        edge_width=width,
        remarks=_remarks(cloud, rows, faces.state, _hidden(request)),
        text=text_of(style.text, count, rows, bounds.mean(axis=0), key.displayed, known),
    )
    segments = np.empty(0, SEGMENT[len(key.displayed)])
    for array in (*content.arrays, origin, corners, triangles, segments):
        array.setflags(write=False)
    return PrimitivesTile(
        key=("shapes", key.source, key.version, _position(request)),
        nbytes=content.nbytes + corners.nbytes + triangles.nbytes,
        origin=origin,
        corners=corners,
        triangles=triangles,
        segments=segments,
        content=content,
        thumbnail=_thumbnail(corners, triangles),
    )


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[PrimitivesTile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> ShapesSliceResponse:
    """The response to a request with what is there so far."""
    missed = bool(tiles) and not len(tiles[0].content.indices)
    return ShapesSliceResponse(**whole.common(request, plan, tiles, have, failures, missed=missed))


def _drawn_in_turn(
    rings: Rings,
    faces: Faces,
    seen: Flags,
    band: Band,
    near: npt.NDArray[np.float32],
    face: Colors,
    edge: Colors,
) -> tuple[npt.NDArray[Any], Triangles]:
    """Corners and triangles of faces and edges: of each shape the face, then its edge, before the next one's."""
    counts = np.where(seen, faces.counts, 0)
    has_face = (counts > 0)[rings.shape_of_vertex]
    used = np.flatnonzero(has_face)
    corners = np.zeros(len(used) + len(band.corners), CORNER[near.shape[1]])
    corners["position"][: len(used)] = near[used]
    corners[len(used) :] = band.corners
    # Colours as words of 4 bytes, which are quicker to write.
    colors = corners["color"].view(np.uint32)[:, 0] if len(corners) else np.empty(0, np.uint32)
    colors[: len(used)] = _as_words(face)[rings.shape_of_vertex[used]]
    colors[len(used) :] = _as_words(edge)[band.shapes]

    number = np.cumsum(has_face) - 1
    starts = _starts(counts + band.counts)[:-1]
    triangles = np.empty((int(counts.sum() + band.counts.sum()), 3), np.uint32)
    drawn = flat_indices(_starts(faces.counts)[:-1], counts)
    triangles[flat_indices(starts, counts)] = number[faces.triangles[drawn]]
    triangles[flat_indices(starts + counts, band.counts)] = band.triangles + np.uint32(len(used))
    return corners, triangles


def _as_words(colors: Colors) -> npt.NDArray[np.uint32]:
    words: npt.NDArray[np.uint32] = np.ascontiguousarray(colors).view(np.uint32)[:, 0]
    return words


def _bounds(rings: Rings) -> Floats:
    starts = rings.starts[:-1]
    if not len(starts):
        return np.empty((2, 0, rings.vertices.shape[1]))
    return np.stack([np.minimum.reduceat(rings.vertices, starts), np.maximum.reduceat(rings.vertices, starts)])


def _remarks(cloud: ShapeCloud, rows: Index, state: npt.NDArray[np.uint8], hidden: Sequence[int]) -> tuple[Remark, ...]:
    """What is said of shapes that cannot be filled: of one each, as the others are no other matter."""
    crossing, flat = rows[state == CROSSING], rows[state == FLAT]
    index = index_of(cloud)
    upright = [index.low[axis, flat] != index.high[axis, flat] for axis in hidden]
    flat = flat[~np.logical_or.reduce(upright)] if upright else flat  # those are seen from the side
    remarks = []
    if len(crossing):
        remarks.append(
            Remark("crossing", f"the lines of shape {crossing.min()} cross each other: it is filled as far as it goes")
        )
    if len(flat):
        remarks.append(Remark("flat", f"shape {flat.min()} has no area: only its edge is drawn"))
    return tuple(remarks)


def _thumbnail(corners: npt.NDArray[Any], triangles: Triangles) -> Colors | None:
    """Of places on the triangles, more on larger ones."""
    triangles = triangles[:: -(-len(triangles) // _SEEN) or 1]
    first, second, third = (_places(corners[triangles[:, corner]]) for corner in range(3))
    (ay, ax), (by, bx) = (second - first).T, (third - first).T
    area = np.abs(ax * by - ay * bx)
    area[corners["color"][triangles[:, 0], 3] == 0] = 0
    total = np.cumsum(area)
    if not len(total) or not np.isfinite(total[-1]) or total[-1] <= 0:
        return None
    chosen = np.searchsorted(total, (np.arange(_SAMPLES) + 0.5) / _SAMPLES * total[-1])
    u, v = (np.arange(_SAMPLES) * step % 1 for step in _GOLDEN)
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    on = first[chosen] + u[:, None] * (second - first)[chosen] + v[:, None] * (third - first)[chosen]
    return of_points(on, corners["color"][triangles[chosen, 0]])


def _places(corners: npt.NDArray[Any]) -> Floats:
    places: Floats = (corners["position"][:, -2:] + corners["offset"][:, -2:]).astype(np.float64)
    return places


def _starts(counts: Index) -> Index:
    return np.concatenate([[0], np.cumsum(counts)])
