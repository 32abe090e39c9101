"""A frame waits for the slices that are just coming, and for no others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lamella.render.gathering import PATIENCE_S, QUIET_S, Gathering
from lamella.render.reference.backend import ReferenceBackend
from lamella.render.thread import RenderThread
from tests.render.scenes import Recorder, look, response, scene, state, tile

VIEW = state((8, 8), (3.5, 3.5))
STEP = QUIET_S / 2


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def torn(view: int) -> bool:
    return True


def whole(view: int) -> bool:
    return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gathering(clock: Clock) -> Gathering:
    return Gathering(clock)


def test_a_view_whose_layers_agree_is_drawn_at_once(gathering: Gathering):
    gathering.note([0])
    assert gathering.ready([0], whole, uploading=True) == [0]
    assert gathering.left is None


def test_a_torn_view_is_drawn_when_nothing_has_come_for_a_while(gathering: Gathering, clock: Clock):
    gathering.note([0])
    assert gathering.ready([0], torn, uploading=False) == []
    assert gathering.left == pytest.approx(QUIET_S)
    clock.now = STEP
    gathering.note([0])
    assert gathering.ready([0], torn, uploading=False) == []
    assert gathering.left == pytest.approx(QUIET_S)
    clock.now = STEP + QUIET_S
    assert gathering.ready([0], torn, uploading=False) == [0]
    assert gathering.left is None


def test_what_is_still_uploaded_is_still_coming(gathering: Gathering, clock: Clock):
    gathering.note([0])
    for clock.now in np.arange(0, PATIENCE_S - 1e-9, STEP).tolist():
        assert gathering.ready([0], torn, uploading=True) == []
    assert gathering.ready([0], torn, uploading=False) == [0]


def test_nobody_waits_for_long_whatever_comes(gathering: Gathering, clock: Clock):
    for clock.now in np.arange(0, PATIENCE_S - 1e-9, STEP).tolist():
        gathering.note([0])
        assert gathering.ready([0], torn, uploading=True) == []
        assert gathering.left == pytest.approx(min(QUIET_S, PATIENCE_S - clock.now))
    clock.now = PATIENCE_S
    gathering.note([0])
    assert gathering.ready([0], torn, uploading=True) == [0]
    gathering.note([0])
    assert gathering.ready([0], torn, uploading=True) == [], "the next picture has its own time"


def test_a_view_does_not_wait_for_another(gathering: Gathering):
    gathering.note([0, 1])
    assert gathering.ready([0, 1], lambda view: view == 0, uploading=False) == [1]
    assert gathering.left == pytest.approx(QUIET_S)


def draw(clock: object, *, then: list[tuple[int, int]]) -> Recorder:
    """Three layers at plane 0, then the planes of some, one after the other: what is drawn until the last is there."""
    recorder = Recorder()
    renderer = recorder.renderer = RenderThread(ReferenceBackend, recorder, clock=clock)  # type: ignore[arg-type]
    data = np.zeros((8, 8), np.uint8)
    try:
        renderer.set_scene(scene(VIEW, {layer: look() for layer in (1, 2, 3)}))
        for layer in (1, 2, 3):
            renderer.set_slice(response([tile(data, key=(layer, 0))], layer=layer))
        recorder.shown(_1=1, _2=1, _3=1)
        newest = {1: 1, 2: 1, 3: 1}
        for layer, plane in then:
            newest[layer] = plane + 1
            made = tile(data, key=(layer, plane))
            renderer.set_slice(response([made], layer=layer, plane=plane, generation=plane + 1))
        recorder.shown(**{f"_{layer}": generation for layer, generation in newest.items()})
    finally:
        renderer.close()
    return recorder


def positions(recorder: Recorder) -> list[set[float]]:
    return [{r.point[0] for r in frame.slices.values()} for frame in recorder.frames]


def test_layers_that_come_together_are_never_torn():
    frozen = Clock()
    drawn = positions(draw(frozen, then=[(1, 1), (2, 1), (3, 1)]))
    assert all(len(points) == 1 for points in drawn)


def test_a_layer_that_is_late_keeps_the_others_waiting_for_a_moment_only():
    ticks = itertools.count()
    drawn = positions(draw(lambda: float(next(ticks)), then=[(1, 1), (2, 1)]))
    assert drawn[-1] == {0.0, 1.0}
