"""Pixel buffers that go out with frames and come back on release."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

BUFFERS = 3  # one painted, one delivered, one drawn into


class FrameBuffers:
    """At most three buffers of one view are alive and out; they are reused while the size stays. Thread-safe.

    Parameters
    ----------
    returned : callable
        Called, on any thread, when a buffer has come back.
    """

    def __init__(self, returned: Callable[[], None]) -> None:
        self._returned = returned
        self._lock = threading.Lock()
        self._free: list[Pixels] = []
        self._shape = (0, 0, 4)
        self._out = 0

    def take(self, width: int, height: int) -> tuple[Pixels, Callable[[], None]] | None:
        """A buffer of (height, width, 4) and what gives it back, or None while all are out."""
        with self._lock:
            if self._out >= BUFFERS:
                return None
            if self._shape != (height, width, 4):
                self._shape = (height, width, 4)
                self._free.clear()
            self._out += 1
            pixels = self._free.pop() if self._free else np.empty(self._shape, np.uint8)
        holder = [pixels]

        def release() -> None:
            with self._lock:
                if not holder:
                    return  # released twice
                buffer = holder.pop()
                self._out -= 1
                if buffer.shape == self._shape:
                    self._free.append(buffer)
            self._returned()

        return pixels, release
