"""One request on its way: its plan, the tiles that came, the chunks that are still waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import replace

from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest
from lamella.slicing.response import Tile
from lamella.sources.base import Failed


class Pursuit:
    """Owned by the slicing thread.

    Every read of the plan is in exactly one of: `queues` (not asked for yet), `waiting` (asked for, chunk or tile under
    way), `tiles`, `failures`. Attributes below count per rung.
    """

    __slots__ = (
        "created", "delivered", "dirty", "eager", "failures", "kept", "plan", "pressed", "queues", "request", "started",
        "tiles", "todo", "waiting",
    )  # fmt: skip

    def __init__(self, request: LayerSliceRequest, plan: Plan, now: float) -> None:
        self.request = request
        self.plan = plan
        self.created = now
        self.started: float | None = None  # when the first read of it was started
        self.delivered = False
        self.dirty = True  # there is something that has not been delivered
        self.eager = True  # finer rungs need not wait for the first
        self.pressed = False  # deliver it as it is: the picture before it holds the memory that it needs
        self.kept: dict[Hashable, Tile] = {}  # tiles of the same key that an earlier window left behind
        self.tiles: dict[Hashable, Tile] = {}
        self.failures: dict[ChunkKey, tuple[ChunkRead, Failed]] = {}
        self.waiting: dict[ChunkKey, ChunkRead] = {}
        self.queues: list[deque[ChunkRead]] = [deque() for _ in plan.rungs]
        self.todo: list[int] = [len(rung) for rung in plan.rungs]

    @property
    def generation(self) -> int:
        return self.request.generation

    @property
    def covers(self) -> bool:
        """The first rung is complete: there is something to see everywhere."""
        return not self.todo or self.todo[0] == 0

    @property
    def complete(self) -> bool:
        return not any(self.todo)

    @property
    def coarse_started(self) -> bool:
        """Every read of the first rung has been asked for, so it costs nothing more to wait for it."""
        return not self.queues or not self.queues[0]

    @property
    def have(self) -> int:
        if not self.plan.rungs:
            return 0
        return sum(read.tile_key in self.tiles for read in self.plan.rungs[-1])

    @property
    def target_failures(self) -> list[tuple[ChunkRead, str]]:
        return [(r, failed.message) for r, failed in self.failures.values() if r.level == self.plan.level]

    def got(self, read: ChunkRead, tile: Tile) -> None:
        """The tile of ``read`` is there."""
        self.tiles[read.tile_key] = tile
        self._settle(read)

    def lost(self, read: ChunkRead, failure: Failed) -> None:
        """There will be no tile of ``read``."""
        self.failures[read.key] = (read, failure)
        self._settle(read)

    def find(self, read: ChunkRead) -> None:
        """Ask once more for what was lost."""
        del self.failures[read.key]
        self.todo[read.rung] += 1
        self.queues[read.rung].append(read)
        self.dirty = True

    def _settle(self, read: ChunkRead) -> None:
        self.waiting.pop(read.key, None)
        self.todo[read.rung] -= 1
        self.dirty = True

    def requeue(self, read: ChunkRead) -> None:
        """The chunk of ``read`` came, but there was no room for its tile: ask again."""
        del self.waiting[read.key]
        self.queues[read.rung].appendleft(read)


def still_true(old: Pursuit, new: Pursuit) -> dict[Hashable, Tile]:
    """Tiles of an earlier picture that may stand in the new one."""
    tiles = {**old.kept, **old.tiles}
    if old.request.key == new.request.key:
        return tiles
    if replace(old.request.key, version=new.request.key.version) == new.request.key:
        # The data have changed in places: the keys of the tiles say where.
        return {r.tile_key: tiles[r.tile_key] for rung in new.plan.rungs for r in rung if r.tile_key in tiles}
    return {}


def overlaps(tile: Tile, pursuit: Pursuit) -> bool:
    """Whether a tile that an earlier window left behind can still stand in for something of this one."""
    if not pursuit.plan.rungs:
        return False
    low = [min(r.edges[0][i] for r in pursuit.plan.rungs[-1]) for i in range(len(tile.box[0]))]
    high = [max(r.edges[1][i] for r in pursuit.plan.rungs[-1]) for i in range(len(tile.box[1]))]
    return all(a < h and b > l for a, b, l, h in zip(*tile.box, low, high, strict=True))
