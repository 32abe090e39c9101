"""Which step of an axis a player shows when: every frame has a deadline, and late frames are dropped."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Set
from dataclasses import dataclass, field

from lamella.model._validate import number, one_of

LOOPS = ("loop", "once", "back and forth")
MOST_RATE = 1000.0
REACHED_OVER_S = 2.0  # the rate that is reached is that of the last two seconds
MOST_UPCOMING = 16


@dataclass(slots=True)
class Playback:
    """One axis being played. Owned by the main thread; it has no clock of its own.

    Frame n, counted from where it began, is due at ``began + n / |rate|``: a frame whose successor is due already is
    never asked for, so a late player does not fall behind, and does not hurry to catch up either.

    Parameters
    ----------
    axis : int
    rate : float
        Frames a second, not 0; negative plays backwards.
    loop : {"loop", "once", "back and forth"}
    first, last : int
        The steps that it plays, both included.
    start : int
        The step to begin with.
    began : float
        Seconds of the caller's clock.

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
    _shown: dict[int, deque[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rate = number("rate", self.rate, -MOST_RATE, MOST_RATE)
        if self.rate == 0:
            raise ValueError("rate must be frames a second, from 0.01 to 1000 or negative to play backwards, not 0")
        self.loop = str(one_of("loop", self.loop, LOOPS))
        if not self.first <= self.last:
            raise ValueError(f"steps must be two, the lower one first, not {self.first} and {self.last}")
        self.start = min(max(self.start, self.first), self.last)

    def frame_at(self, now: float) -> int:
        """Number of the frame that is due."""
        return max(math.floor((now - self.began) * abs(self.rate) + 1e-9), 0)

    def step_of(self, frame: int) -> int:
        """Step that a frame shows."""
        count = self.last - self.first + 1
        place = self.start - self.first + (frame if self.rate > 0 else -frame)
        if self.loop == "once":
            place = min(max(place, 0), count - 1)
        elif self.loop == "loop" or count == 1:
            place %= count
        else:
            place %= 2 * (count - 1)
            place = min(place, 2 * (count - 1) - place)
        return self.first + place

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
        current = self.step_of(frame)
        steps = dict.fromkeys(self.step_of(frame + 1 + n) for n in range(min(count, MOST_UPCOMING)))
        return [s for s in steps if s != current]

    def shown(self, layer: int, now: float) -> None:
        """Another frame of a layer came on screen."""
        self._shown.setdefault(layer, deque()).append(now)

    def forget(self, layers: Set[int]) -> None:
        """Layers other than these are gone."""
        self._shown = {layer: times for layer, times in self._shown.items() if layer in layers}

    def rate_reached(self, now: float) -> float:
        """Frames a second that really came on screen lately, of the slowest layer that moves; 0 in the beginning."""
        since = min(REACHED_OVER_S, now - self.began)
        for times in self._shown.values():
            while times and times[0] <= now - REACHED_OVER_S:
                times.popleft()
        slowest = min((len(times) for times in self._shown.values()), default=0)
        return slowest / since if since > 0 else 0.0
