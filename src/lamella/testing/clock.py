"""A clock that moves when a test says so."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class VirtualClock:
    """Seconds that pass in `advance` only. Callable, so it stands in for `time.monotonic`.

    Parameters
    ----------
    start : float
        Seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._calls: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self._now

    now = __call__

    def call_at(self, when: float, callback: Callable[[], object]) -> None:
        """Call ``callback`` once the clock reaches ``when``; calls due at the same time keep their order."""
        heapq.heappush(self._calls, (when, next(self._numbers), callback))

    def advance(self, seconds: float) -> None:
        """Let time pass, making the calls that fall due at their own time.

        Raises
        ------
        ValueError
            ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds must not be negative, but is {seconds}")
        end = self._now + seconds
        while self._calls and self._calls[0][0] <= end:
            when, _, callback = heapq.heappop(self._calls)
            self._now = max(self._now, when)
            callback()
        self._now = end
