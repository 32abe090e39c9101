"""The colours of image tiles in GL: a colour table between contrast limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo

from lamella.render.atlas import TextureFormat
from lamella.render.gl import shaders
from lamella.render.gl.blending import blend_uniform
from lamella.render.gl.tiles import tile_program
from lamella.render.picture import ImagePicture

_FULL_SCALE = {TextureFormat.R8: 255.0, TextureFormat.R16: 65535.0}  # integer textures are read as 0 … 1


class ImageColors:
    """Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._luts: dict[int, tuple[npt.NDArray[np.uint8], Any]] = {}  # of each layer
        self._programs: dict[tuple[bool, bool], Any] = {}  # (rgb, gamma) → program

    def program(self, picture: ImagePicture, vertices: Any) -> Any:
        variant = picture.rgb, picture.look.gamma != 1 and not picture.rgb
        if variant not in self._programs:
            self._programs[variant] = tile_program(self._canvas, shaders.image_fragment(*variant), vertices)
        program = self._programs[variant]
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        if not picture.rgb:
            program["u_lut"] = self._lut(picture)
        return program

    def use_format(self, program: Any, picture: ImagePicture, format: TextureFormat) -> None:
        if not picture.rgb:
            low, high = picture.limits
            full = _FULL_SCALE.get(format, 1.0)
            program["u_value"] = (low / full, full / (high - low), picture.look.gamma)

    def interpolation(self, picture: ImagePicture) -> str:
        return picture.look.interpolation

    def forget(self, layers: set[int]) -> None:
        for layer in [layer for layer in self._luts if layer not in layers]:
            self._luts.pop(layer)[1].delete()

    def delete(self) -> None:
        for owned in (*(texture for _, texture in self._luts.values()), *self._programs.values()):
            owned.delete()
        self._luts.clear()

    def _lut(self, picture: ImagePicture) -> Any:
        """The texture of the layer's colours; uploaded again only when they are other ones."""
        held = self._luts.get(picture.layer)
        lut = picture.look.lut
        if held is not None and held[0] is lut:
            return held[1]
        if held is None:
            texture = gloo.Texture2D(lut[np.newaxis], interpolation="nearest")
        else:
            texture = held[1]
            texture.set_data(lut[np.newaxis])
        self._luts[picture.layer] = lut, texture
        return texture
