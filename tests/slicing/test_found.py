"""What the random machines have found, each as the shortest story that shows it."""

from __future__ import annotations

import pytest

from lamella.slicing.events import Done, Removed, Resized, Rest, Want
from lamella.slicing.request import Mode
from lamella.slicing.scheduler import REST_S
from lamella.slicing.showing import PATIENCE_S
from lamella.sources.base import Failed, FailureKind, Missing, Pool
from tests.slicing.driver import Driver, PlainSource, pyramid, request
from tests.slicing.world import EVENT_S, HANGS, World, constant, longest_gap

BUSY = Failed(FailureKind.BUSY, "HTTP 503")
STUCK_S = 30.0


def in_memory(levels: int = 2):
    source = pyramid(levels=levels, pool=Pool("memory", 64, 2))
    for level in source.levels:
        assert isinstance(level, PlainSource)
        level.in_memory = True
    return source


def test_away_and_back_keeps_what_is_shown():
    """The tiles of the shown picture are those of the wanted one, though another was wanted in between."""
    d = Driver()
    source = in_memory()
    d.want(request(source, 1, z=0, mode=Mode.SETTLED))
    d.finish_all()
    d.want(request(source, 2, z=1))
    d.want(request(source, 3, z=0))
    assert d.newest.generation == 3
    assert d.newest.complete
    assert len(d.newest.tiles) == len(d.responses[-2].tiles)


def test_a_picture_that_comes_late_is_not_replaced_by_one_with_holes():
    """Of three positions A, B, A the first A is complete after the second was asked for, which takes its tiles over."""
    d = Driver()
    source = in_memory()
    d.want(request(source, 1, z=0))
    *most, last = [s for s in d.started if s.source is source.levels[1]]
    for start in most:
        d.finish(start)
    d.want(request(source, 2, z=1))
    d.want(request(source, 3, z=0))
    d.finish(last)
    assert d.responses[0].generation == 1
    assert all(len(r.tiles) >= 4 for r in d.responses)


def test_nothing_is_read_for_an_older_position_in_the_step_that_shows_a_newer_one():
    d = Driver()
    pool = Pool("http://narrow", slots=2, threads=0, remote=True)
    source = pyramid(chunk=(1, 32, 32), levels=1, pool=pool)
    d.want(request(source, 1, z=0))  # two of its four chunks are on their way, so it is protected
    first = d.started[0]
    del d.reads[first.token]
    d.step(Done(first.token, Missing()), Want(request(source, 2, z=99)))  # beside the layer: complete at once
    assert d.newest.generation == 2
    assert len(d.started) == 2


def test_a_retry_for_which_there_is_no_memory_any_more_does_not_wait_for_ever():
    d = Driver(cache_limit=30_000)
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1))
    d.finish(d.started[0], BUSY)
    d.step(Resized(1_000))
    d.advance(60)
    assert d.scheduler.idle
    assert d.newest.complete
    assert "do not fit" in d.newest.errors[0]


def test_a_chunk_that_a_worker_had_when_the_limit_was_lowered_goes_when_it_is_done():
    d = Driver(cache_limit=30_000)
    d.hold_workers = True
    d.want(request(pyramid(chunk=(1, 64, 64), levels=1), 1))
    d.finish(d.started[0])
    cache = d.scheduler.cache
    cache.resize(10_000)
    assert cache.resident == 64 * 64 * 2, "the worker reads it"
    d.hold_workers = False
    d.step(*d.held)
    assert cache.resident == 0


@pytest.mark.parametrize("created", [0.1, 0.7, 1.1, 2.3, 5.1, 33.3, 1234.567, 98765.4321])
def test_timers_do_what_they_were_set_for_at_their_very_time(created: float):
    """created + PATIENCE_S − created is not PATIENCE_S in floating point, and a timer does not go off twice."""
    d = Driver()
    source = pyramid(chunk=(1, 32, 32), levels=2)
    d.now = created
    d.want(request(source, 1))
    shown_at = None
    while (wake := d.scheduler.wake_at(d.now)) is not None and shown_at is None:
        assert wake > d.now
        d.now = wake
        d.step()
        shown_at = d.now if d.responses else None
    assert shown_at == pytest.approx(created + PATIENCE_S)
    while (wake := d.scheduler.wake_at(d.now)) is not None and not d.told:
        d.now = wake
        d.step()
    assert d.told, "reads that do not answer are told of after half a minute"
    assert d.now == pytest.approx(created + STUCK_S)


@pytest.mark.parametrize("moved", [0.1, 0.7, 1.1, 2.3, 5.1, 33.3, 1234.567, 98765.4321])
def test_a_view_rests_when_its_timer_says_so(moved: float):
    d = Driver()
    source = pyramid()
    d.now = moved
    d.want(request(source, 1))
    wake = d.scheduler.wake_at(d.now)
    assert wake == pytest.approx(moved + REST_S)
    d.now = wake
    d.step()
    assert len(d.reads) == 64, "it rests: all slots are for the picture"


def test_reading_ahead_leaves_room_for_the_next_position():
    """What was read ahead and has been asked for since must not fill the slots one after the other."""
    source = pyramid(shape=(121, 64, 64))
    world = World(constant(0.4))
    world.drag([request(source, z + 1, z=z) for z in range(12)])
    lane = world.scheduler.reads.lane(source.levels[0].pool)
    assert lane.in_use < lane.pool.slots


def test_a_drag_over_a_source_that_is_slower_than_its_slots_can_hide_has_no_gaps():
    """24 positions of 4 chunks are wanted in the 400 ms of a read, and there are 64 slots: what starts in a burst
    arrives in a burst, and the next one a read later."""
    source = pyramid(shape=(121, 64, 64))
    world = World(constant(0.4))
    world.drag([request(source, z + 1, z=z) for z in range(120)])
    assert longest_gap(world.news(), 0.4, world.now) <= 0.4 / 4 + 2 * EVENT_S + 1e-6
    world.step(Rest(1))
    world.settle()
    assert world.complete_at(120) < HANGS


def test_hiding_a_layer_does_not_change_its_contrast():
    """It is measured once, from the layer's first request: neither another position nor a late worker changes it."""
    d = Driver()
    d.hold_workers = True
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1, auto=True, mode=Mode.SETTLED))
    d.finish_all()
    assembled, d.held = d.held, []
    d.step(*assembled)
    measured, d.held, d.hold_workers = d.held, [], False
    d.step(Removed((1, 1)))
    d.step(*measured)
    for generation, z in [(2, 3), (3, 4)]:
        d.want(request(source, generation, z=z, auto=True, mode=Mode.SETTLED))
        d.finish_all()
        d.step(Removed((1, 1)))
    first = source.levels[0].data[0]  # type: ignore[attr-defined]
    assert {r.auto_limits for r in d.responses} == {(first.min(), first.max())}


def test_other_data_in_a_layer_have_their_own_contrast():
    d = Driver()
    for generation in (1, 2):
        source = pyramid(chunk=(1, 64, 64), levels=1)
        source.levels[0].data = source.levels[0].data // generation  # type: ignore[attr-defined]
        d.want(request(source, generation, auto=True, mode=Mode.SETTLED))
        d.finish_all()
        shown = source.levels[0].data[0]  # type: ignore[attr-defined]
        assert d.newest.auto_limits == (shown.min(), shown.max())


def test_the_same_slice_in_another_window_keeps_the_tiles_that_came_in_the_meantime():
    """A in a small window, B, A in a large one: the first comes late, and finer than the first rung of the last."""
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=0, box=((-0.5, -0.5), (31.5, 31.5))))
    d.want(request(source, 2, z=1))
    d.want(request(source, 3, z=0))
    small = [s for s in d.started if s.source is source.levels[1] and s.box[0].start == 0]
    assert len(small) == 4
    for start in small:
        d.finish(start)
    assert d.responses[0].generation == 1
    shown = {tile.key for tile in d.responses[0].tiles}
    assert all(shown <= {tile.key for tile in r.tiles} for r in d.responses if not r.complete)


def test_no_tile_is_in_a_picture_twice():
    """A half-transparent layer would blend with itself. Of A, B, A over one worker the last reads what it inherits."""
    d = Driver()
    source = in_memory()
    for level in source.levels:
        level.pool = Pool("memory", 1, 1)  # type: ignore[misc]
    for generation, z in enumerate([0, 1, 0], 1):
        d.want(request(source, generation, z=z))
    d.finish_all()
    assert d.responses[0].generation == 1
    for response in d.responses:
        assert len({tile.key for tile in response.tiles}) == len(response.tiles)
