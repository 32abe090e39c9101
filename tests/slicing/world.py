"""A discrete-event world around the scheduler.

Reads take as long as a model says, workers answer at once, a user acts at 60 Hz, and the clock jumps from one event to
the next.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.slicing.events import Deliver, Done, Event, Start
from lamella.slicing.request import LayerSliceRequest
from lamella.slicing.response import ImageSliceResponse
from lamella.sources.base import Loaded
from tests.slicing.driver import Driver

EVENT_S = 1 / 60  # a slider that is dragged moves this often
HANGS = math.inf  # a latency: no answer, ever

Latency = Callable[[Start], float]


@dataclass(frozen=True)
class Shown:
    """A response, and when it was delivered."""

    time: float
    response: ImageSliceResponse


class World(Driver):
    """Runs reads, workers and timers in the order of their times.

    Parameters
    ----------
    latency : callable
        Seconds that a read takes, as a function of its `Start`.
    cache_limit : int
        Bytes.

    Attributes
    ----------
    shown : list of Shown
        In the order of delivery.
    """

    def __init__(self, latency: Latency, cache_limit: int = 10**9) -> None:
        super().__init__(cache_limit)
        self.shown: list[Shown] = []
        self._latency = latency
        self._ends: list[tuple[float, int, Start]] = []
        self._numbers = itertools.count()

    def _carry_out(self, action: Any) -> Event | None:
        match action:
            case Start():
                end = self.now + self._latency(action)
                if end < HANGS:
                    heapq.heappush(self._ends, (end, next(self._numbers), action))
            case Deliver():
                self.shown.append(Shown(self.now, action.response))
        return super()._carry_out(action)

    def advance(self, seconds: float) -> None:
        """Let time pass: reads end and timers go off when they are due."""
        end = self.now + seconds
        while (due := min(self._wake(), self._next_end())) <= end:
            self._at(due)
        self.now = end

    def settle(self, within: float = 3600.0) -> None:
        """Let time pass until nothing more will happen."""
        end = self.now + within
        while (due := min(self._wake(), self._next_end())) < HANGS:
            assert due <= end, "it does not settle"
            self._at(due)

    def drag(self, requests: list[LayerSliceRequest]) -> None:
        """Want one after the other at 60 Hz; it ends an event interval after the last."""
        for request in requests:
            self.want(request)
            self.advance(EVENT_S)

    def _at(self, time: float) -> None:
        self.now = time
        over: list[Event] = []
        while self._ends and self._ends[0][0] <= time:
            start = heapq.heappop(self._ends)[2]
            del self.reads[start.token]
            over.append(Done(start.token, Loaded(start.source.data[start.box].copy())))  # type: ignore[attr-defined]
        self.step(*over)

    def _wake(self) -> float:
        wake = self.scheduler.wake_at(self.now)
        assert wake is None or wake > self.now, "a timer that is due already"
        return HANGS if wake is None else wake

    def _next_end(self) -> float:
        return self._ends[0][0] if self._ends else HANGS

    # What was seen

    def of(self, view: int = 1, layer: int = 1) -> list[Shown]:
        """What one layer in one view has shown."""
        return [s for s in self.shown if (s.response.view, s.response.layer) == (view, layer)]

    def news(self, view: int = 1, layer: int = 1) -> list[float]:
        """When it showed another position than before."""
        times: list[float] = []
        last: object = None
        for s in self.of(view, layer):
            here = (s.response.key, s.response.window)
            if here != last:
                times.append(s.time)
            last = here
        return times

    def complete_at(self, generation: int, view: int = 1, layer: int = 1) -> float:
        """When the picture of a generation was complete; infinity if it never was."""
        times = [s.time for s in self.of(view, layer) if s.response.generation == generation and s.response.complete]
        return min(times, default=math.inf)


def longest_gap(times: list[float], start: float, end: float) -> float:
    """The longest time within ``[start, end]`` in which nothing new came."""
    inside = [t for t in times if start <= t <= end]
    return max(np.diff([start, *inside, end]))


def constant(seconds: float) -> Latency:
    """Every read takes as long."""
    return lambda start: seconds


def lognormal(median: float, sigma: float, seed: int) -> Latency:
    """Most reads take about ``median``, and some many times as long."""
    rng = np.random.default_rng(seed)
    return lambda start: float(median * np.exp(sigma * rng.standard_normal()))


def by_source(latencies: dict[int, Latency]) -> Latency:
    """Each source (by its token) has its own."""
    return lambda start: latencies[start.source.token](start)
