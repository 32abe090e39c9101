"""What is wanted, and what is on its way: the scheduler's two records."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lamella.slicing.plan import ChunkRead
from lamella.slicing.pursuit import Pursuit


@dataclass(slots=True)
class Fetch:
    """A chunk on its way. The token is the identity of the attempt."""

    read: ChunkRead
    attempts: int = 0
    token: int = 0
    reserved: int = 0
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
    charged: int = 0  # bytes of the tiles it holds, reserved in the cache

    def pursuits(self) -> list[Pursuit]:
        return [*self.older, self.newest]
