"""Triangles and lines in GL: buffers that are written once a slice, drawn with the camera of each frame."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo
from vispy.gloo import gl

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.gl.blending import BLENDING, blend_uniform
from lamella.render.gl.color_tables import ColorTables
from lamella.render.gl.instancing import enable_instancing
from lamella.render.gl.primitive_shaders import segment_shaders, triangle_shaders
from lamella.render.gl.vertices import bind, set_camera
from lamella.render.picture import PrimitivesPicture
from lamella.render.primitives import corner_scale, line_scale, slack
from lamella.render.visual import Span
from lamella.slicing.primitives import SEGMENT, PrimitivesTile, ValuesTile

_CORNERS = np.array([[0, -1], [1, -1], [0, 1], [1, 1]], np.float32)  # a strip of two triangles a line
_TRIANGLE_FIELDS = {"a_position": "position", "a_offset": "offset", "a_width": "width", "a_color": "color"}
_SEGMENT_FIELDS = {
    "a_start": "start",
    "a_stop": "stop",
    "a_width": "width",
    "a_color": "color",
    "a_color_stop": "color_stop",
}
_TIME_FIELDS = {"a_times": "times", "a_end": "end"}
_SHADERS: dict[str, Callable[..., tuple[str, str]]] = {"triangles": triangle_shaders, "segments": segment_shaders}


def _with_colors_apart(segment: np.dtype[Any]) -> np.dtype[Any]:
    """A segment with its two colours as fields, as attributes need them."""
    assert segment.fields is not None
    offset = segment.fields["colors"][1]
    places = {name: field[:2] for name, field in segment.fields.items() if name != "colors"}
    places |= {"color": (np.dtype(("u1", 4)), offset), "color_stop": (np.dtype(("u1", 4)), offset + 4)}
    formats, offsets = zip(*places.values(), strict=True)
    return np.dtype({"names": list(places), "formats": formats, "offsets": offsets, "itemsize": segment.itemsize})


_SEGMENT = _with_colors_apart(SEGMENT[2])


@dataclass(slots=True)
class _Arrays:
    """What a tile has in GL: its arrays but for the segments by their names, its texture, its segments in pieces.

    Pieces, because making one buffer for a million segments takes 30 ms. Triangles reach for any of the corners.
    """

    buffers: dict[str, Any] = field(default_factory=dict)
    texture: Any = None
    segments: dict[int, Any] = field(default_factory=dict)  # by the first one

    def delete(self) -> None:
        textures = [self.texture] if self.texture is not None else []
        for owned in (*self.buffers.values(), *self.segments.values(), *textures):
            owned.delete()


class PrimitiveDrawer:
    """All triangles and lines of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._arrays: dict[Hashable, _Arrays] = {}
        self._programs: dict[tuple[Any, ...], Any] = {}  # by the key of the shaders and what they take
        self._luts = ColorTables()
        enable_instancing()
        self._largest_texture = int(gl.glGetParameter(gl.GL_MAX_TEXTURE_SIZE))
        self._corners = gloo.VertexBuffer(_CORNERS)
        canvas.context.glir.associate(self._corners.glir)

    def write(self, tile: PrimitivesTile | ValuesTile, part: Span) -> None:
        held = self._arrays.setdefault(tile.key, _Arrays())
        array = getattr(tile, part.of)
        if part.of == "texture":
            self._write_texture(held, array, part)
            return
        if part.of == "segments":
            if part.start not in held.segments:
                piece = gloo.VertexBuffer(array[part.start : part.stop])
                self._canvas.context.glir.associate(piece.glir)
                held.segments[part.start] = piece
            return
        buffer = held.buffers.get(part.of)
        if buffer is None:
            buffer = gloo.IndexBuffer() if part.of == "triangles" else gloo.VertexBuffer()
            held.buffers[part.of] = buffer
            self._canvas.context.glir.associate(buffer.glir)
            self._command("SIZE", buffer.id, array.nbytes)
        item = array.nbytes // len(array)
        self._command("DATA", buffer.id, part.start * item, array[part.start : part.stop])

    def _write_texture(self, held: _Arrays, array: npt.NDArray[np.uint8], part: Span) -> None:
        """Rows of the texture; of one that is larger than this GL can hold every n-th pixel."""
        step = -(-max(array.shape[:2]) // self._largest_texture)
        if held.texture is None:
            shape = array[::step, ::step].shape
            held.texture = gloo.Texture2D(shape=shape, format="rgba", interpolation="linear", wrapping="clamp_to_edge")
            self._canvas.context.glir.associate(held.texture.glir)
        first = -(-part.start // step)
        rows = array[first * step : part.stop : step, ::step]
        if len(rows):
            held.texture.set_data(np.ascontiguousarray(rows), offset=(first, 0))

    def forget(self, atlas: Atlas, layers: set[int]) -> None:
        for key in [key for key in self._arrays if not atlas.has(key)]:
            self._arrays.pop(key).delete()
        self._luts.forget(layers)

    def delete(self) -> None:
        for owned in (*self._arrays.values(), *self._programs.values(), self._luts, self._corners):
            owned.delete()
        self._arrays.clear()

    def draw(self, picture: PrimitivesPicture, state: ViewState) -> None:
        """Draw the triangles and then the lines, each over those before it."""
        tile, look = picture.primitives, picture.look
        if tile is None or not picture.drawable:
            return
        context = self._canvas.context
        context.set_state(**BLENDING[picture.blending], depth_test=False)
        held = self._arrays.get(tile.key, _Arrays())  # nothing is written of one without any
        if look.triangles and len(tile.triangles):
            self._draw_triangles(picture, tile, held, state)
        if look.segments and picture.span[0] < picture.span[1]:
            self._draw_segments(picture, held, state)
        context.set_state(depth_test=True)

    def _draw_triangles(
        self, picture: PrimitivesPicture, tile: PrimitivesTile, held: _Arrays, state: ViewState
    ) -> None:
        mapped, texture, look = picture.mapped, held.texture is not None, picture.look
        variant = ("triangles", mapped, mapped and look.gamma != 1, texture)
        program = self._program(variant, picture, state)
        program["u_scale"] = (*corner_scale(picture.transform, state), 0.0)
        fields = _TRIANGLE_FIELDS | ({"a_uv": "uv"} if texture else {})
        bind(self._canvas, program, held.buffers["corners"], tile.corners.dtype, fields)
        if texture:
            program["u_texture"] = held.texture
        if mapped:
            assert picture.values is not None and look.lut is not None
            numbers = self._arrays[picture.values.key].buffers["values"]
            self._command("ATTRIBUTE", program.id, "a_value", "float", (numbers.id, 4, 0))
            low, high = picture.limits
            program["u_limits"] = (low, 1.0 / (high - low), look.gamma)
            program["u_lut"] = self._luts.of(picture.layer, look.lut)
        indices = held.buffers["triangles"]
        self._command("DRAW", program.id, "triangles", (indices.id, "unsigned_int", tile.triangles.size), 1)

    def _draw_segments(self, picture: PrimitivesPicture, held: _Arrays, state: ViewState) -> None:
        clock, (first, stop) = picture.clock, picture.span
        program = self._program(("segments", clock is not None), picture, state)
        soft = max(picture.look.antialiasing * state.pixel_ratio, 1e-6)
        program["u_scale"] = (*line_scale(picture, state), soft)
        program["u_soft"] = soft
        if clock is not None:
            program["u_clock"] = (clock.now, clock.tail, clock.head, float(clock.hide_completed))
            program["u_slack"] = slack(clock)
        self._command("ATTRIBUTE", program.id, "a_corner", "vec2", (self._corners.id, 8, 0))
        fields = _SEGMENT_FIELDS | (_TIME_FIELDS if clock is not None else {})
        for start, piece in held.segments.items():
            low, high = max(first - start, 0), min(stop - start, piece.size)
            if low < high:
                bind(self._canvas, program, piece, _SEGMENT, fields, low, divisor=1)
                self._command("DRAW", program.id, "triangle_strip", (0, len(_CORNERS)), high - low)

    def _program(self, variant: tuple[Any, ...], picture: PrimitivesPicture, state: ViewState) -> Any:
        """The program of a variant, with the uniforms that all have."""
        if variant not in self._programs:
            self._programs[variant] = gloo.Program(*_SHADERS[variant[0]](*variant[1:]))
            self._canvas.context.glir.associate(self._programs[variant].glir)
        program = self._programs[variant]
        assert picture.tile is not None
        set_camera(program, state, picture.transform, picture.tile.origin)
        program["u_canvas"] = state.device_size
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        return program

    def _command(self, *command: Any) -> None:
        self._canvas.context.glir.command(*command)
