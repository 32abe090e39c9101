"""What is expected to be wanted next."""

from dataclasses import replace

import pytest

from lamella.slicing.prefetch import Motion
from lamella.slicing.request import LayerSliceRequest, Mode
from tests.slicing.driver import pyramid, request

IMAGE = pyramid(shape=(400, 64, 64))


def moved(points: list[float], interval: float) -> tuple[Motion, LayerSliceRequest]:
    motion = Motion()
    for n, z in enumerate(points):
        last = request(IMAGE, n + 1, z=z)
        motion.observe(last, n * interval)
    return motion, last


def planes(motion: Motion, last: LayerSliceRequest, fine: bool = False) -> list[float]:
    return [a.request.key.point[0] for a in motion.ahead(last, 0.0, 8.0) if a.fine == fine]


def test_a_view_at_rest_expects_nothing():
    motion, last = moved([5.0], 0.1)
    assert not planes(motion, last)


@pytest.mark.parametrize("direction", [1, -1])
def test_neighbours_in_the_direction_of_motion_soonest_first(direction: int):
    motion, last = moved([200.0 + direction * n for n in range(10)], 0.04)
    expected = [200.0 + direction * (9 + n) for n in (1, 2, 3)]  # what 25 a second reach in the margin
    assert planes(motion, last) == pytest.approx(expected)


def test_finer_levels_only_where_there_is_time_for_them():
    assert not planes(*moved([float(n) for n in range(10)], 0.04), fine=True)
    assert planes(*moved([float(n) for n in range(4)], 0.9), fine=True)


def test_slow_steps_expect_only_the_nearest_planes():
    assert planes(*moved([float(n) for n in range(6)], 0.9)) == pytest.approx([6.0, 7.0])


def test_steady_strides_over_several_planes_are_followed():
    motion, last = moved([4.0 * n for n in range(10)], 0.04)
    assert planes(motion, last)[:3] == pytest.approx([40.0, 44.0, 48.0])


def test_jumps_of_unsteady_width_expect_nothing():
    assert not planes(*moved([0.0, 9.0, 13.0, 27.0, 30.0, 44.0], 0.04))


def test_turning_round_turns_the_expectation_round():
    there = [float(n) for n in range(20)]
    motion, last = moved([*there, *there[::-1], *(-z for z in there)], 0.04)
    assert planes(motion, last)[0] < last.key.point[0]


def test_a_pause_begins_a_new_motion():
    motion, last = moved([float(n) for n in range(10)], 0.04)
    motion.observe(replace(last, generation=99), 60.0)
    assert not planes(motion, last)


def test_zooming_is_no_motion():
    motion = Motion()
    for n in range(1, 8):
        last = request(IMAGE, n, box=((-n, -n), (n, n)))
        motion.observe(last, n * 0.04)
    assert not list(motion.ahead(last, 0.0, 8.0))


def test_a_pan_expects_the_window_further_on():
    motion = Motion()
    for n in range(8):
        last = request(IMAGE, n + 1, box=((0.0, float(n)), (20.0, 20.0 + n)))
        motion.observe(last, n * 0.04)
    found = [a.request.window.box for a in motion.ahead(last, 0.0, 8.0)]
    assert found
    (low, high) = found[0]
    assert low[1] > last.window.box[0][1] and low[0] == pytest.approx(0.0)
    assert high[1] - low[1] == pytest.approx(20.0)


def test_what_a_player_announces_is_taken_in_its_order_coarse_first():
    motion = Motion()
    last = replace(request(IMAGE, 1, z=398.0, mode=Mode.PLAYBACK), upcoming=((399.0,), (0.0,), (1.0,)))
    motion.observe(last, 0.0)
    found = [(a.request.key.point[0], a.fine) for a in motion.ahead(last, 0.0, 8.0)]
    assert found == [(399.0, False), (0.0, False), (1.0, False), (399.0, True), (0.0, True), (1.0, True)]
