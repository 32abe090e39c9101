"""What is under the cursor: always of the picture that is shown, never of the one that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lamella.model.transforms import Affine
from lamella.slicing.request import SliceKey

if TYPE_CHECKING:
    from lamella.model.layers.base import Layer
    from lamella.render.messages import Frame


class Pickable(Protocol):
    """What the response of each layer type says of what it shows."""

    @property
    def key(self) -> SliceKey: ...

    @property
    def dims_displayed(self) -> tuple[int, ...]: ...

    @property
    def world_to_data(self) -> Affine: ...

    @property
    def world_to_displayed(self) -> Affine: ...

    def value_at(self, position: tuple[float, ...]) -> tuple[Any, ...] | None:
        """The value at a displayed data position, and what else the type likes to say of it; None if it shows none.

        Responses of thin things, which are found near the cursor too, have ``value_near(position, pixel)`` besides: it
        is asked instead, and a canvas pixel has ``pixel`` world units.
        """
        ...


def pick(
    layers: Sequence[Layer], frame: Frame | None, x: float, y: float
) -> list[tuple[Layer, Any, tuple[float, ...]]]:
    """(layer, value, data position) of what a frame shows at a canvas position, top layer first."""
    if frame is None or frame.state.ndisplay != 2:
        return []
    world = frame.state.canvas_to_world(x, y)
    found = []
    for layer in reversed(layers):
        response: Any = frame.slices.get(layer.id)
        if not layer.visible or response is None or response.empty:
            continue
        hit = value_at(response, world, 1 / frame.state.zoom)
        if hit is not None:
            found.append((layer, *hit))
    return found


def value_at(response: Pickable, world: tuple[float, float], pixel: float) -> tuple[Any, tuple[float, ...]] | None:
    """Value and n-D data position at a displayed world position, None where the response shows nothing; a canvas pixel
    has ``pixel`` world units."""
    shown = response.dims_displayed
    if len(shown) != len(world):
        return None
    data = response.world_to_displayed(world)
    place = tuple(data.tolist())
    near = getattr(response, "value_near", None)  # of every layer at every frame: isinstance of a protocol takes 20 µs
    hit = response.value_at(place) if near is None else near(place, pixel)
    if hit is None:
        return None
    position = np.zeros(response.world_to_data.ndim)
    hidden = [a for a in range(len(position)) if a not in shown]
    position[hidden] = response.key.point
    position[list(shown)] = data
    return hit[0], tuple(position.tolist())


def describe(layers: Sequence[Layer], frame: Frame | None, x: float, y: float) -> str:
    """One line for the status bar: world coordinates, then each layer's value."""
    if frame is None or frame.state.ndisplay != 2 or not frame.slices:
        return ""
    state = frame.state
    point = list(state.point)
    for axis, value in zip(state.displayed, state.canvas_to_world(x, y), strict=True):
        point[axis] = value
    where = " ".join(f"{p:.5g}" for p in point)
    values = [f"{layer.name}: {_text(value)}" for layer, value, _ in pick(layers, frame, x, y)]
    return "   ".join([f"[{where}]", *values])


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "(" + ", ".join(_text(v) for v in value) + ")"
    return f"{value:.5g}" if isinstance(value, (float, np.floating)) else str(value)
