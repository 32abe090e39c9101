"""Points: one buffer a slice, drawn as symbols of a size in data units."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.look import PointsLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.picture import VEIL, PointsPicture, blending_over, needs_placeholder
from lamella.render.visibility import PlacedPoints, canvas_bounds, data_to_device
from lamella.render.visual import Held, Pinned, Span
from lamella.slicing.response_points import PointsSliceResponse, PointsTile, size_scale

Floats = npt.NDArray[np.float64]
Reals = npt.NDArray[np.floating[Any]]

PIECE = 2**16  # points uploaded at once: 2.4 MB, 2 ms
MIN_DIAMETER = 2.0  # canvas pixels; a point that is shown can be seen, however far one zooms out (as in napari)


class PointsVisual:
    """Points layers."""

    def placed(self, tile: PointsTile) -> PlacedPoints:
        return PlacedPoints(tile.key, 0, len(tile.vertices), tuple(tile.origin.tolist()))

    def place(self, tile: PointsTile, atlas: Atlas, owner: Hashable, pinned: Pinned) -> tuple[Span, ...] | None:
        if not atlas.place_buffer(tile.key, tile.vertices.nbytes, owner, pinned):
            return None
        n = len(tile.vertices)
        return tuple(Span(start, min(start + PIECE, n)) for start in range(0, n, PIECE))

    def picture(self, layer: int, look: PointsLook, held: Held, state: ViewState) -> PointsPicture:
        response = held.response
        assert isinstance(response, PointsSliceResponse)
        transform = response.displayed_to_world
        low, high = canvas_bounds(state, data_to_device(state, transform)).tolist()
        canvas = tuple(low), tuple(high)  # points may be anywhere
        blending = blending_over(look.blending, held.lowest)
        own = {tile.key for tile in response.tiles}
        drawn = [tile for tile in held.tiles if isinstance(tile, PlacedPoints) and tile.key in own]
        no_room = bool(response.tiles) and held.uploaded and not drawn  # it has been given up
        return PointsPicture(
            layer=layer,
            look=look,
            opacity=look.opacity,
            blending=blending,
            transform=transform,
            failed=[canvas] if response.failed or no_room else [],
            placeholder=canvas if needs_placeholder(response, blending, held.uploaded) else None,
            placeholder_opacity=VEIL * look.opacity,
            points=response.tile,
            tile=drawn[0] if drawn else None,
            text=response.text if drawn else None,
        )


def pixels_per_unit(state: ViewState, transform: Affine) -> float:
    """Device pixels of one unit of a point's size: sizes follow the smallest scale of the displayed axes, because a
    symbol keeps its shape however the layer is stretched, turned or mirrored."""
    return size_scale(transform) * state.zoom * state.pixel_ratio


def drawn_sizes(size: Reals, border_width: Reals, state: ViewState, transform: Affine) -> tuple[Floats, Floats]:
    """Diameter and border width of points in device pixels, shape (n,) each.

    A point that would be smaller than `MIN_DIAMETER` is drawn at that size, with its border in proportion; one of size
    0 is not drawn.
    """
    unit = pixels_per_unit(state, transform)
    diameter: Floats = size * np.float64(unit)
    least = MIN_DIAMETER * state.pixel_ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.where(diameter > 0, np.maximum(least / diameter, 1.0), 0.0)
    return diameter * grown, border_width * np.float64(unit) * grown


def soft_edge(look: PointsLook, state: ViewState) -> float:
    """Device pixels over which an edge fades."""
    return look.antialiasing * state.pixel_ratio
