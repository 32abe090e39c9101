"""Images: tiles in the atlas, drawn with a colour table between contrast limits."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypedDict

import numpy as np

from lamella.model.layers.look import ImageLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas, Page, TextureFormat
from lamella.render.picture import ImagePicture, blending_over, needs_placeholder
from lamella.render.visibility import Box, Placed, canvas_bounds, data_to_device, finest_first, is_visible
from lamella.render.visual import Held, Pinned
from lamella.slicing.response import ImageSliceResponse, Tile


class ImageVisual:
    """Image layers; what labels share with them is here too."""

    def placed(self, tile: Tile) -> Placed:
        return Placed.of(tile)

    def place(self, tile: Tile, atlas: Atlas, owner: Hashable, pinned: Pinned) -> tuple[Page, ...] | None:
        rows, columns = tile.texture.shape[:2]
        return atlas.place(tile.key, TextureFormat.of(tile.texture), (rows, columns), owner, pinned)

    def picture(self, layer: int, look: ImageLook, held: Held, state: ViewState) -> ImagePicture:
        response = held.response
        assert isinstance(response, ImageSliceResponse)
        parts = tiled(response, look.blending, held, state)
        dtype = next((t.dtype for t in held.tiles if isinstance(t, Placed)), np.dtype(np.float32))
        return ImagePicture(
            layer=layer,
            look=look,
            opacity=look.opacity,
            limits=look.limits(response.auto_limits, dtype),
            rgb=response.rgb,
            placeholder_opacity=look.opacity,
            **parts,
        )


class Tiled(TypedDict):
    """The fields of a `TiledPicture` that all kinds fill alike."""

    blending: str
    transform: Affine
    tiles: list[Placed]
    failed: Sequence[Box]
    level: int
    placeholder: Box | None


def tiled(response: ImageSliceResponse, blending: str, held: Held, state: ViewState) -> Tiled:
    """What of the tiles, failed boxes and placeholder can be seen."""
    transform = response.displayed_to_world
    bounds = canvas_bounds(state, data_to_device(state, transform))
    blending = blending_over(blending, held.lowest)
    return Tiled(
        blending=blending,
        transform=transform,
        tiles=finest_first(t for t in held.tiles if isinstance(t, Placed) and is_visible(t.box, bounds)),
        failed=[box for box in response.failed_boxes if is_visible(box, bounds)],
        level=response.level,
        placeholder=response.extent if needs_placeholder(response, blending, held.uploaded) else None,
    )
