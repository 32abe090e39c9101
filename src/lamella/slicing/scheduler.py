"""What to do next: pure decisions over events, without threads, I/O or a clock of its own.

Demand is declared: a view says what it wants now, and the difference to what is there is the work. The rules:

- order of reads is (rung, started generations first, round-robin over layers, distance from the centre); what may be
  wanted next comes after all of them;
- a superseded generation whose first rung is asked for already is still shown if it is newer than what is shown;
- one read per chunk, however many views and layers want it;
- a slot of a pool and the bytes of the chunk and its tile are granted together, before the read starts;
- a failed read waits for its next attempt without holding a slot; a host that fails again and again is left alone for a
  while, and what waits for it fails with it; when it comes back, what was lost is read by itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from lamella.slicing.chunk_cache import ChunkCache
from lamella.slicing.demand import Demand, Fetch
from lamella.slicing.events import (
    Action,
    Assemble,
    Assembled,
    Combine,
    Combined,
    Done,
    Event,
    Hurry,
    Measured,
    Note,
    Redeliver,
    Removed,
    Resized,
    Rest,
    Retry,
    Slot,
    Start,
    Tell,
    Unstick,
    Want,
)
from lamella.slicing.losses import Losses
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.prefetch import Ahead
from lamella.slicing.projection import Part
from lamella.slicing.pursuit import Pursuit, overlaps, still_true
from lamella.slicing.reads import Reads
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.response import Tile
from lamella.slicing.showing import PATIENCE_S, Showing
from lamella.slicing.statistics import CacheStatistics
from lamella.slicing.types import TYPES, ChunkedType
from lamella.sources.base import Failed, FailureKind, Loaded, Missing

REST_S = 0.1  # a view that has not moved for this long rests
FRAME_S = 1 / 30  # load time that one generation in flight can hide
MAX_IN_FLIGHT = 4  # superseded generations that may still start reads of their first rung
MAX_OLDER = 32  # superseded generations that are remembered at all
LEAST_SLOTS_TO_PACE = 16
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
        self.reads = Reads(self.cache, rng or random.Random())
        self.demands: dict[Slot, Demand] = {}
        self._types = types
        self._losses = Losses(self.demands, self.reads)
        self._showing = Showing(self.cache, types)
        self._hurry = False
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
            self._take(event, now)
        for fetch in self.reads.newly_stuck(now):
            self._actions += [*self._losses.give_up_stuck(fetch), Unstick(fetch.read.source)]
        self._actions += self._showing.deliver(self.demands, now)  # first: nothing is read for what this supersedes
        self._fill(now)
        self._actions += self._showing.deliver(self.demands, now)
        if self._pressed:  # memory was given up for the newest picture: go on with it
            self._pressed = False
            self._fill(now)
            self._actions += self._showing.deliver(self.demands, now)
        self._read_ahead(now)
        return self._actions

    def _take(self, event: Event, now: float) -> None:
        match event:
            case Want():
                self._want(event, now)
            case Removed(slot):
                self._remove(slot)
            case Done():
                self._done(event, now)
            case Assembled():
                self._assembled(event, now)
            case Combined():
                self._combined(event, now)
            case Measured(layer, limits, number):
                self._showing.measured(limits, number)
                for (_, other), demand in self.demands.items():
                    if other == layer:
                        for pursuit in demand.pursuits():
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
                self.reads.forgive()
                self._losses.find(lambda read, failure: True)
            case Redeliver():
                for demand in self.demands.values():
                    demand.newest.dirty = True

    def wake_at(self, now: float) -> float | None:
        """When `step` is due again if nothing happens until then."""
        times = list(self.reads.wake_times())
        lost = False
        for demand in self.demands.values():
            newest = demand.newest
            if newest.dirty and not newest.delivered:
                times.append(newest.created + PATIENCE_S)
            if not newest.complete:
                times.append(demand.moved + REST_S)
            times.append(self._may_start_at(demand, now))
            lost = lost or bool(newest.failures) or not newest.complete
        if lost:
            times.append(self.reads.lanes.opens_at(now))
        return min((t for t in times if now < t < math.inf), default=None)

    @property
    def idle(self) -> bool:
        """Nothing is under way and nothing is left to do."""
        return not self.reads.under_way and all(d.newest.complete and not d.newest.dirty for d in self.demands.values())

    def pools_in_use(self) -> set[str]:
        """Keys of the pools that somebody wants something of, or that have not answered yet."""
        plans = (p.plan for d in self.demands.values() for p in d.pursuits())
        wanted = {read.source.pool.key for plan in plans for rung in plan.rungs for read in rung[:1]}
        return wanted | self.reads.pools_in_use()

    def statistics(self) -> CacheStatistics:
        """Counters and sizes now."""
        cache, reads = self.cache, self.reads
        return CacheStatistics(
            limit=cache.limit,
            resident=cache.resident,
            reserved=cache.reserved,
            chunks=len(cache),
            hits=cache.hits,
            misses=cache.misses,
            evictions=cache.evictions,
            reads_started=reads.started,
            prefetched=reads.ahead_started,
            prefetch_used=cache.ahead_used,
        )

    # Events

    def _want(self, want: Want, now: float) -> None:
        request = want.request
        plan = self._types[request.kind].plan(request, self._budget)
        pursuit = Pursuit(request, plan, now)
        demand = self.demands.get(want.slot)
        if demand is None:
            demand = self.demands[want.slot] = Demand(pursuit)
        else:
            if request.generation <= demand.newest.generation:
                return
            self._supersede(want.slot, demand, pursuit, now)
        if request.mode in (Mode.INTERACTIVE, Mode.PLAYBACK):
            pursuit.eager = now >= demand.moved + REST_S
            demand.moved = now
        self._actions.append(Note("plan", (*want.slot, request.generation, sum(map(len, plan.rungs)))))
        self._queue_reads(want.slot, demand, pursuit, now)
        self._showing.charge(demand)
        demand.motion.observe(request, now)
        demand.ahead = self._ahead(demand.motion.ahead(request, demand.load_time, self._at_once(plan)), plan)
        demand.next_ahead = None

    def _at_once(self, plan: Plan) -> float:
        """Positions of which a quarter of the slots can read the first rung at the same time."""
        if not plan.rungs or not plan.rungs[0]:
            return 0.0
        first = plan.rungs[0]
        return self.reads.lane(first[0].source.pool).slots / 4 / len(first)

    @property
    def _budget(self) -> int:
        return self.cache.limit // TARGET_SHARE

    def _supersede(self, slot: Slot, demand: Demand, pursuit: Pursuit, now: float) -> None:
        old = demand.newest
        demand.newest = pursuit
        for earlier in (demand.shown_pursuit, *demand.older, old):  # of three positions A, B, A the first has them
            if earlier is not None:
                pursuit.kept.update(still_true(earlier, pursuit))
        if old.request.key != pursuit.request.key:
            if self._worth_keeping(demand, old, now):
                demand.older.append(old)
            elif not old.delivered:
                self._actions.append(Note("aborted", (*slot, old.generation)))
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
                tile = pursuit.kept.pop(read.tile_key, None) or pursuit.tiles.get(read.tile_key)
                if tile is not None:
                    pursuit.got(read, tile)
                    continue
                failure = self.reads.failure(read.key, now)
                if failure is not None:
                    pursuit.lost(read, failure)
                    continue
                at_hand = read.key in self.cache or read.key in self.reads.missing or read.key in self.reads.fetches
                if not (at_hand and self._ask(slot, pursuit, read, now)):
                    pursuit.queues[number].append(read)
                    self.reads.lane(read.source.pool).hasten(now)
        pursuit.kept = {k: t for k, t in pursuit.kept.items() if overlaps(t, pursuit)}

    def _remove(self, slot: Slot) -> None:
        demand = self.demands.pop(slot, None)
        if demand is not None:
            self.cache.release(demand.charged)

    def _done(self, done: Done, now: float) -> None:
        ended = self.reads.end(done.token, done.outcome, now)
        if ended is None:
            return
        fetch, back = ended
        key, pool = fetch.read.key, fetch.read.source.pool
        waiting = self._losses.waiting_for(key)
        match done.outcome:
            case Failed() as failure:
                if waiting and not self.reads.try_again(fetch, failure, now):
                    self._actions += self._losses.give_up(fetch.read, failure, now)
                elif waiting:
                    self._actions.append(Note("retried", (fetch.token, fetch.read.source.name, failure.message)))
                if self.reads.lane(pool).down and not self.reads.lane(pool).probing:
                    self._actions += self._losses.abandon(pool, failure, now)
            case Loaded() | Missing() as outcome:
                chunk = outcome.data if isinstance(outcome, Loaded) else None
                for slot, pursuit in waiting:
                    read = _as_known(pursuit.waiting[key], chunk)
                    if not self._assemble(slot, pursuit, read, chunk):
                        pursuit.requeue(read)
                if fetch.stuck:
                    self._losses.find(lambda read, failure: read.key == key)
        if back:
            self.reads.forgive(final=False)
            # What was lost to others is found again; not the read that blocked them, if it has failed at last.
            failed = key if isinstance(done.outcome, Failed) else None
            self._losses.find(
                lambda read, failure: failure.retryable and read.source.pool.key == pool.key and read.key != failed
            )

    def _assembled(self, event: Assembled, now: float) -> None:
        self._assembling -= 1
        if event.pinned:
            self.cache.unpin(event.read.key)
        demand = self.demands.get(event.slot)
        taken: Tile | Part | None = None
        for pursuit in demand.pursuits() if demand is not None else []:
            read = pursuit.waiting.get(event.read.key)
            if read is None or read.tile_key != event.read.tile_key:
                continue
            if isinstance(event.tile, Failed):
                pursuit.lost(read, event.tile)
            elif not isinstance(event.tile, Part):
                pursuit.got(read, event.tile)
                taken = event.tile
            elif taken is None:
                pursuit.got_part(read, event.tile)
                taken = event.tile
                self._combine(event.slot, pursuit, read)
            else:
                pursuit.requeue(read)  # a part has one owner; this one makes its own of the same chunk
            self._note_load_time(demand, pursuit, read, now)  # type: ignore[arg-type]
        self.cache.exchange(event.reserved, taken.nbytes if taken is not None else 0)
        if demand is not None and taken is not None:
            demand.charged += taken.nbytes
        if demand is not None and isinstance(event.tile, Failed):
            self._actions.append(Tell(event.slot[1], event.read.source, event.tile))

    def _combine(self, slot: Slot, pursuit: Pursuit, read: ChunkRead) -> None:
        parts = pursuit.folds[read.tile_key].take()
        if parts:
            self._assembling += 1
            self._actions.append(Combine(slot, pursuit.generation, pursuit.request.kind, read, parts))

    def _combined(self, event: Combined, now: float) -> None:
        self._assembling -= 1
        demand = self.demands.get(event.slot)
        found = [p for p in demand.pursuits() if p.generation == event.generation] if demand is not None else []
        if demand is None or not found:
            return
        (pursuit,) = found
        fold = pursuit.folds[event.read.tile_key]
        fold.combining = 0
        if isinstance(event.result, Tile):
            pursuit.whole(event.read, event.result)
            self._note_load_time(demand, pursuit, event.read, now)
        elif isinstance(event.result, Part):
            fold.parts.append(event.result)
            self._combine(event.slot, pursuit, event.read)
        else:
            pursuit.broken(event.read, event.result)
            self._actions.append(Tell(event.slot[1], event.read.source, event.result))
        self._showing.charge(demand)

    def _note_load_time(self, demand: Demand, pursuit: Pursuit, read: ChunkRead, now: float) -> None:
        if pursuit.started is not None and read.rung == 0 and pursuit.covers:
            took = now - pursuit.started
            demand.load_time = took if not demand.load_time else 0.7 * demand.load_time + 0.3 * took

    # Decisions

    def _fill(self, now: float) -> None:
        """Hand out free slots in the order of wanting."""
        moving = self._moving(now)
        for fetch in self.reads.due(now):
            if not self._losses.waiting_for(fetch.read.key):
                del self.reads.fetches[fetch.read.key]
            elif not self._start(self.reads.start(fetch, now, moving=moving)) and self._hopeless(fetch.read, now, True):
                del self.reads.fetches[fetch.read.key]
                self._actions += self._losses.give_up(fetch.read, self._no_room(fetch.read), now)
        blocked: set[str] = set()
        for slot, pursuit, number in self._in_order(now):
            queue = pursuit.queues[number]
            while queue:
                read = queue[0]
                pool = read.source.pool
                if pool.key in blocked or not self._ask(slot, pursuit, read, now):
                    if not self.reads.lane(pool).admits(now, coarse=read.rung == 0, moving=moving):
                        blocked.add(pool.key)
                    break
                queue.popleft()
        for fetch in self._losses.probes(now):
            self._start(self.reads.start(fetch, now, moving=False))
        self._turn += 1

    def _in_order(self, now: float) -> Iterator[tuple[Slot, Pursuit, int]]:
        """Pursuits with something to ask for, rung by rung; started older ones first, then layers in turn."""
        slots = self._in_turn()
        deepest = max((len(d.newest.plan.rungs) for _, d in slots), default=0)
        for slot, demand in slots:
            for pursuit in demand.older:
                protected = pursuit.started is not None and now < pursuit.started + PATIENCE_S
                if protected and pursuit.queues and pursuit.queues[0]:
                    yield slot, pursuit, 0
        for number in range(deepest):
            # One read a layer at a time would be the fairest; a whole rung of one layer at a time costs far less, and
            # the turn moves on with each step.
            for slot, demand in slots:
                pursuit = demand.newest
                # In the middle of a drag the next position mostly comes before a finer rung could.
                due = number == 0 or pursuit.eager or pursuit.covers or not self._moves(demand, now)
                if number == 0 and now < self._may_start_at(demand, now):
                    continue
                if due and number < len(pursuit.queues) and pursuit.queues[number]:
                    yield slot, pursuit, number

    def _may_start_at(self, demand: Demand, now: float) -> float:
        """When the newest picture may start, while the view moves.

        At once, as long as half of the slots are free. Then starts are spread over the load time: what starts in a
        burst arrives in a burst, and the next one a load time later. Until it is known the load time is at least what
        the oldest picture has taken so far.
        """
        newest = demand.newest
        if newest.started is not None or not newest.queues or not newest.queues[0] or not self._moves(demand, now):
            return now
        lane = self.reads.lane(newest.queues[0][0].source.pool)
        if lane.pool.slots < LEAST_SLOTS_TO_PACE or lane.in_use + len(newest.queues[0]) <= lane.slots // 2:
            return now
        under_way = [p.started for p in demand.older if p.started is not None and not p.covers]
        load_time = max(demand.load_time, now - min(under_way, default=now))
        due = demand.last_start + load_time / MAX_IN_FLIGHT
        return due if due > now + 1e-3 else now

    def _in_turn(self) -> list[tuple[Slot, Demand]]:
        slots = list(self.demands.items())
        k = self._turn % max(len(slots), 1)
        return slots[k:] + slots[:k]

    def _ask(self, slot: Slot, pursuit: Pursuit, read: ChunkRead, now: float) -> bool:
        """Take the chunk from the cache, join a read that is under way, or start one. False: not now."""
        key = read.key
        chunk = self.cache.get(key)
        read = _as_known(read, chunk)
        if chunk is not None or key in self.reads.missing:
            if self._assemble(slot, pursuit, read, chunk):
                pursuit.waiting[key] = read
                return True
        elif key in self.reads.fetches:
            self.reads.claim(key)
            pursuit.waiting[key] = read
            if self.reads.fetches[key].stuck:
                self._actions += self._losses.give_up_stuck(self.reads.fetches[key])
            return True
        elif self.reads.lane(read.source.pool).fenced:
            self._actions += self._losses.lose_to_fence(slot, pursuit, read)
            return True
        elif self._start(self.reads.start(Fetch(read), now, moving=self._moving(now))):
            pursuit.waiting[key] = read
            if pursuit.started is None:
                pursuit.started = self.demands[slot].last_start = now
            return True
        if self._hopeless(read, now, chunk is None):
            return self._make_room(slot, pursuit, read, now)
        return False

    def _start(self, start: Start | None) -> bool:
        if start is not None:
            self._actions.append(start)
        return start is not None

    def _hopeless(self, read: ChunkRead, now: float, to_read: bool) -> bool:
        """It is memory that is lacking, and nothing that is under way will ever make room."""
        if self.reads.under_way or self._assembling:
            return False
        return not to_read or self.reads.lane(read.source.pool).admits(now, coarse=True, moving=False)

    def _make_room(self, slot: Slot, pursuit: Pursuit, read: ChunkRead, now: float) -> bool:
        """The memory that is held is the picture before this one: show this one as it is. If it is not, give up."""
        demand = self.demands[slot]
        if demand.newest is pursuit and (demand.older or demand.shown_pursuit not in (None, pursuit)):
            pursuit.pressed = self._pressed = True
            return False
        pursuit.waiting[read.key] = read
        self._actions += self._losses.give_up(read, self._no_room(read), now)
        return True

    def _no_room(self, read: ChunkRead) -> Failed:
        nbytes = read.chunk_nbytes + read.tile_nbytes
        text = f"{nbytes:,} bytes more do not fit into the cache of {self.cache.limit:,} bytes"
        return Failed(FailureKind.MEMORY, text)

    def _read_ahead(self, now: float) -> None:
        """Use what slots are left for what will probably be wanted next."""
        for _, demand in self._in_turn():
            playing = demand.newest.request.mode is Mode.PLAYBACK
            while True:
                read = demand.next_ahead
                if read is None:
                    read = demand.next_ahead = next(demand.ahead, None)
                if read is None:
                    break
                known = read.key in self.cache or read.key in self.reads.missing or read.key in self.reads.fetches
                wanted = not (known or read.source.in_memory or self.reads.failure(read.key, now))
                if wanted and not self._start(self.reads.start_ahead(read, now, playing=playing)):
                    break
                demand.next_ahead = None

    def _ahead(self, requests: Iterator[Ahead], plan: Plan) -> Iterator[ChunkRead]:
        if plan.rungs and all(read.source.in_memory for rung in plan.rungs for read in rung[:1]):
            return  # nothing to read: not even worth a plan
        for ahead in requests:
            request: LayerSliceRequest = ahead.request
            rungs = self._types[request.kind].plan(request, self._budget).rungs
            for rung in rungs[1:] if ahead.fine else rungs[:1]:
                yield from rung

    def _moving(self, now: float) -> bool:
        return any(self._moves(d, now) for d in self.demands.values())

    def _moves(self, demand: Demand, now: float) -> bool:
        return not self._hurry and now < demand.moved + REST_S

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


def _as_known(read: ChunkRead, chunk: npt.NDArray[Any] | None) -> ChunkRead:
    """The read of something computed, with the true size now that it is there: the next attempt reserves that."""
    return replace(read, tile_nbytes=chunk.nbytes) if read.computed and chunk is not None else read
