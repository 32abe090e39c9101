"""Layers that are sliced as a whole, in any order of events: the truth, the newest, and memory within its limit."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lamella.model.layers.image import Image
from lamella.model.layers.points import Points
from lamella.model.view import View
from lamella.model.world import data_to_common_world, fit_dims, layer_axes
from lamella.slicing import points
from lamella.slicing.events import Event, Removed, Resized, Rest, Retry, Slot, Want
from lamella.slicing.place import Place
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.sources.base import Failed, FailureKind, Loaded
from tests.slicing.driver import Driver
from tests.slicing.reference_points import expected

PLENTY = 10**9
LIMITS = (PLENTY, 8_000, 3_000, 900, 0)
BROKEN = Failed(FailureKind.OTHER, "ValueError: no")
LAYERS = (1, 2, 3)
VIEWS = (1, 2)
COUNTS = {1: 60, 2: 0, 3: 7}


class AnyOrderOfEventsOnPoints(RuleBasedStateMachine):
    """Three layers, one of them empty, two views, workers that answer late or not, and a user."""

    @initialize(limit=st.sampled_from(LIMITS))
    def begin(self, limit: int) -> None:
        self.driver = Driver(limit)
        self.tight = limit < PLENTY
        self.states = Counter[int]()  # of the data of each layer
        self.layers = {layer: Points(self.coordinates(layer), size=1.0) for layer in LAYERS}
        self.views = {view: View() for view in VIEWS}
        for view in self.views.values():
            fit_dims(view.dims, [Image(np.zeros((7, 7, 7), "u1"))], first=True)
        self.generations = Counter[Slot]()
        self.requests: dict[tuple[Slot, int], tuple[LayerSliceRequest, list[int]]] = {}
        self.newest: dict[Slot, int] = {}
        self.shown: dict[Slot, points.PointsSliceResponse] = {}
        self.seen = 0

    def coordinates(self, layer: int) -> np.ndarray:
        rng = np.random.default_rng(100 * layer + self.states[layer])
        return rng.integers(0, 6, (COUNTS[layer], 3)).astype(float)

    @rule(view=st.sampled_from(VIEWS), layer=st.sampled_from(LAYERS), point=st.integers(0, 6), margin=st.integers(0, 2))
    def want(self, view: int, layer: int, point: int, margin: int) -> None:
        dims = self.views[view].dims
        dims.set_point(0, point)
        dims.margin_left = dims.margin_right = (margin, 0, 0)
        self.ask(view, layer, Mode.INTERACTIVE)

    def ask(self, view: int, layer: int, mode: Mode) -> None:
        slot = view, layer
        self.generations[slot] += 1
        number = self.newest[slot] = self.generations[slot]
        state, points_layer = self.views[view].snapshot(), self.layers[layer]
        axes = layer_axes(state.order, state.ndisplay, len(state.order), 3)
        place = Place(data_to_common_world(points_layer, [points_layer]).inverse, *axes)
        request = points.make_slice_request(points_layer, state, place, number, view, mode)
        request = replace(request, layer=layer)
        count = len(points_layer.data)
        truth = expected(points_layer, self.views[view].dims, [1.0] * count, [True] * count)
        self.requests[slot, number] = request, truth.indices
        self.step(Want(request))

    @rule(view=st.sampled_from(VIEWS), layer=st.sampled_from(LAYERS), steps=st.lists(st.integers(0, 6), max_size=5))
    def drag(self, view: int, layer: int, steps: list[int]) -> None:
        for step in steps:
            self.want(view, layer, step, 0)
            self.driver.advance(0.016)
            self.look()

    @rule(layer=st.sampled_from(LAYERS))
    def replace_data(self, layer: int) -> None:
        self.states[layer] += 1
        self.layers[layer].data = self.coordinates(layer)
        for slot in [slot for slot in self.newest if slot[1] == layer]:
            self.ask(*slot, Mode.SETTLED)

    @rule(pick=st.integers(0, 20), broken=st.sampled_from([False, False, False, True]))
    def answer(self, pick: int, broken: bool) -> None:
        starts = list(self.driver.reads.values())
        if starts:
            self.finish(starts[pick % len(starts)], broken)

    def finish(self, start: object, broken: bool) -> None:
        outcome: list[object] = [BROKEN]
        if not broken:
            outcome.clear()
            start.source.read((), outcome.append)  # type: ignore[attr-defined]
        assert isinstance(outcome[0], Failed | Loaded)
        self.driver.finish(start, outcome[0])  # type: ignore[arg-type]
        self.look()

    @rule(pick=st.integers(0, 9))
    def remove(self, pick: int) -> None:
        slots = list(self.newest)
        if slots:
            slot = slots[pick % len(slots)]
            del self.newest[slot]
            self.shown.pop(slot, None)
            self.step(Removed(slot))

    @rule(seconds=st.sampled_from([0.001, 0.05, 1.0]))
    def wait(self, seconds: float) -> None:
        self.driver.advance(seconds)
        self.look()

    @rule(event=st.sampled_from([Rest(1), Rest(2), Retry()]))
    def something_else(self, event: Event) -> None:
        self.step(event)

    def step(self, *events: Event) -> None:
        self.driver.step(*events)
        self.look()

    def look(self) -> None:
        """Every picture shows what was asked for, all of it, and never something older than before."""
        for response in self.driver.responses[self.seen :]:
            slot = response.view, response.layer
            request, indices = self.requests[slot, response.generation]
            assert response.key == request.key
            before = self.shown.get(slot)
            assert before is None or before.generation <= response.generation
            self.shown[slot] = response  # type: ignore[assignment]
            if response.complete and not response.failed:
                assert response.indices.tolist() == indices  # type: ignore[attr-defined]
        self.seen = len(self.driver.responses)

    def finish_all(self) -> None:
        for _ in range(1000):
            if self.driver.reads:
                self.finish(next(iter(self.driver.reads.values())), broken=False)
                continue
            wake = self.driver.scheduler.wake_at(self.driver.now)
            if wake is None:
                break
            self.driver.advance(wake - self.driver.now)
            self.look()
        else:
            raise AssertionError("it never ends")
        for slot, number in self.newest.items():
            assert self.shown[slot].generation == number
            assert self.shown[slot].complete

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        self.finish_all()
        self.driver.step(Resized(PLENTY), Retry())
        self.look()
        self.finish_all()
        assert not any(self.shown[slot].failed for slot in self.newest)
        for slot in list(self.newest):
            self.driver.step(Removed(slot))
        assert self.driver.scheduler.cache.reserved == 0, "every reservation is given back"


class TestAnyOrderOfEventsOnPoints(AnyOrderOfEventsOnPoints.TestCase):  # type: ignore[name-defined, misc]
    settings = settings(
        max_examples=200,
        stateful_step_count=30,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
