"""The colours of label tiles in GL: the shader takes the id's four bytes to its colour, nothing is coloured before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo

from lamella.model.layers.look import LabelsLook
from lamella.render.atlas import TextureFormat
from lamella.render.gl import shaders
from lamella.render.gl.blending import blend_uniform
from lamella.render.gl.label_table import LabelTable, label_table
from lamella.render.gl.tiles import tile_program
from lamella.render.picture import LabelsPicture


@dataclass(slots=True)
class _Palette:
    """The colours of a layer on the GPU; ``source`` is the arrays that they were made of."""

    source: tuple[npt.NDArray[Any], ...]
    colors: Any
    keys: Any = None
    table: LabelTable | None = None

    def delete(self) -> None:
        self.colors.delete()
        if self.keys is not None:
            self.keys.delete()


class LabelColors:
    """Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._palettes: dict[int, _Palette] = {}  # of each layer
        self._programs: dict[tuple[bool, bool], Any] = {}  # (direct, selected) → program

    def program(self, picture: LabelsPicture, vertices: Any) -> Any:
        look = picture.look
        variant = look.direct is not None, look.selected is not None
        if variant not in self._programs:
            self._programs[variant] = tile_program(self._canvas, shaders.labels_fragment(*variant), vertices)
        program = self._programs[variant]
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        if look.selected is not None:
            program["u_selected"] = np.array([look.selected], "<u4").view(np.uint8).astype(np.float32)
        palette = self._palette(picture.layer, look)
        program["u_colors"] = palette.colors
        if palette.table is None:
            program["u_count"] = float(len(look.colors))
        else:
            program["u_keys"] = palette.keys
            program["u_hash"] = palette.table.factors
            program["u_default"] = np.array(look.default_color, np.float32) / 255
            height, width = palette.table.keys.shape[:2]
            program["u_table"] = (width, height, palette.table.probes)
        return program

    def use_format(self, program: Any, picture: LabelsPicture, format: TextureFormat) -> None:
        pass  # ids are four bytes, always

    def interpolation(self, picture: LabelsPicture) -> str:
        return "nearest"

    def forget(self, layers: set[int]) -> None:
        for layer in [layer for layer in self._palettes if layer not in layers]:
            self._palettes.pop(layer).delete()

    def delete(self) -> None:
        for owned in (*self._palettes.values(), *self._programs.values()):
            owned.delete()
        self._palettes.clear()

    def _palette(self, layer: int, look: LabelsLook) -> _Palette:
        """The layer's colours; uploaded again only when they are other ones."""
        source = (look.colors,) if look.direct is None else look.direct
        held = self._palettes.get(layer)
        if held is not None and list(map(id, held.source)) == list(map(id, source)):
            return held
        if held is not None:
            held.delete()
        if look.direct is None:
            made = _Palette(source, gloo.Texture2D(look.colors[np.newaxis], interpolation="nearest"))
        else:
            table = label_table(*look.direct)
            colors, keys = (gloo.Texture2D(texels, interpolation="nearest") for texels in (table.colors, table.keys))
            made = _Palette(source, colors, keys, table)
        self._palettes[layer] = made
        return made
