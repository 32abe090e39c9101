"""Surface: which of its faces a slice holds, and the triangles that are drawn. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Surface" of the semantics. A slice
is made of two computations: the geometry, and the values on it. Moving along an axis that only the values have makes
new values, and the geometry stays where it is uploaded.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.mesh import OnVertices
from lamella.model.layers.snapshots import snapshot
from lamella.model.layers.surface_arguments import SurfaceData
from lamella.model.view_state import ViewState
from lamella.slicing import whole
from lamella.slicing.line_grid import LineGrid
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.point_selection import slab_of
from lamella.slicing.point_table import Kept, build_index, columns_of
from lamella.slicing.primitives import CORNER, SEGMENT, PrimitivesTile, ValuesTile
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey
from lamella.slicing.response_points import middle_of
from lamella.slicing.response_surface import SurfaceContent, SurfaceSliceResponse
from lamella.slicing.surface_mesh import colors_of_corners, edges_of, normals_of, shades
from lamella.slicing.surface_selection import MeshSelection, selection_of
from lamella.slicing.thumbnail import of_points

if TYPE_CHECKING:
    from lamella.model.layers.surface import Surface

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

LIMITS_FROM = 2**28  # bytes of values that automatic contrast limits are taken from: 50 ms, once

_warned: weakref.WeakSet[Surface] = weakref.WeakSet()
_limits = Kept()


@dataclass(frozen=True, slots=True)
class SurfaceSlice:
    """What a surface request refers to.

    Attributes
    ----------
    surface : SurfaceData
    index : tuple of int
        On the leading axes; None where one of them is displayed.
    point, left, right : tuple of float
        On the axes of the vertices that are not displayed.
    shading : str
    edges : tuple of int or None
        RGBA of the wireframe; None without.
    """

    surface: SurfaceData
    index: tuple[int, ...] | None
    point: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    shading: str
    edges: tuple[int, int, int, int] | None

    @property
    def name(self) -> str:
        return "a surface"

    @property
    def empty(self) -> bool:
        return self.surface.mesh.count == 0 or self.index is None

    def displayed(self, key: SliceKey) -> tuple[int, ...]:
        """Displayed axes as axes of the vertices."""
        return tuple(axis - len(self.surface.leading) for axis in key.displayed)

    def hidden(self, key: SliceKey) -> tuple[int, ...]:
        """Axes of the vertices that are not displayed."""
        shown = self.displayed(key)
        return tuple(axis for axis in range(self.surface.mesh.ndim) if axis not in shown)


def make_slice_request(
    layer: Surface, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds, however many faces there are."""
    surface = layer.surface
    leading = len(surface.leading)
    point = place.point(state.point)
    left = right = (0.0,) * len(point)
    if layer.projection_mode != "none":
        left, right = place.margin(state.margin_left), place.margin(state.margin_right)
    first = sum(axis < leading for axis in place.hidden)
    index = None
    if first < leading:
        _warn(layer)
    else:
        index = tuple(min(max(round(p), 0), n - 1) for p, n in zip(point[:first], surface.leading, strict=True))
    wireframe = layer.wireframe
    data = SurfaceSlice(
        surface,
        index,
        point[first:],
        left[first:],
        right[first:],
        layer.shading,
        wireframe.color if wireframe.visible else None,
    )
    key = SliceKey(
        source=surface.mesh.token,
        fixed=(),
        version=layer.version,
        point=point,
        margin_left=left,
        margin_right=right,
        displayed=place.displayed,
        projection=layer.projection_mode,
        look=(surface.token, index, data.shading, data.edges),
    )
    return whole.make_request(
        state, place, key, data, kind="surface", layer=layer.id, generation=generation, view=view, mode=mode
    )


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """The geometry and, where colours follow from them, the values."""
    data: SurfaceSlice = request.data
    if data.empty:
        return whole.plan_of()
    surface = data.surface
    count, faces = surface.mesh.count, len(surface.mesh.faces)
    ndisplay = len(request.key.displayed)
    corners = 3 * faces if data.shading == "flat" else count
    nbytes = corners * CORNER[ndisplay].itemsize + faces * 24 + count * (8 + 8 * ndisplay)
    if data.edges is not None:
        nbytes += 3 * faces // 2 * SEGMENT[ndisplay].itemsize
    reads = [whole.work(request, _geometry_position(request), nbytes, budget, get_geometry, prepare)]
    if surface.mapped:
        reads.append(whole.work(request, _values_position(request), 4 * corners, budget, get_values))
    return whole.plan_of(*reads)


def get_geometry(request: LayerSliceRequest) -> PrimitivesTile:
    """The triangles of a slice, ready to draw. Runs in a worker."""
    key, data = request.key, request.data
    surface: SurfaceData = data.surface
    displayed, ndisplay = data.displayed(key), len(key.displayed)
    selection = _selection(request)
    rows, faces, drawn = selection.rows, selection.faces, selection.drawn
    table = columns_of(surface.mesh.cloud)
    vertices = np.empty((ndisplay, len(rows)))
    for i, axis in enumerate(displayed):
        vertices[i] = table.columns[axis][rows]
    known: npt.NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(vertices))
    origin = np.array([middle_of(column) for column in vertices])

    normals = np.empty((0, 0), np.float32)
    shade = None
    if data.shading != "none":
        spatial = range(max(0, surface.mesh.ndim - 3), surface.mesh.ndim)
        places = np.stack([table.columns[axis][rows].astype(np.float64) for axis in spatial])
        flat = data.shading == "flat"
        normals = of_drawn = normals_of(places, drawn, flat=flat)
        if flat and drawn is not faces:
            normals = normals_of(places, faces, flat=True)
        shade = shades(of_drawn, [axis not in displayed for axis in spatial])
    expanded = None
    if data.shading == "flat":
        expanded = drawn.ravel()
        expanded.setflags(write=False)

    relative = np.where(known, vertices - origin[:, None], 0).astype(np.float32).T
    colors = _row_of(surface.colors, data.index, rows)
    tinted = colors_of_corners(colors, shade, expanded, len(rows))
    corners = np.zeros(len(rows) if expanded is None else len(expanded), CORNER[ndisplay])
    corners["position"] = relative if expanded is None else relative[expanded]
    corners["color"] = tinted
    if surface.texcoords is not None:
        uv = surface.texcoords[rows]
        corners["uv"] = uv if expanded is None else uv[expanded]
    triangles = drawn if expanded is None else np.arange(3 * len(drawn), dtype=np.uint32).reshape(-1, 3)
    segments = np.zeros(0, SEGMENT[ndisplay])
    if data.edges is not None:
        edges = edges_of(drawn)
        segments = np.zeros(len(edges), SEGMENT[ndisplay])
        segments["start"], segments["stop"] = relative[edges[:, 0]], relative[edges[:, 1]]
        segments["colors"], segments["width"] = data.edges, 1

    coordinates = vertices.T
    grid = None
    if ndisplay == 2 and len(faces):
        grid = LineGrid.of(*_boxes(np.where(known, vertices, origin[:, None]), faces))
    content = SurfaceContent(selection, coordinates, normals, expanded, grid)
    picture = None
    if len(drawn):
        picture = of_points(coordinates, colors_of_corners(colors, None, None, len(rows)))
    arrays = (corners, triangles, segments, coordinates, normals, origin)
    for array in arrays:
        array.setflags(write=False)
    texture = 0 if surface.texture is None else surface.texture.nbytes
    nbytes = corners.nbytes + triangles.nbytes + segments.nbytes + content.nbytes + texture
    tile_key = (key.source, key.version, _geometry_position(request))
    return PrimitivesTile(
        tile_key, nbytes, origin, corners, triangles, segments, content, surface.texture, thumbnail=picture
    )


def get_values(request: LayerSliceRequest) -> ValuesTile:
    """The values on the corners of a slice. Runs in a worker."""
    key, data = request.key, request.data
    surface: SurfaceData = data.surface
    selection = _selection(request)
    rows = selection.rows
    values = _row_of(surface.values, data.index, rows)
    numbers = np.ones(len(rows), np.float32) if values is None else values.astype(np.float32)
    if data.shading == "flat":
        numbers = numbers[selection.drawn.ravel()]
    numbers.setflags(write=False)
    held = surface.values
    limits = None if held is None else _limits.get(held, lambda: _range_of(held))
    return ValuesTile((key.source, key.version, _values_position(request)), numbers.nbytes, numbers, limits)


def prepare(request: LayerSliceRequest, stopped: Callable[[], bool]) -> None:
    """Build the index that the next slices need. Runs in a worker, after the slice was answered."""
    build_index(request.data.surface.mesh.cloud, request.data.hidden(request.key), stopped)


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[PrimitivesTile | ValuesTile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> SurfaceSliceResponse:
    """The response to a request with what is there so far."""
    geometry = next((t for t in tiles if isinstance(t, PrimitivesTile)), None)
    missed = geometry is not None and not len(geometry.content.rows)
    ordered = sorted(tiles, key=lambda tile: isinstance(tile, ValuesTile))
    return SurfaceSliceResponse(**whole.common(request, plan, ordered, have, failures, missed=missed))


def _warn(layer: Surface) -> None:
    """Once a layer."""
    if layer not in _warned:
        _warned.add(layer)
        warnings.warn(
            f"surface {layer.name!r} is not shown where an axis is displayed that only its values have: display the "
            "axes of its vertices",
            stacklevel=2,
        )


# ---- inside ----------------------------------------------------------------------------------------------------------


def _geometry_position(request: LayerSliceRequest) -> tuple[Any, ...]:
    key, data = request.key, request.data
    colors = data.surface.colors
    painted = data.index if colors is not None and colors.leading else ()
    place = (key.displayed, data.point, data.left, data.right, key.projection)
    return ("geometry", *place, data.surface.token, painted, data.shading, data.edges)


def _values_position(request: LayerSliceRequest) -> tuple[Any, ...]:
    key, data = request.key, request.data
    place = (key.displayed, data.point, data.left, data.right, key.projection)
    return ("values", *place, data.surface.token, data.index, data.shading == "flat")


def _selection(request: LayerSliceRequest) -> MeshSelection:
    """The same object for the geometry and for the values on it, however often these change."""
    key, data = request.key, request.data
    slab = slab_of(data.hidden(key), data.point, data.left, data.right, key.projection, False)
    return selection_of(data.surface.mesh, slab, data.displayed(key))


def _row_of(held: OnVertices | None, index: tuple[int, ...], rows: Rows) -> npt.NDArray[Any] | None:
    """What is on these vertices at a place of the leading axes; None without."""
    if held is None:
        return None
    row = held.array[index] if held.leading else held.array
    copy = snapshot(row) if len(row) else row
    return copy if len(rows) == len(copy) else copy[rows]


def _range_of(values: OnVertices) -> tuple[float, float] | None:
    """Smallest and largest finite value; of more than `LIMITS_FROM` bytes those of an even selection of places."""
    low, high = np.inf, -np.inf
    places = list(np.ndindex(*values.leading))
    step = -(-values.array.nbytes // LIMITS_FROM) or 1
    for place in places[::step]:
        row = values.array[place]
        if not len(row):
            continue
        least, most = float(row.min()), float(row.max())
        if not (np.isfinite(least) and np.isfinite(most)):
            finite = row[np.isfinite(row)]
            if not len(finite):
                continue
            least, most = float(finite.min()), float(finite.max())
        low, high = min(low, least), max(high, most)
    return (low, high) if low <= high else None


def _boxes(vertices: Floats, faces: npt.NDArray[np.uint32]) -> tuple[Floats, Floats]:
    """Low and high corners of faces, (m, 2)."""
    low, high = np.empty((2, len(faces))), np.empty((2, len(faces)))
    for axis in range(2):
        a, b, c = (vertices[axis].take(faces[:, corner]) for corner in range(3))
        low[axis], high[axis] = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    return low.T, high.T
