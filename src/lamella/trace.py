"""A ring buffer of what happened when: cheap to write, read by benchmarks and diagnosis.

Any thread may write; `deque.append` is atomic. An event is a tuple ``(nanoseconds, code, *details)``; the clock is
`time.perf_counter_ns`. The codes, in the order in which a slice lives:

============= ==================================================== ============================
code          what happened                                        details
============= ==================================================== ============================
``want``      a request reached the slicing thread                 view, layer, generation
``plan``      its chunks are known                                 view, layer, generation, reads
``start``     a read was started                                   token, source
``bytes``     its answer came                                      token, bytes (0: none)
``decoded``   a tile was made of a chunk                           view, layer, bytes
``delivered`` a response went to the renderer                      view, layer, generation, have, needed
``uploaded``  a tile is where it can be drawn from                 view, layer
``presented`` a frame reached the main thread                      view, generations …
``aborted``   a generation was given up for a newer one            view, layer, generation
``failed``    a chunk failed for good                              layer, source, message
``retried``   a read failed and will be tried again                token, source, message
``evicted``   chunks were let go to make room                      number
``stall``     the main thread left other threads waiting           seconds
============= ==================================================== ============================
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

CAPACITY = 65_536  # some minutes of use; 10 MB when it is full

_ring: deque[tuple[Any, ...]] = deque(maxlen=CAPACITY)


def record(code: str, *details: Any) -> None:
    """Note an event. Numbers and strings only: the ring must keep no data alive."""
    _ring.append((time.perf_counter_ns(), code, *details))


def events() -> list[tuple[Any, ...]]:
    """All events that the ring still holds, oldest first."""
    while True:
        try:
            return list(_ring)
        except RuntimeError:  # it grew while it was copied
            continue


def clear() -> None:
    _ring.clear()
