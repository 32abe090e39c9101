"""What the viewer and its reader process say to each other: pickled messages with their length before them.

Samples do not go this way but through shared memory.
"""

from __future__ import annotations

import os
import pickle
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.sources.base import Box, Failed

_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Open:
    """An array to read from. ``recipe`` is its pickle; it is made at the first read.

    Arrays of one ``lane`` are read by the same ``threads`` threads: one that hangs holds back only its own lane.
    ``path`` is the viewer's ``sys.path``.
    """

    member: int
    recipe: bytes
    name: str
    dtype: np.dtype[Any]
    lane: str
    threads: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """Arrays to let go of."""

    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """Write the samples in ``box`` at ``offset`` of the ring, or to the start of the file for large answers (None)."""

    number: int
    member: int
    box: Box
    offset: int | None


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is wanted any more."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The reader process is up."""


@dataclass(frozen=True, slots=True)
class Written:
    """The samples are where they were wanted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The recipe makes no array in the reader process."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The array was dropped, or never opened."""


Result = Written | Refused | Unknown | Failed


@dataclass(frozen=True, slots=True)
class Answer:
    number: int
    result: Result


def send(descriptor: int, message: Any) -> None:
    """Write a message; blocks while the pipe is full.

    Raises
    ------
    OSError
        Nobody reads any more.
    """
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def receive(descriptor: int) -> Any:
    """The next message; None if the other side has gone."""
    head = _read(descriptor, _LENGTH.size)
    body = None if head is None else _read(descriptor, _LENGTH.unpack(head)[0])
    return None if body is None else pickle.loads(body)


def _read(descriptor: int, length: int) -> bytearray | None:
    got = bytearray()
    while len(got) < length:
        part = os.read(descriptor, min(length - len(got), 2**20))
        if not part:
            return None
        got += part
    return got
