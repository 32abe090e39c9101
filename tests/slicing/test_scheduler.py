"""What the scheduler promises, on a virtual clock."""

from __future__ import annotations

from collections import Counter

import numpy as np

from lamella.slicing.events import Hurry, Removed, Retry
from lamella.slicing.lanes import FINER_WHILE_MOVING
from lamella.slicing.request import Mode
from lamella.slicing.scheduler import REST_S
from lamella.slicing.showing import PATIENCE_S
from lamella.sources.base import Failed, FailureKind, Missing, Pool
from tests.slicing.driver import Driver, PlainSource, pyramid, request

BUSY = Failed(FailureKind.BUSY, "HTTP 503")
CORRUPT = Failed(FailureKind.CORRUPT, "does not decode")
ONE_WORKER = Pool("opaque:1", slots=1, threads=1)


def test_coarse_comes_before_fine():
    d = Driver()
    d.want(request(pyramid(), 1))
    levels = [s.source.shape[1] for s in d.started]
    assert levels == sorted(levels), "coarser levels are smaller"
    assert levels[0] == 16


def test_the_centre_comes_before_the_edge():
    d = Driver()
    d.want(request(pyramid(levels=1), 1, mode=Mode.SETTLED))
    centres = [np.hypot(*[(b.start + b.stop) / 2 - 32 for b in s.box[1:]]) for s in d.started]
    assert centres == sorted(centres)


def test_a_complete_slice_equals_numpy():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=3))
    d.finish_all()
    d.advance(REST_S)
    d.finish_all()
    assert d.newest.complete
    np.testing.assert_array_equal(d.newest.as_array(), source.levels[0].data[3])


def test_exactly_one_read_per_wanted_chunk_and_none_for_others():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=3, mode=Mode.SYNC))
    d.finish_all()
    counts = Counter((s.source.token, tuple((b.start, b.stop) for b in s.box)) for s in d.started)
    assert set(counts.values()) == {1}
    assert all(s.box[0] == slice(3, 4) for s in d.started)
    fine = [s for s in d.started if s.source is source.levels[0]]
    coarse = [s for s in d.started if s.source is source.levels[2]]
    assert len(fine) == 64
    assert len(coarse) == 4
    assert len(d.started) == len(fine) + len(coarse) + len([s for s in d.started if s.source is source.levels[1]])


def test_two_views_and_two_layers_read_a_chunk_once():
    d = Driver()
    source = pyramid()
    for view, layer in [(1, 1), (2, 1), (1, 2)]:
        d.want(request(source, 1, view=view, layer=layer))
    d.advance(REST_S)
    d.finish_all()
    d.advance(REST_S)
    d.finish_all()
    assert max(Counter((s.source.token, str(s.box)) for s in d.started).values()) == 1
    complete = {(r.view, r.layer) for r in d.responses if r.complete}
    assert complete == {(1, 1), (2, 1), (1, 2)}


def test_nothing_is_read_again_on_the_way_back():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=1, mode=Mode.SETTLED))
    d.finish_all()
    d.want(request(source, 2, z=2, mode=Mode.SETTLED))
    d.finish_all()
    before = len(d.started)
    d.want(request(source, 3, z=1, mode=Mode.SETTLED))
    assert len(d.started) == before
    assert d.newest.generation == 3
    assert d.newest.complete


def test_a_drag_shows_intermediate_positions_in_order():
    """Reads take 5 steps of the drag; every position whose coarse rung was asked for is shown."""
    d = Driver()
    source = pyramid()
    for step in range(15):
        d.want(request(source, step + 1, z=step))
        if step >= 5:
            for start in [s for s in list(d.reads.values()) if s.box[0].start == step - 5]:
                d.finish(start)
        d.advance(0.01)
    shown = [r.generation for r in d.responses]
    assert shown == sorted(shown)
    assert set(shown) >= set(range(1, 10))


def test_slider_never_returns_to_an_older_position():
    """Coarse rungs arrive in reverse order: the newest is shown, the older ones never after it."""
    d = Driver()
    source = pyramid()
    for step in range(4):
        d.want(request(source, step + 1, z=step))
    for start in sorted(d.reads.values(), key=lambda s: -s.box[0].start):
        d.finish(start)
    generations = [r.generation for r in d.responses]
    assert generations == sorted(generations)
    assert generations[0] == 4


def test_a_drag_never_blanks_the_view():
    """Until the first rung of a newer position covers the view, nothing is delivered that would replace the old one."""
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=0, mode=Mode.SETTLED))
    d.finish_all()
    count = len(d.responses)
    for step in range(1, 12):
        d.want(request(source, step + 1, z=step))
        d.advance(0.04)
    assert len(d.responses) == count, "nothing has arrived, so the old picture stays"
    for start in list(d.reads.values())[:3]:
        d.finish(start)
    assert all(r.tiles for r in d.responses)


def test_the_newest_position_replaces_the_old_one_after_a_quarter_of_a_second_even_with_holes():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=0))
    d.finish_all()
    d.want(request(source, 2, z=1))
    d.advance(PATIENCE_S * 0.9)
    assert d.newest.generation == 1
    d.advance(PATIENCE_S * 0.2)
    assert d.newest.generation == 2
    assert not d.newest.complete


def test_a_picture_never_mixes_two_positions():
    d = Driver()
    source = pyramid()
    for step in range(6):
        d.want(request(source, step + 1, z=step))
        for start in list(d.reads.values())[::2]:
            d.finish(start)
    d.finish_all()
    d.advance(REST_S)
    d.finish_all()
    for response in d.responses:
        z = int(response.key.point[0])
        for tile in response.tiles:
            (a, b), (c, e) = tile.region
            np.testing.assert_array_equal(tile.data, source.levels[tile.level].data[z, a:b, c:e])


def test_a_one_worker_source_starts_the_newest_next():
    """Never more than one read between the last input and the start of the wanted read."""
    d = Driver()
    source = pyramid(chunk=(1, 64, 64), levels=1, pool=ONE_WORKER)
    for step in range(10):
        d.want(request(source, step + 1, z=step))
    assert [s.box[0].start for s in d.started] == [0]
    d.finish_all()
    assert [s.box[0].start for s in d.started] == [0, 9]
    assert [r.generation for r in d.responses] == [1, 10]


def test_few_finer_reads_are_under_way_while_the_view_moves():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1))
    fine = [s for s in d.reads.values() if s.source is source.levels[0]]
    assert len(fine) == FINER_WHILE_MOVING
    d.advance(REST_S * 1.1)
    assert len(d.reads) == 64


def test_a_wait_does_not_hold_reads_back():
    d = Driver()
    d.step(Hurry(True))
    d.want(request(pyramid(), 1))
    assert len(d.reads) == 64


def test_a_failed_read_is_tried_again_without_holding_a_slot():
    d = Driver()
    source = pyramid(chunk=(1, 32, 32), levels=1, pool=Pool("http://h", 1, 0, remote=True))
    d.want(request(source, 1))
    first = d.started[0]
    d.finish(first, BUSY)
    assert len(d.started) == 2, "another chunk has the slot"
    assert d.started[1].box != first.box
    d.finish_all()
    d.advance(10)
    d.finish_all()
    assert d.newest.complete
    assert d.newest.failed == 0
    assert not d.told


def test_a_chunk_that_keeps_failing_is_given_up_counted_and_told_once():
    d = Driver()
    source = pyramid(chunk=(1, 32, 32), levels=1)
    d.want(request(source, 1))
    bad = d.started[0]
    d.finish(bad, BUSY)
    d.finish_all()
    for _ in range(30):
        d.advance(2)
        d.finish_all(BUSY)
        if d.newest.complete:
            break
    assert sum(s.box == bad.box for s in d.started) == 6
    assert d.newest.complete
    assert (d.newest.have, d.newest.failed, d.newest.needed) == (3, 1, 4)
    assert d.newest.errors == ("HTTP 503",)
    assert len(d.told) == 1


def test_what_cannot_succeed_is_not_tried_again():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 64, 64), levels=1), 1))
    d.finish_all(CORRUPT)
    d.advance(60)
    assert len(d.started) == 1
    assert d.newest.failed == 1


def test_failed_chunks_are_read_again_when_the_user_says_so():
    d = Driver()
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1))
    d.finish_all(CORRUPT)
    d.step(Retry())
    d.finish_all()
    assert d.newest.complete
    assert d.newest.failed == 0


def test_a_missing_chunk_is_the_fill_value_and_counts_as_had():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 64, 64), levels=1), 1))
    d.finish_all(Missing())
    assert (d.newest.have, d.newest.failed) == (1, 0)
    assert not d.newest.as_array().any()


def test_contrast_is_measured_once_from_the_complete_first_rung():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=2, auto=True))
    d.finish_all()
    coarse = source.levels[2].data[2]
    assert d.responses[0].auto_limits == (coarse.min(), coarse.max())
    d.want(request(source, 2, z=3, auto=True))
    d.finish_all()
    assert {r.auto_limits for r in d.responses} == {(coarse.min(), coarse.max())}


def test_panning_keeps_the_tiles_and_reads_only_what_is_new():
    d = Driver()
    source = pyramid(levels=1)
    d.want(request(source, 1, box=((0, 0), (31, 31)), mode=Mode.SYNC))
    d.finish_all()
    before = len(d.started)
    d.want(request(source, 2, box=((0, 8), (31, 39)), mode=Mode.SYNC))
    new = d.started[before:]
    assert all(s.box[2].start >= 32 for s in new)
    assert d.newest.generation == 2, "what is there is shown at once"
    d.finish_all()
    assert d.newest.complete


def test_memory_stays_below_the_limit_and_the_view_still_completes():
    d = Driver(cache_limit=80_000)  # one level-0 plane of chunks and tiles is 16 KiB
    source = pyramid()
    for z in range(16):
        d.want(request(source, z + 1, z=z, mode=Mode.SETTLED))
        d.advance(REST_S)
        d.finish_all()
        d.advance(REST_S)
        d.finish_all()
        assert d.newest.complete
        assert d.newest.generation == z + 1
    assert d.scheduler.cache.evictions > 0


def test_a_chunk_larger_than_the_limit_fails_with_a_sentence():
    d = Driver(cache_limit=4_000)
    d.want(request(pyramid(chunk=(1, 64, 64), levels=1), 1))
    assert d.newest.failed == 1
    assert "do not fit" in d.newest.errors[0]


def test_removing_a_layer_drops_its_demand():
    d = Driver()
    d.want(request(pyramid(), 1))
    d.step(Removed((1, 1)))
    count = len(d.started)
    d.finish_all()
    assert len(d.started) == count
    assert not d.responses
    assert d.scheduler.cache.reserved == 0
    assert d.scheduler.idle


def test_a_new_version_never_shows_old_data():
    d = Driver()
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1))
    old = next(iter(d.reads.values()))
    source.levels[0].data = source.levels[0].data + 1
    d.want(request(source, 2, version=1))
    d.finish_all()
    np.testing.assert_array_equal(d.newest.as_array(), source.levels[0].data[0])
    assert d.newest.version == 1
    assert old.token == 1


def test_an_array_in_memory_is_not_cached():
    d = Driver()
    source = pyramid(levels=1, pool=Pool("memory", 2, 2))
    for level in source.levels:
        assert isinstance(level, PlainSource)
        level.in_memory = True
    d.want(request(source, 1))
    d.finish_all()
    assert d.newest.complete
    assert d.scheduler.cache.resident == 0


def test_a_picture_that_fits_only_without_the_one_before_replaces_it():
    """Two planes of tiles do not fit together: the newest goes on without the old one's memory."""
    d = Driver(cache_limit=40_000)
    source = pyramid(chunk=(1, 64, 64), levels=1, pool=Pool("memory", 2, 2))
    for level in source.levels:
        assert isinstance(level, PlainSource)
        level.in_memory = True
    wide = pyramid(shape=(4, 120, 120), chunk=(1, 120, 120), levels=1, pool=Pool("memory", 2, 2))
    wide.levels[0].in_memory = True
    d.want(request(wide, 1, z=0))
    d.finish_all()
    assert d.newest.complete
    d.want(request(wide, 2, z=1))
    d.finish_all()
    assert d.newest.generation == 2
    assert d.newest.complete
    assert d.newest.failed == 0


def test_two_demands_of_one_chunk_get_their_own_memory():
    d = Driver(cache_limit=30_000)
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1, view=1))
    d.want(request(source, 1, view=2))
    d.finish_all()
    assert {(r.view, r.complete) for r in d.responses} >= {(1, True), (2, True)}
    assert len(d.started) == 1


def test_a_drag_over_a_slow_store_reads_coarse_planes_only_until_it_rests():
    d = Driver()
    source = pyramid()
    d.want(request(source, 1, z=0, mode=Mode.SETTLED))
    d.finish_all()
    before = len(d.started)
    for step in range(1, 6):
        d.want(request(source, step + 1, z=step))
        d.advance(0.04)
    levels = [s.source for s in d.started[before + 4 + FINER_WHILE_MOVING :]]
    assert set(levels) == {source.levels[2]}, "the first move comes from rest, so it may read finer chunks"
    d.advance(REST_S)
    d.finish_all()
    finest = [s.box[0].start for s in d.started if s.source is source.levels[0]]
    assert finest.count(5) == 64
    assert not {2, 3, 4} & set(finest)
