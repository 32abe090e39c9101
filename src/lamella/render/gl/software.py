"""OpenGL that runs in software: its threads draw on every core, and must not keep the main thread from answering."""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

_log = logging.getLogger(__name__)

NAMES = ("llvmpipe", "softpipe", "swrast", "swiftshader", "software")
NICE = 10  # a tenth of the weight of the main thread where both want a core; the whole core where it rests
_TASKS = Path("/proc/self/task")

_warned = threading.Event()


def is_software(renderer: str) -> bool:
    """Whether what OpenGL calls its renderer is a program."""
    return any(name in renderer.lower() for name in NAMES)


def warn(renderer: str) -> None:
    """Say so, once a process."""
    if not _warned.is_set():
        _warned.set()
        _log.warning("OpenGL runs in software here (%s): large windows will be slow", renderer)


def yield_to_others() -> None:
    """Lower the priority of the threads that llvmpipe draws with, on Linux; elsewhere nothing.

    They hold no lock that others wait for. On 2 cores the longest stall of the main thread beside them is two thirds of
    what it is without, and drawing is not slower.
    """
    for task in _drawing_threads():
        with suppress(OSError):  # it has ended, or may not be changed
            if os.getpriority(os.PRIO_PROCESS, task) < NICE:
                os.setpriority(os.PRIO_PROCESS, task, NICE)  # of one thread, on Linux


def _drawing_threads() -> list[int]:
    found = []
    with suppress(OSError):  # no /proc
        for task in _TASKS.iterdir():
            with suppress(OSError):
                if (task / "comm").read_text().startswith("llvmpipe-"):
                    found.append(int(task.name))
    return found
