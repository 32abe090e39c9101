"""The figures that benchmarks print follow from events as BENCHMARKS defines them."""

from __future__ import annotations

import math

import pytest

from benchmarks import measures
from benchmarks.measures import Paint, Read, Step


def drag(*positions: int, begin: float = 10.0) -> list[Step]:
    return [Step(p, begin + i * 0.04, begin + i * 0.04 + 0.001) for i, p in enumerate(positions)]


def test_a_drag_goes_from_5_to_95_percent_in_25_positions() -> None:
    positions = measures.drag_positions(100)
    assert len(positions) == 25
    assert (positions[0], positions[-1]) == (5, 94)
    assert positions == sorted(set(positions))


def test_a_drag_over_few_planes_repeats_some_and_stays_inside() -> None:
    positions = measures.drag_positions(25)
    assert len(positions) == 25
    assert (positions[0], positions[-1]) == (1, 23)


def test_stall_counts_gaps_that_touch_the_interaction_and_no_others() -> None:
    beats = [0.0, 0.5, 0.502, 0.504, 0.530, 0.532, 0.900]
    stall = measures.stall(beats, begin=0.503, end=0.531)
    assert stall.longest == pytest.approx(0.026)
    assert stall.above_frame == pytest.approx(0.026)


def test_a_gap_that_reaches_into_the_interaction_counts_whole() -> None:
    assert measures.stall([0.0, 1.0, 1.002], begin=0.9, end=1.001).longest == pytest.approx(1.0)


def test_no_heartbeat_at_all_is_no_stall() -> None:
    assert measures.stall([], 0, 1) == measures.Stall(0.0, 0.0)


def test_shown_counts_each_position_once_and_only_after_it_was_asked_for() -> None:
    steps = drag(5, 6, 7)
    paints = [
        Paint(9.0, 6, True),  # before the drag
        Paint(10.01, 5, True),
        Paint(10.02, 5, True),
        Paint(10.09, 7, False),
        Paint(10.10, None, False),
        Paint(10.20, 50, True),  # never asked for
    ]
    assert measures.shown(steps, paints) == [(10.01, 5), (10.09, 7)]


def test_the_longest_time_without_a_new_position_begins_with_the_drag() -> None:
    steps = drag(5, 6, 7)
    assert measures.longest_without_new(steps, [(10.3, 5), (10.4, 7)]) == pytest.approx(0.3)
    assert measures.longest_without_new(steps, []) is None


def test_settled_means_the_last_position_and_complete() -> None:
    steps = drag(5, 6)
    paints = [
        Paint(10.05, 5, True),
        Paint(10.06, 6, False),
        Paint(10.07, 6, True),
        Paint(10.08, 6, True),
    ]
    assert measures.settle(steps, paints) == 10.07
    assert measures.settle(steps, paints[:2]) is None


def test_a_complete_picture_of_the_same_position_from_before_does_not_count() -> None:
    assert measures.settle(drag(5), [Paint(9.9, 5, True)]) is None


def test_first_pictures_need_data_and_come_after_the_opening() -> None:
    paints = [Paint(0.5, 3, True), Paint(1.1, None, True), Paint(1.2, 3, False), Paint(1.3, 3, True)]
    assert measures.first(paints, since=1.0, complete=False) == 1.2
    assert measures.first(paints, since=1.0, complete=True) == 1.3
    assert measures.first(paints, since=2.0, complete=True) is None


def test_reads_before_the_wanted_one_count_what_is_under_way_and_what_comes_between() -> None:
    done, under_way, between, wanted = Read(1, 0, 0.9), Read(2, 0.8, 1.1), Read(3, 1.1, 1.2), Read(9, 1.2, 1.3)
    assert measures.reads_before_wanted([done, under_way, wanted], released=1.0, wanted=9) == 1
    assert measures.reads_before_wanted([done, under_way, between, wanted], released=1.0, wanted=9) == 2
    assert measures.reads_before_wanted([done, wanted], released=1.0, wanted=9) == 0
    assert measures.reads_before_wanted([done, under_way], released=1.0, wanted=9) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2], 2),
        ([1, 2], 1.5),
        ([1, None, 2], 2),
        ([1, None, None], math.inf),
        ([], None),
    ],
)
def test_what_never_happened_is_larger_than_everything(values: list[float | None], expected: float | None) -> None:
    assert measures.median(values) == expected
