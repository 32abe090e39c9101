"""Frames have deadlines: late ones are dropped, the rate is kept, and the rate that is reached is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.playback import LOOPS, REACHED_OVER_S, Playback, Reached


def playback(**kwargs: object) -> Playback:
    return Playback(
        **{"axis": 0, "rate": 10.0, "loop": "loop", "first": 0, "last": 9, "start": 4, "began": 100.0} | kwargs
    )


def steps(p: Playback, count: int) -> list[int]:
    return [p.step_of(n) for n in range(count)]


def test_each_frame_is_due_at_its_time():
    p = playback()
    assert [p.frame_at(100.0 + t) for t in (0, 0.05, 0.1, 0.19, 0.2, 1.0)] == [0, 0, 1, 1, 2, 10]
    assert p.next_deadline(100.25) == pytest.approx(100.3)


def test_late_frames_are_dropped_and_never_caught_up():
    p = playback()
    assert p.step_of(p.frame_at(100.73)) == (4 + 7) % 10
    assert p.next_deadline(100.73) == pytest.approx(100.8)


@pytest.mark.parametrize(
    ("loop", "rate", "expected"),
    [
        ("loop", 10.0, [2, 3, 0, 1, 2, 3, 0]),
        ("loop", -10.0, [2, 1, 0, 3, 2, 1, 0]),
        ("once", 10.0, [2, 3, 3, 3, 3, 3, 3]),
        ("once", -10.0, [2, 1, 0, 0, 0, 0, 0]),
        ("back and forth", 10.0, [2, 3, 2, 1, 0, 1, 2]),
        ("back and forth", -10.0, [2, 1, 0, 1, 2, 3, 2]),
    ],
)
def test_the_ways_round(loop: str, rate: float, expected: list[int]):
    assert steps(playback(loop=loop, rate=rate, last=3, start=2), 7) == expected


def test_a_part_of_an_axis():
    assert steps(playback(first=5, last=7, start=0), 5) == [5, 6, 7, 5, 6]


def test_an_axis_of_one_step_stays():
    assert steps(playback(loop="back and forth", last=0, start=0), 3) == [0, 0, 0]


def test_playing_once_ends_when_the_last_frame_has_had_its_time():
    p = playback(loop="once", last=6)
    assert not p.ended(100.29)
    assert p.ended(100.3)
    assert not playback().ended(1e6)


def test_what_comes_next_in_the_order_of_deadlines():
    assert playback(start=7).upcoming(100.0, 4) == [8, 9, 0, 1]
    assert playback(start=2, last=3).upcoming(100.0, 8) == [3, 0, 1], "each once, the present one not at all"
    assert playback(loop="once", start=8).upcoming(100.0, 4) == [9]


@given(
    at=st.lists(st.floats(0, 1e5), min_size=1),
    rate=st.floats(0.01, 1000).flatmap(lambda r: st.sampled_from([r, -r])),
    loop=st.sampled_from(LOOPS),
    last=st.integers(0, 30),
    start=st.integers(0, 30),
)
def test_whenever_it_is_asked_it_is_at_the_frame_of_that_time(
    at: list[float], rate: float, loop: str, last: int, start: int
):
    p = playback(rate=rate, loop=loop, last=last, start=start, began=0.0)
    for now in sorted(at):
        frame = p.frame_at(now)
        assert frame == pytest.approx(now * abs(rate), abs=1 + 1e-5)
        assert now < p.next_deadline(now) <= now + 1 / abs(rate) + 1e-6
        assert 0 <= p.step_at(now) <= last
        following = next((s for n in range(1, 40) if (s := p.step_of(frame + n)) != p.step_at(now)), None)
        assert next(iter(p.upcoming(now, 16)), None) == following


def ways(p: Playback, *, change_at: float, until: float, **change: object) -> list[int]:
    """Steps frame by frame, changed on the way."""
    as_it_is = {"rate": p.rate, "loop": p.loop, "first": p.first, "last": p.last}
    q = p.played_on(change_at, **(as_it_is | change))  # type: ignore[arg-type]
    before = [p.step_of(n) for n in range(p.frame_at(change_at) + 1)]
    return before + [q.step_of(n) for n in range(1, q.frame_at(until) + 1)]


def test_another_rate_goes_on_without_a_jump():
    p = playback(began=0.0).played_on(0.15, rate=1.0, loop="loop", first=0, last=9)
    assert p.step_at(0.15) == 5
    assert p.next_deadline(0.15) == pytest.approx(0.65), "half of the time of the frame was over, and is"
    assert ways(playback(began=0.0), change_at=0.15, until=3.0, rate=1.0) == [4, 5, 6, 7, 8]


def test_back_and_forth_goes_on_the_same_way_round():
    there_and_back = playback(began=0.0, start=7, loop="back and forth")
    assert ways(there_and_back, change_at=0.35, until=0.75, rate=10.5) == [7, 8, 9, 8, 7, 6, 5, 4]
    assert ways(there_and_back, change_at=0.35, until=0.62, rate=-10.5) == [7, 8, 9, 8, 9, 8, 7]
    assert ways(there_and_back, change_at=0.35, until=0.62, loop="loop") == [7, 8, 9, 8, 9, 0, 1]


def test_other_steps_go_on_from_where_it_is():
    longer = playback(began=0.0, start=8).played_on(0.1, rate=10.0, loop="loop", first=0, last=19)
    assert [longer.step_of(n) for n in range(3)] == [9, 10, 11]


# ---- the rate that is reached ----------------------------------------------------------------------------------------


def test_it_is_too_early_to_say_until_two_frames_have_come_and_some_time_has_passed():
    reached = Reached(0.0, 2.0)
    reached.shown(0.5)
    assert reached.rate(1.5) is None
    reached = Reached(0.0, 2.0)
    for n in range(10):
        reached.shown(0.5 + n * 0.01)  # what was waited for comes in a burst
    assert reached.rate(0.6) is None
    assert reached.rate(1.5) == 10.0


@pytest.mark.parametrize("rate", [0.2, 1.0, 7.0, 24.0, 60.0])
def test_a_steady_rate_is_told_at_any_moment(rate: float):
    reached = Reached(0.0, 2 / rate)
    for n in range(1, 200):
        reached.shown(n / rate)
        if n > 2:
            for part in (0.0, 0.4, 0.99):
                assert reached.rate((n + part) / rate) == pytest.approx(rate)


def test_a_rate_that_drops_is_told_soon_and_one_that_ends_dies_away():
    reached = Reached(0.0, 2.0)
    for n in range(40):
        reached.shown(n * 0.1)
    for n in range(5):
        reached.shown(4 + n * 0.5)
    assert reached.rate(6.4) == pytest.approx(2.0)
    assert reached.rate(16.4) < 0.25


def test_nothing_at_all_is_nothing_a_second():
    reached = Reached(0.0, 2.0)
    assert reached.rate(1.9) is None
    assert reached.rate(2.1) == 0.0


def test_what_is_remembered_of_frames_is_bounded():
    reached = Reached(0.0, 2.0)
    for n in range(100_000):
        reached.shown(n / 100)
    assert len(reached._times) <= 100 * REACHED_OVER_S + 2


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"rate": 0}, "rate"),
        ({"rate": 1e-9}, "rate"),
        ({"rate": 1e9}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"loop": "for ever"}, "loop"),
        ({"first": 3, "last": 2}, "steps"),
    ],
)
def test_bad_input_is_named(wrong: dict[str, object], word: str):
    with pytest.raises(ValueError, match=word):
        playback(**wrong)
