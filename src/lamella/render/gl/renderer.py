"""The GL backend of the render thread: a context, a framebuffer for each view, and the picture read back from it."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_char_p, c_int, c_uint, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo
from vispy.gloo import gl
from vispy.gloo.context import FakeCanvas, forget_canvas, get_current_canvas, set_current_canvas

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas, Page
from lamella.render.gl import software
from lamella.render.gl.context import ContextError, ContextProvider
from lamella.render.gl.image import ImageColors
from lamella.render.gl.labels import LabelColors
from lamella.render.gl.points import PointDrawer
from lamella.render.gl.primitives import PrimitiveDrawer
from lamella.render.gl.text import TextDrawer
from lamella.render.gl.tiles import Colors, TileDrawer
from lamella.render.picture import ImagePicture, LabelsPicture, Picture, PointsPicture, PrimitivesPicture
from lamella.render.visibility import AnyPlaced, Placed, PlacedPoints
from lamella.render.visual import Part

_log = logging.getLogger(__name__)

_GL_VERSION, _GL_RENDERER = 0x1F02, 0x1F01
_GL_BGRA, _GL_UNSIGNED_BYTE = 0x80E1, 0x1401

_gloo_lock = threading.RLock()
"""gloo has one current canvas a process: two renderers take turns."""


class GLBackend:
    """Draws with OpenGL. Made, used and closed on the render thread.

    Parameters
    ----------
    provider : ContextProvider

    Raises
    ------
    ContextError
        No context, or one that is too old.
    """

    def __init__(self, provider: ContextProvider) -> None:
        self._provider = provider
        provider.make_current()
        try:
            self._raw = _RawGL()
            self.name = self._raw.string(_GL_RENDERER)
            version = self._raw.string(_GL_VERSION)
            if not is_enough(version):
                raise ContextError(f"OpenGL 3.3 is needed, and {self.name or 'this system'} has {version or 'none'}")
            _log.info("drawing with %s, OpenGL %s", self.name, version)
            if software.is_software(self.name):
                software.warn(self.name)
                software.yield_to_others()
            with _gloo_lock:
                self._canvas = FakeCanvas()
                self._tiles = TileDrawer(self._canvas)
                self._colors: dict[type[Picture], Colors] = {
                    ImagePicture: ImageColors(self._canvas),
                    LabelsPicture: LabelColors(self._canvas),
                }
                self._points = PointDrawer(self._canvas)
                self._primitives = PrimitiveDrawer(self._canvas)
                self._text = TextDrawer(self._canvas)
        except BaseException:
            provider.release()
            raise
        self._targets: dict[int, Any] = {}

    def write(self, placed: AnyPlaced, tile: Any, part: Part, atlas: Atlas) -> None:
        with self._current():
            if isinstance(part, Page):
                self._tiles.write(tile.texture, part, atlas)
            elif isinstance(placed, PlacedPoints):
                self._points.write(tile, part)
            else:
                self._primitives.write(tile, part)
            self._canvas.flush()

    def finish(self, placed: AnyPlaced, tile: Any, parts: Sequence[Part], atlas: Atlas) -> None:
        if isinstance(placed, Placed):
            self._tiles.finish(placed, [p for p in parts if isinstance(p, Page)], atlas)

    def forget(self, atlas: Atlas, layers: set[int], views: set[int]) -> None:
        with self._current():
            self._tiles.forget(atlas)
            self._points.forget(atlas)
            self._primitives.forget(atlas, layers)
            for colors in self._colors.values():
                colors.forget(layers)
            for view in [v for v in self._targets if v not in views]:
                _delete_target(self._targets.pop(view))
            self._canvas.flush()

    def draw(
        self,
        view: int,
        state: ViewState,
        background: tuple[float, float, float],
        pictures: Sequence[Picture],
        out: npt.NDArray[np.uint8],
    ) -> None:
        height, width = out.shape[:2]
        with self._current():
            target = self._target(view, (height, width))
            target.activate()
            try:
                context = self._canvas.context
                context.set_viewport(0, 0, width, height)
                context.set_state(
                    blend=True, depth_test=True, depth_func="less", cull_face=False, color_mask=(True,) * 4
                )
                context.glir.command("FUNC", "glClearColor", *background, 1.0)
                context.clear(color=True, depth=True)
                context.set_color_mask(True, True, True, False)  # the frame stays opaque
                plans = self._tiles.prepare(state, background, pictures)
                for picture, batches in zip(pictures, plans, strict=True):
                    self._tiles.draw(picture, batches, self._colors.get(type(picture)))
                    if isinstance(picture, PointsPicture):
                        self._points.draw(picture, state)
                    elif isinstance(picture, PrimitivesPicture):
                        self._primitives.draw(picture, state)
                    self._text.draw(picture, state)
                self._canvas.flush()
                self._raw.read(out)
            finally:
                target.deactivate()
                self._canvas.flush()

    def close(self) -> None:
        with self._current():
            for target in self._targets.values():
                _delete_target(target)
            self._targets.clear()
            self._tiles.delete()
            self._points.delete()
            self._primitives.delete()
            self._text.delete()
            for colors in self._colors.values():
                colors.delete()
            self._canvas.flush()
            forget_canvas(self._canvas)
        self._provider.release()

    @contextmanager
    def _current(self) -> Iterator[None]:
        """The gloo lock; inside it this renderer's canvas is gloo's current one."""
        with _gloo_lock:
            if get_current_canvas() is not self._canvas:
                set_current_canvas(self._canvas)
            yield

    def _target(self, view: int, shape: tuple[int, int]) -> Any:
        target = self._targets.get(view)
        if target is None:
            color = gloo.Texture2D(shape=(*shape, 4), format="rgba", internalformat="rgba8")
            target = gloo.FrameBuffer(color=color, depth=gloo.RenderBuffer(shape, "depth"))
            self._targets[view] = target
        elif target.shape != shape:
            target.resize(shape)
        return target


def is_enough(version: str) -> bool:
    """Whether a GL with this version string has all that is used here: the newest is instanced drawing, of 3.3."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is not None and tuple(map(int, numbers.groups())) >= (3, 3)


class _RawGL:
    """The calls that gloo does not have, or has only with copies. ctypes lets go of the GIL."""

    def __init__(self) -> None:
        loaded = gl.gl2._lib
        if loaded is None:
            raise ContextError("the OpenGL library is not installed (Debian, Ubuntu: libgl1)")
        library = type(loaded)(loaded._name)
        self._read = library.glReadPixels
        self._read.restype = None
        self._read.argtypes = (c_int, c_int, c_int, c_int, c_uint, c_uint, c_void_p)
        self._string = library.glGetString
        self._string.restype, self._string.argtypes = c_char_p, (c_uint,)

    def string(self, name: int) -> str:
        return (self._string(name) or b"").decode(errors="replace")

    def read(self, out: npt.NDArray[np.uint8]) -> None:
        """The bound framebuffer, its lowest row first, into (height, width, 4) BGRA."""
        height, width = out.shape[:2]
        self._read(0, 0, width, height, _GL_BGRA, _GL_UNSIGNED_BYTE, out.ctypes.data)


def _delete_target(target: Any) -> None:
    for owned in (target, target.color_buffer, target.depth_buffer):
        owned.delete()
