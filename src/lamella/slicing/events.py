"""What happens to the scheduler and what it wants done: its whole vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from lamella.slicing.plan import ChunkRead
from lamella.slicing.projection import Part
from lamella.slicing.request import LayerSliceRequest
from lamella.slicing.response import LayerSliceResponse, Tile
from lamella.sources.base import Box, Failed, Outcome, Source

Slot = tuple[int, int]
"""(view, layer): one newest demand each. Demands of their own, for futures, have a negative view."""


# Events


@dataclass(frozen=True, slots=True)
class Want:
    """A view wants this now; it replaces what the slot wanted before."""

    request: LayerSliceRequest

    @property
    def slot(self) -> Slot:
        return self.request.view, self.request.layer


@dataclass(frozen=True, slots=True)
class Removed:
    """Nobody wants anything in this slot any more."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Done:
    """A read ended. ``token`` is that of its `Start`."""

    token: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Assembled:
    """A worker made a tile, or failed to."""

    slot: Slot
    read: ChunkRead
    tile: Tile | Part | Failed
    pinned: bool
    reserved: int


@dataclass(frozen=True, slots=True)
class Combined:
    """A worker put parts of a tile together: the tile, if all are there. ``generation`` says whose they are."""

    slot: Slot
    generation: int
    read: ChunkRead
    result: Tile | Part | Failed


@dataclass(frozen=True, slots=True)
class Measured:
    """A worker measured the contrast limits of a layer. ``number`` is that of its `Measure`."""

    layer: int
    limits: tuple[float, float]
    number: int


@dataclass(frozen=True, slots=True)
class Hurry:
    """Somebody waits (or no longer waits): do not hold anything back for a view that may still move."""

    on: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """The user has let go of a view: it will not move in the next moment."""

    view: int


@dataclass(frozen=True, slots=True)
class Resized:
    """The cache limit in bytes changed."""

    limit: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Failed chunks are to be read again."""


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Whoever shows the responses has lost them."""


Event = Want | Removed | Done | Assembled | Combined | Measured | Hurry | Rest | Resized | Retry | Redeliver


# Actions


@dataclass(frozen=True, slots=True)
class Start:
    """Read this box in the pool of its source, then report `Done` with the token."""

    token: int
    source: Source
    box: Box


@dataclass(frozen=True, slots=True)
class Assemble:
    """Make a tile of a chunk (None: of the fill value) in a worker, then report `Assembled` with the same terms:
    whether the chunk is pinned for it, and the bytes that are reserved for the tile."""

    slot: Slot
    kind: str
    read: ChunkRead
    chunk: npt.NDArray[Any] | None
    pinned: bool
    reserved: int


@dataclass(frozen=True, slots=True)
class Combine:
    """Put these parts of a tile together in a worker, which owns them until it reports `Combined`."""

    slot: Slot
    generation: int
    kind: str
    read: ChunkRead
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure contrast limits in a worker, then report `Measured`."""

    layer: int
    kind: str
    tiles: Sequence[Tile]
    number: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """Show this response."""

    slot: Slot
    response: LayerSliceResponse


@dataclass(frozen=True, slots=True)
class Tell:
    """A chunk failed for good."""

    layer: int
    source: Source
    failure: Failed


@dataclass(frozen=True, slots=True)
class Unstick:
    """A read of this source has not answered for long: free its worker, if that can be done."""

    source: Source


@dataclass(frozen=True, slots=True)
class Note:
    """For the trace: a code of `lamella.trace` and what identifies the event."""

    code: str
    details: tuple[Any, ...]


Action = Start | Assemble | Combine | Measure | Deliver | Tell | Unstick | Note
