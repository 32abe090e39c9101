"""Points: which of them a slice holds, and the vertices that are drawn of them. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Points" of the semantics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lamella.model.layers.point_cloud import PointCloud
from lamella.model.layers.point_style import PointStyle
from lamella.model.view_state import ViewState
from lamella.slicing import whole
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.point_selection import select, slab_of
from lamella.slicing.point_table import build_index, columns_of, largest_of, values_of, values_of_rows
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey
from lamella.slicing.response_points import (
    POINT_VERTEX,
    PointsSliceResponse,
    PointsTile,
    pieces_of,
    size_scale,
    tile_of,
    vertex_dtype,
)
from lamella.slicing.text import text_of

if TYPE_CHECKING:
    from lamella.model.layers.points import Points

__all__ = [
    "POINT_VERTEX",
    "PointsSlice",
    "PointsSliceResponse",
    "PointsTile",
    "get_slice",
    "make_slice_request",
    "plan",
    "respond",
    "size_scale",
    "vertex_dtype",
]

BYTES_A_POINT = 41  # of a slice: index, values and the vertex without its position,
BYTES_AN_AXIS = 16  # coordinate and position
SLAB_BYTES = 2**18  # reserved for a slice of a slab until its number of points is known; then the truth is counted


@dataclass(frozen=True, slots=True)
class PointsSlice:
    """What a points request refers to."""

    cloud: PointCloud
    style: PointStyle
    out_of_slice_display: bool

    @property
    def name(self) -> str:
        return "points"

    @property
    def empty(self) -> bool:
        return self.cloud.count == 0

    def nbytes(self, request: LayerSliceRequest) -> int:
        """What a slice may take, as far as it can be known before it is made."""
        whole_layer = self.cloud.count * (BYTES_A_POINT + BYTES_AN_AXIS * len(request.key.displayed))
        return min(whole_layer, SLAB_BYTES) if request.key.point else whole_layer


def make_slice_request(
    layer: Points, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds, however many points there are.

    What cannot change the slice is left out of the key: then nothing is sliced when it changes.
    """
    data = PointsSlice(layer.cloud, layer.style, layer.out_of_slice_display)
    projection = layer.projection_mode
    point: tuple[float, ...] = ()
    left: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    if place.hidden and not data.empty:
        point = place.point(state.point)
        flat = data.out_of_slice_display or projection == "none"
        left = right = (0.0,) * len(point)
        if not flat:
            left, right = place.margin(state.margin_left), place.margin(state.margin_right)
    key = SliceKey(
        source=data.cloud.token,
        fixed=(),
        version=layer.version,
        point=point,
        margin_left=left,
        margin_right=right,
        displayed=place.displayed,
        projection=projection,
        look=(data.style.token, data.out_of_slice_display),
    )
    return whole.make_request(
        state, place, key, data, kind="points", layer=layer.id, generation=generation, view=view, mode=mode
    )


def get_slice(request: LayerSliceRequest) -> PointsTile:
    """The points of a slice, ready to draw. Runs in a worker."""
    key, data = request.key, request.data
    cloud, style = data.cloud, data.style
    count, displayed = cloud.count, key.displayed
    hidden = tuple(a for a in range(cloud.ndim) if a not in displayed)
    table = columns_of(cloud)
    slab = slab_of(hidden, key.point, key.margin_left, key.margin_right, key.projection, data.out_of_slice_display)
    found = select(
        table, slab, values_of(style.size, count), values_of(style.shown, count), largest_of(style.size, count)
    )
    rows, size = found.rows, found.sizes

    coordinates = np.empty((len(displayed), len(rows))).T  # contiguous along the points
    for i, axis in enumerate(displayed):
        column = table.columns[axis]
        for piece in pieces_of(len(rows)):
            coordinates[piece, i] = column.take(rows[piece])
    border = values_of_rows(style.border_width, count, rows)
    if style.relative and border.strides == size.strides == (0,) and len(rows):
        border = np.broadcast_to(border[0] * size[0], rows.shape)  # one for all, as both are
    elif style.relative:
        border = border * size
    return tile_of(
        (key, cloud.token),
        rows,
        coordinates,
        size,
        values_of_rows(style.symbol, count, rows),
        values_of_rows(style.face_color, count, rows),
        values_of_rows(style.border_color, count, rows),
        border,
        None if style.text is None else text_of(style.text, count, rows, coordinates, displayed, size > 0),
    )


def prepare(request: LayerSliceRequest, stopped: Callable[[], bool]) -> None:
    """Build the index that the next slices need. Runs in a worker, after the slice was answered."""
    cloud: PointCloud = request.data.cloud
    build_index(cloud, [a for a in range(cloud.ndim) if a not in request.key.displayed], stopped)


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """One read that computes the slice."""
    return whole.plan(request, budget, get_slice, prepare)


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[PointsTile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> PointsSliceResponse:
    """The response to a request with what is there so far."""
    missed = bool(tiles) and not len(tiles[0].indices)
    return PointsSliceResponse(**whole.common(request, plan, tiles, have, failures, missed=missed))
