"""What will be wanted next: from how fast a view moves, or from what a player says comes next.

The model: the velocity of a view, on each axis that is not displayed and of the centre of its window, is smoothed
twice: over 50 ms, which takes out the jitter of a mouse, then over 1 s into a mean and a deviation. If it goes on like
that, the distance covered within the horizon is normally distributed, and a position is worth reading if it is reached
with a probability of at least 5 %. (The two half-lives and the threshold are those of neuroglancer.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lamella.slicing.request import LayerSliceRequest, Window

JITTER_HALF_LIFE_S = 0.05
TREND_HALF_LIFE_S = 1.0
HORIZON_S = 2.0
LEAST_PROBABILITY = 0.05
MARGIN_S = 0.1  # chunks are to be there this long before they are asked for,
LEAST_POSITIONS = 2  # but of as many positions at least
MOST_PANS = 2  # each costs the layout of a window of its own
FULL_BELOW = 4.0  # positions a second: slower than this, there is time for the finer levels too
PAN_STEP = 0.25  # a pan is looked at in steps of a quarter of the window
PAUSE_S = 1.0  # after standing still for this long a motion begins anew
STEADY = 0.25  # planes by which steps may differ and still be called equal


@dataclass(frozen=True, slots=True)
class Ahead:
    """A request that may come; ``fine``: of its plan, what is beyond the first rung, otherwise the first rung."""

    request: LayerSliceRequest
    fine: bool


class Motion:
    """The velocity of one (view, layer). Owned by the slicing thread."""

    def __init__(self) -> None:
        self._last: tuple[float, ...] = ()
        self._space: object = None
        self._at = 0.0
        self._steps = 0
        self._stride: list[float] = []  # the last step on each axis,
        self._steady: list[bool] = []  # and whether the one before was as long
        self._smooth: list[float] = []
        self._mean: list[float] = []
        self._variance: list[float] = []

    def observe(self, request: LayerSliceRequest, now: float) -> None:
        """Take note of where a view is looking now."""
        here = (*request.key.point, *_centre(request.window))
        space = (replace(request.key, point=()), _size(request.window))
        elapsed = now - self._at
        if space != self._space or elapsed > PAUSE_S:
            self._space, self._last, self._at, self._steps = space, here, now, 0
            self._smooth, self._mean, self._variance = ([0.0] * len(here) for _ in range(3))
            self._stride, self._steady = [0.0] * len(here), [True] * len(here)
            return
        elapsed = max(elapsed, 1e-3)
        first = self._steps == 0
        jitter = 1.0 if first else 1 - 0.5 ** (elapsed / JITTER_HALF_LIFE_S)
        trend = 1.0 if first else 1 - 0.5 ** (elapsed / TREND_HALF_LIFE_S)
        for i, (new, old) in enumerate(zip(here, self._last, strict=True)):
            stride = new - old
            self._steady[i] = first or abs(stride - self._stride[i]) <= STEADY
            self._stride[i] = stride
            self._smooth[i] += jitter * (stride / elapsed - self._smooth[i])
            away = self._smooth[i] - self._mean[i]
            self._mean[i] += trend * away
            self._variance[i] = (1 - trend) * (self._variance[i] + trend * away * away)
        self._last, self._at = here, now
        self._steps += 1

    def ahead(self, request: LayerSliceRequest, load_time: float, at_once: float) -> Iterator[Ahead]:
        """Requests that ``request`` will probably be followed by, soonest first, coarse before fine. Lazy: each costs a
        plan.

        Positions that are nearer than ``load_time`` (seconds) are left out: they would come too late. So are all, if
        going on like this took more than ``at_once`` positions on their way: to be early for some and late for others
        is worse than to be equally late for all.
        """
        if request.upcoming:
            positions, speed = [_at_point(request, point) for point in request.upcoming], 0.0
        elif self._steps:
            hidden = len(request.key.point)
            positions, speed = self._planes(request, hidden, load_time, at_once) or self._pans(request, hidden)
        else:
            return
        yield from (Ahead(r, fine=False) for r in positions)
        if speed < FULL_BELOW:
            yield from (Ahead(r, fine=True) for r in positions)

    def _planes(
        self, request: LayerSliceRequest, hidden: int, load_time: float, at_once: float
    ) -> tuple[list[LayerSliceRequest], float] | None:
        direction = self._mean[:hidden]
        fastest = max(range(hidden), key=lambda i: abs(direction[i]), default=None)
        if fastest is None or direction[fastest] == 0:
            return None
        stride = abs(self._stride[fastest])
        if stride > 1 + STEADY and not self._steady[fastest]:
            return [], 0.0  # it jumps over planes, and nobody knows which it will hit
        stride = max(stride, 1.0)
        speed = abs(direction[fastest]) / stride
        if speed * load_time > at_once:
            return [], 0.0
        first = max(math.floor(speed * load_time), 1)
        count = max(math.ceil(speed * MARGIN_S), LEAST_POSITIONS)
        last = _reached(speed, math.sqrt(self._variance[fastest]) / stride, first + count - 1)
        step = [d / abs(direction[fastest]) * stride for d in direction]
        point = request.key.point
        return [
            _at_point(request, tuple(p + n * s for p, s in zip(point, step, strict=True)))
            for n in range(first, last + 1)
        ], speed

    def _pans(self, request: LayerSliceRequest, hidden: int) -> tuple[list[LayerSliceRequest], float]:
        low, high = request.window.box
        steps = [PAN_STEP * (b - a) for a, b in zip(low, high, strict=True)]
        velocity = [v / s if s > 0 else 0.0 for v, s in zip(self._mean[hidden:], steps, strict=True)]
        fastest = max(range(len(velocity)), key=lambda i: abs(velocity[i]))
        speed = abs(velocity[fastest])
        if speed == 0:
            return [], 0.0
        deviation = math.sqrt(self._variance[hidden + fastest]) / steps[fastest]
        result = []
        for n in range(1, _reached(speed, deviation, MOST_PANS) + 1):
            move = [n * v / speed * s for v, s in zip(velocity, steps, strict=True)]
            box = (
                tuple(a + m for a, m in zip(low, move, strict=True)),
                tuple(b + m for b, m in zip(high, move, strict=True)),
            )
            result.append(replace(request, window=replace(request.window, box=box)))
        return result, speed


def _reached(speed: float, deviation: float, most: int) -> int:
    """How many steps away, up to ``most``, is worth reading, if ``speed`` ± ``deviation`` steps a second go on."""
    mean, spread = speed * HORIZON_S, deviation * HORIZON_S
    count = 0
    while count < most:
        away = count + 1 - mean
        # At least half of the next step has to be covered: 1 − Φ(away − ½).
        probability = 0.5 * math.erfc((away - 0.5) / (spread * math.sqrt(2))) if spread > 0 else float(away <= 0.5)
        if probability < LEAST_PROBABILITY:
            break
        count += 1
    return count


def _at_point(request: LayerSliceRequest, point: tuple[float, ...]) -> LayerSliceRequest:
    return replace(request, key=replace(request.key, point=point))


def _centre(window: Window) -> tuple[float, ...]:
    return tuple((a + b) / 2 for a, b in zip(*window.box, strict=True))


def _size(window: Window) -> tuple[object, ...]:
    """Zooming is no motion: the extent of the window, rounded against the noise of floats, and its pixels."""
    extent = tuple(float(f"{b - a:.6g}") for a, b in zip(*window.box, strict=True))
    return (extent, window.pixels, window.level)
