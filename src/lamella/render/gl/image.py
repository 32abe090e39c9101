"""The colours of image tiles in GL: a colour table between contrast limits."""

from __future__ import annotations

from typing import Any

from lamella.render.atlas import TextureFormat
from lamella.render.gl import shaders
from lamella.render.gl.blending import blend_uniform
from lamella.render.gl.color_tables import ColorTables
from lamella.render.gl.tiles import tile_program
from lamella.render.picture import ImagePicture

_FULL_SCALE = {TextureFormat.R8: 255.0, TextureFormat.R16: 65535.0}  # integer textures are read as 0 … 1


class ImageColors:
    """Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._luts = ColorTables()
        self._programs: dict[tuple[bool, bool], Any] = {}  # (rgb, gamma) → program

    def program(self, picture: ImagePicture, vertices: Any) -> Any:
        variant = picture.rgb, picture.look.gamma != 1 and not picture.rgb
        if variant not in self._programs:
            self._programs[variant] = tile_program(self._canvas, shaders.image_fragment(*variant), vertices)
        program = self._programs[variant]
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        if not picture.rgb:
            program["u_lut"] = self._luts.of(picture.layer, picture.look.lut)
        return program

    def use_format(self, program: Any, picture: ImagePicture, format: TextureFormat) -> None:
        if not picture.rgb:
            low, high = picture.limits
            full = _FULL_SCALE.get(format, 1.0)
            program["u_value"] = (low / full, full / (high - low), picture.look.gamma)

    def interpolation(self, picture: ImagePicture) -> str:
        return picture.look.interpolation

    def forget(self, layers: set[int]) -> None:
        self._luts.forget(layers)

    def delete(self) -> None:
        for owned in (self._luts, *self._programs.values()):
            owned.delete()
