"""What to do next: pure decisions over events, without threads, I/O or a clock of its own.

Demand is declared: a view says what it wants now, and the difference to what is there is the work. The rules:

- order of reads is (rung, started generations first, round-robin over layers, distance from the centre);
- a superseded generation whose first rung is asked for already is still shown if it is newer than what is shown;
- one read per chunk, however many views and layers want it;
- a slot of a pool and the bytes of the chunk and its tile are granted together, before the read starts;
- a failed read waits for its next attempt without holding a slot.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy.typing as npt

from lamella.slicing.chunk_cache import ChunkCache
from lamella.slicing.demand import Demand, Fetch
from lamella.slicing.events import (
    Action,
    Assemble,
    Assembled,
    Deliver,
    Done,
    Event,
    Hurry,
    Measure,
    Measured,
    Redeliver,
    Removed,
    Resized,
    Rest,
    Retry,
    Slot,
    Start,
    Tell,
    Want,
)
from lamella.slicing.plan import ChunkKey, ChunkRead
from lamella.slicing.pursuit import Pursuit
from lamella.slicing.request import Mode
from lamella.slicing.response import Tile
from lamella.slicing.retry import FORGET_FAILURE_S, retry_delay
from lamella.slicing.types import TYPES, ChunkedType
from lamella.sources.base import Failed, FailureKind, Loaded

PATIENCE_S = 0.25  # the newest picture is shown this long after the request even if it has holes; also how long the
# coarse rung of an older one is protected
REST_S = 0.1  # a view that has not moved for this long rests
FINER_WHILE_MOVING = 16  # reads beyond the first rung at once on a remote store: 8 and 16 lose least when the view
# moves on (172 and 178 ms until complete, 271 with 32)
FRAME_S = 1 / 30  # load time that one generation in flight can hide
MAX_IN_FLIGHT = 4  # superseded generations that may still start reads of their first rung
MAX_OLDER = 32  # superseded generations that are remembered at all
MAX_REMEMBERED = 100_000  # chunks known to be missing or failed
TARGET_SHARE = 4  # the chunks and tiles of a target level may take 1/4 of the cache limit


class Scheduler:
    """Decides which chunk to read, what to show and when. Owned by the slicing thread.

    Parameters
    ----------
    cache_limit : int
        Bytes that chunks, reads under way and tiles may take together.
    rng : random.Random, optional
        For the jitter of retries.
    types : mapping, optional
        The layer types.
    """

    def __init__(
        self,
        cache_limit: int,
        rng: random.Random | None = None,
        types: Mapping[str, ChunkedType] = TYPES,
    ) -> None:
        self.cache = ChunkCache(cache_limit)
        self.demands: dict[Slot, Demand] = {}
        self.reads_started = 0
        self._types = types
        self._rng = rng or random.Random()
        self._fetches: dict[ChunkKey, Fetch] = {}
        self._by_token: dict[int, ChunkKey] = {}
        self._failed: dict[ChunkKey, tuple[float, Failed]] = {}
        self._missing: set[ChunkKey] = set()
        self._in_use: dict[str, int] = {}
        self._coarse_in_use: dict[str, int] = {}
        self._limits: dict[int, tuple[float, float]] = {}
        self._measuring: set[int] = set()
        self._hurry = False
        self._tokens = itertools.count(1)
        self._turn = 0
        self._assembling = 0
        self._pressed = False
        self._actions: list[Action] = []

    # The one door

    def step(self, events: Iterable[Event], now: float) -> list[Action]:
        """Take what happened, in order, and say what to do.

        Parameters
        ----------
        events : iterable of Event
        now : float
            Seconds of any clock that never goes back.
        """
        self._actions = []
        for event in events:
            match event:
                case Want():
                    self._want(event, now)
                case Removed(slot):
                    self._remove(slot)
                case Done():
                    self._done(event, now)
                case Assembled():
                    self._assembled(event, now)
                case Measured(layer, limits):
                    self._limits[layer] = limits
                    self._measuring.discard(layer)
                    for pursuit in self._pursuits_of_layer(layer):
                        pursuit.dirty = True
                case Hurry(on):
                    self._hurry = on
                case Rest(view):
                    for slot, demand in self.demands.items():
                        if slot[0] == view:
                            demand.moved = -math.inf
                case Resized(limit):
                    self.cache.resize(limit)
                case Retry():
                    self._retry_failed()
                case Redeliver():
                    for demand in self.demands.values():
                        demand.newest.dirty = True
        self._fill(now)
        self._deliver(now)
        if self._pressed:  # memory was given up for the newest picture: go on with it
            self._pressed = False
            self._fill(now)
            self._deliver(now)
        return self._actions

    def wake_at(self, now: float) -> float | None:
        """When `step` is due again if nothing happens until then."""
        times = [f.retry_at for f in self._fetches.values() if f.retry_at is not None]
        for demand in self.demands.values():
            if demand.newest.dirty and not demand.newest.delivered:
                times.append(demand.newest.created + PATIENCE_S)
            if not demand.newest.complete:
                times.append(demand.moved + REST_S)
        return min((t for t in times if t > now), default=None)

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing is left to do."""
        return not self._by_token and all(d.newest.complete and not d.newest.dirty for d in self.demands.values())

    # Events

    def _want(self, want: Want, now: float) -> None:
        request = want.request
        budget = self.cache.limit // TARGET_SHARE
        plan = self._types[request.kind].plan(request, budget)
        pursuit = Pursuit(request, plan, now)
        demand = self.demands.get(want.slot)
        if demand is None:
            demand = self.demands[want.slot] = Demand(pursuit)
        else:
            if request.generation <= demand.newest.generation:
                return
            self._supersede(demand, pursuit, now)
        if request.mode is Mode.INTERACTIVE:
            pursuit.eager = now - demand.moved >= REST_S
            demand.moved = now
        self._queue_reads(want.slot, demand, pursuit, now)
        self._charge(demand)

    def _supersede(self, demand: Demand, pursuit: Pursuit, now: float) -> None:
        old = demand.newest
        demand.newest = pursuit
        if old.request.key == pursuit.request.key:
            pursuit.kept = {**old.kept, **old.tiles}
        elif self._worth_keeping(demand, old, now):
            demand.older.append(old)
        demand.older = [p for p in demand.older if p.generation > demand.shown][-MAX_OLDER:]

    def _worth_keeping(self, demand: Demand, old: Pursuit, now: float) -> bool:
        """Whether a superseded picture may still come: it is asked for already, or it is its turn."""
        if old.generation <= demand.shown:
            return False
        if old.covers or old.coarse_started:
            return True
        if old.started is None:
            return False
        started = [p for p in demand.older if not p.coarse_started]
        in_flight = min(max(math.ceil(demand.load_time / FRAME_S), 1), MAX_IN_FLIGHT)
        if len(started) < in_flight and now - demand.last_kept >= demand.load_time / in_flight:
            demand.last_kept = now
            return True
        return False

    def _queue_reads(self, slot: Slot, demand: Demand, pursuit: Pursuit, now: float) -> None:
        """Sort the reads of a new plan: tiles at hand, chunks at hand, on their way, failed, or to be read."""
        for number, rung in enumerate(pursuit.plan.rungs):
            for read in rung:
                tile = pursuit.kept.pop(read.tile_key, None)
                if tile is not None:
                    pursuit.got(read, tile)
                    continue
                failed = self._failed.get(read.key)
                if failed is not None and now - failed[0] < FORGET_FAILURE_S:
                    pursuit.lost(read, failed[1].message)
                    continue
                at_hand = read.key in self.cache or read.key in self._missing or read.key in self._fetches
                if not (at_hand and self._ask(slot, pursuit, read, now)):
                    pursuit.queues[number].append(read)
        pursuit.kept = {k: t for k, t in pursuit.kept.items() if _overlaps(t, pursuit)}

    def _remove(self, slot: Slot) -> None:
        demand = self.demands.pop(slot, None)
        if demand is not None:
            self.cache.release(demand.charged)
        if not any(layer == slot[1] for _, layer in self.demands):
            self._limits.pop(slot[1], None)

    def _done(self, done: Done, now: float) -> None:
        key = self._by_token.pop(done.token, None)
        if key is None:
            return
        fetch = self._fetches[key]
        pool = fetch.read.source.pool
        self._in_use[pool.key] -= 1
        self._coarse_in_use[pool.key] -= fetch.read.rung == 0
        outcome = done.outcome
        self.cache.release(fetch.reserved)
        fetch.reserved = 0
        if isinstance(outcome, Failed):
            delay = retry_delay(outcome, fetch.attempts, self._rng)
            if delay is not None and self._waiting_for(key):
                fetch.retry_at = now + delay
                return
            del self._fetches[key]
            if delay is None:
                self._give_up(key, fetch.read, outcome, now)
            return
        del self._fetches[key]
        chunk = None
        if isinstance(outcome, Loaded):
            chunk = outcome.data
            if not fetch.read.source.in_memory:
                self.cache.put(key, chunk)
        else:
            if len(self._missing) >= MAX_REMEMBERED:
                self._missing.clear()
            self._missing.add(key)
        for slot, pursuit in self._waiting_for(key):
            read = pursuit.waiting[key]
            if not self._assemble(slot, pursuit, read, chunk):
                pursuit.requeue(read)

    def _give_up(self, key: ChunkKey, read: ChunkRead, failure: Failed, now: float) -> None:
        if len(self._failed) >= MAX_REMEMBERED:
            self._failed.clear()
        self._failed[key] = (now, failure)
        layers = set()
        for slot, pursuit in self._waiting_for(key):
            pursuit.lost(pursuit.waiting[key], failure.message)
            layers.add(slot[1])
        self._actions += [Tell(layer, read.source, failure) for layer in sorted(layers)]

    def _assembled(self, event: Assembled, now: float) -> None:
        self._assembling -= 1
        self.cache.release(event.reserved)
        if event.pinned:
            self.cache.unpin(event.read.key)
        demand = self.demands.get(event.slot)
        if demand is None:
            return
        tile: Tile | None = None
        for pursuit in demand.pursuits():
            read = pursuit.waiting.get(event.read.key)
            if read is None or read.tile_key != event.read.tile_key:
                continue
            if isinstance(event.tile, Failed):
                pursuit.lost(read, event.tile.message)
            else:
                pursuit.got(read, event.tile)
                tile = event.tile
            if pursuit.started is not None and read.rung == 0 and pursuit.covers:
                took = now - pursuit.started
                demand.load_time = took if not demand.load_time else 0.7 * demand.load_time + 0.3 * took
        if tile is not None:
            granted = self.cache.reserve(tile.nbytes)
            assert granted, "a tile was made without a reservation"
            demand.charged += tile.nbytes
        if isinstance(event.tile, Failed):
            self._actions.append(Tell(event.slot[1], event.read.source, event.tile))

    def _retry_failed(self) -> None:
        self._failed.clear()
        for demand in self.demands.values():
            pursuit = demand.newest
            for read, _ in list(pursuit.failures.values()):
                pursuit.todo[read.rung] += 1
                pursuit.queues[read.rung].append(read)
            if pursuit.failures:
                pursuit.failures.clear()
                pursuit.dirty = True

    # Decisions

    def _fill(self, now: float) -> None:
        """Hand out free slots in the order of wanting."""
        for fetch in [f for f in self._fetches.values() if f.retry_at is not None and f.retry_at <= now]:
            if self._waiting_for(fetch.read.key):
                self._try_start(fetch, now)
            else:
                del self._fetches[fetch.read.key]
        blocked: set[str] = set()
        for slot, pursuit, number in self._in_order(now):
            queue = pursuit.queues[number]
            while queue:
                read = queue[0]
                if read.source.pool.key in blocked or not self._ask(slot, pursuit, read, now):
                    if not self._can_start(read, now):
                        blocked.add(read.source.pool.key)
                    break
                queue.popleft()
        self._turn += 1

    def _in_order(self, now: float) -> Iterator[tuple[Slot, Pursuit, int]]:
        """Pursuits with something to ask for, rung by rung; started older ones first, then layers in turn."""
        slots = list(self.demands.items())
        if not slots:
            return
        k = self._turn % len(slots)
        slots = slots[k:] + slots[:k]
        deepest = max(len(d.newest.plan.rungs) for _, d in slots)
        for slot, demand in slots:
            for pursuit in demand.older:
                protected = pursuit.started is not None and now - pursuit.started < PATIENCE_S
                if protected and pursuit.queues and pursuit.queues[0]:
                    yield slot, pursuit, 0
        for number in range(deepest):
            # One read a layer at a time would be the fairest; a whole rung of one layer at a time costs far less, and
            # the turn moves on with each step.
            for slot, demand in slots:
                pursuit = demand.newest
                # In the middle of a drag the next position mostly comes before a finer rung could.
                due = number == 0 or pursuit.eager or pursuit.covers or not self._moves(demand, now)
                if due and number < len(pursuit.queues) and pursuit.queues[number]:
                    yield slot, pursuit, number

    def _ask(self, slot: Slot, pursuit: Pursuit, read: ChunkRead, now: float) -> bool:
        """Take the chunk from the cache, join a read that is under way, or start one. False: not now."""
        key = read.key
        chunk = self.cache.get(key)
        if chunk is not None or key in self._missing:
            if self._assemble(slot, pursuit, read, chunk):
                pursuit.waiting[key] = read
                return True
        elif key in self._fetches:
            pursuit.waiting[key] = read
            return True
        elif self._try_start(Fetch(read), now):
            pursuit.waiting[key] = read
            if pursuit.started is None:
                pursuit.started = now
            return True
        if self._hopeless():
            return self._make_room(slot, pursuit, read, now)
        return False

    def _hopeless(self) -> bool:
        """Nothing that is under way will ever make room."""
        return not self._by_token and not self._assembling

    def _make_room(self, slot: Slot, pursuit: Pursuit, read: ChunkRead, now: float) -> bool:
        """The memory that is held is the picture before this one: show this one as it is. If it is not, give up."""
        demand = self.demands[slot]
        if demand.newest is pursuit and (demand.older or demand.shown_pursuit not in (None, pursuit)):
            pursuit.pressed = self._pressed = True
            return False
        pursuit.waiting[read.key] = read
        needed = f"{_bytes_to_read(read):,} bytes more do not fit into the cache of {self.cache.limit:,} bytes"
        self._give_up(read.key, read, Failed(FailureKind.MEMORY, needed), now)
        return True

    def _try_start(self, fetch: Fetch, now: float) -> bool:
        """Grant a slot, and the bytes of the chunk and its tile, together or not at all."""
        read = fetch.read
        if not self._can_start(read, now) or not self.cache.reserve(_bytes_to_read(read)):
            return False
        pool = read.source.pool
        fetch.reserved = _bytes_to_read(read)
        fetch.retry_at = None
        fetch.attempts += 1
        fetch.token = next(self._tokens)
        self._fetches[read.key] = fetch
        self._by_token[fetch.token] = read.key
        self._in_use[pool.key] = self._in_use.get(pool.key, 0) + 1
        self._coarse_in_use[pool.key] = self._coarse_in_use.get(pool.key, 0) + (read.rung == 0)
        self.reads_started += 1
        self._actions.append(Start(fetch.token, read.source, read.box))
        return True

    def _can_start(self, read: ChunkRead, now: float) -> bool:
        pool = read.source.pool
        used = self._in_use.get(pool.key, 0)
        if used >= pool.slots:
            return False
        if read.rung == 0 or not pool.remote or not self._moving(now):
            return True
        return used - self._coarse_in_use.get(pool.key, 0) < FINER_WHILE_MOVING

    def _moving(self, now: float) -> bool:
        return any(self._moves(d, now) for d in self.demands.values())

    def _moves(self, demand: Demand, now: float) -> bool:
        return not self._hurry and now - demand.moved < REST_S

    def _assemble(self, slot: Slot, pursuit: Pursuit, read: ChunkRead, chunk: npt.NDArray[Any] | None) -> bool:
        """Have the tile made, if there is room for it."""
        pinned = read.key in self.cache
        if pinned:
            self.cache.pin(read.key)
        if not self.cache.reserve(read.tile_nbytes):
            if pinned:
                self.cache.unpin(read.key)
            return False
        self._assembling += 1
        self._actions.append(Assemble(slot, pursuit.request.kind, read, chunk, pinned, read.tile_nbytes))
        return True

    def _deliver(self, now: float) -> None:
        for slot, demand in self.demands.items():
            for pursuit in demand.pursuits():
                if pursuit.dirty and pursuit.generation >= demand.shown and self._presentable(demand, pursuit, now):
                    self._show(slot, demand, pursuit)
            older = [p for p in demand.older if p.generation > demand.shown and self._alive(p, now)]
            if len(older) < len(demand.older):
                demand.older = older
                self._charge(demand)

    def _alive(self, pursuit: Pursuit, now: float) -> bool:
        """An older picture that is not asked for completely is given up once its protection has ended."""
        return pursuit.coarse_started or (pursuit.started is not None and now - pursuit.started < PATIENCE_S)

    def _presentable(self, demand: Demand, pursuit: Pursuit, now: float) -> bool:
        layer = pursuit.request.layer
        covers = pursuit.covers
        if covers and not pursuit.plan.empty and pursuit.request.data.auto_contrast and layer not in self._limits:
            if layer not in self._measuring:
                tiles = [pursuit.tiles[r.tile_key] for r in pursuit.plan.rungs[0] if r.tile_key in pursuit.tiles]
                if not tiles:
                    return True
                self._measuring.add(layer)
                self._actions.append(Measure(layer, pursuit.request.kind, tiles))
            return False
        if covers or pursuit.delivered:
            return True
        if pursuit is not demand.newest:
            return False
        if pursuit.pressed:
            return True
        shown = demand.shown_pursuit
        if shown is not None and shown.request.key == pursuit.request.key:
            return True
        return now - pursuit.created >= PATIENCE_S and layer not in self._measuring

    def _show(self, slot: Slot, demand: Demand, pursuit: Pursuit) -> None:
        request = pursuit.request
        if pursuit.complete:
            pursuit.kept.clear()  # any order of arrivals ends in the same picture
        response = self._types[request.kind].respond(
            request,
            pursuit.plan,
            [*pursuit.tiles.values(), *pursuit.kept.values()],
            pursuit.have,
            pursuit.target_failures,
            self._limits.get(request.layer),
        )
        pursuit.dirty = False
        pursuit.delivered = True
        demand.shown = request.generation
        changed, demand.shown_pursuit = demand.shown_pursuit is not pursuit, pursuit
        if changed or pursuit.complete:
            self._charge(demand)
        self._actions.append(Deliver(slot, response))

    def _charge(self, demand: Demand) -> None:
        """Account for the tiles that this demand keeps alive: those it wants and those it shows."""
        pursuits = demand.pursuits() if demand.shown_pursuit is None else [*demand.pursuits(), demand.shown_pursuit]
        tiles = {id(t): t for p in pursuits for t in (*p.tiles.values(), *p.kept.values())}
        held = sum(t.nbytes for t in tiles.values())
        self.cache.release(demand.charged)
        granted = self.cache.reserve(held)
        assert granted, "a tile was made without a reservation"
        demand.charged = held

    # Look-ups

    def _waiting_for(self, key: ChunkKey) -> list[tuple[Slot, Pursuit]]:
        return [(slot, p) for slot, d in self.demands.items() for p in d.pursuits() if key in p.waiting]

    def _pursuits_of_layer(self, layer: int) -> Iterator[Pursuit]:
        for (_, other), demand in self.demands.items():
            if other == layer:
                yield from demand.pursuits()


def _bytes_to_read(read: ChunkRead) -> int:
    """What a read and the tile made of it will take."""
    return read.chunk_nbytes + read.tile_nbytes


def _overlaps(tile: Tile, pursuit: Pursuit) -> bool:
    """Whether a tile that an earlier window left behind can still stand in for something of this one."""
    if not pursuit.plan.rungs:
        return False
    low = [min(r.edges[0][i] for r in pursuit.plan.rungs[-1]) for i in range(len(tile.box[0]))]
    high = [max(r.edges[1][i] for r in pursuit.plan.rungs[-1]) for i in range(len(tile.box[1]))]
    return all(a < h and b > l for a, b, l, h in zip(*tile.box, low, high, strict=True))
