"""One way of looking at the layers: its dims, its camera and its canvas."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from psygnal import Signal, SignalGroup

from lamella.model._events import emit_each
from lamella.model._validate import flag, integer, number, numbers
from lamella.model.camera import Camera
from lamella.model.dims import Dims
from lamella.model.view_state import ViewState

if TYPE_CHECKING:
    from lamella.model.layers.base import Layer

_ids = itertools.count()


class ViewEvents(SignalGroup):
    """``changed`` is emitted with the `View` once for each change of what is looked at, the others with their value."""

    changed = Signal(object, reemission="latest-only")
    canvas_size = Signal(object, reemission="latest-only")
    pixel_ratio = Signal(object, reemission="latest-only")
    interacting = Signal(object, reemission="latest-only")


class View:
    """One dims, one camera and one canvas size. Hashes by identity.

    Owned by the main thread.

    Parameters
    ----------
    ndim, ndisplay : int
        Of its `Dims`.

    Attributes
    ----------
    id : int
        What messages call it.
    dims : Dims
    camera : Camera
    slices : dict of Layer → response
        What is *shown*, filled by the viewer.
    shown_state : ViewState or None
        The state of the picture that is shown, set by the viewer.
    playing : bool
        Whether a player moves the view, set by the player.
    upcoming : tuple of tuple of float
        While it plays: the next world points, in the order of their deadlines, set by the player.
    picker : callable or None
        What `pick` asks, set by the viewer.
    events : ViewEvents
    """

    def __init__(self, ndim: int = 2, ndisplay: int = 2) -> None:
        self.id = next(_ids)
        self.dims = Dims(ndim, ndisplay)
        self.camera = Camera()
        self.slices: dict[Layer, Any] = {}
        self.shown_state: ViewState | None = None
        self.playing = False
        self.upcoming: tuple[tuple[float, ...], ...] = ()
        self.picker: Callable[[float, float], list[tuple[Layer, Any, tuple[float, ...]]]] | None = None
        self.events = ViewEvents(self)
        self._canvas_size = (800, 600)
        self._pixel_ratio = 1.0
        self._interacting = False
        self._snapshot: ViewState | None = None
        self.dims.events.changed.connect(self._on_changed)
        self.camera.events.changed.connect(self._on_changed)

    def __repr__(self) -> str:
        return f"<View {self.id} at {self.dims.point}>"

    @property
    def canvas_size(self) -> tuple[int, int]:
        """(width, height) in logical pixels, each at least 1."""
        return self._canvas_size

    @canvas_size.setter
    def canvas_size(self, value: Sequence[int]) -> None:
        width, height = (integer("canvas_size", v) for v in numbers("canvas_size", value, 2, low=1))
        if (width, height) == self._canvas_size:
            return
        self._canvas_size = (width, height)
        emit_each([lambda: self.events.canvas_size.emit(self._canvas_size), self._on_changed])

    @property
    def pixel_ratio(self) -> float:
        """Device pixels per logical pixel, from 0.1 to 16."""
        return self._pixel_ratio

    @pixel_ratio.setter
    def pixel_ratio(self, value: float) -> None:
        ratio = number("pixel_ratio", value, 0.1, 16)
        if ratio == self._pixel_ratio:
            return
        self._pixel_ratio = ratio
        emit_each([lambda: self.events.pixel_ratio.emit(self._pixel_ratio), self._on_changed])

    @property
    def interacting(self) -> bool:
        """Whether the user is dragging something right now. It is no part of the snapshot."""
        return self._interacting

    @interacting.setter
    def interacting(self, value: bool) -> None:
        if flag("interacting", value) != self._interacting:
            self._interacting = bool(value)
            self.events.interacting.emit(self._interacting)

    def snapshot(self) -> ViewState:
        """Dims, camera and canvas now, frozen. The same object until something changes."""
        dims, camera = self.dims, self.camera
        state = ViewState(
            point=dims.point,
            margin_left=dims.margin_left,
            margin_right=dims.margin_right,
            order=dims.order,
            ndisplay=dims.ndisplay,
            center=camera.center,
            zoom=camera.zoom,
            angles=camera.angles,
            canvas_size=self._canvas_size,
            pixel_ratio=self._pixel_ratio,
        )
        if self._snapshot is None or self._snapshot != state:
            self._snapshot = state
        return self._snapshot

    def pick(self, x: float, y: float) -> list[tuple[Layer, Any, tuple[float, ...]]]:
        """What the *shown* picture has at a canvas position (logical pixels), top layer first.

        Returns
        -------
        list of (layer, value, data_position)
            Only layers that show something there. ``data_position`` has one coordinate an axis of the layer.
        """
        return self.picker(x, y) if self.picker is not None else []

    def _on_changed(self) -> None:
        self.events.changed.emit(self)
