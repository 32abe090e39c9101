"""Where in the world a view is: the point, the margins around it, and which axes are displayed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from psygnal import Signal, SignalGroup

from lamella.model import dims_state
from lamella.model._events import emit_each
from lamella.model._validate import axis_index, flag, integer, number, numbers, one_of, text
from lamella.model.dims_state import DimsState, RangeTuple

__all__ = ["Dims", "DimsEvents", "RangeTuple"]

_FIELDS = (
    "ndim",
    "ndisplay",
    "range",
    "order",
    "point",
    "current_step",
    "margin_left",
    "margin_right",
    "axis_labels",
    "rollable",
    "last_used",
)


class DimsEvents(SignalGroup):
    """One signal a field, emitted with the new value, and ``changed``, emitted last with the `Dims`, once a change."""

    ndim = Signal(object, reemission="latest-only")
    ndisplay = Signal(object, reemission="latest-only")
    range = Signal(object, reemission="latest-only")
    order = Signal(object, reemission="latest-only")
    point = Signal(object, reemission="latest-only")
    current_step = Signal(object, reemission="latest-only")
    margin_left = Signal(object, reemission="latest-only")
    margin_right = Signal(object, reemission="latest-only")
    axis_labels = Signal(object, reemission="latest-only")
    rollable = Signal(object, reemission="latest-only")
    last_used = Signal(object, reemission="latest-only")
    changed = Signal(object, reemission="latest-only")


class Dims:
    """Point, margins, order and displayed axes of one view, in world coordinates.

    Owned by the main thread. Setters raise a ValueError before anything changes; setting an equal value emits nothing.

    Parameters
    ----------
    ndim : int
        World axes, at least 2. Later `fit_to` sets it from the layers.
    ndisplay : int
        2 or 3. There are always at least as many axes as are displayed.

    Attributes
    ----------
    events : DimsEvents
        A change of `point` emits ``point`` and ``current_step`` once each.
    """

    def __init__(self, ndim: int = 2, ndisplay: int = 2) -> None:
        self._state = dims_state.initial_state(_checked_ndim(ndim), one_of("ndisplay", ndisplay, (2, 3)))
        self.events = DimsEvents(self)

    def __repr__(self) -> str:
        return f"Dims(point={self.point}, order={self.order}, ndisplay={self.ndisplay})"

    # ---- what is where -------------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        """World axes. Settable while there are no layers; new axes come first."""
        return self._state.ndim

    @ndim.setter
    def ndim(self, value: int) -> None:
        self._commit(dims_state.resized(self._state, _checked_ndim(value)))

    @property
    def ndisplay(self) -> int:
        """Displayed axes, 2 or 3. Changing it never moves the point."""
        return self._state.ndisplay

    @ndisplay.setter
    def ndisplay(self, value: int) -> None:
        self._commit(dims_state.with_ndisplay(self._state, one_of("ndisplay", value, (2, 3))))

    @property
    def order(self) -> tuple[int, ...]:
        """The axes, the last `ndisplay` of which are displayed."""
        return self._state.order

    @order.setter
    def order(self, value: Sequence[int]) -> None:
        try:
            order = tuple(integer("order", axis) for axis in value)
        except (TypeError, ValueError):
            order = ()
        if sorted(order) != list(range(self.ndim)):
            raise ValueError(f"order must hold each axis from 0 to {self.ndim - 1} once, not {value!r}")
        self._commit(replace(self._state, order=order))

    @property
    def displayed(self) -> tuple[int, ...]:
        return self._state.displayed

    @property
    def not_displayed(self) -> tuple[int, ...]:
        return self._state.not_displayed

    @property
    def range(self) -> tuple[RangeTuple, ...]:
        """(start, stop, step) of each axis. The point is clipped into it."""
        return self._state.range

    @range.setter
    def range(self, value: Sequence[Sequence[float]]) -> None:
        ranges = _checked_ranges(value)
        if len(ranges) != self.ndim:
            raise ValueError(f"range must have {self.ndim} entries, one an axis, not {len(ranges)}")
        point = dims_state.clipped(self.point, ranges)
        self._commit(replace(self._state, range=ranges, point=point))

    # ---- the point -----------------------------------------------------------------------------------------------

    @property
    def point(self) -> tuple[float, ...]:
        """The position on each axis, between start and stop of its range; not snapped to steps."""
        return self._state.point

    @point.setter
    def point(self, value: Sequence[float]) -> None:
        point = dims_state.clipped(numbers("point", value, self.ndim), self.range)
        self._commit(replace(self._state, point=point))

    def set_point(self, axis: int | Sequence[int], value: float | Sequence[float]) -> None:
        """Move along one axis or several. Axes may be negative.

        Raises
        ------
        ValueError
            No such axis, not a finite number, or not as many values as axes.
        """
        axes, values = self._axes_and("value", axis, value)
        self._move(axes, [number("value", v) for v in values])

    @property
    def current_step(self) -> tuple[int, ...]:
        """The step of the range that is nearest to the point on each axis."""
        return self._state.current_step

    @current_step.setter
    def current_step(self, value: Sequence[int]) -> None:
        self.set_current_step(tuple(range(self.ndim)), value)

    def set_current_step(self, axis: int | Sequence[int], step: int | Sequence[int]) -> None:
        """Move to a step along one axis or several: ``point = start + step · range.step``, clipped.

        Raises
        ------
        ValueError
            No such axis, not an integer, or not as many steps as axes.
        """
        axes, steps = self._axes_and("step", axis, step)
        positions = []
        for a, s in zip(axes, steps, strict=True):
            r = self.range[a]
            steps_from_start = min(max(integer("step", s), -dims_state.MAX_STEPS), dims_state.MAX_STEPS)
            positions.append(r.start + steps_from_start * r.step)
        self._move(axes, positions)

    @property
    def nsteps(self) -> tuple[int, ...]:
        """How many steps each axis has, at least 1."""
        return self._state.nsteps

    @property
    def last_used(self) -> int | None:
        """The not-displayed axis with more than one step that was moved last, else the first one, else None."""
        return self._state.last_used

    @last_used.setter
    def last_used(self, value: int) -> None:
        self._commit(replace(self._state, moved=axis_index(value, self.ndim)))

    # ---- margins -------------------------------------------------------------------------------------------------

    @property
    def margin_left(self) -> tuple[float, ...]:
        """How far the slice reaches below the point on each axis, at least 0."""
        return self._state.margin_left

    @margin_left.setter
    def margin_left(self, value: Sequence[float]) -> None:
        self._commit(replace(self._state, margin_left=numbers("margin_left", value, self.ndim, low=0)))

    @property
    def margin_right(self) -> tuple[float, ...]:
        """How far the slice reaches above the point on each axis, at least 0."""
        return self._state.margin_right

    @margin_right.setter
    def margin_right(self, value: Sequence[float]) -> None:
        self._commit(replace(self._state, margin_right=numbers("margin_right", value, self.ndim, low=0)))

    @property
    def thickness(self) -> tuple[float, ...]:
        """Sum of the two margins on each axis. Setting it gives each margin half."""
        return tuple(a + b for a, b in zip(self.margin_left, self.margin_right, strict=True))

    @thickness.setter
    def thickness(self, value: Sequence[float]) -> None:
        half = tuple(t / 2 for t in numbers("thickness", value, self.ndim, low=0))
        self._commit(replace(self._state, margin_left=half, margin_right=half))

    @property
    def thickness_step(self) -> tuple[int, ...]:
        """Thickness in whole steps. Setting t gives each margin ``t // 2`` steps: 3 reads back as 2."""
        return tuple(
            round(a / r.step) + round(b / r.step)
            for a, b, r in zip(self.margin_left, self.margin_right, self.range, strict=True)
        )

    @thickness_step.setter
    def thickness_step(self, value: Sequence[int]) -> None:
        steps = numbers("thickness_step", value, self.ndim, low=0)
        margin = numbers("thickness_step", [t // 2 * r.step for t, r in zip(steps, self.range, strict=True)], self.ndim)
        self._commit(replace(self._state, margin_left=margin, margin_right=margin))

    # ---- labels and order ----------------------------------------------------------------------------------------

    @property
    def axis_labels(self) -> tuple[str, ...]:
        """Name of each axis; its number if it has none."""
        return self._state.axis_labels

    @axis_labels.setter
    def axis_labels(self, value: Sequence[str]) -> None:
        if isinstance(value, str) or len(value) != self.ndim:
            raise ValueError(f"axis_labels must be {self.ndim} strings, not {value!r}")
        self.set_axis_label(tuple(range(self.ndim)), value)

    def set_axis_label(self, axis: int | Sequence[int], label: str | Sequence[str]) -> None:
        """Name one axis or several; an empty name brings the number back."""
        axes, names = self._axes_and("label", axis, label)
        labels = list(self._state.labels)
        for a, name in zip(axes, names, strict=True):
            # the number that an axis without a name shows is no name: it must follow when axes are added
            numbered = labels[a] is None and name == str(a)
            labels[a] = None if text("label", name) == "" or numbered else name
        self._commit(replace(self._state, labels=tuple(labels)))

    @property
    def rollable(self) -> tuple[bool, ...]:
        """Whether `roll` moves each axis."""
        return self._state.rollable

    @rollable.setter
    def rollable(self, value: Sequence[bool]) -> None:
        rollable = tuple(flag("rollable", v) for v in value)
        if len(rollable) != self.ndim:
            raise ValueError(f"rollable must have {self.ndim} values, one an axis, not {value!r}")
        self._commit(replace(self._state, rollable=rollable))

    def transpose(self) -> None:
        """Swap the last two axes of the order."""
        *rest, a, b = self.order
        self.order = (*rest, b, a)

    def roll(self) -> None:
        """Rotate the order of the axes that are rollable and have more than one step."""
        self.order = dims_state.rolled(self._state)

    # ---- layers --------------------------------------------------------------------------------------------------

    def fit_to(
        self, ranges: Sequence[Sequence[float]], *, first: bool = False, labels: Sequence[str | None] | None = None
    ) -> None:
        """Follow the layers: take their axes and ranges, as one change.

        New axes are prepended to `order`, with margins 0 and point 0, clipped. When axes go, point and margins keep
        their last entries and `order` its last, re-ranked.

        Parameters
        ----------
        ranges : sequence of (start, stop, step)
            One a world axis, from `lamella.model.world.world_ranges`.
        first : bool
            The first layer was added: every axis goes to step ``int((nsteps - 1) / 2)``.
        labels : sequence of str or None, optional
            Names for the axes; None keeps the one that is there.
        """
        checked = _checked_ranges(ranges)
        if not checked:
            raise ValueError("ranges must have at least one entry; without layers call reset")
        state = dims_state.with_ranges(self._state, checked, centred=first)
        if labels is not None:
            given = (None,) * (state.ndim - len(labels)) + tuple(labels)
            state = replace(state, labels=tuple(g or old for g, old in zip(given, state.labels, strict=True)))
        self._commit(state)

    def reset(self) -> None:
        """No layers any more: two axes (0, 2, 1) at point 0, everything but `ndisplay` as it was at first."""
        self._commit(dims_state.initial_state(2, self.ndisplay))

    # ---- inside --------------------------------------------------------------------------------------------------

    def _axes_and(self, name: str, axis: Any, value: Any) -> tuple[list[int], list[Any]]:
        if not hasattr(axis, "__iter__"):
            return [axis_index(axis, self.ndim)], [value]
        axes = [axis_index(a, self.ndim) for a in axis]
        values = list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else None
        if values is None or len(values) != len(axes):
            raise ValueError(f"{name} must have {len(axes)} entries, as many as there are axes given, not {value!r}")
        return axes, values

    def _move(self, axes: Sequence[int], positions: Sequence[float]) -> None:
        point = list(self.point)
        for axis, position in zip(axes, positions, strict=True):
            point[axis] = position
        clipped = dims_state.clipped(point, self.range)
        moved = [a for a in axes if clipped[a] != self.point[a] and a in self.not_displayed]
        self._commit(replace(self._state, point=clipped, moved=moved[-1] if moved else self._state.moved))

    def _commit(self, state: DimsState) -> None:
        """Take the new state as a whole, then tell of every field that differs."""
        old, self._state = self._state, state
        if old == state:
            return
        changed = [name for name in _FIELDS if getattr(old, name) != getattr(state, name)]
        if "point" in changed and "current_step" not in changed:
            changed.insert(changed.index("point") + 1, "current_step")
        if not changed:
            return
        emit_each([*(partial(self._emit, name) for name in changed), partial(self.events.changed.emit, self)])

    def _emit(self, name: str) -> None:
        # the value is read here: a listener that changed it meanwhile must not be followed by an older one
        self.events.signals[name].emit(getattr(self, name))


def _checked_ndim(value: Any) -> int:
    ndim = integer("ndim", value)
    if not 2 <= ndim <= 64:
        raise ValueError(f"ndim must be from 2 to 64, not {value!r}")
    return ndim


def _checked_ranges(value: Any) -> tuple[RangeTuple, ...]:
    ranges = []
    for axis, entry in enumerate(value):
        start, stop, step = numbers(f"range of axis {axis}", entry, 3)
        if start > stop or step <= 0 or not math.isfinite(stop - start):
            raise ValueError(f"range of axis {axis} must have start <= stop and step > 0, not {tuple(entry)}")
        ranges.append(RangeTuple(start, stop, step))
    return tuple(ranges)
