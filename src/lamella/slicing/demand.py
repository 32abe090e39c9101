"""What is wanted, and what is on its way: the scheduler's two records."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from lamella.slicing.plan import ChunkRead
from lamella.slicing.prefetch import Motion
from lamella.slicing.pursuit import Pursuit


@dataclass(slots=True)
class Fetch:
    """A chunk on its way. The token is the identity of the attempt."""

    read: ChunkRead
    ahead: bool = False  # nobody has asked for it yet
    attempts: int = 0
    token: int = 0
    reserved: int = 0
    started: float = 0.0
    coarse: bool = False
    stuck: bool = False  # it has not answered for so long that nobody waits any more
    retry_at: float | None = None  # backing off, holding neither slot nor bytes


@dataclass(slots=True)
class Demand:
    """What one (view, layer) wants."""

    newest: Pursuit
    older: list[Pursuit] = field(default_factory=list)
    shown: int = 0  # generation that was delivered last: never decreases (I5)
    shown_pursuit: Pursuit | None = None
    moved: float = -math.inf  # when it last changed while the user was moving
    load_time: float = 0.0  # running mean of start → first rung complete
    last_kept: float = -math.inf
    last_start: float = -math.inf  # of the first rung of a generation
    charged: int = 0  # bytes of the tiles it holds, reserved in the cache
    motion: Motion = field(default_factory=Motion)
    ahead: Iterator[ChunkRead] = field(default_factory=lambda: iter(()))  # what it will probably want next
    next_ahead: ChunkRead | None = None  # the first of them, not started yet

    def pursuits(self) -> list[Pursuit]:
        return [*self.older, self.newest]
