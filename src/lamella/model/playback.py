"""Which step of an axis a player shows when: every frame has a deadline, and late frames are dropped."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any

from lamella.model._validate import number, one_of

LOOPS = ("loop", "once", "back and forth")
LEAST_RATE, MOST_RATE = 0.01, 1000.0
REACHED_OVER_S = 2.0  # the rate that is reached is that of the last two seconds
MOST_UPCOMING = 16


@dataclass(frozen=True, slots=True)
class Playback:
    """One axis being played. Immutable, and without a clock of its own.

    Frame n, counted from where it began, is due at ``began + n / |rate|``: a frame whose successor is due already is
    never asked for, so a late player does not fall behind, and does not hurry to catch up either.

    Parameters
    ----------
    axis : int
    rate : float
        Frames a second; negative plays backwards.
    loop : {"loop", "once", "back and forth"}
    first, last : int
        The steps that it plays, both included.
    start : int
        The step to begin with; where it is beside the others, the nearest of them.
    began : float
        Seconds of the caller's clock.
    returning : bool
        Back and forth: whether it begins on the way back.

    Raises
    ------
    ValueError
    """

    axis: int
    rate: float
    loop: str
    first: int
    last: int
    start: int
    began: float
    returning: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", checked_rate(self.rate))
        one_of("loop", self.loop, LOOPS)
        if not self.first <= self.last:
            raise ValueError(f"steps must be two, the lower one first, not {self.first} and {self.last}")
        object.__setattr__(self, "start", min(max(self.start, self.first), self.last))

    def frame_at(self, now: float) -> int:
        """Number of the frame that is due."""
        # 1e-6: rounding must not make a frame that is asked for at its deadline too early
        return max(math.floor((now - self.began) * abs(self.rate) + 1e-6), 0)

    def step_at(self, now: float) -> int:
        """Step of the frame that is due."""
        return self.step_of(self.frame_at(now))

    def step_of(self, frame: int) -> int:
        """Step that a frame shows."""
        count = self.last - self.first + 1
        place = self._place(frame)
        if self.loop == "once":
            place = min(max(place, 0), count - 1)
        elif self.loop == "loop" or count == 1:
            place %= count
        else:
            place %= 2 * (count - 1)
            place = min(place, 2 * (count - 1) - place)
        return self.first + place

    def _place(self, frame: int) -> int:
        """Where a frame is, in steps from the first one: the way back is the mirror image of the way there."""
        begin = self.start - self.first
        return (-begin if self.returning else begin) + (frame if self.rate > 0 else -frame)

    def ended(self, now: float) -> bool:
        """Whether the last frame of an axis that is played once has had its time."""
        if self.loop != "once":
            return False
        left = self.last - self.start if self.rate > 0 else self.start - self.first
        return self.frame_at(now) > left

    def next_deadline(self, now: float) -> float:
        """When another frame is due."""
        return self.began + (self.frame_at(now) + 1) / abs(self.rate)

    def upcoming(self, now: float, count: int) -> list[int]:
        """Steps of the frames after the one that is due, in the order of their deadlines; each step once."""
        frame = self.frame_at(now)
        steps = dict.fromkeys(self.step_of(frame + n) for n in range(2 * count + 1))  # twice: it may turn back
        return list(steps)[1 : count + 1]

    def played_on(self, now: float, *, rate: float, loop: str, first: int, last: int) -> Playback:
        """The same in another way from now on, without a jump: same step, same way, and the frame that is shown keeps
        the share of its time that it has left.
        """
        rate = checked_rate(rate)
        frame = self.frame_at(now)
        elapsed = min(max((now - self.began) * abs(self.rate) - frame, 0.0), 1.0)
        turns = 2 * (self.last - self.first)
        returning = self.loop == loop == LOOPS[2] and turns > 0 and 2 * (self._place(frame) % turns) > turns
        return Playback(self.axis, rate, loop, first, last, self.step_of(frame), now - elapsed / abs(rate), returning)


class Reached:
    """How many frames a second really come on screen. It has no clock of its own.

    Parameters
    ----------
    since : float
        Seconds of the caller's clock.
    patience : float
        Seconds until nothing shown means that nothing comes; half of it must pass before a rate is told, because the
        first frames seldom come in step.
    """

    def __init__(self, since: float, patience: float) -> None:
        self._since = since
        self._patience = patience
        self._times: deque[float] = deque()

    def shown(self, now: float) -> None:
        """Another frame came on screen."""
        self._times.append(now)
        self._forget(now)

    def rate(self, now: float) -> float | None:
        """Frames a second lately; None as long as it is too early to say."""
        self._forget(now)
        intervals = len(self._times) - 1
        if intervals < 1:
            waited = now - self._since
            return len(self._times) / waited if waited > self._patience else None
        span, overdue = self._times[-1] - self._times[0], now - self._times[-1]
        if span + overdue < self._patience / 2:
            return None
        if overdue * intervals <= span:
            return intervals / span
        return (intervals + 1) / (span + overdue)  # the next one is late: it would end an interval now at the soonest

    def _forget(self, now: float) -> None:
        while len(self._times) > 2 and self._times[1] < now - REACHED_OVER_S:
            self._times.popleft()


def checked_rate(rate: Any) -> float:
    """Frames a second.

    Raises
    ------
    ValueError
    """
    result = number("rate", rate, -MOST_RATE, MOST_RATE)
    if abs(result) < LEAST_RATE:
        raise ValueError(
            f"rate must be frames a second, from {LEAST_RATE:g} to {MOST_RATE:g}, or negative to play backwards, "
            f"not {rate!r}"
        )
    return result
