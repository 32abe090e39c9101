"""From what happened, with times, to figures. Pure functions; all times are seconds of one monotonic clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

FRAME_S = 16.7e-3  # one frame of a 60 Hz screen
POSITIONS = 25
STEP_S = 0.040  # 25 positions in one second


@dataclass(frozen=True, slots=True)
class Paint:
    """A picture came on screen.

    Attributes
    ----------
    time : float
    position : int or None
        The slider position that the picture shows; None without data in it.
    complete : bool
        It shows all that was asked for at that time.
    """

    time: float
    position: int | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One call that moved the slider."""

    position: int
    called: float
    returned: float


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the source."""

    position: int
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Stall:
    """Seconds: the longest gap of the heartbeat, and the sum of those longer than a frame."""

    longest: float
    above_frame: float


def drag_positions(nsteps: int) -> list[int]:
    """Slider positions of a drag: 25, from 5 % to 95 % of the axis."""
    last = nsteps - 1
    return [round(last * (0.05 + 0.9 * i / (POSITIONS - 1))) for i in range(POSITIONS)]


def stall(beats: Sequence[float], begin: float, end: float) -> Stall:
    """Gaps between heartbeats that touch the time from ``begin`` to ``end``."""
    gaps = [b - a for a, b in pairwise(beats) if b > begin and a < end]
    return Stall(max(gaps, default=0.0), sum(g for g in gaps if g > FRAME_S))


def shown(steps: Sequence[Step], paints: Iterable[Paint]) -> list[tuple[float, int]]:
    """When each position of the drag first came on screen after it was asked for, in this order."""
    asked: dict[int, float] = {}
    for step in steps:
        asked.setdefault(step.position, step.called)
    found: dict[int, float] = {}
    for paint in paints:
        if paint.position in asked and paint.position not in found and paint.time >= asked[paint.position]:
            found[paint.position] = paint.time
    return sorted((time, position) for position, time in found.items())


def longest_without_new(steps: Sequence[Step], news: Sequence[tuple[float, int]]) -> float | None:
    """Longest time from the first step to the last new position in which no new one came; None if none came."""
    if not news:
        return None
    times = [steps[0].called, *(time for time, _ in news)]
    return max(b - a for a, b in pairwise(times))


def settle(steps: Sequence[Step], paints: Iterable[Paint]) -> float | None:
    """When the complete picture of the last position was on screen; None if it never was."""
    last = steps[-1]
    return next((p.time for p in paints if p.time >= last.called and p.position == last.position and p.complete), None)


def first(paints: Iterable[Paint], since: float, complete: bool) -> float | None:
    """When the first picture with data, or the first complete one, was on screen after ``since``."""
    return next(
        (p.time for p in paints if p.time >= since and p.position is not None and (p.complete or not complete)), None
    )


def reads_before_wanted(reads: Sequence[Read], released: float, wanted: int) -> int | None:
    """Reads of other positions under way or begun between the last input and the begin of the wanted read.

    None if the wanted position was not read after the last input (it may have been there already).
    """
    begun = next((r.began for r in reads if r.position == wanted and r.ended >= released), None)
    if begun is None:
        return None
    return sum(r.position != wanted and r.ended > released and r.began < begun for r in reads)


def median(values: Sequence[float | None]) -> float | None:
    """The median; None counts as never, so it is larger than everything. None if there are no values."""
    if not values:
        return None
    ordered = sorted(math.inf if v is None else v for v in values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
