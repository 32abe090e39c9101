"""What other threads leave for the main thread, and the bell that tells it so."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from lamella import trace

STALL_S = 1 / 60  # a main thread that leaves something lying for longer has missed a frame


class Outbox:
    """A queue that is filled on any thread and emptied on the main thread.

    The wake callback is called, on the filling thread, when the outbox is no longer empty; it must return at once.
    """

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._filled = threading.Condition()
        self._wake: Callable[[], None] | None = None
        self._closed = False
        self._filled_at = 0.0

    def set_wake(self, wake: Callable[[], None] | None) -> None:
        with self._filled:
            self._wake = wake
            pending = bool(self._items)
        if wake is not None and pending:
            wake()

    def put(self, item: Any) -> None:
        with self._filled:
            if self._closed:
                return
            first = not self._items
            if first:
                self._filled_at = time.monotonic()
            self._items.append(item)
            self._filled.notify_all()
            wake = self._wake if first else None
        if wake is not None:
            wake()

    def take(self) -> list[Any]:
        """All that is there, oldest first."""
        with self._filled:
            items = list(self._items)
            self._items.clear()
            waited = time.monotonic() - self._filled_at if items and self._wake is not None else 0.0
        if waited > STALL_S:
            trace.record("stall", waited)
        return items

    def wait(self, timeout: float) -> None:
        """Return when there is something to take, or after ``timeout`` seconds."""
        with self._filled:
            if not self._items:
                self._filled.wait(timeout)

    def close(self) -> None:
        """Whatever comes later is dropped."""
        with self._filled:
            self._closed = True
            self._wake = None
            self._items.clear()
