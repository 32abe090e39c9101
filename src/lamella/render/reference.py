"""Pictures by numpy alone: the rules of drawing written down once more, correct and not fast.

Every canvas pixel's centre is taken back to the world, to the data and to a texel. The tests hold `gl` to the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas, Page
from lamella.render.picture import HATCH_GREY, HATCH_PERIOD, ImagePicture, placeholder_color
from lamella.render.visibility import Box, Placed, data_to_device

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class ReferenceBackend:
    """Draws with numpy. Owned by the render thread."""

    name = "reference"

    def __init__(self) -> None:
        self._textures: dict[Hashable, npt.NDArray[Any]] = {}

    def write(self, tile: Placed, texture: npt.NDArray[Any], page: Page, atlas: Atlas) -> None:
        pass  # whole tiles are kept

    def finish(self, tile: Placed, texture: npt.NDArray[Any], pages: tuple[Page, ...], atlas: Atlas) -> None:
        self._textures[tile.key] = texture

    def forget(self, atlas: Atlas, layers: set[int], views: set[int]) -> None:
        self._textures = {key: texture for key, texture in self._textures.items() if key in atlas}

    def close(self) -> None:
        self._textures.clear()

    def draw(
        self,
        view: int,
        state: ViewState,
        background: tuple[float, float, float],
        pictures: Sequence[ImagePicture],
        out: npt.NDArray[np.uint8],
    ) -> None:
        height, width = out.shape[:2]
        canvas = np.empty((height, width, 3))
        canvas[:] = np.round(np.clip(background, 0, 1) * np.array(255.0)) / 255
        for picture in pictures:
            canvas = self._blended(canvas, picture, state, background)
        out[..., :3] = np.round(canvas[..., ::-1] * 255).astype(np.uint8)
        out[..., 3] = 255

    def _blended(
        self, canvas: Floats, picture: ImagePicture, state: ViewState, background: tuple[float, float, float]
    ) -> Floats:
        """The canvas with a layer over it, rounded to 8 bits as a frame buffer does."""
        height, width = canvas.shape[:2]
        rows, columns = np.mgrid[:height, :width] + 0.5
        to_data = data_to_device(state, picture.transform).inverse
        at = to_data(np.stack([rows.ravel(), columns.ravel()], axis=1)).reshape(height, width, 2)
        color = np.zeros((height, width, 4))
        blank = np.ones((height, width), bool)  # not drawn by this layer yet
        marks = np.zeros((height, width), bool)  # drawn over whatever is beneath, in any blending mode
        finest = [t for t in picture.tiles if t.level <= picture.level]
        for tile in finest:
            self._tile(tile, picture, at, color, blank)
        stripes = _stripes(state, height, width)
        for box in picture.failed:
            hit = blank & _inside(at, box) & stripes
            color[hit] = (HATCH_GREY, HATCH_GREY, HATCH_GREY, picture.look.opacity)
            marks |= hit
            blank &= ~hit
        for tile in picture.tiles[len(finest) :]:
            self._tile(tile, picture, at, color, blank)
        if picture.placeholder is not None:
            hit = blank & _inside(at, picture.placeholder)
            color[hit] = (*placeholder_color(background), picture.look.opacity)
        blended = np.where(
            marks[..., None],
            blend("translucent", canvas, color),
            blend(picture.blending, canvas, color),
        )
        return np.round(np.clip(blended, 0, 1) * 255) / 255

    def _tile(self, tile: Placed, picture: ImagePicture, at: Floats, color: Floats, blank: Mask) -> None:
        hit = blank & _inside(at, tile.box)
        low, high = np.array(tile.box)
        texels = (at[hit] - low) / (high - low) * tile.shape  # texel i reaches from i to i + 1
        values = _sampled(self._textures[tile.key], texels, picture.look.interpolation)
        color[hit] = colored(values, picture)
        blank &= ~hit


def colored(values: npt.NDArray[Any], picture: ImagePicture) -> Floats:
    """RGBA in 0 … 1, not premultiplied, of sampled values: see `ImageLook`."""
    look = picture.look
    if picture.rgb:
        rgba = np.asarray(values, np.float64) / 255
        known = np.ones(len(rgba), bool)
    else:
        known = ~np.isnan(values)
        low, high = picture.limits
        x = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1) ** look.gamma
        rgba = look.lut[np.floor(x * 255 + 0.5).astype(int)] / 255
    alpha = np.ones(len(rgba)) if picture.blending == "opaque" else rgba[:, 3] * look.opacity
    return np.column_stack([rgba[:, :3], np.where(known, alpha, 0)])


def blend(mode: str, beneath: Floats, color: Floats) -> Floats:
    """``color`` (…, 4) over ``beneath`` (…, 3). Where alpha is 0 nothing changes, in every mode."""
    rgb, a = color[..., :3], color[..., 3:]
    if mode == "additive":
        return beneath + rgb * a
    if mode == "minimum":
        return np.minimum(beneath, rgb * a + (1 - a))
    if mode == "multiplicative":
        return beneath * (rgb * a + (1 - a))
    return rgb * a + beneath * (1 - a)


def _inside(at: Floats, box: Box) -> Mask:
    low, high = np.array(box)
    inside: Mask = np.all((at >= low) & (at < high), axis=-1)
    return inside


def _stripes(state: ViewState, height: int, width: int) -> Mask:
    rows, columns = np.mgrid[:height, :width] + 0.5
    phase = np.mod((rows + columns) / state.pixel_ratio, HATCH_PERIOD)
    stripes: Mask = phase < HATCH_PERIOD / 2
    return stripes


def _sampled(texture: npt.NDArray[Any], texels: Floats, interpolation: str) -> Floats:
    shape = np.array(texture.shape[:2])
    if interpolation == "nearest":
        y, x = np.clip(np.floor(texels).astype(int), 0, shape - 1).T
        nearest: Floats = texture[y, x].astype(np.float64)
        return nearest
    centred = texels - 0.5
    base = np.floor(centred)
    fraction = centred - base
    total: Any = 0.0
    for dy in (0, 1):
        for dx in (0, 1):
            y, x = np.clip(base.astype(int) + np.array([dy, dx]), 0, shape - 1).T
            weight = np.abs(1 - dy - fraction[:, 0]) * np.abs(1 - dx - fraction[:, 1])
            value = texture[y, x].astype(np.float64)
            total = total + value * weight.reshape(-1, *(1,) * (value.ndim - 1))
    return np.asarray(total, np.float64)
