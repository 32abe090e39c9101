"""Which part of the displayed world a canvas shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal, SignalGroup

from lamella.model._events import emit_each
from lamella.model._validate import number, numbers

_SMALLEST_ZOOM, _LARGEST_ZOOM = 1e-300, 1e300  # what `zoom_at` stops at: zoom stays finite and positive


class CameraEvents(SignalGroup):
    """One signal a field, emitted with the new value; ``changed``, emitted last with the `Camera`, once a change."""

    center = Signal(object, reemission="latest-only")
    zoom = Signal(object, reemission="latest-only")
    angles = Signal(object, reemission="latest-only")
    changed = Signal(object, reemission="latest-only")


class Camera:
    """Centre, zoom and angles of one canvas.

    Owned by the main thread. Setters raise a ValueError before anything changes; setting an equal value emits nothing.

    Attributes
    ----------
    events : CameraEvents
    """

    def __init__(self) -> None:
        self._center = (0.0, 0.0, 0.0)
        self._zoom = 1.0
        self._angles = (0.0, 0.0, 0.0)
        self.events = CameraEvents(self)

    def __repr__(self) -> str:
        return f"Camera(center={self.center}, zoom={self.zoom:g}, angles={self.angles})"

    @property
    def center(self) -> tuple[float, float, float]:
        """Displayed world coordinates in the middle of the canvas, (depth, row, column)."""
        return self._center

    @center.setter
    def center(self, value: Sequence[float]) -> None:
        self._set(center=_triple("center", value))

    @property
    def zoom(self) -> float:
        """Logical canvas pixels per world unit, above 0."""
        return self._zoom

    @zoom.setter
    def zoom(self, value: float) -> None:
        self._set(zoom=_positive("zoom", value))

    @property
    def angles(self) -> tuple[float, float, float]:
        """Degrees; 2-D views use none."""
        return self._angles

    @angles.setter
    def angles(self, value: Sequence[float]) -> None:
        self._set(angles=_triple("angles", value))

    def fit(self, box: npt.ArrayLike, canvas_size: tuple[int, int], margin: float = 0.05) -> None:
        """Show a box whole and in the middle.

        Parameters
        ----------
        box : (2, 2) or (2, 3) array
            Low and high corner in displayed world coordinates, (row, column) or (depth, row, column).
        canvas_size : (int, int)
            Width and height in logical pixels.
        margin : float
            Part of the canvas that is left free, below 1.

        Raises
        ------
        ValueError
            The box is not finite or of another shape.
        """
        low, high = _checked_box(box)
        width, height = (max(n, 1.0) for n in numbers("canvas_size", canvas_size, 2))
        free = 1 - number("margin", margin, 0, 0.99)
        extent = high - low
        # in 3-D any side may come to the front when the camera turns
        sides = (height, width) if len(extent) == 2 else (min(width, height),) * 3
        ratios = [pixels / e for pixels, e in zip(sides, extent.tolist(), strict=True) if e > 0]
        zoom = min(ratios, default=min(width, height))
        centre = low + extent / 2
        self._set(center=_triple("center", (*[0.0] * (3 - len(centre)), *centre.tolist())), zoom=_clamped(zoom * free))

    def zoom_at(self, factor: float, world_position: Sequence[float]) -> None:
        """Magnify by ``factor`` > 0; ``world_position``, (row, column) or (depth, row, column), stays where it is."""
        factor = _positive("factor", factor)
        fixed = self._displayed("world_position", world_position)
        zoom = _clamped(self._zoom * factor)
        k = self._zoom / zoom
        center = [p + (c - p) * k for c, p in zip(self._center, fixed, strict=True)]
        self._set(center=_triple("center", center), zoom=zoom)

    def pan(self, delta_world: Sequence[float]) -> None:
        """Move the centre by (rows, columns) or (depth, rows, columns) in world units."""
        given = tuple(delta_world)
        delta = numbers("delta_world", given, 3 if len(given) == 3 else 2)
        self._set(center=_triple("center", np.add(self._center, (*[0.0] * (3 - len(delta)), *delta)).tolist()))

    def _displayed(self, name: str, position: Sequence[float]) -> tuple[float, ...]:
        given = tuple(position)
        checked = numbers(name, given, 3 if len(given) == 3 else 2)
        return (*self._center[: 3 - len(checked)], *checked)

    def _set(self, **values: Any) -> None:
        changed = [name for name, value in values.items() if getattr(self, "_" + name) != value]
        for name in changed:
            setattr(self, "_" + name, values[name])
        if not changed:
            return
        emit_each([*(partial(self._emit, name) for name in changed), partial(self.events.changed.emit, self)])

    def _emit(self, name: str) -> None:
        # the value is read here: a listener that changed it meanwhile must not be followed by an older one
        self.events.signals[name].emit(getattr(self, name))


def _triple(name: str, value: Any) -> tuple[float, float, float]:
    a, b, c = numbers(name, value, 3)
    return a, b, c


def _positive(name: str, value: Any) -> float:
    result = number(name, value)
    if result <= 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return result


def _clamped(zoom: float) -> float:
    return min(max(zoom, _SMALLEST_ZOOM), _LARGEST_ZOOM)


def _checked_box(box: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(box, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape not in ((2, 2), (2, 3)) or not np.isfinite(array).all() or (array[0] > array[1]).any():
        raise ValueError(f"box must be a low and a high corner of two or three finite numbers each, not {box!r}")
    return array
