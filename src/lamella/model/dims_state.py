"""What dims holds, as a frozen value, and the pure functions that make one state from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

T = TypeVar("T")

# Above this a float no longer tells neighbouring steps apart.
MAX_STEPS = 2**53


class RangeTuple(NamedTuple):
    """The positions of one world axis: from ``start`` to ``stop``, both included, in steps of ``step`` > 0."""

    start: float
    stop: float
    step: float


NO_LAYERS = RangeTuple(0.0, 2.0, 1.0)  # range of an axis while there are no layers
NOT_THERE = RangeTuple(0.0, 0.0, 1.0)  # of an axis that only `ndisplay` asks for: one step, so no slider


@dataclass(frozen=True, slots=True)
class DimsState:
    """Everything that `Dims` holds. All tuples but ``labels`` and ``order`` are one value an axis, in world units.

    Attributes
    ----------
    own_ndim : int
        Axes that layers (or the user) ask for. There are more only while more are displayed.
    labels : tuple of str or None
        None: not named, shown as the number of the axis.
    moved : int or None
        Axis that was moved last.
    """

    own_ndim: int
    ndisplay: int
    order: tuple[int, ...]
    point: tuple[float, ...]
    range: tuple[RangeTuple, ...]
    margin_left: tuple[float, ...]
    margin_right: tuple[float, ...]
    labels: tuple[str | None, ...]
    rollable: tuple[bool, ...]
    moved: int | None = None

    @property
    def ndim(self) -> int:
        return len(self.order)

    @property
    def displayed(self) -> tuple[int, ...]:
        return self.order[-self.ndisplay :]

    @property
    def not_displayed(self) -> tuple[int, ...]:
        return self.order[: -self.ndisplay]

    @property
    def nsteps(self) -> tuple[int, ...]:
        return tuple(map(steps_in, self.range))

    @property
    def current_step(self) -> tuple[int, ...]:
        return tuple(nearest_step(p, r) for p, r in zip(self.point, self.range, strict=True))

    @property
    def axis_labels(self) -> tuple[str, ...]:
        return tuple(str(i) if label is None else label for i, label in enumerate(self.labels))

    @property
    def last_used(self) -> int | None:
        movable = [a for a in self.not_displayed if steps_in(self.range[a]) > 1]
        if self.moved in movable:
            return self.moved
        return movable[0] if movable else None


def initial_state(ndim: int, ndisplay: int) -> DimsState:
    """No layers yet."""
    empty = DimsState(0, ndisplay, (), (), (), (), (), (), ())
    return resized(empty, ndim)


def steps_in(r: RangeTuple) -> int:
    """How many positions a slider over the range has."""
    # 1e-6: rounding must not lose the last plane (8 samples, scale 0.65, translate -2.2 give 6.9999999)
    return int(min((r.stop - r.start) / r.step + 1e-6, MAX_STEPS)) + 1


def nearest_step(point: float, r: RangeTuple) -> int:
    return round(min((point - r.start) / r.step, MAX_STEPS))


def clipped(point: Sequence[float], ranges: Sequence[RangeTuple]) -> tuple[float, ...]:
    return tuple(min(max(p, r.start), r.stop) for p, r in zip(point, ranges, strict=True))


def resized(state: DimsState, own_ndim: int) -> DimsState:
    """The state with other axes: new ones are put before the old, removed ones are the first.

    The order of the axes that stay is kept, re-ranked.
    """
    n = max(own_ndim, state.ndisplay)
    old = state.ndim
    more = n - old
    if more >= 0:
        order = (*range(more), *(o + more for o in state.order))
    else:
        kept = state.order[-n:]
        order = tuple(sorted(kept).index(o) for o in kept)
    moved = None if state.moved is None or state.moved + more < 0 else state.moved + more
    own_ranges = state.range[old - state.own_ndim :]
    ranges = (*[NOT_THERE] * (n - own_ndim), *_last(own_ranges, own_ndim, NO_LAYERS))
    return replace(
        state,
        own_ndim=own_ndim,
        order=order,
        point=clipped(_last(state.point, n, 0.0), ranges),
        range=ranges,
        margin_left=_last(state.margin_left, n, 0.0),
        margin_right=_last(state.margin_right, n, 0.0),
        labels=_last(state.labels, n, None),
        rollable=_last(state.rollable, n, True),
        moved=moved,
    )


def with_ndisplay(state: DimsState, ndisplay: int) -> DimsState:
    """The point stays. Axes that only the old ``ndisplay`` asked for go."""
    return resized(replace(state, ndisplay=ndisplay), state.own_ndim)


def with_ranges(state: DimsState, ranges: Sequence[RangeTuple], *, centred: bool) -> DimsState:
    """The state on the axes of ``ranges``; ``centred`` puts every axis at its middle step."""
    state = resized(state, len(ranges))
    full = (*state.range[: state.ndim - len(ranges)], *ranges)
    middle = [r.start + (steps_in(r) - 1) // 2 * r.step for r in full]
    point = middle if centred else state.point
    return replace(state, range=full, point=clipped(point, full))


def rolled(state: DimsState) -> tuple[int, ...]:
    """The order after a roll: of the axes that may roll and have more than one step, the last comes first."""
    nsteps = state.nsteps
    places = [k for k, axis in enumerate(state.order) if state.rollable[axis] and nsteps[axis] > 1]
    order = list(state.order)
    for k, place in enumerate(places):
        order[place] = state.order[places[k - 1]]
    return tuple(order)


def _last(values: tuple[T, ...], n: int, default: T) -> tuple[T, ...]:
    """The last ``n`` values, with defaults before them where there are fewer."""
    return (default,) * (n - len(values)) + values[max(len(values) - n, 0) :]
