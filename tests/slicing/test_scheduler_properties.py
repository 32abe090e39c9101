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
