"""Playing a view without a window, on a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from psygnal import EmitLoopError

from lamella.player import Player
from lamella.sources.multiscale import Multiscale
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


WAIT = 60  # seconds, against hanging


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


def play_on(viewer: ViewerModel, clock: VirtualClock, frames: int, seconds: float = 0.1) -> list[int]:
    """Go on tick by tick, everything shown at its time; the steps on axis 0."""
    steps = []
    for _ in range(frames):
        clock.advance(seconds)
        viewer.tick()
        viewer.wait_until_loaded(WAIT)
        steps.append(viewer.dims.current_step[0])
    return steps


def test_moving_the_slider_by_hand_stops_it_at_once(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    told: list[bool] = []
    viewer.events.playing.connect(told.append)
    asked: list[tuple[bool, object]] = []
    viewer.views[0].events.changed.connect(lambda view: asked.append((view.playing, view.upcoming)))
    viewer.play(rate=10)
    viewer.dims.set_current_step(0, 0)
    assert told == [True, False]
    assert asked == [(False, ())], "what is asked for by hand is no longer playback"
    assert viewer.tick() is None
    assert viewer.dims.current_step[0] == 0
    viewer.dims.set_current_step(0, 3)
    assert told == [True, False]


def test_moving_along_another_axis_does_not_stop_it(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(np.zeros((12, 5, 16, 16), np.uint8))
    viewer.dims.set_current_step(0, 2)
    viewer.play(0, rate=10)
    viewer.dims.set_current_step(1, 4)
    assert play_on(viewer, clock, 2) == [3, 4]
    assert {point[1] for point in viewer.views[0].upcoming} == {4.0}


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
        ({"axis": "z"}, "axis"),
        ({"axis": 9}, "axis"),
        ({"rate": None}, "rate"),
        ({"steps": (3, 99)}, "steps"),
        ({"steps": (5, 3)}, "steps"),
        ({"steps": (0.5, 3)}, "steps"),
        ({"steps": (1, 2, 3)}, "steps"),
        ({"steps": 4}, "steps"),
        ({"loop": 1}, "loop"),
    ):
        with pytest.raises(ValueError, match=word):
            viewer.play(**wrong)  # type: ignore[arg-type]
        assert not viewer.views[0].playing
    viewer.play(-3, rate=7)
    with pytest.raises(ValueError, match="rate"):
        viewer.play(rate=0)
    assert viewer.playback_rate() == (7, None)
    viewer.stop()
    viewer.add_image(np.zeros((1, 12, 16, 16), np.uint8))
    with pytest.raises(ValueError, match="one step only"):
        viewer.play(0)


def test_removing_the_layers_or_the_axis_stops_it(viewer: ViewerModel, clock: VirtualClock) -> None:
    layer = viewer.add_image(stack())
    viewer.play(rate=10)
    viewer.layers.remove(layer)
    viewer.add_image(np.zeros((16, 16), np.uint8))
    clock.advance(0.1)
    assert viewer.tick() is None


def test_an_axis_that_is_displayed_is_not_played(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.play(rate=10)
    viewer.dims.roll()
    assert not viewer.playing


def test_new_axes_and_more_steps_are_followed(viewer: ViewerModel, clock: VirtualClock) -> None:
    layer = viewer.add_image(stack(4))
    viewer.dims.set_current_step(0, 2)
    viewer.play(rate=10)
    assert play_on(viewer, clock, 2) == [3, 0]
    layer.data = stack(6)
    assert play_on(viewer, clock, 6) == [1, 2, 3, 4, 5, 0]
    viewer.add_image(np.zeros((7, 6, 16, 16), np.uint8))
    assert play_on(viewer, clock, 2) == [0, 0]
    assert viewer.dims.current_step[1] == 2
    playback = viewer.playback()
    assert playback is not None and playback.axis == 1
    layer.data = stack(2)
    viewer.layers.pop(1)
    assert viewer.playing
    assert set(play_on(viewer, clock, 4)) == {0, 1}


def test_the_steps_that_were_asked_for_stay_when_there_are_more(viewer: ViewerModel, clock: VirtualClock) -> None:
    layer = viewer.add_image(stack(6))
    viewer.dims.set_current_step(0, 3)
    viewer.play(rate=10, steps=(2, 4))
    layer.data = stack(20)
    assert play_on(viewer, clock, 5) == [4, 2, 3, 4, 2]
    layer.data = stack(2)
    assert not viewer.playing, "none of them is left"


def test_another_rate_goes_on_without_a_jump(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack(4))
    viewer.dims.set_current_step(0, 2)
    viewer.play(rate=10, loop="back and forth")
    assert play_on(viewer, clock, 2) == [3, 2]
    clock.advance(0.05)
    viewer.play(rate=5, loop="back and forth")
    assert viewer.tick() == pytest.approx(0.1), "half of the time of the frame was over, and is"
    assert play_on(viewer, clock, 4) == [1, 1, 0, 0], "still on the way back"


def test_what_was_stopped_goes_on_where_it_stopped(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.dims.set_current_step(0, 2)
    viewer.play(rate=10)
    assert play_on(viewer, clock, 3) == [3, 4, 5]
    viewer.stop()
    clock.advance(5)
    assert viewer.tick() is None
    viewer.play(rate=10)
    assert play_on(viewer, clock, 2) == [6, 7]


def test_a_broken_listener_is_told_of_once(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.play(rate=10)

    def broken() -> None:
        raise ZeroDivisionError

    viewer.dims.events.current_step.connect(broken)
    clock.advance(0.1)
    with pytest.raises(EmitLoopError):
        viewer.tick()
    assert not viewer.playing
    assert viewer.views[0].upcoming == ()
    assert viewer.tick() is None


def test_two_views_play_and_one_that_breaks_leaves_the_other_alone(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    other = viewer.add_view()
    viewer.dims.set_current_step(0, 0)
    other.dims.set_current_step(0, 0)
    viewer.play(rate=10)
    viewer.play(rate=20, view=other)

    def broken() -> None:
        raise ZeroDivisionError

    viewer.dims.events.current_step.connect(broken)
    clock.advance(0.1)
    with pytest.raises(EmitLoopError):
        viewer.tick()
    clock.advance(0.1)
    assert viewer.tick() == pytest.approx(0.05)
    assert other.dims.current_step[0] == 4
    viewer.remove_view(other)
    assert not viewer.playing


def test_ticks_are_no_closer_than_the_frames_of_a_screen(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.play(rate=1000)
    clock.advance(1.0)
    assert viewer.tick() == pytest.approx(1 / 120)


def test_nothing_plays_in_a_closed_viewer(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.play(rate=10)
    viewer.close()
    assert not viewer.playing
    assert not viewer.views[0].playing
    with pytest.raises(RuntimeError, match="closed"):
        viewer.play()


# ---- data that are too slow ------------------------------------------------------------------------------------------


def test_a_wait_holds_still_and_ends_with_the_frame_that_was_asked_for(
    viewer: ViewerModel, clock: VirtualClock
) -> None:
    layer = viewer.add_image(stack(), contrast_limits=(0, 12))
    viewer.dims.set_current_step(0, 2)
    viewer.play(rate=10)
    clock.advance(0.1)
    viewer.tick()
    with viewer.sync_slicing(WAIT):
        clock.advance(3.0)
    assert (viewer.slices[layer].as_array() == 3).all()
    assert viewer.playing


def test_slow_data_get_no_queue_of_frames_that_are_late(viewer: ViewerModel, clock: VirtualClock) -> None:
    source = GatedSource(stack(40), chunk=(1, 16, 16), slots=1)
    layer = viewer.add_image(Multiscale((source,)), contrast_limits=(0, 40))
    viewer.dims.set_current_step(0, 0)
    source.release()
    viewer.play(rate=10)
    for _ in range(25):
        clock.advance(0.1)
        viewer.tick()
    assert source.wait_for(1, WAIT)
    assert len(source.waiting) == 1
    source.open()
    viewer.wait_until_loaded(WAIT)
    assert (viewer.slices[layer].as_array() == 25).all()
    assert viewer.playing


def test_the_rate_is_that_of_the_slowest_layer_and_nothing_of_a_layer_that_hangs(
    viewer: ViewerModel, clock: VirtualClock
) -> None:
    viewer.add_image(stack(), contrast_limits=(0, 12))
    viewer.wait_until_loaded(WAIT)
    viewer.play(rate=10)
    play_on(viewer, clock, 40)
    assert viewer.playback_rate() == (10, pytest.approx(10))
    source = GatedSource(stack(), chunk=(1, 16, 16))
    hangs = viewer.add_image(Multiscale((source,)), contrast_limits=(0, 12), name="hangs")
    source.release()
    for _ in range(40):
        clock.advance(0.1)
        viewer.tick()
    assert viewer.playing
    hangs.visible = False
    play_on(viewer, clock, 40)
    assert viewer.playback_rate() == (10, pytest.approx(10))


def test_where_nothing_comes_the_rate_is_nothing(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(Multiscale((GatedSource(stack(), chunk=(1, 16, 16)),)), contrast_limits=(0, 12))
    viewer.play(rate=10)
    clock.advance(1.9)
    viewer.tick()
    assert viewer.playback_rate() == (10, None), "too early to say"
    clock.advance(0.2)
    viewer.tick()
    assert viewer.playback_rate() == (10, 0.0)


def test_a_slow_rate_that_is_kept_does_not_fall_short(viewer: ViewerModel, clock: VirtualClock) -> None:
    viewer.add_image(stack())
    viewer.wait_until_loaded(WAIT)
    viewer.play(rate=0.2)
    for _ in range(50):
        play_on(viewer, clock, 1, 1.0)
        rates = viewer.playback_rate()
        assert rates is not None and rates[1] in (None, pytest.approx(0.2))
    assert rates[1] is not None
