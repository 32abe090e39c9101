"""Sources and arrays whose reads a test controls."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Grid, Loaded, Outcome, Pool, Source, new_token

Place = tuple[tuple[int, int], ...]


def place(box: Box) -> Place:
    """A read box as something that can be hashed and compared: (start, stop) an axis."""
    return tuple((int(s.start), int(s.stop)) for s in box)


class GatedSource:
    """An array whose reads wait until the test releases them.

    Thread-safe. Reads answer on the thread that calls `release`.

    Parameters
    ----------
    data : array
    chunk : tuple of int, optional
        Chunk grid; whole planes of the last two axes if not given.
    slots : int
        Most reads at once.
    remote : bool
        See `Pool`.
    """

    def __init__(
        self, data: npt.NDArray[Any], chunk: tuple[int, ...] | None = None, slots: int = 64, remote: bool = True
    ) -> None:
        self.token = new_token()
        self.name = f"gated:{self.token}"
        self.data = data
        self.shape = data.shape
        self.dtype = data.dtype
        self.fill_value: Any = 0
        self.pool = Pool(self.name, slots, threads=0, remote=remote)
        self.in_memory = False
        self._grid = Grid(chunk or (1,) * (data.ndim - 2) + data.shape[-2:])
        self._changed = threading.Condition()
        self._waiting: list[tuple[Place, Box, Callable[[Outcome], None]]] = []
        self._open = False

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        with self._changed:
            if not self._open:
                self._waiting.append((place(box), box, done))
                self._changed.notify_all()
                return
        done(Loaded(self.data[box].copy()))

    def close(self) -> None:
        pass

    @property
    def waiting(self) -> list[Place]:
        """The reads that wait, oldest first, each as (start, stop) an axis."""
        with self._changed:
            return [where for where, _, _ in self._waiting]

    def wait_for(self, count: int, timeout: float = 10.0) -> bool:
        """Wait until at least ``count`` reads wait; False after ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._waiting) >= count, timeout)

    def release(self, which: int | Place | None = None, outcome: Outcome | None = None) -> int:
        """Let reads end: the oldest ``which`` of them, the one of a place, or all (None). Returns how many did.

        Parameters
        ----------
        outcome : Outcome, optional
            How they end; with their data if not given.
        """
        with self._changed:
            if which is None:
                chosen, self._waiting = self._waiting, []
            elif isinstance(which, int):
                chosen, self._waiting = self._waiting[:which], self._waiting[which:]
            else:
                chosen = [w for w in self._waiting if w[0] == which]
                self._waiting = [w for w in self._waiting if w[0] != which]
        for _, box, done in chosen:
            done(outcome if outcome is not None else Loaded(self.data[box].copy()))
        return len(chosen)

    def open(self) -> None:
        """Let everything through from now on."""
        with self._changed:
            self._open = True
        self.release()


class _Wrapper:
    """A source like another one, with an identity of its own."""

    def __init__(self, source: Source) -> None:
        self.token = new_token()
        self.wrapped = source
        self.name = source.name
        self.shape = source.shape
        self.dtype = source.dtype
        self.fill_value = source.fill_value
        self.pool = source.pool
        self.in_memory = source.in_memory

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self.wrapped.grid(displayed)

    def close(self) -> None:
        self.wrapped.close()


class CountingSource(_Wrapper):
    """Counts the reads of another source, by place. Thread-safe."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._lock = threading.Lock()
        self._reads: Counter[Place] = Counter()

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        with self._lock:
            self._reads[place(box)] += 1
        self.wrapped.read(box, done)

    @property
    def reads(self) -> Counter[Place]:
        """How often each place was read."""
        with self._lock:
            return Counter(self._reads)


class FaultySource(_Wrapper):
    """Answers with scripted outcomes, one a read and in order; afterwards, or for None, like the other source.

    Parameters
    ----------
    source : Source
    outcomes : iterable of Outcome or None
    """

    def __init__(self, source: Source, outcomes: Iterable[Outcome | None]) -> None:
        super().__init__(source)
        self._lock = threading.Lock()
        self._script = iter(outcomes)

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        with self._lock:
            outcome = next(self._script, None)
        if outcome is None:
            self.wrapped.read(box, done)
        else:
            done(outcome)


class SlowArray:
    """Something with ``shape``, ``dtype`` and ``[]`` that takes ``delay`` seconds a read.

    Attributes
    ----------
    reads : list of index
        What was asked for, in order.
    threads : set of str
        Names of the threads that asked.
    """

    def __init__(self, data: npt.NDArray[Any], delay: float) -> None:
        self._data = data
        self._delay = delay
        self.shape = data.shape
        self.dtype = data.dtype
        self.ndim = data.ndim
        self.reads: list[Any] = []
        self.threads: set[str] = set()

    def __getitem__(self, index: Any) -> npt.NDArray[Any]:
        self.reads.append(index)
        self.threads.add(threading.current_thread().name)
        time.sleep(self._delay)
        return np.asarray(self._data[index])
