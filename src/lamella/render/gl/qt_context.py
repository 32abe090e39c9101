"""Contexts from Qt, for macOS and Windows, where EGL is not at home."""

from __future__ import annotations

from typing import Any

from lamella.render.gl.context import ContextError


class QtProvider:
    """A context on an offscreen surface. Make it, and after closing the renderer drop it, on the main thread.

    The surface belongs to the main thread (Qt makes a hidden window for it on some systems); the context is made and
    freed on the render thread.
    """

    def __init__(self) -> None:
        from qtpy.QtGui import QOffscreenSurface, QSurfaceFormat

        format = QSurfaceFormat()
        format.setProfile(QSurfaceFormat.OpenGLContextProfile.CompatibilityProfile)
        self._surface: Any = QOffscreenSurface()
        self._surface.setFormat(format)
        self._surface.create()
        self._context: Any = None

    def make_current(self) -> None:
        from qtpy.QtGui import QOpenGLContext

        context = QOpenGLContext()
        context.setFormat(self._surface.requestedFormat())
        if not self._surface.isValid() or not context.create() or not context.makeCurrent(self._surface):
            raise ContextError("Qt cannot make an OpenGL context on this system")
        self._context = context

    def release(self) -> None:
        if self._context is not None:
            self._context.doneCurrent()
            self._context = None
