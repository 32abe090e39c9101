"""When a picture may be shown, and what the tiles behind it cost.

A response is delivered when it covers the view with its first rung, never one that is older than what is shown; the
newest one after a quarter of a second even with holes.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping

from lamella.slicing.chunk_cache import ChunkCache
from lamella.slicing.demand import Demand
from lamella.slicing.events import Action, Deliver, Measure, Note, Slot
from lamella.slicing.pursuit import Pursuit
from lamella.slicing.types import ChunkedType

PATIENCE_S = 0.25  # the newest picture is shown this long after the request even if it has holes; also how long the
# coarse rung of an older one is protected

_Data = tuple[int, int, Hashable]
"""(layer, source, look): contrast is that of these data in this layer, whatever their version, until it is reset."""


class Showing:
    """Turns what has arrived into responses. Owned by the slicing thread.

    Parameters
    ----------
    cache : ChunkCache
        Where the bytes of tiles are accounted for.
    types : mapping
        The layer types.
    """

    def __init__(self, cache: ChunkCache, types: Mapping[str, ChunkedType]) -> None:
        self._cache = cache
        self._types = types
        self._numbers = itertools.count(1)
        self._limits: dict[_Data, tuple[float, float]] = {}  # measured once, whatever becomes of the layer meanwhile
        self._measuring: dict[int, _Data] = {}  # by the number of the measurement

    def measured(self, limits: tuple[float, float], number: int) -> None:
        """A measurement of contrast limits has ended."""
        self._limits[self._measuring.pop(number)] = limits

    def deliver(self, demands: Mapping[Slot, Demand], now: float) -> Iterator[Action]:
        """The responses that are due, in the order of their generations."""
        for slot, demand in demands.items():
            for pursuit in demand.pursuits():
                if pursuit.dirty and pursuit.generation >= demand.shown:
                    yield from self._present(slot, demand, pursuit, now)
            older = [p for p in demand.older if p.generation > demand.shown and self._alive(p, now)]
            if len(older) < len(demand.older):
                yield from (
                    Note("aborted", (*slot, p.generation)) for p in demand.older if p not in older and not p.delivered
                )
                demand.older = older
                self.charge(demand)

    def _alive(self, pursuit: Pursuit, now: float) -> bool:
        """An older picture that is not asked for completely is given up once its protection has ended."""
        return pursuit.coarse_started or (pursuit.started is not None and now < pursuit.started + PATIENCE_S)

    def _present(self, slot: Slot, demand: Demand, pursuit: Pursuit, now: float) -> Iterator[Action]:
        data = _data(pursuit)
        if pursuit.covers and not pursuit.plan.empty and getattr(pursuit.request.data, "auto_contrast", False):
            if data in self._measuring.values():
                return
            if data not in self._limits:
                tiles = [pursuit.tiles[r.tile_key] for r in pursuit.plan.rungs[0] if r.tile_key in pursuit.tiles]
                if tiles:
                    number = next(self._numbers)
                    self._measuring[number] = data
                    yield Measure(pursuit.request.layer, pursuit.request.kind, tiles, number)
                    return
        if pursuit.covers or pursuit.delivered or self._shown_with_holes(demand, pursuit, now):
            yield self._show(slot, demand, pursuit)

    def _shown_with_holes(self, demand: Demand, pursuit: Pursuit, now: float) -> bool:
        if pursuit is not demand.newest:
            return False
        if pursuit.pressed:
            return True
        shown = demand.shown_pursuit
        if shown is not None and shown.request.key == pursuit.request.key:
            return True
        return now >= pursuit.created + PATIENCE_S and _data(pursuit) not in self._measuring.values()

    def _show(self, slot: Slot, demand: Demand, pursuit: Pursuit) -> Deliver:
        request = pursuit.request
        shown = demand.shown_pursuit
        if shown is not None and shown is not pursuit and shown.request.key == request.key and not pursuit.complete:
            pursuit.adopt(shown)
        if pursuit.complete:
            pursuit.kept.clear()  # any order of arrivals ends in the same picture
        response = self._types[request.kind].respond(
            request,
            pursuit.plan,
            [*pursuit.tiles.values(), *pursuit.kept.values()],
            pursuit.have,
            pursuit.target_failures,
            self._limits.get(_data(pursuit)),
        )
        pursuit.dirty = False
        pursuit.delivered = True
        demand.shown = request.generation
        changed, demand.shown_pursuit = demand.shown_pursuit is not pursuit, pursuit
        if changed or pursuit.complete:
            self.charge(demand)
        return Deliver(slot, response)

    def charge(self, demand: Demand) -> None:
        """Account for the tiles that a demand keeps alive: those it wants and those it shows."""
        pursuits = demand.pursuits() if demand.shown_pursuit is None else [*demand.pursuits(), demand.shown_pursuit]
        tiles = {id(t): t for p in pursuits for t in (*p.tiles.values(), *p.kept.values())}
        parts = sum(fold.nbytes for p in demand.pursuits() for fold in p.folds.values())
        held = sum(t.nbytes for t in tiles.values()) + parts
        self._cache.exchange(demand.charged, held)
        demand.charged = held


def _data(pursuit: Pursuit) -> _Data:
    key = pursuit.request.key
    return pursuit.request.layer, key.source, key.look
