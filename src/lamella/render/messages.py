"""What crosses the border between the rest of lamella and a renderer: scenes and slices in, frames out.

All messages are frozen and declarative. A scene says everything that a view shows; a layer that is no longer in it is
removed. The newest scene of a view and the newest slice of a (view, layer) win, so mailboxes hold one of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lamella.model.view_state import ViewState
from lamella.slicing.response import LayerSliceResponse


@dataclass(frozen=True, slots=True)
class LayerDraw:
    """One layer of a scene: who it is, which visual draws it and how it looks (`ImageLook` for images)."""

    layer: int
    kind: str
    look: Any


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a view shows, bottom layer first. Invisible layers are in it: their tiles are kept.

    Scenes of a view with the same ``serial`` look the same; a frame says which one it shows. 0: not known.
    """

    view: int
    state: ViewState
    layers: tuple[LayerDraw, ...]
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    interacting: bool = False
    serial: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A finished picture of one view.

    Attributes
    ----------
    view : int
    state : ViewState
        Dims and camera that it shows: picking uses these.
    pixels : (height, width, 4) uint8 array or None
        BGRA, C-contiguous, opaque, device pixels. Valid until `release`. None from the null renderer.
    slices : mapping of layer → response
        The responses that are drawn.
    pending : mapping of layer → int
        Tiles of those responses, or of newer ones that are not drawn yet, that still wait for their upload.
    serial : int
        `Scene.serial` of the scene that it shows.
    """

    view: int
    state: ViewState
    pixels: npt.NDArray[np.uint8] | None
    slices: Mapping[int, LayerSliceResponse]
    pending: Mapping[int, int]
    serial: int = 0
    _release: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def release(self) -> None:
        """Give the pixel buffer back. Call it once, when the frame is no longer painted."""
        self._release()


class Renderer(Protocol):
    """Draws scenes. Its methods may be called on any thread and return at once; `close` waits.

    A renderer is made with ``on_frame``, which it calls on a thread of its own choice with each finished `Frame`. At
    most one frame a view is undelivered: until `frame_taken` the next one is held back.
    """

    @property
    def name(self) -> str:
        """What draws, for `lamella info`: ``"null"``, ``"reference"`` or GL_RENDERER. Waits until that is known."""
        ...

    def set_scene(self, scene: Scene) -> None: ...

    def set_slice(self, response: LayerSliceResponse) -> None:
        """Offer a response for its (view, layer). Older generations than the one held are ignored, and so are
        responses for layers that are not in the scene."""
        ...

    def frame_taken(self, view: int) -> None:
        """The last frame of ``view`` has been taken: the next may be delivered."""
        ...

    def remove_view(self, view: int) -> None: ...

    def rehearse(self) -> None:
        """Prepare for the first image, between whatever else there is to draw: drivers compile when they first draw."""
        ...

    def close(self, timeout: float = 5.0) -> None:
        """Free everything on the thread that owns it and end that thread."""
        ...
