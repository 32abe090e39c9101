"""Image layers in GL: tiles in atlas textures, one draw per layer, level and sheet, finest first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo

from lamella.model.view_state import ViewState
from lamella.render.atlas import GUTTER, Atlas, Page, TextureFormat, cell_texels
from lamella.render.gl import shaders
from lamella.render.gl.geometry import VERTEX, Floats, Projection, box_quads, page_quads
from lamella.render.picture import HATCH_GREY, HATCH_PERIOD, ImagePicture, layer_z, placeholder_color
from lamella.render.visibility import Placed

_FULL_SCALE = {TextureFormat.R8: 255.0, TextureFormat.R16: 65535.0}  # integer textures are read as 0 … 1
_GL_FORMAT = {
    TextureFormat.R8: "red",
    TextureFormat.R16: "red",
    TextureFormat.R32F: "red",
    TextureFormat.RGBA8: "rgba",
}
_BLENDING: dict[str, dict[str, Any]] = {
    "opaque": {"blend_func": ("one", "one_minus_src_alpha"), "blend_equation": "func_add"},
    "translucent": {"blend_func": ("one", "one_minus_src_alpha"), "blend_equation": "func_add"},
    "additive": {"blend_func": ("one", "one"), "blend_equation": "func_add"},
    "minimum": {"blend_func": ("one", "one"), "blend_equation": "min"},
    "multiplicative": {"blend_func": ("dst_color", "zero"), "blend_equation": "func_add"},
}
_NEUTRAL = {"minimum": 1.0, "multiplicative": 1.0}  # the colour that changes nothing; 0 in the other modes


@dataclass(slots=True)
class _Geometry:
    quads: Floats
    sheets: npt.NDArray[np.int64]


@dataclass(slots=True)
class _Batch:
    """Vertices drawn by one call, with a sheet or flat."""

    first: int
    count: int
    sheet: int | None = None
    color: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    period: float = 0.0
    blending: str = "translucent"


class ImageVisual:
    """All image layers of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._sheets: dict[int, Any] = {}
        self._formats: dict[int, TextureFormat] = {}
        self._geometry: dict[Hashable, _Geometry] = {}
        self._luts: dict[int, tuple[npt.NDArray[np.uint8], Any]] = {}
        self._vertices = gloo.VertexBuffer(np.zeros(6, VERTEX))
        self._programs: dict[tuple[bool, bool], Any] = {}  # (rgb, gamma) → program
        self._flat = gloo.Program(shaders.FLAT_VERTEX, shaders.FLAT_FRAGMENT)
        self._flat["a_position"] = self._vertices["a_position"]
        canvas.context.glir.associate(self._flat.glir)

    def write(self, texture: npt.NDArray[Any], page: Page, atlas: Atlas) -> None:
        y, x = page.origin
        self._sheet(page.sheet, atlas).set_data(cell_texels(texture, page), offset=(y - GUTTER, x - GUTTER))

    def finish(self, tile: Placed, pages: tuple[Page, ...], atlas: Atlas) -> None:
        self._geometry[tile.key] = _Geometry(
            page_quads(tile, pages, [atlas.sheets[p.sheet].shape for p in pages]),
            np.array([p.sheet for p in pages]),
        )

    def forget(self, atlas: Atlas, layers: set[int]) -> None:
        self._geometry = {key: g for key, g in self._geometry.items() if key in atlas}
        for sheet in [s for s in self._sheets if s not in atlas.sheets]:
            self._sheets.pop(sheet).delete()
            del self._formats[sheet]
        for layer in [layer for layer in self._luts if layer not in layers]:
            self._luts.pop(layer)[1].delete()

    def delete(self) -> None:
        textures = (*self._sheets.values(), *(texture for _, texture in self._luts.values()))
        for owned in (*textures, *self._programs.values(), self._flat, self._vertices):
            owned.delete()
        self._sheets.clear()
        self._luts.clear()

    def draw(self, state: ViewState, background: tuple[float, float, float], pictures: Sequence[ImagePicture]) -> None:
        plans: list[list[_Batch]] = []
        vertices: list[npt.NDArray[np.void]] = []
        count = 0
        for index, picture in enumerate(pictures):
            batches, made = self._plan(state, background, picture, layer_z(index, len(pictures)), count)
            plans.append(batches)
            vertices.append(made)
            count += len(made)
        if not count:
            return
        self._vertices.set_data(np.concatenate(vertices))
        for picture, batches in zip(pictures, plans, strict=True):
            self._draw_layer(picture, batches)

    def _plan(
        self,
        state: ViewState,
        background: tuple[float, float, float],
        picture: ImagePicture,
        z: float,
        first: int,
    ) -> tuple[list[_Batch], npt.NDArray[np.void]]:
        """The draws of a layer, finest first, and their vertices, which begin at ``first``."""
        fine = [t for t in picture.tiles if t.level <= picture.level]
        coarse = picture.tiles[len(fine) :]
        batches: list[_Batch] = []
        quads: list[Floats] = []

        def add(new: Floats, **how: Any) -> None:
            nonlocal first
            quads.append(new)
            batches.append(_Batch(first, 6 * len(new), **how))
            first += 6 * len(new)

        def add_tiles(tiles: Sequence[Placed]) -> None:
            if not tiles:
                return
            parts = [self._geometry[t.key] for t in tiles]
            all_quads = np.concatenate([p.quads for p in parts])
            sheets = np.concatenate([p.sheets for p in parts])
            levels = np.repeat([t.level for t in tiles], [len(p.sheets) for p in parts])
            order = np.lexsort((sheets, levels))
            all_quads, sheets, levels = all_quads[order], sheets[order], levels[order]
            cuts = np.flatnonzero(np.diff(sheets) | np.diff(levels)) + 1
            for part, sheet in zip(np.split(all_quads, cuts), sheets[np.r_[0, cuts]], strict=True):
                add(part, sheet=int(sheet))

        opacity = picture.look.opacity
        add_tiles(fine)
        if picture.failed:
            grey = HATCH_GREY * opacity
            add(
                box_quads(picture.failed),
                color=(grey, grey, grey, opacity),
                period=HATCH_PERIOD * state.pixel_ratio,
            )
        add_tiles(coarse)
        if picture.placeholder is not None:
            r, g, b = placeholder_color(background)
            color = (r * opacity, g * opacity, b * opacity, opacity)
            add(box_quads([picture.placeholder]), color=color, blending=picture.blending)
        if not quads:
            return [], np.empty(0, VERTEX)
        return batches, Projection(state, picture.transform, z).vertices(np.concatenate(quads))

    def _draw_layer(self, picture: ImagePicture, batches: Sequence[_Batch]) -> None:
        context, look = self._canvas.context, picture.look
        program = self._program(picture)
        low, high = picture.limits
        blending = ""
        format: TextureFormat | None = None
        if any(batch.sheet is not None for batch in batches):
            program["u_blend"] = (
                look.opacity,
                float(picture.blending == "opaque"),
                _NEUTRAL.get(picture.blending, 0.0),
            )
            if not picture.rgb:
                program["u_lut"] = self._lut(picture)
        for batch in batches:
            wanted = picture.blending if batch.sheet is not None else batch.blending
            if wanted != blending:
                context.set_state(**_BLENDING[wanted])
                blending = wanted
            if batch.sheet is None:
                self._flat["u_color"] = batch.color
                self._flat["u_period"] = batch.period
                self._draw_range(self._flat, batch)
                continue
            if self._formats[batch.sheet] is not format:
                format = self._formats[batch.sheet]
                full = _FULL_SCALE.get(format, 1.0)
                if not picture.rgb:
                    program["u_value"] = (low / full, full / (high - low), look.gamma)
            texture = self._sheets[batch.sheet]
            if texture.interpolation != look.interpolation:
                texture.interpolation = look.interpolation
            program["u_tiles"] = texture
            self._draw_range(program, batch)

    def _program(self, picture: ImagePicture) -> Any:
        variant = picture.rgb, picture.look.gamma != 1 and not picture.rgb
        if variant not in self._programs:
            program = gloo.Program(shaders.IMAGE_VERTEX, shaders.image_fragment(*variant))
            program["a_position"], program["a_uv"] = self._vertices["a_position"], self._vertices["a_uv"]
            self._canvas.context.glir.associate(program.glir)
            self._programs[variant] = program
        return self._programs[variant]

    def _draw_range(self, program: Any, batch: _Batch) -> None:
        """gloo draws a whole buffer; its command language draws a range, so that one buffer serves a whole frame."""
        self._canvas.context.glir.command("DRAW", program.id, "triangles", (batch.first, batch.count), 1)

    def _sheet(self, id: int, atlas: Atlas) -> Any:
        if id not in self._sheets:
            sheet = atlas.sheets[id]
            channels = (4,) if sheet.format is TextureFormat.RGBA8 else (1,)
            texture = gloo.Texture2D(
                shape=sheet.shape + channels,
                format=_GL_FORMAT[sheet.format],
                internalformat=sheet.format.value[1],
                interpolation="nearest",
            )
            self._canvas.context.glir.associate(texture.glir)
            self._sheets[id], self._formats[id] = texture, sheet.format
        return self._sheets[id]

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
