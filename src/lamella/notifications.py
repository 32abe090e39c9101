"""Telling the user once: at most one notification per source, error and ten seconds, with a count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

QUIET_S = 10.0


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
    """Decides what is told. Owned by the main thread.

    Parameters
    ----------
    clock : callable
        Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._untold: dict[tuple[str, str], int] = {}

    def add(self, source: str, message: str) -> Notification | None:
        """The notification to show now, or None if the same was told within the last ten seconds."""
        key = (source, message)
        now = self._clock()
        count = self._untold.pop(key, 0) + 1
        if key in self._told and now - self._told[key] < QUIET_S:
            self._untold[key] = count
            return None
        self._told = {k: t for k, t in self._told.items() if now - t < QUIET_S}
        self._told[key] = now
        return Notification(source, message, count)
