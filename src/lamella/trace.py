"""A ring buffer of what happened when: cheap to write, read by benchmarks and diagnosis.

Any thread may write; `deque.append` is atomic.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

CAPACITY = 65_536

_ring: deque[tuple[Any, ...]] = deque(maxlen=CAPACITY)


def record(what: str, *details: Any) -> None:
    """Note an event: want, start, done, deliver, present, failed … with what identifies it."""
    _ring.append((time.perf_counter_ns(), what, *details))


def events() -> list[tuple[Any, ...]]:
    """All events that the ring still holds, oldest first: (nanoseconds, what, *details)."""
    return list(_ring)


def clear() -> None:
    _ring.clear()
