"""Triangles and lines: what is uploaded of the slices of vectors, shapes, surfaces and tracks, and drawn of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Protocol, cast

from lamella.model.layers.look import PrimitivesLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.picture import VEIL, PrimitivesPicture, blending_over, needs_placeholder
from lamella.render.points import pixels_per_unit
from lamella.render.visibility import PlacedPrimitives, PlacedValues, canvas_bounds, data_to_device
from lamella.render.visual import Held, Pinned, Span
from lamella.slicing.primitives import Clock, PrimitivesTile, ValuesTile

PIECE = 2**21  # bytes uploaded at once: 2 ms
LEAST_WIDTH = 1.0  # canvas pixels; a line that is there can be seen, however far one zooms out
ARRAYS = ("corners", "triangles", "segments", "texture", "values")


class PrimitivesResponse(Protocol):
    """What the responses of these layer types have beside `LayerSliceResponse`."""

    @property
    def tiles(self) -> tuple[PrimitivesTile | ValuesTile, ...]:
        """The primitives and, where colours follow from values, these; nothing as long as the slice is not there."""
        ...

    @property
    def segment_span(self) -> tuple[int, int] | None:
        """The segments to draw; None for all."""
        ...

    @property
    def clock(self) -> Clock | None: ...


class PrimitivesVisual:
    """Layers that are drawn as triangles and lines."""

    def placed(self, tile: PrimitivesTile | ValuesTile) -> PlacedPrimitives | PlacedValues:
        if isinstance(tile, ValuesTile):
            return PlacedValues(tile.key)
        return PlacedPrimitives(tile.key, 0, tuple(tile.origin.tolist()))

    def place(
        self, tile: PrimitivesTile | ValuesTile, atlas: Atlas, owner: Hashable, pinned: Pinned
    ) -> tuple[Span, ...] | None:
        arrays = {name: array for name in ARRAYS if (array := getattr(tile, name, None)) is not None and array.size}
        if not atlas.place_buffer(tile.key, sum(array.nbytes for array in arrays.values()), owner, pinned):
            return None
        return tuple(span for name, array in arrays.items() for span in _spans(name, array))

    def picture(self, layer: int, look: PrimitivesLook, held: Held, state: ViewState) -> PrimitivesPicture:
        response = held.response
        drawn: PrimitivesResponse = cast(Any, response)
        transform = response.displayed_to_world
        low, high = canvas_bounds(state, data_to_device(state, transform)).tolist()
        canvas = tuple(low), tuple(high)  # they may be anywhere
        blending = blending_over(look.blending, held.lowest)
        own = {tile.key for tile in drawn.tiles}
        placed = [tile for tile in held.tiles if tile.key in own]
        primitives = next((t for t in drawn.tiles if isinstance(t, PrimitivesTile)), None)
        values = next((t for t in drawn.tiles if isinstance(t, ValuesTile)), None)
        no_room = held.uploaded and len(placed) < len(drawn.tiles)  # it has been given up
        count = 0 if primitives is None else len(primitives.segments)
        first, stop = drawn.segment_span or (0, count)
        return PrimitivesPicture(
            layer=layer,
            look=look,
            opacity=look.opacity,
            blending=blending,
            transform=transform,
            failed=[canvas] if response.failed or no_room else [],
            placeholder=canvas if needs_placeholder(response, blending, held.uploaded) else None,
            placeholder_opacity=VEIL * look.opacity,
            primitives=primitives,
            values=values,
            tile=next((t for t in placed if isinstance(t, PlacedPrimitives)), None),
            placed_values=next((t for t in placed if isinstance(t, PlacedValues)), None),
            limits=_limits(look, values),
            span=(first, min(stop, count)),
            clock=drawn.clock,
            text=response.text if placed else None,
        )


def line_scale(picture: PrimitivesPicture, state: ViewState) -> tuple[float, float]:
    """Device pixels of one unit of a segment's width, and of the thinnest one."""
    unit = state.pixel_ratio
    if picture.look.width_unit == "data":
        unit = pixels_per_unit(state, picture.transform)
    return unit * picture.look.width, LEAST_WIDTH * state.pixel_ratio


def corner_scale(transform: Affine, state: ViewState) -> tuple[float, float]:
    """Device pixels of one data unit of the width of a line of triangles, and of the thinnest one."""
    return pixels_per_unit(state, transform), LEAST_WIDTH * state.pixel_ratio


def slack(clock: Clock) -> float:
    """How far two equal times may be apart where float32 counts."""
    return 1e-6 * (abs(clock.now) + clock.head)


def _spans(name: str, array: Any) -> Iterator[Span]:
    step = max(1, PIECE // (array.nbytes // len(array)))
    return (Span(start, min(start + step, len(array)), name) for start in range(0, len(array), step))


def _limits(look: PrimitivesLook, values: ValuesTile | None) -> tuple[float, float]:
    low, high = look.limits or (values.limits if values is not None else None) or (0.0, 1.0)
    return (low, high) if high > low else (low, low + 1.0)
