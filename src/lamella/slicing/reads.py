"""In which state each chunk is, and the reads that are under way.

absent → fetching → resident; fetching → backing off → fetching; → missing (fill value) | failed. Each attempt has a
token; a completion with a token that is not current is not one.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

from lamella.slicing.chunk_cache import ChunkCache
from lamella.slicing.demand import Fetch
from lamella.slicing.events import Start
from lamella.slicing.lanes import STUCK_S, Lane, Lanes
from lamella.slicing.plan import ChunkKey, ChunkRead
from lamella.slicing.retry import FORGET_FAILURE_S, retry_delay
from lamella.sources.base import Failed, Loaded, Missing, Outcome, Pool

MAX_REMEMBERED = 100_000  # chunks known to be missing or failed


class Reads:
    """Chunks and reads of all demands together: one read a chunk. Owned by the slicing thread.

    Parameters
    ----------
    cache : ChunkCache
    rng : random.Random
        For the jitter of retries.

    Attributes
    ----------
    fetches : dict
        Chunks on their way, or waiting for their next attempt.
    started, ahead_started, retried, given_up : int
        Counters.
    """

    def __init__(self, cache: ChunkCache, rng: random.Random) -> None:
        self.cache = cache
        self.lanes = Lanes()
        self.fetches: dict[ChunkKey, Fetch] = {}
        self.missing: set[ChunkKey] = set()
        self.started = self.ahead_started = self.retried = self.given_up = 0
        self._rng = rng
        self._failed: dict[ChunkKey, tuple[float, Failed]] = {}
        self._by_token: dict[int, Fetch] = {}  # in the order of their starts
        self._stuck = 0
        self._tokens = itertools.count(1)

    @property
    def under_way(self) -> int:
        """Reads that will probably end."""
        return len(self._by_token) - self._stuck

    def pools_in_use(self) -> set[str]:
        """Keys of the pools that have reads under way."""
        return {fetch.read.source.pool.key for fetch in self._by_token.values()}

    def lane(self, pool: Pool) -> Lane:
        return self.lanes[pool]

    def failure(self, key: ChunkKey, now: float) -> Failed | None:
        """Why a chunk was given up lately, if it was."""
        found = self._failed.get(key)
        return found[1] if found is not None and now < found[0] + FORGET_FAILURE_S else None

    def start(self, fetch: Fetch, now: float, *, moving: bool) -> Start | None:
        """Grant a slot, and the bytes of the chunk and its tile, together or not at all."""
        read = fetch.read
        coarse = read.rung == 0
        if not self.lane(read.source.pool).admits(now, coarse=coarse, moving=moving):
            return None
        nbytes = read.chunk_nbytes + read.tile_nbytes
        if not self.cache.reserve(nbytes):
            return None
        self.cache.misses += not fetch.attempts
        return self._begin(fetch, nbytes, now)

    def start_ahead(self, read: ChunkRead, now: float, *, playing: bool) -> Start | None:
        """The same for a chunk that nobody has asked for yet."""
        if not self.lane(read.source.pool).admits_ahead(now, playing=playing):
            return None
        if not self.cache.reserve_ahead(read.chunk_nbytes):
            return None
        self.ahead_started += 1
        return self._begin(Fetch(read, ahead=True), read.chunk_nbytes, now)

    def _begin(self, fetch: Fetch, nbytes: int, now: float) -> Start:
        read = fetch.read
        fetch.reserved = nbytes
        fetch.retry_at = None
        fetch.attempts += 1
        fetch.started = now
        fetch.coarse = read.rung == 0 and not fetch.ahead
        fetch.token = next(self._tokens)
        self.fetches[read.key] = self._by_token[fetch.token] = fetch
        self.lane(read.source.pool).begin(now, coarse=fetch.coarse, ahead=fetch.ahead)
        self.started += 1
        return Start(fetch.token, read.source, read.box)

    def claim(self, key: ChunkKey) -> None:
        """Somebody wants a chunk that was being read ahead."""
        fetch = self.fetches[key]
        if fetch.ahead:
            fetch.ahead = False
            self.cache.release_ahead(fetch.reserved)
            self.cache.ahead_used += 1
            fetch.coarse = fetch.read.rung == 0
            lane = self.lane(fetch.read.source.pool)
            lane.ahead -= 1
            lane.coarse += fetch.coarse

    def end(self, token: int, outcome: Outcome, now: float) -> tuple[Fetch, bool] | None:
        """A read ended: its slot and its reservation are given back, and the chunk is kept if it came.

        Returns
        -------
        (Fetch, bool) or None
            The fetch, no longer listed, and whether its pool has come back after it had failed; None for a stale token.
        """
        fetch = self._by_token.pop(token, None)
        if fetch is None:
            return None
        read = fetch.read
        del self.fetches[read.key]
        self._stuck -= fetch.stuck
        back = self.lane(read.source.pool).end(outcome, now, coarse=fetch.coarse, ahead=fetch.ahead, stuck=fetch.stuck)
        self.cache.release(fetch.reserved)
        if fetch.ahead:
            self.cache.release_ahead(fetch.reserved)
        fetch.reserved = 0
        if isinstance(outcome, Loaded) and not read.source.in_memory:
            self.cache.put(read.key, outcome.data, ahead=fetch.ahead)
        elif isinstance(outcome, Missing):
            if len(self.missing) >= MAX_REMEMBERED:
                self.missing.clear()
            self.missing.add(read.key)
        return fetch, back

    def try_again(self, fetch: Fetch, failure: Failed, now: float) -> bool:
        """Have the next attempt wait for its time, holding neither slot nor bytes. False: there is to be none."""
        delay = None if fetch.stuck else retry_delay(failure, fetch.attempts, self._rng)
        if delay is None:
            return False
        fetch.retry_at = now + delay
        self.fetches[fetch.read.key] = fetch
        self.retried += 1
        return True

    def give_up(self, key: ChunkKey, failure: Failed, now: float) -> None:
        """Remember that a chunk failed for good."""
        if len(self._failed) >= MAX_REMEMBERED:
            self._failed.clear()
        self._failed[key] = (now, failure)
        self.given_up += 1

    def forgive(self, *, final: bool = True) -> None:
        """Forget what failed: everything, or only what asking again may mend."""
        self._failed = {} if final else {k: f for k, f in self._failed.items() if not f[1].retryable}

    def due(self, now: float) -> list[Fetch]:
        """Fetches whose next attempt is due."""
        return [f for f in self.fetches.values() if f.retry_at is not None and f.retry_at <= now]

    def backing_off(self, pool: Pool) -> list[Fetch]:
        """Fetches of a pool that wait for their next attempt."""
        found = self.fetches.values()
        return [f for f in found if f.retry_at is not None and f.read.source.pool.key == pool.key]

    def newly_stuck(self, now: float) -> list[Fetch]:
        """Reads that have not answered for too long. They keep slot and bytes: nobody can take these back."""
        found = []
        for fetch in self._by_token.values():
            if now < fetch.started + STUCK_S:
                break
            if not fetch.stuck:
                fetch.stuck = True
                self._stuck += 1
                self.lane(fetch.read.source.pool).stuck += 1
                found.append(fetch)
        return found

    def wake_times(self) -> Iterator[float]:
        """When something is due here."""
        yield from (f.retry_at for f in self.fetches.values() if f.retry_at is not None)
        first = next((f.started for f in self._by_token.values() if not f.stuck), math.inf)
        yield first + STUCK_S
