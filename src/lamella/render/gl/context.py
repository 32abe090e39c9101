"""Where GL contexts come from: EGL on Linux, with or without a display; elsewhere Qt hands a provider in."""

from __future__ import annotations

import sys
from typing import Protocol


class ContextError(RuntimeError):
    """No GL context can be made here; the message says why, without a full stop."""


class ContextProvider(Protocol):
    """Makes one GL context. Both methods are called on the render thread."""

    def make_current(self) -> None:
        """Make the context and make it current on this thread.

        Raises
        ------
        ContextError
        """
        ...

    def release(self) -> None:
        """Free the context; afterwards none is current."""
        ...


def default_provider() -> ContextProvider:
    """EGL where there is EGL.

    Raises
    ------
    ContextError
    """
    if sys.platform in ("darwin", "win32"):
        raise ContextError("on this system the window must provide the OpenGL context, and there is no window")
    from lamella.render.gl.egl import EGLProvider

    return EGLProvider()
