"""Whatever happens, in whatever order: a machine that does everything to the real scheduler that views, workers,
servers, settings and the clock can do to it, and checks the promises after each step.

Data carry their version in the low bits of each sample, so that any array shows which version it was read from.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lamella.model.transforms import Affine
from lamella.slicing import image
from lamella.slicing.events import (
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
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile
from lamella.slicing.scheduler import TARGET_SHARE
from lamella.slicing.showing import PATIENCE_S
from lamella.sources.base import Failed, FailureKind, Loaded, Missing, Outcome, Pool
from lamella.sources.multiscale import Multiscale
from tests.slicing import invariants, reference
from tests.slicing.driver import Driver, PlainSource

VERSIONS = 16  # the low four bits of a sample

REMOTE = Pool("http://host", slots=64, threads=0, remote=True)
NARROW = Pool("http://narrow", slots=2, threads=0, remote=True)
OPAQUE = Pool("opaque:1", slots=1, threads=1)
MEMORY = Pool("memory", slots=2, threads=2)


def samples(seed: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return (rng.integers(1, 4000, shape) * VERSIONS).astype(np.uint16)


def pyramid(seed: int, shape: tuple[int, ...], chunk: tuple[int, ...], pool: Pool, levels: int) -> Multiscale:
    data = samples(seed, shape)
    arrays = [np.ascontiguousarray(data[..., :: 2**k, :: 2**k]) for k in range(levels)]
    return Multiscale(tuple(PlainSource(a, chunk, pool, in_memory=pool is MEMORY) for a in arrays))


DEEP = pyramid(1, (4, 40, 36), (1, 8, 8), REMOTE, levels=3)
PLANES = pyramid(2, (6, 24, 24), (2, 12, 12), NARROW, levels=1)
WORKER = pyramid(3, (6, 16, 16), (1, 16, 16), OPAQUE, levels=1)
ARRAY = pyramid(4, (4, 30, 30), (1, 10, 10), MEMORY, levels=2)
CHANNELS = pyramid(5, (2, 4, 16, 16), (2, 1, 8, 8), REMOTE, levels=1)

# (image, contrast limits are measured). Layers 1 and 2 share every chunk, 6 and 7 too.
LAYERS = {
    1: (DEEP, True),
    2: (DEEP, False),
    3: (PLANES, True),
    4: (WORKER, False),
    5: (ARRAY, True),
    6: (Multiscale(CHANNELS.levels, ((0, 0),)), False),
    7: (Multiscale(CHANNELS.levels, ((0, 1),)), False),
}
VIEWS = (1, 2)
POINTS = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 9.0)  # 9 lies beside every layer, 5 beside some
WINDOWS = {  # fractions of the layer, pixels, locked level
    "all": ((0.0, 1.0), 64, None),
    "left": ((0.0, 0.45), 64, None),
    "right": ((0.55, 1.0), 64, None),
    "centre": ((0.4, 0.6), 64, None),
    "small": ((0.0, 1.0), 8, None),
    "coarsest": ((0.0, 1.0), 64, 9),
    "beside": ((2.0, 3.0), 64, None),
}
PLENTY = 10**9
LIMITS = (PLENTY, 40_000, 12_000, 4_000, 1_200, 500, 250, 100, 0)  # all, a picture, a plan, a few chunks, one, less
OUTCOMES = (
    Missing(),
    Failed(FailureKind.BUSY, "HTTP 503"),
    Failed(FailureKind.CONNECTION, "connection reset"),
    Failed(FailureKind.TIMEOUT, "timeout", retry_after=3.0),
    Failed(FailureKind.THROTTLED, "HTTP 429", retry_after=1.5),
    Failed(FailureKind.THROTTLED, "HTTP 429"),
    Failed(FailureKind.DENIED, "HTTP 403"),
    Failed(FailureKind.CORRUPT, "does not decode"),
    Failed(FailureKind.OTHER, "ValueError: no"),
)
IDENTITY = Affine.identity(3)
TORN = Failed(FailureKind.CORRUPT, "ValueError: cannot be cut")


class World(Driver):
    """A driver whose workers answer when they are told to, and which looks at every action."""

    def __init__(self, machine: AnyOrderOfEvents, cache_limit: int) -> None:
        super().__init__(cache_limit)
        self.machine = machine
        self.held: list[Assemble | Measure] = []  # type: ignore[assignment]
        self.sound = True

    def step(self, *events: Event) -> None:
        self.sound = False  # until it is known to be
        cache = self.scheduler.cache
        before = cache.resident + cache.reserved
        actions = self.scheduler.step(list(events), self.now)
        after = cache.resident + cache.reserved
        assert after <= max(cache.limit, before), "I4: above a lowered limit it only ever shrinks"
        invariants.check(self.scheduler, [*self._assembling(), *[a for a in actions if isinstance(a, Assemble)]])
        for action in actions:
            match action:
                case Start():
                    assert after <= cache.limit, "I4: nothing is read above the limit"
                    self.reads[action.token] = action
                    self.started.append(action)
                    self.machine.read_started(action)
                case Assemble() | Measure():
                    self.held.append(action)
                case Deliver():
                    self.responses.append(action.response)
                    self.machine.delivered(action.slot, action.response)
                case Tell():
                    self.told.append(action)
                    self.machine.told(action)
        self.sound = True

    def _assembling(self) -> list[Assemble]:
        return [a for a in self.held if isinstance(a, Assemble)]


class _Wanted:
    """What a slot was last asked for, and what it has shown since."""

    def __init__(self) -> None:
        self.requests: dict[int, tuple[LayerSliceRequest, Plan, float]] = {}  # with the time they were made
        self.exact: dict[int, bool] = {}  # the cache was large enough for the level that the window asks for
        self.newest = 0
        self.shown: ImageSliceResponse | None = None


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Views, workers, servers, settings and the clock, against one scheduler."""

    def __init__(self) -> None:
        super().__init__()
        self.generations: Counter[Slot] = Counter()
        self.wanted: dict[Slot, _Wanted] = {}
        self.versions: Counter[int] = Counter()  # of the data of each source
        self.read_versions: dict[int, int] = {}  # what a read under way will bring
        self.limits: dict[int, tuple[float, float]] = {}  # contrast limits of each layer
        self.futures = 0
        self.batch: list[Event] = []
        self.batching = False
        self.prompt = True
        self.missing: set[tuple[int, str]] = set()
        self.refused: set[tuple[int, str]] = set()  # chunks that failed
        self.failures: Counter[str] = Counter()  # per pool, of the kinds that break a circuit
        self.slow: set[str] = set()  # pools with reads that have not answered for half a minute
        self.since: dict[int, float] = {}
        self.tight = False
        self.good: set[tuple[int, SliceKey]] = set()
        self.keep: list[Tile] = []  # an id is not given away again while its object is alive
        self.moved: set[int] = set()  # layers that have shown two positions, so that a third may be read ahead

    @initialize(limit=st.sampled_from(LIMITS), prompt=st.booleans())
    def begin(self, limit: int, prompt: bool) -> None:
        self.limit = limit
        self.tight = limit < PLENTY
        self.prompt = prompt
        self.world = World(self, limit)

    # What the world does

    @rule(
        view=st.sampled_from(VIEWS),
        layer=st.sampled_from(sorted(LAYERS)),
        point=st.sampled_from(POINTS),
        window=st.sampled_from(sorted(WINDOWS)),
        displayed=st.sampled_from([(1, 2), (1, 2), (1, 2), (2, 1), (0, 2), (0, 1, 2)]),
        mode=st.sampled_from([Mode.SETTLED, Mode.INTERACTIVE, Mode.SYNC, Mode.PLAYBACK]),
    )
    def want(self, view: int, layer: int, point: float, window: str, displayed: tuple[int, ...], mode: Mode) -> None:
        self.send_want((view, layer), point, window, displayed, mode)

    @rule(
        view=st.sampled_from(VIEWS),
        layer=st.sampled_from(sorted(LAYERS)),
        points=st.lists(st.sampled_from(POINTS), min_size=2, max_size=5),
        answers=st.integers(0, 4),
        pause=st.sampled_from([0.0, 0.016, 0.05]),
    )
    def drag(self, view: int, layer: int, points: list[float], answers: int, pause: float) -> None:
        for point in points:
            self.send_want((view, layer), point, "all", (1, 2), Mode.INTERACTIVE)
            self.answer(0, answers, None)
            self.wait(pause)

    @rule(
        view=st.sampled_from(VIEWS),
        layer=st.sampled_from(sorted(LAYERS)),
        windows=st.lists(st.sampled_from(["left", "right", "centre", "all"]), min_size=2, max_size=4),
        answers=st.integers(0, 4),
    )
    def pan(self, view: int, layer: int, windows: list[str], answers: int) -> None:
        for window in windows:
            self.send_want((view, layer), 1.0, window, (1, 2), Mode.INTERACTIVE)
            self.answer(0, answers, None)
            self.wait(0.016)

    @rule(layer=st.sampled_from(sorted(LAYERS)), point=st.sampled_from(POINTS), window=st.sampled_from(["all", "left"]))
    def want_future(self, layer: int, point: float, window: str) -> None:
        self.futures += 1
        self.send_want((-self.futures, layer), point, window, (1, 2), Mode.SYNC)

    @rule(pick=st.integers(0, 20))
    def remove(self, pick: int) -> None:
        slots = list(self.wanted)
        if slots:
            self.send_remove(slots[pick % len(slots)])

    @rule(
        first=st.integers(0, 63),
        count=st.integers(1, 40),
        outcome=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(OUTCOMES)),
    )
    def answer(self, first: int, count: int, outcome: Outcome | None) -> None:
        """Reads end, each counted from ``first`` in the order of their starts; with data, if not otherwise."""
        for _ in range(count):
            starts = list(self.world.reads.values())
            if not starts:
                return
            self.end_read(starts[first % len(starts)], outcome)

    @rule(pick=st.integers(0, 10**6), outcome=st.sampled_from(OUTCOMES[:2]))
    def answer_twice(self, pick: int, outcome: Outcome) -> None:
        over = [s.token for s in self.world.started if s.token not in self.world.reads] or [10**9]
        self.send(Done(over[pick % len(over)], outcome))

    @rule(first=st.integers(0, 63), count=st.integers(1, 40), torn=st.sampled_from([False, False, False, True]))
    def work(self, first: int, count: int, torn: bool) -> None:
        """Workers end, each counted from ``first`` in the order in which they began."""
        for _ in range(count):
            held = self.world.held
            if not held:
                return
            self.end_work(held[first % len(held)], torn)

    @rule(seconds=st.sampled_from([0.001, 0.016, 0.1, 0.25, 1.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.flush()
        end = self.world.now + seconds
        for _ in range(1000):
            wake = self.world.scheduler.wake_at(self.world.now)
            if wake is None or wake > end:
                break
            assert wake > self.world.now, "a timer that is due already"
            self.at(wake)
        else:
            raise AssertionError("a timer spins")
        self.at(end)

    @rule()
    def wait_until_woken(self) -> None:
        self.flush()
        wake = self.world.scheduler.wake_at(self.world.now)
        if wake is not None:
            self.at(wake)

    @rule(pick=st.integers(0, 8), layer=st.sampled_from(sorted(LAYERS)), limit=st.sampled_from(LIMITS))
    def something_else(self, pick: int, layer: int, limit: int) -> None:
        match pick:
            case 0 | 1:
                self.send(Hurry(bool(pick)))
            case 2:
                self.send(Rest(1))
            case 3:
                self.send(Retry())
            case 4:
                self.send(Redeliver())
            case 5:
                self.limit, self.tight = limit, self.tight or limit < PLENTY
                self.send(Resized(limit))
            case 6:
                self.change_data(layer)
            case 7:
                self.prompt = not self.prompt
                self.flush()
            case 8:
                self.batching = not self.batching
                self.flush()

    # How it reaches the scheduler

    def send(self, event: Event) -> None:
        self.batch.append(event)
        if not self.batching:
            self.flush()

    def flush(self) -> None:
        batch, self.batch = self.batch, []
        self.world.step(*batch)
        while self.prompt and self.world.held:
            work, self.world.held = self.world.held, []
            self.world.step(*[self.result(w, False) for w in work])
        complete = [s for s, w in self.wanted.items() if s[0] < 0 and w.shown is not None and w.shown.complete]
        for slot in complete:
            self.send_remove(slot)

    def at(self, now: float) -> None:
        self.world.now = now
        late = [t for t, since in self.since.items() if t in self.world.reads and now - since >= 29]
        self.slow.update(self.world.reads[t].source.pool.key for t in late)
        self.flush()

    def send_want(self, slot: Slot, point: float, window: str, displayed: tuple[int, ...], mode: Mode) -> None:
        multiscale, auto = LAYERS[slot[1]]
        self.generations[slot] += 1
        hidden = [a for a in range(3) if a not in displayed]
        (low, high), pixels, level = WINDOWS[window]
        shape = [multiscale.shape[a] for a in displayed]
        box = tuple(tuple(f * n - 0.5 for n in shape) for f in (low, high))
        token = multiscale.levels[0].token
        zeros = (0.0,) * len(hidden)
        key = SliceKey(token, multiscale.fixed, self.versions[token], (point,) * len(hidden), zeros, zeros, displayed)
        request = LayerSliceRequest(
            generation=self.generations[slot],
            view=slot[0],
            layer=slot[1],
            kind="image",
            key=key,
            window=Window(box, (pixels,) * len(displayed), level),
            world_to_data=IDENTITY,
            point=(point, 0.0, 0.0),
            mode=mode,
            data=image.ImageSlice(multiscale, False, auto),
            upcoming=((point + 1.0,) * len(hidden), (point + 2.0,) * len(hidden)) if mode is Mode.PLAYBACK else (),
        )
        wanted = self.wanted.setdefault(slot, _Wanted())
        if wanted.newest or mode is Mode.PLAYBACK:
            self.moved.add(slot[1])
        plan = image.plan(request, self.limit // TARGET_SHARE)
        wanted.newest = request.generation
        wanted.requests[request.generation] = request, plan, self.world.now
        wanted.exact[request.generation] = self.limit == PLENTY
        self.send(Want(request))

    def send_remove(self, slot: Slot) -> None:
        self.wanted.pop(slot, None)
        if not any(layer == slot[1] for _, layer in self.wanted):
            self.limits.pop(slot[1], None)
        self.send(Removed(slot))

    def change_data(self, layer: int) -> None:
        """Every sample changes, and whoever shows them is told."""
        tokens = [level.token for level in LAYERS[layer][0].levels]
        if self.versions[tokens[0]] == VERSIONS - 1:
            return
        for token in tokens:
            self.versions[token] += 1
        for slot, wanted in list(self.wanted.items()):
            request = wanted.requests[wanted.newest][0]
            if request.key.source in tokens:
                window = next(k for k, w in WINDOWS.items() if self.box(slot, request, w) == request.window)
                self.send_want(slot, request.point[0], window, request.key.displayed, Mode.SETTLED)

    def box(self, slot: Slot, request: LayerSliceRequest, window: Any) -> Window:
        (low, high), pixels, level = window
        shape = [LAYERS[slot[1]][0].shape[a] for a in request.key.displayed]
        box = tuple(tuple(f * n - 0.5 for n in shape) for f in (low, high))
        return Window(box, (pixels,) * len(shape), level)

    def end_read(self, start: Start, outcome: Outcome | None) -> None:
        del self.world.reads[start.token]
        source, place = start.source, (start.source.token, str(start.box))
        version = self.read_versions.pop(start.token)
        match outcome:
            case None:
                outcome = Loaded(source.data[start.box] + np.uint16(version))  # type: ignore[attr-defined]
            case Missing():
                self.missing.add(place)
            case Failed():
                self.refused.add(place)
                self.failures[source.pool.key] += 1
        self.send(Done(start.token, outcome))

    def end_work(self, work: Assemble | Measure, torn: bool) -> None:
        self.world.held = [other for other in self.world.held if other is not work]
        self.send(self.result(work, torn))

    def result(self, work: Assemble | Measure, torn: bool) -> Event:
        if isinstance(work, Measure):
            return Measured(work.layer, image.contrast_limits(work.tiles), work.number)
        read = work.read
        tile: Tile | Failed
        if torn:
            tile = TORN
            self.refused.add((read.source.token, str(read.box)))
        else:
            tile = image.fill(read) if work.chunk is None else image.assemble(read, work.chunk)
        return Assembled(work.slot, read, tile, work.pinned, work.reserved)

    # What must hold

    def read_started(self, start: Start) -> None:
        scheduler = self.world.scheduler
        fetch = scheduler.reads._by_token[start.token]
        # Where memory is short, the newest picture may give up the chunks that it lacks in the step that starts others.
        if not invariants.wanted(scheduler, start.token) and not self.tight:
            assert fetch.ahead, "a read that nobody wants"
            layers = {l for l, (m, _) in LAYERS.items() if start.source in m.levels}
            assert layers & self.moved, "read ahead of a view that has not moved"
        self.read_versions[start.token] = self.versions[start.source.token]
        self.since[start.token] = self.world.now

    def told(self, tell: Tell) -> None:
        assert tell.failure.message

    def delivered(self, slot: Slot, response: ImageSliceResponse) -> None:
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
                self.may_replace(response, plan, created, wanted.newest)
        for tile in response.tiles:
            self.shows_the_truth(request, response, tile)
        assert len({t.key for t in response.tiles}) == len(response.tiles)
        known = self.limits.setdefault(slot[1], response.auto_limits) if response.auto_limits else None
        assert response.auto_limits == known, "contrast limits changed by themselves"
        if response.complete:
            self.is_whole(request, response, plan, wanted.exact[response.generation])

    def may_replace(self, response: ImageSliceResponse, plan: Plan, created: float, newest: int) -> None:
        """A new key replaces the old when its first rung covers the view, or when it is old enough and the newest."""
        if plan.empty or self.tight:
            return
        there = {t.key for t in response.tiles}
        lacking = [r for r in plan.rungs[0] if r.tile_key not in there and not self.may_have_failed(r)]
        if lacking:
            assert response.generation == newest
            assert self.world.now >= created + PATIENCE_S - 1e-9, "a blank"

    def shows_the_truth(self, request: LayerSliceRequest, response: ImageSliceResponse, tile: Tile) -> None:
        if (id(tile), request.key) in self.good:
            return
        assert not tile.data.flags.writeable, "I7"
        assert not tile.texture.flags.writeable, "I7"
        expected = reference.plane(request, tile.level)[tuple(slice(a, b) for a, b in tile.region)]
        source = request.data.multiscale.levels[tile.level]
        if not tile.data.any():
            box = source.grid(()).box(tile.key[0].position, source.shape)
            assert (source.token, str(box)) in self.missing
        else:
            np.testing.assert_array_equal(tile.data // VERSIONS, expected // VERSIONS)
            version = int(tile.data.flat[0]) % VERSIONS
            assert (tile.data % VERSIONS == version).all()
            assert request.key.version <= version <= self.versions[source.token], "old data shown as new"
        self.good.add((id(tile), request.key))
        self.keep.append(tile)

    def is_whole(self, request: LayerSliceRequest, response: ImageSliceResponse, plan: Plan, exact: bool) -> None:
        """Together with `shows_the_truth`: the picture is numpy's, but for what failed."""
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
                covered[
                    tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(tile.region, response.region, strict=True))
                ] += 1
        failed = [r for r in plan.rungs[-1] if r.edges in response.failed_boxes]
        assert len(failed) == response.failed
        for read in failed:
            assert self.may_have_failed(read), "failed, but nothing had failed"
            covered[
                tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(read.region, response.region, strict=True))
            ] += 1
        assert (covered == 1).all()
        if not response.failed:
            assert not response.as_array().flags.writeable, "I7"

    def may_have_failed(self, read: ChunkRead) -> bool:
        pool = read.source.pool
        down = pool.remote and self.failures[pool.key] >= 8
        return (read.source.token, str(read.box)) in self.refused or down or pool.key in self.slow or self.tight

    # The end: everything is answered, and everything is there

    def finish(self) -> None:
        self.batching = False
        self.prompt = True
        self.flush()
        for _ in range(10_000):
            if self.world.reads:
                self.batching = True
                self.answer(0, len(self.world.reads), None)
                self.batching = False
                self.flush()
                continue
            wake = self.world.scheduler.wake_at(self.world.now)
            if wake is None:
                break
            self.at(wake)
        else:
            raise AssertionError("it never ends")
        assert self.world.scheduler.idle, "a view waits for something that nobody does"
        for slot, wanted in self.wanted.items():
            assert wanted.shown is not None, f"{slot} has shown nothing"
            assert wanted.shown.generation == wanted.newest
            assert wanted.shown.complete
            request, plan, _ = wanted.requests[wanted.newest]
            if request.data.auto_contrast and any(t.level == plan.rungs[0][0].level for t in wanted.shown.tiles):
                assert wanted.shown.auto_limits is not None

    def teardown(self) -> None:
        if not hasattr(self, "world") or not self.world.sound:
            return  # a failure is on its way already
        self.finish()
        # With enough memory and a new attempt, whatever had failed is mended.
        self.limit = PLENTY
        self.send(Resized(PLENTY))
        self.send(Retry())
        self.finish()
        for wanted in self.wanted.values():
            assert wanted.shown is not None
            assert wanted.shown.failed == 0
        for slot in list(self.wanted):
            self.send_remove(slot)
        self.finish()
        scheduler = self.world.scheduler
        assert scheduler.cache.reserved == 0, "I3: every reservation is given back once"
        assert not scheduler.reads.fetches
        assert scheduler.wake_at(self.world.now) is None


def _in_view(tile: Tile, plan: Plan) -> bool:
    reads = plan.rungs[-1] if plan.rungs else ()
    return any(
        all(a < d and b > c for a, b, c, d in zip(*tile.box, *read.edges, strict=True)) for read in reads
    )  # fmt: skip


AnyOrderOfEvents.TestCase.settings = settings(
    max_examples=250, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
TestAnyOrderOfEventsKeepsThePromises = AnyOrderOfEvents.TestCase


@pytest.mark.nightly
@pytest.mark.timeout(3 * 3600)
class TestTenThousandOrdersOfEvents(AnyOrderOfEvents.TestCase):  # type: ignore[name-defined, misc]
    """The same with examples of its own each night; a failure prints what reproduces it."""

    settings = settings(
        max_examples=10_000,
        stateful_step_count=60,
        derandomize=False,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
