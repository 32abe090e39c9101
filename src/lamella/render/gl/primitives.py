"""Triangles and lines in GL: buffers that are written once a slice, drawn with the camera of each frame."""

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
from lamella.render.gl.instancing import enable_instancing
from lamella.render.gl.primitive_shaders import segment_shaders, triangle_shaders
from lamella.render.picture import PrimitivesPicture
from lamella.render.primitives import corner_scale, line_scale, slack
from lamella.render.visibility import data_to_device
from lamella.render.visual import Span
from lamella.slicing.primitives import PrimitivesTile, ValuesTile

_CORNERS = np.array([[0, -1], [1, -1], [0, 1], [1, 1]], np.float32)  # a strip of two triangles a line
_TRIANGLE_FIELDS = {"a_position": "position", "a_offset": "offset", "a_width": "width", "a_color": "color"}
_SEGMENT_FIELDS = {"a_start": "start", "a_stop": "stop", "a_width": "width", "a_times": "times", "a_end": "end"}


@dataclass(slots=True)
class _Arrays:
    """The buffers of a tile by the name of the array, and its texture."""

    buffers: dict[str, Any] = field(default_factory=dict)
    texture: Any = None

    def delete(self) -> None:
        for owned in (*self.buffers.values(), *([self.texture] if self.texture is not None else [])):
            owned.delete()


class PrimitiveDrawer:
    """All triangles and lines of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._arrays: dict[Hashable, _Arrays] = {}
        self._programs: dict[tuple[str, bool, bool, bool], Any] = {}
        self._luts: dict[int, tuple[npt.NDArray[np.uint8], Any]] = {}  # of each layer
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
        for layer in [layer for layer in self._luts if layer not in layers]:
            self._luts.pop(layer)[1].delete()

    def delete(self) -> None:
        textures = [texture for _, texture in self._luts.values()]
        for owned in (*self._arrays.values(), *self._programs.values(), *textures, self._corners):
            owned.delete()
        self._arrays.clear()

    def draw(self, picture: PrimitivesPicture, state: ViewState) -> None:
        """Draw the triangles and then the lines, each over those before it."""
        tile, look = picture.primitives, picture.look
        if tile is None or picture.tile is None or not picture.drawable:
            return
        context = self._canvas.context
        context.set_state(**BLENDING[picture.blending], depth_test=False)
        held = self._arrays.get(tile.key, _Arrays())
        if look.triangles and len(tile.triangles):
            self._draw_triangles(picture, tile, held, state)
        if look.segments and picture.span[0] < picture.span[1]:
            self._draw_segments(picture, tile, held, state)
        context.set_state(depth_test=True)

    def _draw_triangles(
        self, picture: PrimitivesPicture, tile: PrimitivesTile, held: _Arrays, state: ViewState
    ) -> None:
        values, texture = picture.mapped, held.texture is not None
        gamma = values and picture.look.gamma != 1
        program = self._program(picture, state, "triangles", values, gamma, texture)
        unit, least = corner_scale(picture.transform, state)
        program["u_scale"] = (unit, least, 0.0)
        dtype = tile.corners.dtype
        fields = _TRIANGLE_FIELDS | ({"a_uv": "uv"} if texture else {})
        for attribute, name in fields.items():
            self._bind(program, attribute, held.buffers["corners"], dtype, name)
        if texture:
            program["u_texture"] = held.texture
        if values:
            assert picture.values is not None
            numbers = self._arrays[picture.values.key].buffers["values"]
            self._command("ATTRIBUTE", program.id, "a_value", "float", (numbers.id, 4, 0))
            low, high = picture.limits
            program["u_limits"] = (low, 1.0 / (high - low), picture.look.gamma)
            program["u_lut"] = self._lut(picture)
        indices = held.buffers["triangles"]
        self._command("DRAW", program.id, "triangles", (indices.id, "unsigned_int", tile.triangles.size), 1)

    def _draw_segments(self, picture: PrimitivesPicture, tile: PrimitivesTile, held: _Arrays, state: ViewState) -> None:
        program = self._program(picture, state, "segments")
        unit, least = line_scale(picture, state)
        soft = max(picture.look.antialiasing * state.pixel_ratio, 1e-6)
        program["u_scale"] = (unit, least, soft)
        program["u_soft"] = soft
        clock = picture.clock
        program["u_clock"] = (0, 0, 0, 0) if clock is None else (clock.now, clock.tail, clock.head, 1)
        program["u_slack"] = 0.0 if clock is None else slack(clock)
        program["u_completed"] = float(clock is not None and clock.hide_completed)
        first, stop = picture.span
        buffer, dtype = held.buffers["segments"], tile.segments.dtype
        for attribute, name in _SEGMENT_FIELDS.items():
            self._bind(program, attribute, buffer, dtype, name, first, divisor=1)
        for attribute, end in (("a_color", 0), ("a_color_stop", 4)):
            assert dtype.fields is not None
            place = first * dtype.itemsize + dtype.fields["colors"][1] + end
            self._command("ATTRIBUTE", program.id, attribute, "ubyte_vec4", (buffer.id, dtype.itemsize, place), 1)
        self._command("ATTRIBUTE", program.id, "a_corner", "vec2", (self._corners.id, 8, 0))
        self._command("DRAW", program.id, "triangle_strip", (0, len(_CORNERS)), stop - first)

    def _program(
        self,
        picture: PrimitivesPicture,
        state: ViewState,
        kind: str,
        values: bool = False,
        gamma: bool = False,
        texture: bool = False,
    ) -> Any:
        """The program of a variant, with all uniforms that do not depend on it."""
        key = kind, values, gamma, texture
        if key not in self._programs:
            variant = triangle_shaders(values=values, gamma=gamma, texture=texture)
            self._programs[key] = gloo.Program(*(segment_shaders() if kind == "segments" else variant))
            self._canvas.context.glir.associate(self._programs[key].glir)
        program = self._programs[key]
        assert picture.tile is not None
        to_device = data_to_device(state, picture.transform)
        width, height = state.device_size
        camera = to_device.inverse([height / 2, width / 2]) - picture.tile.origin
        coarse = camera.astype(np.float32)
        (yr, yc), (xr, xc) = to_device.linear
        program["u_linear"] = (xr, xc, yr, yc)
        program["u_camera"] = (*coarse, *(camera - coarse))
        program["u_canvas"] = (width, height)
        program["u_blend"] = blend_uniform(picture.opacity, picture.blending)
        return program

    def _bind(
        self,
        program: Any,
        attribute: str,
        buffer: Any,
        dtype: np.dtype[Any],
        name: str,
        first: int = 0,
        divisor: int | None = None,
    ) -> None:
        assert dtype.fields is not None
        base, offset = dtype.fields[name][:2]
        n = base.shape[0] if base.shape else 1
        type = ("ubyte_" if base.base == np.uint8 else "") + ("float" if n == 1 else f"vec{n}")
        place = first * dtype.itemsize + offset
        self._command("ATTRIBUTE", program.id, attribute, type, (buffer.id, dtype.itemsize, place), divisor)

    def _lut(self, picture: PrimitivesPicture) -> Any:
        """The texture of the layer's colours; uploaded again only when they are other ones."""
        lut = picture.look.lut
        assert lut is not None
        held = self._luts.get(picture.layer)
        if held is None:
            texture = gloo.Texture2D(lut[np.newaxis], interpolation="nearest")
        else:
            texture = held[1]
            if held[0] is not lut:
                texture.set_data(lut[np.newaxis])
        self._luts[picture.layer] = lut, texture
        return texture

    def _command(self, *command: Any) -> None:
        self._canvas.context.glir.command(*command)
