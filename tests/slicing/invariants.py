"""What always holds between two steps of a scheduler.

It reads private state, so that a broken promise shows in the step that broke it, not as a wrong picture a thousand
steps later.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection

from lamella.slicing.events import Assemble, Combine
from lamella.slicing.pursuit import Pursuit
from lamella.slicing.scheduler import Scheduler


def check(scheduler: Scheduler, working: Collection[Assemble | Combine]) -> None:
    """Raise AssertionError where the books of ``scheduler`` do not balance.

    Parameters
    ----------
    scheduler : Scheduler
    working : collection of Assemble and Combine
        Work that was handed out and has not been reported back.
    """
    _every_chunk_is_in_one_state(scheduler)
    _every_slot_of_a_pool_belongs_to_a_read(scheduler)
    assembling = [a for a in working if isinstance(a, Assemble)]
    assert scheduler._assembling == len(working)
    _every_byte_is_accounted_for(scheduler, assembling)
    under_way = {(a.slot, a.read.tile_key) for a in assembling}
    for slot, demand in scheduler.demands.items():
        generations = [p.generation for p in demand.pursuits()]
        assert generations == sorted(set(generations)), "older generations come before newer ones, once each"
        for pursuit in demand.pursuits():
            _every_read_of_a_plan_is_in_one_place(pursuit)
            for key, read in pursuit.waiting.items():
                coming = key in scheduler.reads.fetches or (slot, read.tile_key) in under_way
                assert coming, f"nothing will ever bring {key}"


def wanted(scheduler: Scheduler, token: int) -> bool:
    """Whether some view waits for the read ``token``, or lacks its chunk since its host went down."""
    fetch = scheduler.reads._by_token[token]
    key = fetch.read.key
    pursuits = [p for d in scheduler.demands.values() for p in d.pursuits()]
    return any(key in p.waiting or key in p.failures for p in pursuits)


def _every_chunk_is_in_one_state(scheduler: Scheduler) -> None:
    """I3: absent, fetching, backing off, resident or missing."""
    reads = scheduler.reads
    tokens = {}
    for key, fetch in reads.fetches.items():
        assert fetch.read.key == key
        assert key not in scheduler.cache, "fetched although it is resident"
        assert key not in reads.missing, "fetched although it is known to be missing"
        if fetch.token in reads._by_token:
            assert fetch.retry_at is None
            tokens[fetch.token] = fetch
        else:
            assert fetch.retry_at is not None, "neither under way nor backing off"
            assert fetch.reserved == 0, "a fetch that backs off holds no memory"
            assert math.isfinite(fetch.retry_at)
    assert tokens == reads._by_token, "an attempt without its fetch"
    assert not any(key in scheduler.cache for key in reads.missing), "missing and resident"
    assert reads.under_way == sum(not fetch.stuck for fetch in tokens.values())


def _every_slot_of_a_pool_belongs_to_a_read(scheduler: Scheduler) -> None:
    """I3: what the lanes count is what is under way, each read once."""
    for lane in scheduler.reads.lanes:
        fetches = [f for f in scheduler.reads._by_token.values() if f.read.source.pool.key == lane.pool.key]
        assert lane.in_use == len(fetches) <= lane.pool.slots
        assert lane.coarse == sum(f.coarse for f in fetches)
        assert lane.ahead == sum(f.ahead for f in fetches) <= max(lane.pool.slots // 2, 1)
        assert lane.stuck == sum(f.stuck for f in fetches)


def _every_byte_is_accounted_for(scheduler: Scheduler, assembling: Collection[Assemble]) -> None:
    """I3 and I4: each reservation has one owner.

    ``resident + reserved <= limit``, but for a limit that was lowered: what is above it then is what a worker has
    pinned, a read under way has reserved, or a picture shows.
    """
    cache = scheduler.cache
    assert cache.resident == sum(chunk.nbytes for chunk in cache._chunks.values())
    assert Counter(cache._pins) == Counter(a.read.key for a in assembling if a.pinned)
    assert set(cache._pins) <= set(cache._chunks), "a pinned chunk was evicted"
    fetches = scheduler.reads.fetches.values()
    ahead = sum(cache._ahead.values()) + sum(f.reserved for f in fetches if f.ahead)
    assert cache._ahead_bytes == ahead
    tiles = sum(a.reserved for a in assembling)
    charged = sum(demand.charged for demand in scheduler.demands.values())
    assert cache.reserved == sum(f.reserved for f in fetches) + tiles + charged
    for demand in scheduler.demands.values():
        pursuits = demand.pursuits()
        if demand.shown_pursuit is not None:
            pursuits.append(demand.shown_pursuit)
        held = {id(tile): tile.nbytes for p in pursuits for tile in (*p.tiles.values(), *p.kept.values())}
        assert sum(held.values()) <= demand.charged, "tiles are alive that nobody accounts for"
    if cache.resident + cache.reserved > cache.limit:
        assert set(cache._chunks) == set(cache._pins), "above the limit, and yet something could be evicted"


def _every_read_of_a_plan_is_in_one_place(pursuit: Pursuit) -> None:
    placed = [read.tile_key for queue in pursuit.queues for read in queue]
    placed += [read.tile_key for read in pursuit.waiting.values()]
    open_ = len(placed)
    placed += [read.tile_key for read, _ in pursuit.failures.values()]
    placed += [read.tile_key for rung in pursuit.plan.rungs for read in rung if read.tile_key in pursuit.tiles]
    planned = [read.tile_key for rung in pursuit.plan.rungs for read in rung]
    unfinished = [fold for fold in pursuit.folds.values() if not fold.over]
    if pursuit.folds:
        assert Counter(placed) <= Counter(planned), "the others are parts of tiles that are put together"
        for fold in unfinished:
            parts = sum(part.parts for part in fold.parts)
            assert parts < fold.read.parts, "a tile of which all parts are there"
            if not fold.combining:
                assert placed.count(fold.read.tile_key) == fold.read.parts - parts
    else:
        assert len(placed) == len(planned)
        assert set(placed) == set(planned)
    assert sum(pursuit.todo) == open_ + len(unfinished)
    if pursuit.todo and not pursuit.folds:
        asked = sum(read.rung == 0 for read in pursuit.waiting.values())
        assert pursuit.todo[0] == len(pursuit.queues[0]) + asked
