"""One request on its way: its plan, the tiles that came, the chunks that are still waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import replace

from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.projection import Part
from lamella.slicing.request import LayerSliceRequest
from lamella.slicing.response import Tile
from lamella.sources.base import Failed


class Fold:
    """One tile that is put together of the parts that several reads give.

    Every part is in exactly one place: here, or with the worker that combines (`combining`).
    """

    __slots__ = ("combining", "lost", "over", "parts", "read")

    def __init__(self, read: ChunkRead) -> None:
        self.read = read
        self.parts: list[Part] = []
        self.combining = 0  # bytes that a worker has
        self.lost = 0  # reads of it that failed
        self.over = False  # the tile is there, or there will be none as long as reads are lost

    @property
    def nbytes(self) -> int:
        return self.combining + sum(p.nbytes for p in self.parts)

    def take(self) -> list[Part]:
        """Parts to combine now: two or more, or the only one if it is all."""
        if self.combining or not self.parts:
            return []
        if len(self.parts) == 1:
            return []
        taken, self.parts = self.parts, []
        self.combining = sum(p.nbytes for p in taken)
        return taken


class Pursuit:
    """Owned by the slicing thread.

    Every read of the plan is in exactly one of: `queues` (not asked for yet), `waiting` (asked for, chunk or tile under
    way), `tiles`, `failures`. Attributes below count per rung.
    """

    __slots__ = (
        "created", "delivered", "dirty", "eager", "failures", "folds", "kept", "plan", "pressed", "queues",
        "request", "started", "tiles", "todo", "waiting",
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
        self.folds: dict[Hashable, Fold] = {}  # tiles that are put together of several reads
        self.queues: list[deque[ChunkRead]] = [deque() for _ in plan.rungs]
        self.todo: list[int] = [len(rung) for rung in plan.rungs]
        for number, rung in enumerate(plan.rungs):
            if rung and rung[0].parts > 1:
                self.folds.update((r.tile_key, Fold(r)) for r in rung)
                self.todo[number] += len({r.tile_key for r in rung})  # putting it together is something to do, too

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
        return sum(read.tile_key in self.tiles or self._had(read) for read in self.plan.rungs[-1])

    def _had(self, read: ChunkRead) -> bool:
        """The chunk is there, though the tile that it is a part of will not be."""
        fold = self.folds.get(read.tile_key)
        return fold is not None and fold.over and read.key not in self.failures

    @property
    def target_failures(self) -> list[tuple[ChunkRead, str]]:
        return [(r, failed.message) for r, failed in self.failures.values() if r.level == self.plan.level]

    def got(self, read: ChunkRead, tile: Tile) -> None:
        """The tile of ``read`` is there."""
        self.tiles[read.tile_key] = tile
        self._settle(read)
        fold = self.folds.get(read.tile_key)
        if fold is not None and not fold.over:
            self._end(fold)

    def got_part(self, read: ChunkRead, part: Part) -> None:
        """What ``read`` adds to its tile is there."""
        self.folds[read.tile_key].parts.append(part)
        self._settle(read)

    def whole(self, read: ChunkRead, tile: Tile) -> None:
        """The tile is put together."""
        self.tiles[read.tile_key] = tile
        self._end(self.folds[read.tile_key])

    def broken(self, read: ChunkRead, failure: Failed) -> None:
        """The parts of a tile could not be put together: all of its reads are lost."""
        fold = self.folds[read.tile_key]
        for other in self.plan.rungs[read.rung]:
            if other.tile_key == read.tile_key:
                self.failures[other.key] = (other, failure)
                fold.lost += 1
        self._end(fold)

    def _end(self, fold: Fold) -> None:
        """The tile is there, or will never be."""
        fold.over = True
        self.todo[fold.read.rung] -= 1
        self.dirty = True

    def lost(self, read: ChunkRead, failure: Failed) -> None:
        """There will be no tile of ``read``."""
        self.failures[read.key] = (read, failure)
        self._settle(read)
        fold = self.folds.get(read.tile_key)
        if fold is not None:
            fold.lost += 1
            if not fold.over:
                self._end(fold)

    def find(self, read: ChunkRead) -> None:
        """Ask once more for what was lost."""
        del self.failures[read.key]
        self.todo[read.rung] += 1
        self.queues[read.rung].append(read)
        self.dirty = True
        fold = self.folds.get(read.tile_key)
        if fold is not None:
            fold.lost -= 1
            if fold.over and not fold.lost and read.tile_key not in self.tiles:
                fold.over = False
                self.todo[read.rung] += 1

    def adopt(self, shown: Pursuit) -> None:
        """Take over the tiles of a picture of the same slice: they stay until something as sharp has come."""
        tiles = still_true(shown, self)
        for read, _ in [f for f in self.failures.values() if f[0].tile_key in tiles]:
            self.find(read)
        for queue in self.queues:
            here = [read for read in queue if read.tile_key in tiles]
            left = [read for read in queue if read.tile_key not in tiles]
            queue.clear()
            queue.extend(left)
            for read in here:
                self.got(read, tiles[read.tile_key])
        for read in [read for read in self.waiting.values() if read.tile_key in tiles]:
            self.got(read, tiles[read.tile_key])
        self.kept.update({k: t for k, t in tiles.items() if k not in self.tiles and overlaps(t, self)})

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
