"""Text in GL: pictures of texts side by side in one texture, and a quad each."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from vispy import gloo

from lamella.model.view_state import ViewState
from lamella.render.gl.blending import BLENDING
from lamella.render.gl.vertices import bind
from lamella.render.picture import Picture
from lamella.render.text import HALO, Label, TextLayout
from lamella.render.typeface import Raster

SIDE = 2048  # texels of the texture: 8 MB, and more texts than a canvas mostly has

_VERTEX = """
attribute vec2 a_corner;  // device pixels
attribute vec2 a_texel;
attribute vec4 a_color;
attribute float a_halo;
uniform vec2 u_canvas;
uniform float u_side;
varying vec2 v_uv;
varying vec4 v_color;
varying float v_halo;
void main() {
    v_uv = a_texel / u_side;
    v_color = a_color / 255.0;
    v_halo = a_halo / 255.0;
    gl_Position = vec4(a_corner / u_canvas * 2.0 - 1.0, 0.0, 1.0);
}
"""
_FRAGMENT = """
uniform sampler2D u_rasters;
uniform vec2 u_opacity;  // of the letters, and of the halo as a part of that
varying vec2 v_uv;
varying vec4 v_color;
varying float v_halo;
void main() {
    vec2 covered = texture2D(u_rasters, v_uv).rg;  // by letters, by letters or halo
    float around = (covered.y - covered.x) * u_opacity.y;
    gl_FragColor = vec4(v_color.rgb * covered.x + v_halo * around, covered.x + around) * (v_color.a * u_opacity.x);
}
"""
_QUAD = np.dtype(
    [("a_corner", np.float32, 2), ("a_texel", np.float32, 2), ("a_color", np.uint8, 4), ("a_halo", np.float32)]
)
_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]])


class TextDrawer:
    """All text of a renderer. Owned by the render thread, used with the gloo lock held."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._layout = TextLayout()
        self._sheet: _Sheet | None = None  # as nothing else, this is made when there is text
        self._program: Any = None
        self._quads: Any = None

    def draw(self, picture: Picture, state: ViewState) -> None:
        """Draw the labels of a picture over what is there."""
        labels = self._layout.labels(picture, state)
        if not labels:
            return
        if self._sheet is None:
            self._make()
        assert self._sheet is not None
        context = self._canvas.context
        context.set_state(**BLENDING["translucent"], depth_test=False)
        self._program["u_canvas"] = state.device_size
        self._program["u_opacity"] = (picture.opacity, HALO)
        batch: list[tuple[Label, tuple[int, int]]] = []
        for label in labels:
            place = self._sheet.place(label.key, label.raster)
            if place is None:  # it is full
                self._draw(batch)
                batch = []
                self._sheet.clear()
                place = self._sheet.place(label.key, label.raster)
                assert place is not None
            batch.append((label, place))
        self._draw(batch)
        context.set_state(depth_test=True)

    def delete(self) -> None:
        for owned in (self._sheet, self._program, self._quads):
            if owned is not None:
                owned.delete()
        self._sheet = self._program = self._quads = None

    def _make(self) -> None:
        self._sheet = _Sheet()
        self._program = gloo.Program(_VERTEX, _FRAGMENT)
        self._quads = gloo.VertexBuffer(np.zeros(6, _QUAD))
        for owned in (self._sheet.texture, self._program, self._quads):
            self._canvas.context.glir.associate(owned.glir)
        self._program["u_rasters"] = self._sheet.texture
        self._program["u_side"] = SIDE

    def _draw(self, batch: list[tuple[Label, tuple[int, int]]]) -> None:
        assert self._sheet is not None
        if not batch:
            return
        self._sheet.upload()
        size = np.array([label.raster.shape[1::-1] for label, _ in batch])
        corner = np.array([(label.left, label.top) for label, _ in batch])
        texel = np.array([place[::-1] for _, place in batch])
        quads = np.empty((len(batch), 6), _QUAD)
        steps = _CORNERS * size[:, None]
        quads["a_corner"], quads["a_texel"] = corner[:, None] + steps, texel[:, None] + steps
        quads["a_color"] = np.array([label.color for label, _ in batch])[:, None]
        quads["a_halo"] = np.array([label.halo for label, _ in batch])[:, None]
        self._quads.set_data(quads.reshape(-1))
        bind(self._canvas, self._program, self._quads, _QUAD, {name: name for name in _QUAD.names or ()})
        self._canvas.context.glir.command("DRAW", self._program.id, "triangles", (0, quads.size), 1)
        self._canvas.flush()  # before buffer and texture get the next ones


class _Sheet:
    """Rasters in rows of a texture, each where it was first put, until the sheet is full and begun anew."""

    def __init__(self) -> None:
        self.texture = gloo.Texture2D(shape=(SIDE, SIDE, 2), format="rg")
        self._texels = np.zeros((SIDE, SIDE, 2), np.uint8)
        self.clear()

    def clear(self) -> None:
        self._places: dict[Hashable, tuple[int, int]] = {}
        self._top = self._bottom = self._left = 0  # of the row that is being filled
        self._changed = (SIDE, 0)  # rows that are not in the texture yet

    def place(self, key: Hashable, raster: Raster) -> tuple[int, int] | None:
        """Where the raster is: row and column of its first texel; None if there is no room."""
        place = self._places.get(key)
        if place is not None:
            return place
        height, width = raster.shape[:2]
        if self._left + width > SIDE:
            self._top, self._left = self._bottom, 0
        if self._top + height > SIDE:
            return None
        place = self._places[key] = self._top, self._left
        self._texels[self._top : self._top + height, self._left : self._left + width] = raster
        self._changed = min(self._changed[0], self._top), max(self._changed[1], self._top + height)
        self._left += width
        self._bottom = max(self._bottom, self._top + height)
        return place

    def upload(self) -> None:
        first, stop = self._changed
        if first < stop:
            self.texture.set_data(self._texels[first:stop].copy(), offset=(first, 0))
            self._changed = (SIDE, 0)

    def delete(self) -> None:
        self.texture.delete()
