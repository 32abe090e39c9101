"""How slices are drawn: the render thread, its messages and its renderers. No GL is imported until one is asked for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from lamella.render.atlas import DEFAULT_BUDGET
from lamella.render.messages import Frame, LayerDraw, Renderer, Scene
from lamella.render.visuals import VISUALS

if TYPE_CHECKING:
    from lamella.render.backend import Backend
    from lamella.render.gl.context import ContextProvider

__all__ = ["DEFAULT_BUDGET", "VISUALS", "Frame", "LayerDraw", "Renderer", "Scene", "make_renderer"]


def make_renderer(
    name: str,
    on_frame: Callable[[Frame], None],
    provider: ContextProvider | None = None,
    *,
    budget: int = DEFAULT_BUDGET,
) -> Renderer:
    """A renderer, started.

    Parameters
    ----------
    name : {"auto", "gl", "reference", "null"}
        "auto" is "gl" if a context can be made, else "reference" with one warning. It does not wait to find out.
    on_frame : callable
        Takes each finished frame, on a thread of the renderer's choice.
    provider : ContextProvider, optional
        Makes the GL context; EGL if not given.
    budget : int
        Bytes of texture memory.

    Raises
    ------
    ValueError
        There is no renderer of that name.
    ContextError, ImportError
        "gl" only: there is no GL here.
    """
    if name == "null":
        from lamella.render.null import NullRenderer

        return NullRenderer(on_frame)
    from lamella.render.thread import RenderThread

    if name == "reference":
        return RenderThread(_open_reference, on_frame, budget=budget)
    if name == "gl":
        renderer = RenderThread(lambda: _open_gl(provider), on_frame, budget=budget)
        renderer.wait_open()
        return renderer
    if name == "auto":
        return RenderThread(lambda: _open_best(provider), on_frame, budget=budget)
    raise ValueError(f"there is no renderer {name!r}: choose auto, gl, reference or null")


def _open_reference() -> Backend:
    from lamella.render.reference import ReferenceBackend

    return ReferenceBackend()


def _open_gl(provider: ContextProvider | None) -> Backend:
    from lamella.render.gl.context import default_provider
    from lamella.render.gl.renderer import GLBackend

    return GLBackend(provider or default_provider())


def _open_best(provider: ContextProvider | None) -> Backend:
    try:
        return _open_gl(provider)
    except Exception as error:
        warnings.warn(f"Pictures are drawn slowly, by numpy, because OpenGL is not available: {error}.", stacklevel=2)
        return _open_reference()
