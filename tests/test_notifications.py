"""The user is told once, with a count, and everything is told in the end: never a flood."""

from __future__ import annotations

import itertools

from lamella.notifications import MAX_LINES, QUIET_S, Notification, Notifications
from lamella.testing import VirtualClock


class Teller:
    """Collects what is told, flushing whenever something is due."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.notifications = Notifications(self.clock)
        self.told: list[tuple[float, str, int]] = []

    def _take(self, told: Notification | None) -> None:
        if told is not None:
            self.told.append((self.clock(), told.message, told.count))

    def add(self, message: str, times: int = 1) -> None:
        for _ in range(times):
            self._take(self.notifications.add("server", message))

    def run(self, seconds: float) -> None:
        """Let time pass, flushing when something is due, as the window does."""
        end = self.clock() + seconds
        while (due := self.notifications.due_at()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock()))
            for told in self.notifications.flush():
                self._take(told)
        self.clock.advance(end - self.clock())


def test_a_failure_is_told_at_once_and_what_follows_with_a_count_when_the_quiet_is_over() -> None:
    teller = Teller()
    teller.add("503", 100)
    assert teller.told == [(0, "503", 1)]
    teller.run(3)
    teller.add("503", 20)
    teller.run(60)
    assert teller.told == [(0, "503", 1), (QUIET_S, "503", 119)]
    assert teller.notifications.due_at() is None


def test_a_failure_that_goes_on_is_told_every_ten_seconds() -> None:
    teller = Teller()
    for _ in range(100):
        teller.add("503")
        teller.run(1)
    teller.run(60)
    times = [when for when, _, _ in teller.told]
    assert min(b - a for a, b in itertools.pairwise(times)) >= QUIET_S
    assert len(times) <= 11
    assert sum(count for _, _, count in teller.told) == 100


def test_different_sources_and_errors_do_not_hide_each_other() -> None:
    clock = VirtualClock()
    notifications = Notifications(clock)
    assert notifications.add("a", "503") is not None
    assert notifications.add("b", "503") is not None
    assert notifications.add("a", "404") is not None
    assert notifications.add("a", "503") is None


def test_nothing_is_due_when_all_was_told() -> None:
    teller = Teller()
    assert teller.notifications.due_at() is None
    teller.add("503")
    assert teller.notifications.due_at() is None
    teller.add("503")
    assert teller.notifications.due_at() == QUIET_S
    assert teller.notifications.flush() == []


def test_a_flush_that_comes_late_loses_nothing() -> None:
    teller = Teller()
    teller.add("503", 3)
    teller.clock.advance(100)
    teller.add("503")
    assert teller.told == [(0, "503", 1), (100, "503", 3)]
    assert teller.notifications.flush() == []


def test_a_thousand_different_errors_are_a_handful_of_lines() -> None:
    teller = Teller()
    for number in range(1000):
        teller.add(f"error {number}")
    assert len(teller.told) == MAX_LINES
    teller.run(60)
    (rest,) = teller.told[MAX_LINES:]
    assert str(1000 - MAX_LINES) in rest[1]
    assert teller.notifications.due_at() is None
    teller.add("error 7")
    assert teller.told[-1] == (60, "error 7", 1)
