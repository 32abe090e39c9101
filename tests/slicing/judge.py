"""Looks at every read and every picture of a scheduler, and says whether it may be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from lamella.slicing import image
from lamella.slicing.events import Slot, Start
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest, SliceKey
from lamella.slicing.response import ImageSliceResponse, Tile
from lamella.slicing.scheduler import TARGET_SHARE, Scheduler
from lamella.slicing.showing import PATIENCE_S
from lamella.sources.base import Failed, Missing, Outcome
from tests.slicing import invariants, reference
from tests.slicing.scenery import LAYERS, PLENTY, VERSIONS

Region = tuple[tuple[int, int], ...]


class Wanted:
    """What a slot was last asked for, and what it has shown since."""

    def __init__(self) -> None:
        self.requests: dict[int, tuple[LayerSliceRequest, Plan, float]] = {}  # with the time they were made
        self.exact: dict[int, bool] = {}  # the cache was large enough for the level that the window asks for
        self.newest = 0
        self.shown: ImageSliceResponse | None = None


class Judge:
    """Knows what was asked for and what was answered, and nothing of how the scheduler works.

    Attributes
    ----------
    wanted : dict
        What each slot wants now.
    versions : Counter
        Of the data of each source.
    read_versions : dict
        What each read under way will bring.
    tight : bool
        Memory is, or was, short: chunks may fail for that.
    """

    def __init__(self, limit: int) -> None:
        self.wanted: dict[Slot, Wanted] = {}
        self.versions: Counter[int] = Counter()
        self.read_versions: dict[int, int] = {}
        self.tight = False
        self.limit = limit
        self.resized(limit)
        self._contrast: dict[int, tuple[float, float]] = {}
        self._missing: set[tuple[int, str]] = set()
        self._refused: set[tuple[int, str]] = set()  # chunks that failed
        self._failures: Counter[str] = Counter()  # per pool
        self._slow: set[str] = set()  # pools with reads that have not answered for half a minute
        self._since: dict[int, tuple[Start, float]] = {}
        self._moved: set[int] = set()  # layers of which a view has moved, so that chunks may be read ahead
        self._good: set[tuple[int, SliceKey]] = set()
        self._keep: list[Tile] = []  # an id is not given away again while its object is alive

    # What happens

    def wants(self, slot: Slot, request: LayerSliceRequest, now: float) -> None:
        wanted = self.wanted.setdefault(slot, Wanted())
        if wanted.newest or request.upcoming:
            self._moved.add(slot[1])
        wanted.newest = request.generation
        wanted.requests[request.generation] = request, image.plan(request, self.limit // TARGET_SHARE), now
        wanted.exact[request.generation] = self.limit == PLENTY

    def removes(self, slot: Slot) -> None:
        self.wanted.pop(slot, None)

    def resized(self, limit: int) -> None:
        self.limit, self.tight = limit, self.tight or limit < PLENTY

    def answered(self, start: Start, outcome: Outcome, now: float) -> None:
        place = start.source.token, str(start.box)
        self.late(now)
        del self._since[start.token], self.read_versions[start.token]
        if isinstance(outcome, Missing):
            self._missing.add(place)
        elif isinstance(outcome, Failed):
            self._refused.add(place)
            self._failures[start.source.pool.key] += 1

    def torn(self, read: ChunkRead) -> None:
        """A worker could not make a tile."""
        self._refused.add((read.source.token, str(read.box)))

    def late(self, now: float) -> None:
        """Time has passed."""
        self._slow.update(s.source.pool.key for s, since in self._since.values() if now - since >= 29)

    # What must hold

    def read_started(self, start: Start, scheduler: Scheduler, now: float) -> None:
        """It is wanted, or will probably be."""
        fetch = scheduler.reads._by_token[start.token]
        # Where memory is short, the newest picture may give up the chunks that it lacks in the step that starts others.
        if not invariants.wanted(scheduler, start.token) and not self.tight:
            assert fetch.ahead, "a read that nobody wants"
            layers = {l for l, (m, _) in LAYERS.items() if start.source in m.levels}
            assert layers & self._moved, "read ahead of a view that has not moved"
        self.read_versions[start.token] = self.versions[start.source.token]
        self._since[start.token] = start, now

    def delivered(self, slot: Slot, response: ImageSliceResponse, now: float) -> None:
        """It shows the truth of what was asked for, and takes nothing away that was better."""
        wanted = self.wanted.get(slot)
        assert wanted is not None, "a picture for nobody"
        request, plan, created = wanted.requests[response.generation]
        assert (response.key, response.window, response.point) == (request.key, request.window, request.point)
        assert response.needed == plan.needed
        assert response.have + response.failed <= response.needed
        before, wanted.shown = wanted.shown, response
        if before is not None:
            assert response.generation >= before.generation, "I5"
            if response.generation == before.generation:
                sharp = {t.key for t in before.tiles if t.level == before.level}
                assert sharp <= {t.key for t in response.tiles}, "a sharp tile was taken away"
            if response.key == before.key and not response.complete:
                there = {t.key for t in response.tiles}
                taken = [t for t in before.tiles if t.key not in there and _in_view(t, plan)]
                assert not taken, "tiles of the same slice were taken away before there were better ones"
            if response.key != before.key:
                self._may_replace(response, plan, wanted.newest, now - created)
        for tile in response.tiles:
            self._shows_the_truth(request, response, tile)
        assert len({t.key for t in response.tiles}) == len(response.tiles)
        known = self._contrast.setdefault(slot[1], response.auto_limits) if response.auto_limits else None
        assert response.auto_limits == known, "contrast limits changed by themselves"
        if response.complete:
            self._is_whole(request, response, plan, wanted.exact[response.generation])

    def _may_replace(self, response: ImageSliceResponse, plan: Plan, newest: int, age: float) -> None:
        """A new key replaces the old when its first rung covers the view, or when it is old enough and the newest."""
        if plan.empty or self.tight:
            return
        there = {t.key for t in response.tiles}
        excused = {r.tile_key for r in plan.rungs[0] if self._may_have_failed(r)}
        lacking = [r for r in plan.rungs[0] if r.tile_key not in there | excused]
        if lacking:
            assert response.generation == newest
            assert age >= PATIENCE_S - 1e-9, "a blank"

    def _shows_the_truth(self, request: LayerSliceRequest, response: ImageSliceResponse, tile: Tile) -> None:
        if (id(tile), request.key) in self._good:
            return
        assert not tile.data.flags.writeable, "I7"
        assert not tile.texture.flags.writeable, "I7"
        region = tuple(slice(a, b) for a, b in tile.region)
        source = request.data.multiscale.levels[tile.level]
        newest = self.versions[source.token]
        if reference.is_thick(request):
            most = reference.slab(request, tile.level, np.ones(source.shape, bool))[region]
            least = reference.slab(request, tile.level, self._never_missing(source))[region]
            assert (tile.data // VERSIONS <= most // VERSIONS).all()
            assert (tile.data // VERSIONS >= least // VERSIONS).all()
            versions = tile.data[tile.data > 0] % VERSIONS
            assert (versions >= request.key.version).all() and (versions <= newest).all(), "old data shown as new"
            return
        expected = reference.plane(request, tile.level)[region]
        if not tile.data.any():
            box = source.grid(()).box(tile.key[0].position, source.shape)
            assert (source.token, str(box)) in self._missing
        else:
            np.testing.assert_array_equal(tile.data // VERSIONS, expected // VERSIONS)
            version = int(tile.data.flat[0]) % VERSIONS
            assert (tile.data % VERSIONS == version).all()
            assert request.key.version <= version <= newest, "old data shown as new"
        self._good.add((id(tile), request.key))
        self._keep.append(tile)

    def _never_missing(self, source: Any) -> np.ndarray[Any, Any]:
        """Samples of chunks that were always there."""
        known = np.ones(source.shape, bool)
        grid = source.grid(())
        for position in np.ndindex(*(-(-n // c) for n, c in zip(source.shape, grid.chunk, strict=True))):
            box = grid.box(position, source.shape)
            if (source.token, str(box)) in self._missing:
                known[box] = False
        return known

    def _is_whole(self, request: LayerSliceRequest, response: ImageSliceResponse, plan: Plan, exact: bool) -> None:
        """Together with `_shows_the_truth`: the picture is numpy's, but for what failed."""
        assert response.empty == reference.misses(request)
        if response.empty:
            assert not response.tiles
            return
        if exact:
            assert response.level == reference.level(request)
        assert response.region == reference.region(request, response.level)
        covered = np.zeros([b - a for a, b in response.region], int)
        for tile in response.tiles:
            if tile.level == response.level:
                covered[_within(tile.region, response.region)] += 1
        failed = [r for r in plan.rungs[-1] if r.edges in response.failed_boxes]
        if not reference.is_thick(request):
            assert len(failed) == response.failed
        excused = {r.edges for r in failed if self._may_have_failed(r)}
        assert {r.edges for r in failed} == excused, "failed, but nothing had failed"
        for region in {r.region for r in failed}:
            covered[_within(region, response.region)] += 1
        assert (covered == 1).all()
        if not response.failed:
            assert not response.as_array().flags.writeable, "I7"

    def _may_have_failed(self, read: ChunkRead) -> bool:
        pool = read.source.pool
        down = pool.remote and self._failures[pool.key] >= 8
        return (read.source.token, str(read.box)) in self._refused or down or pool.key in self._slow or self.tight

    def settled(self) -> None:
        """Everything was answered: every view shows all of what it wanted last."""
        for slot, wanted in self.wanted.items():
            assert wanted.shown is not None, f"{slot} has shown nothing"
            assert wanted.shown.generation == wanted.newest
            assert wanted.shown.complete
            request, plan, _ = wanted.requests[wanted.newest]
            if request.data.auto_contrast and any(t.level == plan.rungs[0][0].level for t in wanted.shown.tiles):
                assert wanted.shown.auto_limits is not None


def _within(region: Region, whole: Region) -> tuple[slice, ...]:
    return tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(region, whole, strict=True))


def _in_view(tile: Tile, plan: Plan) -> bool:
    reads = plan.rungs[-1] if plan.rungs else ()
    return any(
        all(a < d and b > c for a, b, c, d in zip(*tile.box, *read.edges, strict=True)) for read in reads
    )  # fmt: skip
