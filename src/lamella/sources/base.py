"""What every source of data has in common: its shape, its chunk grid, and reads whose result is a value.

A source is one n-D array somewhere. It is frozen as far as anyone outside can see, so it may be shared by threads; its
attributes are read once, when it is made.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, runtime_checkable

import numpy as np

Box = tuple[slice, ...]
"""A read box: one slice an axis, with plain integer ``start`` and ``stop`` inside the array and no step."""

_tokens = itertools.count(1)


def new_token() -> int:
    """A number that no other source of this process has; chunk keys use it as the identity of the source."""
    return next(_tokens)


class FailureKind(Enum):
    """Why a read failed. The class decides whether trying again makes sense."""

    CONNECTION = "connection"  # refused, reset, no such host, truncated body
    TIMEOUT = "timeout"
    BUSY = "busy"  # 408 and 5xx
    THROTTLED = "throttled"  # 429: the server is well and wants fewer requests
    DENIED = "denied"  # 401 and 403
    CORRUPT = "corrupt"  # bytes that do not decode, or decode to another shape
    MEMORY = "memory"  # does not fit into the cache limit
    OTHER = "other"  # whatever a user's array raised


RETRYABLE = frozenset({FailureKind.CONNECTION, FailureKind.TIMEOUT, FailureKind.BUSY, FailureKind.THROTTLED})


@dataclass(frozen=True, slots=True)
class Loaded:
    """A read that worked. ``data`` has the shape of the box and is never written to again."""

    data: np.ndarray


@dataclass(frozen=True, slots=True)
class Missing:
    """A chunk that the store does not have: it stands for the fill value."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A read that did not work, as a value. ``retry_after`` is the server's wish in seconds, if it had one."""

    kind: FailureKind
    message: str
    retry_after: float | None = None

    @property
    def retryable(self) -> bool:
        return self.kind in RETRYABLE


Outcome = Loaded | Missing | Failed


@dataclass(frozen=True, slots=True)
class Pool:
    """The bulkhead in which reads of a source run. Sources with an equal ``key`` share it.

    Attributes
    ----------
    key : str
        ``"http://host:port"``, ``"local"``, ``"memory"`` or ``"opaque:<token>"``.
    slots : int
        Most reads at once.
    threads : int
        Worker threads that call `Source.read`, which may then block. 0: `read` returns at once and answers from a
        thread of its own, so it is called on the slicing thread.
    remote : bool
        Reads cross a network: fewer at once while the view moves.
    """

    key: str
    slots: int
    threads: int
    remote: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular chunk grid that starts at the origin. ``chunk`` has one length ≥ 1 an axis of the source."""

    chunk: tuple[int, ...]

    def box(self, index: tuple[int, ...], shape: tuple[int, ...]) -> Box:
        """The read box of chunk ``index``, cut off at the end of an array of ``shape``."""
        return tuple(slice(i * c, min((i + 1) * c, n)) for i, c, n in zip(index, self.chunk, shape, strict=True))

    def span(self, axis: int, start: int, stop: int) -> range:
        """The chunk numbers along ``axis`` that touch the samples ``[start, stop)``."""
        if stop <= start:
            return range(0)
        return range(start // self.chunk[axis], (stop - 1) // self.chunk[axis] + 1)


@runtime_checkable
class Source(Protocol):
    """One n-D array somewhere.

    Attributes
    ----------
    token : int
        Identity of the source in chunk keys, from `new_token`.
    name : str
        What messages to the user call it: a path, a URL, or the class of the array.
    shape : tuple of int
    dtype : numpy.dtype
        As stored; boolean, integer, floating or complex, native byte order not guaranteed.
    fill_value : scalar
        What a missing chunk stands for.
    pool : Pool
    in_memory : bool
        Reads are plain memory copies: they bypass the chunk cache.
    """

    token: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill_value: Any
    pool: Pool
    in_memory: bool

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        """The units of reading when the axes ``displayed`` are shown; None if the source has none of its own."""
        ...

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        """Read ``box`` and call ``done`` exactly once with the outcome, on any thread.

        Never raises. May block where ``pool.threads`` > 0, and must not where it is 0.
        """
        ...

    def close(self) -> None:
        """Let go of file handles and connections. Reads after it answer `Failed`."""
        ...


@runtime_checkable
class Forgetful(Protocol):
    """A source with caches of its own below lamella's."""

    def forget(self) -> None:
        """Reads from now on see the data as they are now. Any thread; returns at once."""
        ...


@runtime_checkable
class Stoppable(Protocol):
    """A source that has something at work beside this process's threads, which must not outlive the viewer."""

    def stop(self) -> None:
        """Begin to end it; a read under way answers `Failed`, a later one starts it again. Returns at once."""
        ...

    def insist(self, deadline: float) -> None:
        """After `stop`: wait until the `time.monotonic` deadline, then end it by force."""
        ...


def nbytes(box: Box, dtype: np.dtype[Any]) -> int:
    """Bytes of the decoded samples in ``box``."""
    return math.prod(int(s.stop - s.start) for s in box) * dtype.itemsize
