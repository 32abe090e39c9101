"""What becomes of the pictures when reads fail for good, never answer, or their host goes away and comes back.

A lost chunk is a value in the picture: it counts as failed, is told of once, and is found again as soon as there is
reason to think that it can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lamella.slicing.demand import Demand, Fetch
from lamella.slicing.events import Action, Slot, Tell
from lamella.slicing.lanes import STUCK_S
from lamella.slicing.plan import ChunkKey, ChunkRead
from lamella.slicing.pursuit import Pursuit
from lamella.slicing.reads import Reads
from lamella.sources.base import Failed, FailureKind, Pool


class Losses:
    """Owned by the slicing thread.

    Parameters
    ----------
    demands : mapping
        What is wanted now; it is read here and changed elsewhere.
    reads : Reads
    """

    def __init__(self, demands: Mapping[Slot, Demand], reads: Reads) -> None:
        self._demands = demands
        self._reads = reads

    def waiting_for(self, key: ChunkKey) -> list[tuple[Slot, Pursuit]]:
        """The pictures that a chunk, or a tile made of it, is on its way to."""
        return [(slot, p) for slot, d in self._demands.items() for p in d.pursuits() if key in p.waiting]

    def give_up(self, read: ChunkRead, failure: Failed, now: float) -> list[Action]:
        """A chunk failed for good."""
        self._reads.give_up(read.key, failure, now)
        return self._lose(read, failure)

    def give_up_stuck(self, fetch: Fetch) -> list[Action]:
        """A read has not answered for too long: nobody waits for it any more, though its answer would be welcome."""
        name = fetch.read.source.name
        failure = Failed(FailureKind.TIMEOUT, f"{name} has not answered for {STUCK_S:g} s")
        return self._lose(fetch.read, failure)

    def _lose(self, read: ChunkRead, failure: Failed) -> list[Action]:
        layers = set()
        for slot, pursuit in self.waiting_for(read.key):
            pursuit.lost(pursuit.waiting[read.key], failure)
            layers.add(slot[1])
        return [Tell(layer, read.source, failure) for layer in sorted(layers)]

    def lose_to_fence(self, slot: Slot, pursuit: Pursuit, read: ChunkRead) -> list[Action]:
        """A chunk is wanted of a pool of which every worker is stuck."""
        name = read.source.name
        failure = Failed(FailureKind.TIMEOUT, f"{name} is fenced off: a read of it has not answered for {STUCK_S:g} s")
        pursuit.lost(read, failure)
        return [Tell(slot[1], read.source, failure)]

    def abandon(self, pool: Pool, failure: Failed, now: float) -> list[Action]:
        """A host is down: whatever waits for it fails with the read that tried it."""
        actions: list[Action] = []
        for fetch in self._reads.backing_off(pool):
            del self._reads.fetches[fetch.read.key]
            actions += self.give_up(fetch.read, failure, now)
        for slot, demand in self._demands.items():
            for pursuit in demand.pursuits():
                for queue in pursuit.queues:
                    kept = [r for r in queue if r.source.pool.key != pool.key]
                    for read in [r for r in queue if r.source.pool.key == pool.key]:
                        pursuit.lost(read, failure)
                        actions.append(Tell(slot[1], read.source, failure))
                    queue.clear()
                    queue.extend(kept)
        return actions

    def find(self, which: Callable[[ChunkRead, Failed], bool]) -> None:
        """Ask again for what the newest pictures lack."""
        for demand in self._demands.values():
            for read, failure in list(demand.newest.failures.values()):
                if which(read, failure):
                    demand.newest.find(read)

    def probes(self, now: float) -> Iterator[Fetch]:
        """Something that the newest pictures lack of each host that is down, when it is time to try it."""
        for demand in self._demands.values():
            for read, failure in demand.newest.failures.values():
                lane = self._reads.lane(read.source.pool)
                if not lane.broken:
                    continue
                known = read.key in self._reads.cache or read.key in self._reads.fetches
                if failure.retryable and not known and lane.admits(now, coarse=True, moving=False):
                    yield Fetch(read)
