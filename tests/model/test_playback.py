"""Frames have deadlines: late ones are dropped, the rate is kept, and the rate that is reached is told."""

import pytest

from lamella.model.playback import Playback


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


def test_the_rate_that_is_reached_is_that_of_the_slowest_layer():
    p = playback()
    assert p.rate_reached(100.0) == 0
    for n in range(40):
        p.shown(1, 100 + n * 0.1)
        if n % 2:
            p.shown(2, 100 + n * 0.1)
    assert p.rate_reached(104.0) == pytest.approx(5.0, abs=0.6)
    p.forget({1})
    assert p.rate_reached(104.0) == pytest.approx(10.0, abs=0.6)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"rate": 0}, "rate"), ({"rate": 1e9}, "rate"), ({"rate": "fast"}, "rate"), ({"loop": "for ever"}, "loop")],
)
def test_bad_input_is_named(wrong: dict[str, object], word: str):
    with pytest.raises(ValueError, match=word):
        playback(**wrong)
