"""The backend: what is drawn in which order, and how layers are blended."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.picture import (
    HATCH_GREY,
    HATCH_PERIOD,
    Picture,
    PointsPicture,
    PrimitivesPicture,
    TiledPicture,
    placeholder_color,
)
from lamella.render.reference.blending import Floats, Mask, blend, eight_bits
from lamella.render.reference.points import draw_points
from lamella.render.reference.primitives import draw_primitives
from lamella.render.reference.text import draw_text
from lamella.render.reference.tiles import colors_of, inside
from lamella.render.text import TextLayout
from lamella.render.visibility import AnyPlaced, Placed, data_to_device
from lamella.render.visual import Part


class ReferenceBackend:
    """Draws with numpy. Owned by the render thread."""

    name = "reference"

    def __init__(self) -> None:
        self._textures: dict[Hashable, npt.NDArray[Any]] = {}
        self._text = TextLayout()

    def write(self, placed: AnyPlaced, tile: Any, part: Part, atlas: Atlas) -> None:
        pass  # whole tiles are kept, and points are drawn from the response

    def finish(self, placed: AnyPlaced, tile: Any, parts: Sequence[Part], atlas: Atlas) -> None:
        if isinstance(placed, Placed):
            self._textures[placed.key] = tile.texture

    def forget(self, atlas: Atlas, layers: set[int], views: set[int]) -> None:
        self._textures = {key: texture for key, texture in self._textures.items() if key in atlas}

    def close(self) -> None:
        self._textures.clear()

    def draw(
        self,
        view: int,
        state: ViewState,
        background: tuple[float, float, float],
        pictures: Sequence[Picture],
        out: npt.NDArray[np.uint8],
    ) -> None:
        height, width = out.shape[:2]
        canvas = np.empty((height, width, 3))
        canvas[:] = eight_bits(np.array(background, dtype=np.float64))
        for picture in pictures:
            canvas = self._blended(canvas, picture, state, background)
            if isinstance(picture, PointsPicture) and picture.tile is not None:
                draw_points(canvas, picture, state)
            elif isinstance(picture, PrimitivesPicture) and picture.drawable:
                draw_primitives(canvas, picture, state)
            draw_text(canvas, picture, self._text, state)
        out[..., :3] = np.round(canvas[..., ::-1] * 255).astype(np.uint8)
        out[..., 3] = 255

    def _blended(
        self, canvas: Floats, picture: Picture, state: ViewState, background: tuple[float, float, float]
    ) -> Floats:
        """The canvas with the tiles, the failed boxes and the placeholder of a layer over it."""
        height, width = canvas.shape[:2]
        rows, columns = np.mgrid[:height, :width] + 0.5
        to_data = data_to_device(state, picture.transform).inverse
        at = to_data(np.stack([rows.ravel(), columns.ravel()], axis=1)).reshape(height, width, 2)
        color = np.zeros((height, width, 4))
        blank = np.ones((height, width), bool)  # not drawn by this layer yet
        marks = np.zeros((height, width), bool)  # drawn over whatever is beneath, in any blending mode
        tiles = picture.tiles if isinstance(picture, TiledPicture) else []
        finest = [t for t in tiles if isinstance(picture, TiledPicture) and t.level <= picture.level]
        for tile in finest:
            self._tile(tile, picture, at, color, blank)
        stripes = _stripes(state, height, width)
        for box in picture.failed:
            hit = blank & inside(at, box) & stripes
            color[hit] = (HATCH_GREY, HATCH_GREY, HATCH_GREY, picture.opacity)
            marks |= hit
            blank &= ~hit
        for tile in tiles[len(finest) :]:
            self._tile(tile, picture, at, color, blank)
        if picture.placeholder is not None:
            hit = blank & inside(at, picture.placeholder)
            color[hit] = (*placeholder_color(background), picture.placeholder_opacity)
        blended = np.where(
            marks[..., None], blend("translucent", canvas, color), blend(picture.blending, canvas, color)
        )
        return eight_bits(blended)

    def _tile(self, tile: Placed, picture: Picture, at: Floats, color: Floats, blank: Mask) -> None:
        hit = blank & inside(at, tile.box)
        low, high = np.array(tile.box)
        texels = (at[hit] - low) / (high - low) * tile.shape  # texel i reaches from i to i + 1
        color[hit] = colors_of(self._textures[tile.key], texels, picture)
        blank &= ~hit


def _stripes(state: ViewState, height: int, width: int) -> Mask:
    rows, columns = np.mgrid[:height, :width] + 0.5
    phase = np.mod((rows + columns) / state.pixel_ratio, HATCH_PERIOD)
    stripes: Mask = phase < HATCH_PERIOD / 2
    return stripes
