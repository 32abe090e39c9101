"""Pools of worker threads: one a bulkhead, so that a source that hangs holds back only itself.

The threads are daemons: a read that never returns must not keep the process alive (an executor would join it at exit).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], None]


class WorkerPool:
    """Runs jobs on up to ``threads`` threads, started when first needed. Owned by the slicing thread.

    Jobs never raise: they report through the queue that they were made with.
    """

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self._limit = threads
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, job: Job) -> None:
        if len(self._threads) < self._limit:
            thread = threading.Thread(target=self._work, name=f"lamella-{self.name}-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job  # it may hold arrays

    def close(self) -> None:
        """Tell the threads to end after the job they are in; jobs not begun are dropped."""
        while not self._jobs.empty():
            self._jobs.get()
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, deadline: float) -> list[str]:
        """Wait until the `time.monotonic` deadline; the names of threads that are stuck."""
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [t.name for t in self._threads if t.is_alive()]
