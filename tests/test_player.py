"""Playing a view without a window, on a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lamella.player import Player
from lamella.testing import GatedSource, VirtualClock
from lamella.viewer_model import ViewerModel


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def viewer(clock: VirtualClock) -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        viewer._player = Player(viewer._player._changed, clock)
        yield viewer


def stack(count: int = 12) -> np.ndarray:
    return np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((1, 16, 16), np.uint8)


def test_a_view_is_moved_frame_by_frame_and_late_ones_are_dropped(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.dims.set_current_step(0, 2)
    viewer.play(rate=10)
    places = []
    for _ in range(4):
        clock.advance(0.1)
        viewer.tick()
        places.append(viewer.dims.current_step[0])
    clock.advance(0.35)
    assert viewer.tick() == pytest.approx(0.05)
    places.append(viewer.dims.current_step[0])
    assert places == [3, 4, 5, 6, 9]


def test_moving_the_slider_by_hand_stops_it(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    told: list[bool] = []
    viewer.events.playing.connect(told.append)
    viewer.play(rate=10)
    viewer.dims.set_current_step(0, 0)
    clock.advance(0.1)
    assert viewer.tick() is None
    assert told == [True, False]
    assert viewer.dims.current_step[0] == 0
    assert not viewer.views[0].playing
    assert viewer.views[0].upcoming == ()


def test_what_comes_next_is_read_before_it_is_due(viewer: ViewerModel, clock: VirtualClock) -> None:
    source = GatedSource(stack(), chunk=(1, 16, 16))
    viewer.add_image(source)
    assert source.wait_for(1)
    source.open()
    viewer.wait_until_loaded()
    start = viewer.dims.current_step[0]
    viewer.play(rate=10)
    clock.advance(0.1)
    viewer.tick()
    viewer.wait_until_loaded()
    viewer._engine.wait_idle(10)
    assert viewer.statistics().prefetched >= 8
    before = viewer.statistics().reads_started
    for _ in range(6):
        clock.advance(0.1)
        viewer.tick()
        viewer.wait_until_loaded()
    viewer._engine.wait_idle(10)
    assert viewer.dims.current_step[0] == (start + 7) % 12
    assert viewer.statistics().prefetch_used >= 6
    assert viewer.statistics().reads_started <= 12, "no plane is read twice"
    assert before <= viewer.statistics().reads_started


def test_the_rate_that_is_reached_is_told(viewer: ViewerModel, clock: VirtualClock) -> None:
    assert viewer.playback_rate() is None
    viewer.add_image(stack())
    viewer.add_image(np.zeros((16, 16), np.uint8))
    viewer.wait_until_loaded()
    viewer.play(rate=20)
    for n in range(40):
        clock.advance(0.05)
        viewer.tick()
        if n % 2:
            viewer.wait_until_loaded()
    rates = viewer.playback_rate()
    assert rates is not None
    assert rates[0] == 20
    assert rates[1] == pytest.approx(10, abs=1)


def test_playing_once_ends_on_the_last_step(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack(5))
    viewer.play(rate=10, loop="once", steps=(0, 3))
    while viewer.tick() is not None:
        clock.advance(0.1)
    assert viewer.dims.current_step[0] == 3
    viewer.play(rate=10, loop="once", steps=(0, 3))
    assert viewer.dims.current_step[0] == 0, "from the beginning again"


def test_bad_input_changes_nothing(viewer: ViewerModel) -> None:
    with pytest.raises(ValueError, match="no axis to play"):
        viewer.play()
    viewer.add_image(stack())
    for wrong, word in (
        ({"rate": 0}, "rate"),
        ({"axis": 2}, "axis"),
        ({"steps": (3, 99)}, "steps"),
        ({"loop": 1}, "loop"),
    ):
        with pytest.raises(ValueError, match=word):
            viewer.play(**wrong)  # type: ignore[arg-type]
        assert not viewer.views[0].playing


def test_removing_the_layers_or_the_axis_stops_it(viewer: ViewerModel, clock: VirtualClock) -> None:
    layer = viewer.add_image(stack())
    viewer.play(rate=10)
    viewer.layers.remove(layer)
    viewer.add_image(np.zeros((16, 16), np.uint8))
    clock.advance(0.1)
    assert viewer.tick() is None
