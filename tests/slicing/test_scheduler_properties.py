"""Whatever happens, in whatever order: a machine that does everything to the real scheduler that views, workers,
servers, settings and the clock can do to it, and checks the promises after each step."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lamella.slicing import image
from lamella.slicing.events import (
    Assemble,
    Assembled,
    Combine,
    Combined,
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
from lamella.slicing.request import Mode
from lamella.sources.base import Loaded, Outcome
from tests.slicing import invariants
from tests.slicing.driver import Driver
from tests.slicing.judge import Judge
from tests.slicing.scenery import LAYERS, LIMITS, OUTCOMES, PLENTY, POINTS, TORN, VERSIONS, VIEWS, WINDOWS, request

layers = st.sampled_from(sorted(LAYERS))
views = st.sampled_from(VIEWS)
points = st.sampled_from(POINTS)


class World(Driver):
    """A driver whose workers answer when they are told to, and whose every action is judged."""

    def __init__(self, judge: Judge) -> None:
        super().__init__(judge.limit)
        self.judge = judge
        self.working: list[Assemble | Combine | Measure] = []
        self.sound = True

    def step(self, *events: Event) -> None:
        self.sound = False  # until it is known to be
        cache = self.scheduler.cache
        before, allowed = cache.resident + cache.reserved, cache.limit
        actions = self.scheduler.step(list(events), self.now)
        after = cache.resident + cache.reserved
        # In one step with `Resized`, what came before it may have grown up to the limit before it.
        assert after <= max(cache.limit, before, allowed), "I4: above a lowered limit it only ever shrinks"
        invariants.check(self.scheduler, [a for a in (*self.working, *actions) if isinstance(a, Assemble | Combine)])
        for action in actions:
            match action:
                case Start():
                    assert after <= cache.limit, "I4: nothing is read above the limit"
                    self.reads[action.token] = action
                    self.started.append(action)
                    self.judge.read_started(action, self.scheduler, self.now)
                case Assemble() | Combine() | Measure():
                    self.working.append(action)
                case Deliver():
                    self.judge.delivered(action.slot, action.response, self.now)
                case Tell():
                    assert action.failure.message
        self.sound = True


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Views, workers, servers, settings and the clock, against one scheduler."""

    @initialize(limit=st.sampled_from(LIMITS), prompt=st.booleans())
    def begin(self, limit: int, prompt: bool) -> None:
        self.judge = Judge(limit)
        self.world = World(self.judge)
        self.generations: Counter[Slot] = Counter()
        self.asked: dict[Slot, tuple[float, str, tuple[int, ...], Mode, float]] = {}
        self.futures = 0
        self.batch: list[Event] = []
        self.batching = False  # events come several at a time
        self.prompt = prompt  # workers answer at once

    # What the world does

    @rule(
        view=views,
        layer=layers,
        point=points,
        window=st.sampled_from(sorted(WINDOWS)),
        displayed=st.sampled_from([(1, 2), (1, 2), (1, 2), (2, 1), (0, 2), (0, 1, 2)]),
        mode=st.sampled_from([Mode.SETTLED, Mode.INTERACTIVE, Mode.SYNC, Mode.PLAYBACK]),
        margin=st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5]),
    )
    def want(
        self,
        view: int,
        layer: int,
        point: float,
        window: str,
        displayed: tuple[int, ...],
        mode: Mode,
        margin: float = 0.0,
    ) -> None:
        slot = view, layer
        self.generations[slot] += 1
        self.asked[slot] = point, window, displayed, Mode.SETTLED, margin
        version = self.judge.versions[LAYERS[layer][0].levels[0].token]
        new = request(slot, self.generations[slot], version, point, window, displayed, mode, margin)
        self.judge.wants(slot, new, self.world.now)
        self.send(Want(new))

    @rule(
        view=views,
        layer=layers,
        points=st.lists(points, min_size=2, max_size=5),
        answers=st.integers(0, 4),
        pause=st.sampled_from([0.0, 0.016, 0.05]),
    )
    def drag(self, view: int, layer: int, points: list[float], answers: int, pause: float) -> None:
        for point in points:
            self.want(view, layer, point, "all", (1, 2), Mode.INTERACTIVE)
            self.answer(0, answers, None)
            self.wait(pause)

    @rule(
        view=views,
        layer=layers,
        windows=st.lists(st.sampled_from(["left", "right", "centre", "all"]), min_size=2, max_size=4),
        answers=st.integers(0, 4),
    )
    def pan(self, view: int, layer: int, windows: list[str], answers: int) -> None:
        for window in windows:
            self.want(view, layer, 1.0, window, (1, 2), Mode.INTERACTIVE)
            self.answer(0, answers, None)
            self.wait(0.016)

    @rule(layer=layers, point=points, window=st.sampled_from(["all", "left"]))
    def want_future(self, layer: int, point: float, window: str) -> None:
        self.futures += 1
        self.want(-self.futures, layer, point, window, (1, 2), Mode.SYNC)

    @rule(pick=st.integers(0, 20))
    def remove(self, pick: int) -> None:
        slots = list(self.judge.wanted)
        if slots:
            slot = slots[pick % len(slots)]
            self.judge.removes(slot)
            self.send(Removed(slot))

    @rule(
        first=st.integers(0, 63),
        count=st.integers(1, 40),
        outcome=st.one_of(st.none(), st.none(), st.none(), st.sampled_from(OUTCOMES)),
    )
    def answer(self, first: int, count: int, outcome: Outcome | None) -> None:
        """Reads end, each counted from ``first`` in the order of their starts; with data, if not otherwise."""
        for _ in range(min(count, len(self.world.reads))):
            starts = list(self.world.reads.values())
            if starts:
                self.end_read(starts[first % len(starts)], outcome)

    @rule(pick=st.integers(0, 10**6), outcome=st.sampled_from(OUTCOMES[:2]))
    def answer_twice(self, pick: int, outcome: Outcome) -> None:
        over = [s.token for s in self.world.started if s.token not in self.world.reads] or [10**9]
        self.send(Done(over[pick % len(over)], outcome))

    @rule(first=st.integers(0, 63), count=st.integers(1, 40), torn=st.sampled_from([False, False, False, True]))
    def work(self, first: int, count: int, torn: bool) -> None:
        """Workers end, each counted from ``first`` in the order in which they began."""
        for _ in range(count):
            if self.world.working:
                self.send(self.result(self.world.working.pop(first % len(self.world.working)), torn))

    @rule(seconds=st.sampled_from([0.001, 0.016, 0.1, 0.25, 1.0, 31.0]))
    def wait(self, seconds: float) -> None:
        self.flush()
        end = self.world.now + seconds
        for _ in range(1000):
            wake = self.world.scheduler.wake_at(self.world.now)
            if wake is None or wake > end:
                break
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

    @rule(on=st.booleans())
    def hurry(self, on: bool) -> None:
        self.send(Hurry(on))

    @rule(event=st.sampled_from([Rest(1), Rest(2), Retry(), Redeliver()]))
    def something_else(self, event: Event) -> None:
        self.send(event)

    @rule(limit=st.sampled_from(LIMITS))
    def resize(self, limit: int) -> None:
        self.judge.resized(limit)
        self.send(Resized(limit))

    @rule(layer=layers)
    def change_data(self, layer: int) -> None:
        """Every sample changes, and whoever shows them is told."""
        levels = LAYERS[layer][0].levels
        if self.judge.versions[levels[0].token] == VERSIONS - 1:
            return
        for level in levels:
            self.judge.versions[level.token] += 1
        for slot in list(self.judge.wanted):
            if LAYERS[slot[1]][0].levels is levels:
                self.want(*slot, *self.asked[slot])

    @rule(prompt=st.booleans(), batching=st.booleans())
    def change_pace(self, prompt: bool, batching: bool) -> None:
        self.prompt, self.batching = prompt, batching
        self.flush()

    # How it reaches the scheduler

    def send(self, event: Event) -> None:
        self.batch.append(event)
        if not self.batching:
            self.flush()

    def flush(self) -> None:
        batch, self.batch = self.batch, []
        self.world.step(*batch)
        while self.prompt and self.world.working:
            working, self.world.working = self.world.working, []
            self.world.step(*[self.result(work, False) for work in working])
        futures = [(slot, w.shown) for slot, w in self.judge.wanted.items() if slot[0] < 0]
        for slot, shown in futures:
            if shown is not None and shown.complete:
                self.judge.removes(slot)
                self.send(Removed(slot))

    def at(self, now: float) -> None:
        assert now >= self.world.now
        self.world.now = now
        self.judge.late(now)
        self.flush()

    def end_read(self, start: Start, outcome: Outcome | None) -> None:
        del self.world.reads[start.token]
        version = np.uint16(self.judge.read_versions[start.token])
        outcome = outcome or Loaded(start.source.data[start.box] + version)  # type: ignore[attr-defined]
        self.judge.answered(start, outcome, self.world.now)
        self.send(Done(start.token, outcome))

    def result(self, work: Assemble | Combine | Measure, torn: bool) -> Event:
        if isinstance(work, Measure):
            return Measured(work.layer, image.contrast_limits(work.tiles), work.number)
        read = work.read
        if isinstance(work, Combine):
            whole = image.combine(read, work.parts)
            return Combined(work.slot, work.generation, read, whole)
        tile: Any
        if torn:
            tile = TORN
            self.judge.torn(read)
        else:
            tile = image.fill(read) if work.chunk is None else image.assemble(read, work.chunk)
        return Assembled(work.slot, read, tile, work.pinned, work.reserved)

    # The end: everything is answered, and everything is there

    def finish(self) -> None:
        scheduler, world = self.world.scheduler, self.world
        self.change_pace(prompt=True, batching=False)
        for _ in range(10_000):
            if world.reads:
                self.batching = True
                self.answer(0, len(world.reads), None)
                self.change_pace(prompt=True, batching=False)
                continue
            wake = scheduler.wake_at(world.now)
            if wake is None:
                break
            self.at(wake)
        else:
            raise AssertionError("it never ends")
        assert scheduler.idle, "a view waits for something that nobody does"
        self.judge.settled()

    def teardown(self) -> None:
        if not hasattr(self, "world") or not self.world.sound:
            return  # a failure is on its way already
        self.finish()
        # With enough memory and a new attempt, whatever had failed is mended.
        self.resize(PLENTY)
        self.something_else(Retry())
        self.finish()
        assert not any(w.shown.failed for w in self.judge.wanted.values() if w.shown is not None)
        while self.judge.wanted:
            self.remove(0)
        self.finish()
        scheduler = self.world.scheduler
        assert scheduler.cache.reserved == 0, "I3: every reservation is given back once"
        assert not scheduler.reads.fetches
        assert not any(lane.in_use for lane in scheduler.reads.lanes)


COMMON = settings(
    suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink], report_multiple_bugs=False
)


# Ten minutes: to find the shortest order that fails.
@pytest.mark.timeout(600)
class TestAnyOrderOfEventsKeepsThePromises(AnyOrderOfEvents.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(COMMON, max_examples=250, stateful_step_count=40)


@pytest.mark.nightly
@pytest.mark.timeout(3 * 3600)
class TestTenThousandOrdersOfEvents(AnyOrderOfEvents.TestCase):  # type: ignore[name-defined, misc]
    """The same with examples of its own each night; a failure prints what reproduces it."""

    settings = settings(COMMON, max_examples=10_000, stateful_step_count=60, derandomize=False, print_blob=True)
