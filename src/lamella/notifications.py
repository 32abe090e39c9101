"""Telling the user once: at most one line per source, error and ten seconds, with a count, and never a flood."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

QUIET_S = 10.0
MAX_LINES = 5  # different ones in that time; the others are counted and told of together

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Notification:
    """One line for the user. ``count`` says how often it happened since it was last told."""

    source: str
    message: str
    count: int

    def __str__(self) -> str:
        text = self.message if self.source in self.message else f"{self.source}: {self.message}"
        return text if self.count == 1 else f"{text} ({self.count} times)"


class Notifications:
    """Decides what is told, and when. Owned by the main thread.

    Invariant: what is counted is told by `flush` at `due_at`, or by a call of `add` after it.

    Parameters
    ----------
    clock : callable
        Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[_Key, float] = {}  # when; kept while that matters
        self._counts: dict[_Key, int] = {}  # how often since; only of what has been told
        self._others = 0
        self._others_due = 0.0

    def add(self, source: str, message: str) -> Notification | None:
        """The notification to show now, or None if it has to wait."""
        key, now = (source, message), self._clock()
        if key in self._told and now < self._told[key] + QUIET_S:
            self._counts[key] = self._counts.get(key, 0) + 1
            return None
        self._forget(now)
        if key not in self._told and len(self._told) >= MAX_LINES:
            self._others_due = self._others_due if self._others else now + QUIET_S
            self._others += 1
            return None
        return self._tell(key, self._counts.pop(key, 0) + 1, now)

    def due_at(self) -> float | None:
        """When `flush` will have something to tell, on the clock; None if it will not."""
        times = [self._told[key] + QUIET_S for key in self._counts]
        return min([*times, self._others_due] if self._others else times, default=None)

    def flush(self) -> list[Notification]:
        """What was held back for long enough."""
        now = self._clock()
        due = [key for key in self._counts if now >= self._told[key] + QUIET_S]
        told = [self._tell(key, self._counts.pop(key), now) for key in due]
        if self._others and now >= self._others_due:
            told.append(Notification("lamella", f"{self._others} more problems: the warning signs say which", 1))
            self._others = 0
        return told

    def _tell(self, key: _Key, count: int, now: float) -> Notification:
        self._told[key] = now
        return Notification(*key, count)

    def _forget(self, now: float) -> None:
        self._told = {k: t for k, t in self._told.items() if now < t + QUIET_S or k in self._counts}
