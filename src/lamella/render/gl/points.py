"""Points in GL: a vertex buffer a slice, drawn as sprites; as quads made here where sprites would not do."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo
from vispy.gloo import gl

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.gl.blending import BLENDING, blend_uniform
from lamella.render.gl.point_shaders import quad_shaders, sprite_shaders
from lamella.render.gl.vertices import bind, set_camera
from lamella.render.picture import PointsPicture
from lamella.render.points import MIN_DIAMETER, drawn_sizes, pixels_per_unit, soft_edge
from lamella.render.visibility import PlacedPoints, canvas_bounds, data_to_device
from lamella.render.visual import Span
from lamella.slicing.response_points import PointsTile

QUADS_AT_ONCE = 2**14  # points; 5 MB of vertices

_QUAD = np.dtype(
    [
        ("a_corner", np.float32, 2),
        ("a_position", np.float32, 2),
        ("a_size", np.float32),
        ("a_border", np.float32),
        ("a_face", np.uint8, 4),
        ("a_edge", np.uint8, 4),
        ("a_symbol", np.float32),
    ]
)
_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, -1], [1, 1], [-1, 1]], dtype=np.float64)
_SPRITE_FIELDS = {
    "a_position": "position",
    "a_residual": "residual",
    "a_size": "size",
    "a_border": "border",
    "a_face": "face",
    "a_edge": "edge",
    "a_symbol": "symbol",
}


@dataclass(slots=True)
class _Buffer:
    """The vertices of a tile, a GL buffer a piece, and what has to be known to choose how they are drawn.

    Pieces, because making one buffer for a million points takes 40 ms.
    """

    dtype: np.dtype[Any]
    pieces: list[Any] = field(default_factory=list)
    symbols: tuple[int, int] = (255, 0)  # lowest and highest

    @property
    def symbol(self) -> int | None:
        """The symbol of all points; None if they differ."""
        return self.symbols[0] if self.symbols[0] == self.symbols[1] else None

    def add(self, vertices: npt.NDArray[Any]) -> Any:
        self.pieces.append(gloo.VertexBuffer(vertices))
        low, high = int(vertices["symbol"].min()), int(vertices["symbol"].max())
        self.symbols = min(self.symbols[0], low), max(self.symbols[1], high)
        return self.pieces[-1]

    def delete(self) -> None:
        for piece in self.pieces:
            piece.delete()
        self.pieces.clear()


class PointDrawer:
    """All points of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._buffers: dict[Hashable, _Buffer] = {}
        self._programs: dict[tuple[str, int | None], Any] = {}
        self._quads = gloo.VertexBuffer(np.zeros(6, _QUAD))
        canvas.context.glir.associate(self._quads.glir)
        self._largest_sprite = float(gl.glGetParameter(gl.GL_ALIASED_POINT_SIZE_RANGE)[1])

    def write(self, tile: PointsTile, part: Span) -> None:
        buffer = self._buffers.get(tile.key)
        if buffer is None or part.start == 0:
            if buffer is not None:
                buffer.delete()
            buffer = self._buffers[tile.key] = _Buffer(tile.vertices.dtype)
        piece = buffer.add(tile.vertices[part.start : part.stop])
        self._canvas.context.glir.associate(piece.glir)

    def forget(self, atlas: Atlas) -> None:
        for key in [key for key in self._buffers if not atlas.has(key)]:
            self._buffers.pop(key).delete()

    def delete(self) -> None:
        for owned in (*self._buffers.values(), *self._programs.values(), self._quads):
            owned.delete()
        self._buffers.clear()

    def draw(self, picture: PointsPicture, state: ViewState) -> None:
        """Draw the points in their order, each over those before it."""
        tile = picture.tile
        if tile is None or not tile.count:
            return
        context = self._canvas.context
        context.set_state(**BLENDING[picture.blending], depth_test=False)
        buffer = self._buffers[tile.key]
        if self._sprites_will_do(picture, state):
            self._draw_sprites(buffer, tile, picture, state)
        else:
            self._draw_quads(buffer.symbol, picture, state)
        context.set_state(depth_test=True)

    def _sprites_will_do(self, picture: PointsPicture, state: ViewState) -> bool:
        unit, least = (pixels_per_unit(state, picture.transform), MIN_DIAMETER * state.pixel_ratio)
        return max(picture.points.largest * unit, least) + soft_edge(picture.look, state) <= self._largest_sprite

    def _draw_sprites(self, buffer: _Buffer, tile: PlacedPoints, picture: PointsPicture, state: ViewState) -> None:
        program = self._program("sprite", buffer.symbol, picture, state)
        set_camera(program, state, picture.transform, tile.origin)
        unit, least = (pixels_per_unit(state, picture.transform), MIN_DIAMETER * state.pixel_ratio)
        program["u_scale"] = (unit, least, soft_edge(picture.look, state))
        for piece in buffer.pieces:
            bind(self._canvas, program, piece, buffer.dtype, _SPRITE_FIELDS)
            self._command("DRAW", program.id, "points", (0, piece.size), 1)

    def _draw_quads(self, symbol: int | None, picture: PointsPicture, state: ViewState) -> None:
        """Symbols larger than the sprites of this GL may be: few of those fit on a canvas."""
        program = self._program("quad", symbol, picture, state)
        bind(self._canvas, program, self._quads, _QUAD, {name: name for name in _QUAD.names or ()})
        seen = _seen(picture, state)
        for start in range(0, len(seen), QUADS_AT_ONCE):
            quads = _quads(picture, state, seen[start : start + QUADS_AT_ONCE])
            if len(quads):
                self._quads.set_data(quads)
                self._command("DRAW", program.id, "triangles", (0, len(quads)), 1)
                self._canvas.flush()  # before the buffer gets the next ones

    def _program(self, kind: str, symbol: int | None, picture: PointsPicture, state: ViewState) -> Any:
        key = kind, symbol
        if key not in self._programs:
            shaders = sprite_shaders if kind == "sprite" else quad_shaders
            self._programs[key] = gloo.Program(*shaders(symbol))
            self._canvas.context.glir.associate(self._programs[key].glir)
        program = self._programs[key]
        width, height = state.device_size
        program["u_canvas"] = (width, height)
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        program["u_soft"] = max(soft_edge(picture.look, state), 1e-6)
        return program

    def _command(self, *command: Any) -> None:
        self._canvas.context.glir.command(*command)


def _seen(picture: PointsPicture, state: ViewState) -> npt.NDArray[np.intp]:
    """Points that may touch the canvas, ascending; found in data coordinates, where it costs least."""
    points = picture.points
    to_device = data_to_device(state, picture.transform)
    low, high = canvas_bounds(state, to_device)
    largest = points.largest * pixels_per_unit(state, picture.transform)
    reach = 0.5 * (max(largest, MIN_DIAMETER * state.pixel_ratio) + soft_edge(picture.look, state))
    around = to_device.inverse.bounds([[-reach, -reach], [reach, reach]])
    half = (around[1] - around[0]) / 2
    y, x = points.coordinates[:, 0], points.coordinates[:, 1]
    near = (y >= low[0] - half[0]) & (y <= high[0] + half[0]) & (x >= low[1] - half[1]) & (x <= high[1] + half[1])
    return np.flatnonzero(near)


def _quads(picture: PointsPicture, state: ViewState, seen: npt.NDArray[np.intp]) -> npt.NDArray[np.void]:
    """Two triangles a point in device pixels, cut to the canvas so that float32 suffices."""
    points = picture.points
    width, height = state.device_size
    center = data_to_device(state, picture.transform)(points.coordinates[seen])[:, ::-1]
    size, border = drawn_sizes(points.size[seen], points.border_width[seen], state, picture.transform)
    reach = 0.5 * (size + soft_edge(picture.look, state))
    hit = (size > 0) & ((center >= -reach[:, None]) & (center <= reach[:, None] + (width, height))).all(axis=1)
    center, size, border, reach, seen = (center[hit], size[hit], border[hit], reach[hit], seen[hit])
    out = np.empty((len(seen), 6), _QUAD)
    out["a_corner"] = np.clip(center[:, None] + _CORNERS * reach[:, None, None], 0, (width, height))
    out["a_position"] = center[:, None]
    for name, values in (
        ("a_size", size),
        ("a_border", border),
        ("a_symbol", points.symbol[seen]),
        ("a_face", points.face_color[seen]),
        ("a_edge", points.border_color[seen]),
    ):
        out[name] = values[:, None]
    return out.reshape(-1)
