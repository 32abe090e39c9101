"""Tiles in atlas textures, and flat boxes: one draw per layer, level and sheet, finest first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from vispy import gloo

from lamella.model.view_state import ViewState
from lamella.render.atlas import GUTTER, Atlas, Page, TextureFormat, cell_texels
from lamella.render.gl import shaders
from lamella.render.gl.blending import BLENDING
from lamella.render.gl.geometry import VERTEX, Floats, Projection, box_quads, page_quads
from lamella.render.picture import HATCH_GREY, HATCH_PERIOD, Picture, TiledPicture, layer_z, placeholder_color
from lamella.render.visibility import Placed

_GL_FORMAT = {TextureFormat.R8: "red", TextureFormat.R16: "red", TextureFormat.R32F: "red", TextureFormat.RGBA8: "rgba"}


class Colors(Protocol):
    """How the tiles of one layer kind get their colours."""

    def program(self, picture: Any, vertices: Any) -> Any:
        """The program for a picture, with all uniforms but those of `use_format` and ``u_tiles``."""
        ...

    def use_format(self, program: Any, picture: Any, format: TextureFormat) -> None:
        """The next sheets have another format."""
        ...

    def interpolation(self, picture: Any) -> str: ...

    def forget(self, layers: set[int]) -> None: ...

    def delete(self) -> None: ...


@dataclass(slots=True)
class _Geometry:
    quads: Floats
    sheets: npt.NDArray[np.int64]


@dataclass(slots=True)
class Batch:
    """Vertices drawn by one call, with a sheet or flat."""

    first: int
    count: int
    sheet: int | None = None
    color: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    period: float = 0.0
    blending: str = "translucent"


class TileDrawer:
    """All tiles of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._sheets: dict[int, Any] = {}
        self._formats: dict[int, TextureFormat] = {}
        self._geometry: dict[Hashable, _Geometry] = {}
        self._vertices = gloo.VertexBuffer(np.zeros(6, VERTEX))
        self._flat = gloo.Program(shaders.FLAT_VERTEX, shaders.FLAT_FRAGMENT)
        self._flat["a_position"] = self._vertices["a_position"]
        canvas.context.glir.associate(self._flat.glir)

    def write(self, texture: npt.NDArray[Any], page: Page, atlas: Atlas) -> None:
        y, x = page.origin
        self._sheet(page.sheet, atlas).set_data(cell_texels(texture, page), offset=(y - GUTTER, x - GUTTER))

    def finish(self, tile: Placed, pages: Sequence[Page], atlas: Atlas) -> None:
        self._geometry[tile.key] = _Geometry(
            page_quads(tile, pages, [atlas.sheets[p.sheet].shape for p in pages]), np.array([p.sheet for p in pages])
        )

    def forget(self, atlas: Atlas) -> None:
        self._geometry = {key: g for key, g in self._geometry.items() if key in atlas}
        for sheet in [s for s in self._sheets if s not in atlas.sheets]:
            self._sheets.pop(sheet).delete()
            del self._formats[sheet]

    def delete(self) -> None:
        for owned in (*self._sheets.values(), self._flat, self._vertices):
            owned.delete()
        self._sheets.clear()

    def prepare(
        self, state: ViewState, background: tuple[float, float, float], pictures: Sequence[Picture]
    ) -> list[list[Batch]]:
        """Upload the vertices of a whole frame; the draws of each picture, finest first."""
        plans: list[list[Batch]] = []
        vertices: list[npt.NDArray[np.void]] = []
        count = 0
        for index, picture in enumerate(pictures):
            batches, made = self._plan(state, background, picture, layer_z(index, len(pictures)), count)
            plans.append(batches)
            vertices.append(made)
            count += len(made)
        if count:
            self._vertices.set_data(np.concatenate(vertices))
        return plans

    def _plan(
        self, state: ViewState, background: tuple[float, float, float], picture: Picture, z: float, first: int
    ) -> tuple[list[Batch], npt.NDArray[np.void]]:
        """The draws of a layer, finest first, and their vertices, which begin at ``first``."""
        tiles = picture.tiles if isinstance(picture, TiledPicture) else []
        level = picture.level if isinstance(picture, TiledPicture) else 0
        fine = [t for t in tiles if t.level <= level]
        batches: list[Batch] = []
        quads: list[Floats] = []

        def add(new: Floats, **how: Any) -> None:
            nonlocal first
            quads.append(new)
            batches.append(Batch(first, 6 * len(new), **how))
            first += 6 * len(new)

        def add_tiles(tiles: Sequence[Placed]) -> None:
            for sheet, part in self._by_sheet(tiles):
                add(part, sheet=sheet)

        add_tiles(fine)
        if picture.failed:
            a = picture.opacity
            grey = HATCH_GREY * a
            add(box_quads(picture.failed), color=(grey, grey, grey, a), period=HATCH_PERIOD * state.pixel_ratio)
        add_tiles(tiles[len(fine) :])
        if picture.placeholder is not None:
            r, g, b = placeholder_color(background)
            a = picture.placeholder_opacity
            add(box_quads([picture.placeholder]), color=(r * a, g * a, b * a, a), blending=picture.blending)
        if not quads:
            return [], np.empty(0, VERTEX)
        return batches, Projection(state, picture.transform, z).vertices(np.concatenate(quads))

    def _by_sheet(self, tiles: Sequence[Placed]) -> list[tuple[int, Floats]]:
        """Quads of tiles, those of one level and sheet together, finest first."""
        if not tiles:
            return []
        parts = [self._geometry[t.key] for t in tiles]
        quads = np.concatenate([p.quads for p in parts])
        sheets = np.concatenate([p.sheets for p in parts])
        levels = np.repeat([t.level for t in tiles], [len(p.sheets) for p in parts])
        order = np.lexsort((sheets, levels))
        quads, sheets, levels = quads[order], sheets[order], levels[order]
        cuts = np.flatnonzero(np.diff(sheets) | np.diff(levels)) + 1
        starts = sheets[np.r_[0, cuts]].tolist()
        return list(zip(starts, np.split(quads, cuts), strict=True))

    def draw(self, picture: Picture, batches: Sequence[Batch], colors: Colors | None) -> None:
        """Carry out the draws of one picture; ``colors`` are needed only if it has tiles."""
        blending = ""
        program: Any = None
        format: TextureFormat | None = None
        for batch in batches:
            wanted = picture.blending if batch.sheet is not None else batch.blending
            if wanted != blending:
                self._canvas.context.set_state(**BLENDING[wanted])
                blending = wanted
            if batch.sheet is None:
                self._flat["u_color"] = batch.color
                self._flat["u_period"] = batch.period
                self._draw_range(self._flat, batch)
                continue
            assert colors is not None
            if program is None:
                program = colors.program(picture, self._vertices)
            if self._formats[batch.sheet] is not format:
                format = self._formats[batch.sheet]
                colors.use_format(program, picture, format)
            texture = self._sheets[batch.sheet]
            interpolation = colors.interpolation(picture)
            if texture.interpolation != interpolation:
                texture.interpolation = interpolation
            program["u_tiles"] = texture
            self._draw_range(program, batch)

    def _draw_range(self, program: Any, batch: Batch) -> None:
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


def tile_program(canvas: Any, fragment: str, vertices: Any) -> Any:
    """A program that draws tiles from the frame's vertices."""
    program = gloo.Program(shaders.TILE_VERTEX, fragment)
    program["a_position"], program["a_uv"] = vertices["a_position"], vertices["a_uv"]
    canvas.context.glir.associate(program.glir)
    return program
