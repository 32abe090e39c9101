"""A viewer without slicing, drawing or threads: the real model, and the signals and calls of `ViewerModel`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from psygnal import Signal, SignalGroup

from lamella.model.dims_state import RangeTuple
from lamella.model.layer_list import LayerList
from lamella.model.layers.image import Image
from lamella.model.view import View
from lamella.model.view_state import ViewState
from lamella.notifications import Notification
from lamella.render.messages import Frame


class FakeEvents(SignalGroup):
    title = Signal(str)
    status = Signal(str)
    notification = Signal(Notification)
    opening = Signal(tuple)


class FakeViewer:
    """What the widgets use of a `ViewerModel`."""

    slice_ready = Signal(View, object, object)
    thumbnail_ready = Signal(object, object)
    frame_ready = Signal(View, Frame)

    def __init__(self) -> None:
        self.events = FakeEvents()
        self.layers = LayerList()
        self.views = (View(),)
        self.opening: tuple[str, ...] = ()
        self.opened: list[str] = []
        self.resets = 0
        self.wanted_thumbnails: list[set[Any]] = []
        self._status = ""

    @property
    def dims(self) -> Any:
        return self.views[0].dims

    @property
    def status(self) -> str:
        return self._status

    @status.setter
    def status(self, status: str) -> None:
        self._status = status
        self.events.status.emit(status)

    def value_at(self, view: View, x: float, y: float) -> str:
        return f"at {x:g} {y:g}"

    def open_async(self, path: str) -> None:
        self.opened.append(path)

    def request_thumbnails(self, layers: Any) -> None:
        self.wanted_thumbnails.append(set(layers))

    def reset_view(self) -> None:
        self.resets += 1

    def say_opening(self, *names: str) -> None:
        self.opening = names
        self.events.opening.emit(names)

    def add(self, name: str = "image", shape: tuple[int, ...] = (40, 50), **kwargs: Any) -> Image:
        layer = Image(np.zeros(shape, np.uint8), name=name, **kwargs)
        self.layers.append(layer)
        return layer


def set_steps(dims: Any, *nsteps: int) -> None:
    """Give dims one axis of each number of steps, step 1."""
    dims.fit_to([RangeTuple(0.0, float(n - 1), 1.0) for n in nsteps])


def picture(colour: tuple[int, int, int], state: ViewState) -> np.ndarray:
    """A picture of one (red, green, blue) with a white pixel in the middle, BGRA."""
    width, height = state.device_size
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = colour[::-1]
    pixels[..., 3] = 255
    pixels[height // 2, width // 2, :3] = 255
    return pixels


def frame_of(view: View, colour: tuple[int, int, int] = (200, 0, 0), **changes: Any) -> Frame:
    """A frame of one colour for what ``view`` shows now."""
    state = replace(view.snapshot(), **changes)
    return Frame(view.id, state, picture(colour, state), {}, {})
