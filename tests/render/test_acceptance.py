"""Acceptance: which response is drawn, and with which tiles."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.render.acceptance import Acceptance
from lamella.render.visibility import Placed
from tests.render.scenes import response, tile

A, B, C = 1, 2, 3  # planes


class Bench:
    """An acceptance and the set of tiles that are uploaded."""

    def __init__(self) -> None:
        self.there: set[object] = set()
        self.layer = Acceptance(Placed.of, self.there.__contains__)

    def offer(self, generation: int, plane: int, coarse=(), fine=(), **how):
        tiles = [tile(np.zeros((4, 4), np.uint8), level=1, factor=2, key=k) for k in coarse]
        tiles += [tile(np.zeros((4, 4), np.uint8), key=k) for k in fine]
        how.setdefault("level", 0)
        made = response(tiles, generation=generation, plane=plane, **how)
        self.layer.offer(made)
        self.layer.advance()
        return made

    def upload(self, *keys: str) -> None:
        self.there.update(keys)
        self.layer.advance()

    @property
    def drawn(self) -> set[object]:
        return {p.key for p in self.layer.draw_list()}

    @property
    def wanted(self) -> list[object]:
        return [t.key for t in self.layer.wanted()]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_first_response_is_drawn_at_once(bench):
    first = bench.offer(1, A, ["a"])
    assert bench.layer.drawn is first
    assert bench.drawn == set()
    assert (bench.wanted, bench.layer.pending) == (["a"], 1)


def test_a_new_key_waits_for_all_its_coarse_tiles_and_for_no_fine_one(bench):
    old = bench.offer(1, A, ["a"])
    bench.upload("a")
    new = bench.offer(2, B, ["b", "bb"], ["f"])
    assert bench.wanted == ["b", "bb"]
    bench.upload("b")
    assert bench.layer.drawn is old and bench.drawn == {"a"}
    bench.upload("bb")
    assert bench.layer.drawn is new and bench.drawn == {"b", "bb"}
    assert bench.wanted == ["f"]


def test_a_new_key_without_any_tile_leaves_the_old_picture(bench):
    old = bench.offer(1, A, ["a"])
    bench.upload("a")
    bench.offer(2, B, complete=False)
    assert bench.layer.drawn is old
    assert bench.layer.pending == 1


@pytest.mark.parametrize("how", [{"empty": True}, {"failed": [((0, 0), (1, 1))]}])
def test_an_empty_or_a_failed_slice_replaces_the_picture(bench, how):
    bench.offer(1, A, ["a"])
    bench.upload("a")
    new = bench.offer(2, B, **how)
    assert bench.layer.drawn is new
    assert bench.drawn == set()


def test_an_older_generation_is_ignored(bench):
    bench.offer(5, A, ["a"])
    assert not bench.layer.offer(response([], generation=4, plane=B))
    assert bench.layer.generation == 5


def test_a_newer_answer_to_the_drawn_key_replaces_what_waits(bench):
    bench.offer(1, A, ["a"])
    bench.upload("a")
    bench.offer(2, B, ["b"])
    back = bench.offer(3, A, ["a"], ["f"])
    assert bench.layer.drawn is back
    bench.upload("b")
    assert bench.layer.drawn is back


def test_a_fast_drag_is_not_starved(bench):
    bench.offer(1, A, ["a"])
    bench.upload("a")
    second = bench.offer(2, B, ["b"])
    bench.offer(3, C, ["c"])
    last = bench.offer(4, C + 1, ["d"])
    assert bench.wanted == ["b"]
    bench.upload("b")
    assert bench.layer.drawn is second
    bench.upload("d")
    assert bench.layer.drawn is last


def test_a_key_that_has_nothing_yet_does_not_hold_up_the_next(bench):
    bench.offer(1, A, ["a"])
    bench.upload("a")
    bench.offer(2, B, complete=False)
    new = bench.offer(3, C, ["c"])
    bench.upload("c")
    assert bench.layer.drawn is new


def test_the_same_key_keeps_its_tiles_until_the_new_window_is_complete(bench):
    bench.offer(1, A, ["c"], ["f", "g"])
    bench.upload("c", "f")
    bench.offer(2, A, ["c"], ["h"], complete=False)
    assert bench.drawn == {"c", "f"}
    bench.offer(2, A, ["c"], ["h"])
    assert bench.drawn == {"c", "f"}
    bench.upload("h")
    assert bench.drawn == {"c", "h"}


def test_stand_ins_outside_the_new_window_are_dropped(bench):
    bench.offer(1, A, fine=["f"], window=((0, 0), (4, 4)))
    bench.upload("f")
    bench.offer(2, A, complete=False, window=((2, 2), (6, 6)))
    assert bench.drawn == {"f"}
    bench.offer(3, A, complete=False, window=((20, 20), (24, 24)))
    assert bench.drawn == set()


def test_another_key_never_stands_in(bench):
    bench.offer(1, A, fine=["f"])
    bench.upload("f")
    bench.offer(2, B, ["b"], complete=False)
    bench.upload("b")
    assert bench.drawn == {"b"}


def test_a_tile_without_room_counts_as_settled_until_the_next_response(bench):
    bench.offer(1, A, ["a"])
    bench.upload("a")
    new = bench.offer(2, B, ["b"], ["f"])
    bench.layer.skip("b")
    bench.layer.advance()
    assert bench.layer.drawn is new
    bench.layer.skip("f")
    assert (bench.wanted, bench.layer.pending) == ([], 0)
    bench.offer(3, B, ["b"], ["f"])
    assert bench.wanted == ["b", "f"]


def test_nothing_that_is_drawn_or_about_to_be_may_be_thrown_out(bench):
    bench.offer(1, A, ["a"], ["f"])
    bench.upload("a", "f")
    bench.offer(2, B, ["b", "bb"])
    bench.upload("b")
    assert bench.layer.needs() >= {"a", "f", "b"}
    assert bench.layer.needs(coarsest_only=True) == {"a", "b", "bb"}
