"""What the scheduler does about hosts that fail, reads that never end, and data that changed in places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lamella.model.edits import Edits
from lamella.slicing.lanes import BREAK_AFTER, STUCK_S
from lamella.slicing.request import Mode
from lamella.sources.base import Failed, FailureKind, Pool
from lamella.sources.multiscale import Multiscale
from tests.slicing.driver import REMOTE, Driver, PlainSource, pyramid, request

BUSY = Failed(FailureKind.BUSY, "HTTP 503")
THROTTLED = Failed(FailureKind.THROTTLED, "HTTP 429")
ONE_WORKER = Pool("opaque:1", slots=1, threads=1)


def down(d: Driver, seconds: float = 30.0) -> int:
    """Let the server fail whatever it is asked for ``seconds``; how often that was."""
    before, end = len(d.started), d.now + seconds
    while d.now < end:
        d.finish_all(BUSY)
        d.advance(0.1)
    d.finish_all(BUSY)
    return len(d.started) - before


def test_a_dead_host_is_asked_rarely_and_what_waits_for_it_fails_soon():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 8, 8), levels=1), 1))
    assert len(d.started) == 64
    asked = down(d, 10.0)
    assert asked <= 8, "probes, not a storm of retries"
    assert d.newest.complete
    assert d.newest.failed == 64
    assert len(d.told) == 64


def test_a_host_that_comes_back_mends_the_picture_by_itself():
    d = Driver()
    source = pyramid(chunk=(1, 8, 8), levels=1)
    d.want(request(source, 1, z=2))
    down(d, 60.0)
    told = len(d.told)
    d.advance(31.0)
    while d.reads:
        d.finish_all()
        d.advance(0.1)
    assert d.newest.failed == 0
    assert np.array_equal(d.newest.as_array(), source.levels[0].data[2])
    assert len(d.told) == told
    assert d.scheduler.idle


def test_moving_on_over_a_host_that_is_down_looks_whether_it_is_back():
    d = Driver()
    source = pyramid(chunk=(1, 64, 64), levels=1)
    d.want(request(source, 1, z=0))
    down(d, 100.0)
    before = len(d.started)
    d.want(request(source, 2, z=1))
    d.advance(1.0)
    assert len(d.started) == before + 1
    d.finish_all()
    assert d.newest.complete
    assert d.newest.failed == 0


def test_one_broken_host_leaves_another_alone():
    d = Driver()
    other = Pool("http://other", slots=64, threads=0, remote=True)
    d.want(request(pyramid(chunk=(1, 8, 8), levels=1), 1))
    down(d, 0.2)
    good = pyramid(chunk=(1, 8, 8), levels=1, pool=other)
    d.want(request(good, 1, layer=2))
    mine = [s for s in d.reads.values() if s.source is good.levels[0]]
    assert len(mine) == 64


def test_a_server_that_asks_for_fewer_requests_gets_fewer():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 8, 8), levels=1), 1))
    d.finish_all(THROTTLED)
    assert not d.reads
    d.advance(0.9)
    assert not d.reads
    for _ in range(200):
        d.advance(0.1)
        assert len(d.reads) <= 64
        if d.reads:
            break
    assert len(d.reads) <= 32
    while d.reads:
        d.finish_all()
        d.advance(1.0)
    assert d.newest.complete
    assert d.newest.failed == 0


def test_a_read_that_never_answers_is_given_up_and_named_and_a_late_answer_still_shows():
    d = Driver()
    source = pyramid(chunk=(1, 32, 32), levels=1)
    d.want(request(source, 1))
    hung = d.started[0]
    for start in d.started[1:]:
        d.finish(start)
    d.advance(STUCK_S - 1)
    assert not d.newest.complete
    d.advance(1)
    assert d.newest.complete
    assert d.newest.failed == 1
    assert [t.failure.message for t in d.told] == ["plain has not answered for 30 s"]
    assert d.scheduler.idle
    d.finish(hung)
    assert d.newest.failed == 0
    assert np.array_equal(d.newest.as_array(), source.levels[0].data[0])


def test_a_worker_that_is_stuck_is_fenced_off_and_others_go_on():
    d = Driver()
    stuck = pyramid(chunk=(1, 64, 64), levels=1, pool=ONE_WORKER)
    d.want(request(stuck, 1, z=0))
    hung = d.started[0]
    d.advance(STUCK_S)
    d.want(request(stuck, 2, z=1))
    d.advance(1.0)
    assert d.newest.complete, "it fails at once instead of waiting for a worker that never comes"
    assert "fenced off" in d.newest.errors[0]
    other = pyramid(chunk=(1, 64, 64), levels=1, pool=Pool("opaque:2", slots=1, threads=1))
    d.want(request(other, 1, layer=2))
    d.finish(d.started[-1])
    assert d.newest.complete and not d.newest.failed
    d.finish(hung)
    d.finish_all()
    assert next(r for r in reversed(d.responses) if r.layer == 1).failed == 0, "the worker came back"


def test_a_stuck_read_keeps_its_slot_and_its_bytes_until_it_ends():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 64, 64), levels=1), 1))
    hung = d.started[0]
    before = d.scheduler.cache.reserved
    d.advance(STUCK_S)
    lane = d.scheduler.reads.lane(REMOTE)
    assert (lane.in_use, lane.stuck, d.scheduler.cache.reserved) == (1, 1, before)
    d.finish(hung)
    assert (lane.in_use, lane.stuck) == (0, 0)


def test_a_drag_reads_ahead_in_its_direction_and_the_next_position_costs_nothing():
    d = Driver()
    source = pyramid(shape=(64, 64, 64), chunk=(1, 64, 64), levels=1)
    for z in range(6):
        d.want(request(source, z + 1, z=float(z)))
        d.advance(0.04)
        d.finish_all()
    planes = [s.box[0].start for s in d.started]
    assert len(planes) == len(set(planes)), "nothing is read twice"
    assert {6, 7, 8} <= set(planes)
    before = len(d.responses)
    d.want(request(source, 7, z=6.0))
    assert len(d.responses) == before + 1, "it is shown at once"
    assert d.newest.complete


def test_prefetch_waits_behind_everything_visible():
    d = Driver()
    source = pyramid(shape=(64, 64, 64), chunk=(1, 8, 8), levels=1, pool=Pool("local", slots=8, threads=0))
    for z in range(4):
        d.want(request(source, z + 1, z=float(z)))
        d.advance(0.2)
    assert {s.box[0].start for s in d.started} == {0}
    wanted = {3}
    while d.scheduler.demands[(1, 1)].newest.queues[0]:
        d.finish(next(iter(d.reads.values())))
        assert {s.box[0].start for s in d.started} <= {0, *wanted}


def test_what_is_read_ahead_never_takes_more_than_its_share_of_memory():
    source = pyramid(shape=(64, 64, 64), chunk=(1, 64, 64), levels=1)
    chunk = 64 * 64 * 2
    d = Driver(cache_limit=16 * chunk)
    for z in range(20):
        d.want(request(source, z + 1, z=float(z)))
        d.advance(0.04)
        d.finish_all()
        assert d.scheduler.cache._ahead_bytes <= 4 * chunk
    assert d.newest.complete


def test_a_failed_prefetch_is_neither_told_nor_remembered():
    d = Driver()
    source = pyramid(shape=(64, 64, 64), chunk=(1, 64, 64), levels=1)
    for z in range(3):
        d.want(request(source, z + 1, z=float(z)))
        d.advance(0.04)
        for start in list(d.reads.values()):
            d.finish(start, None if start.box[0].start <= z else Failed(FailureKind.CORRUPT, "no"))
    assert not d.told
    d.want(request(source, 4, z=3.0))
    d.finish_all()
    assert d.newest.complete and not d.newest.failed


def test_playback_reads_the_next_frames_in_the_order_of_their_deadlines():
    d = Driver()
    source = pyramid(shape=(16, 64, 64), chunk=(1, 64, 64), levels=1, pool=ONE_WORKER)
    order = [14.0, 15.0, 0.0, 1.0]
    d.want(replace(request(source, 1, z=13.0, mode=Mode.PLAYBACK), upcoming=tuple((z,) for z in order)))
    for _ in range(5):
        d.finish_all()
    assert [s.box[0].start for s in d.started] == [13, 14, 15, 0, 1]


def test_a_change_in_one_place_reads_only_what_it_touches():
    d = Driver()
    data = np.arange(4 * 16 * 16, dtype=np.uint16).reshape(4, 16, 16)
    source = Multiscale((PlainSource(data, (1, 8, 8), REMOTE),))
    first = request(source, 1, z=1.0)
    d.want(first)
    d.finish_all()
    before = len(d.started)
    data[1, :8, :8] += 1000
    edits = Edits().with_edit(1, ((1, 2), (0, 8), (0, 8)))
    d.want(replace(request(source, 2, z=1.0, version=1), data=replace(first.data, edits=edits)))
    d.finish_all()
    assert [s.box for s in d.started[before:]] == [(slice(1, 2), slice(0, 8), slice(0, 8))]
    assert np.array_equal(d.newest.as_array(), data[1])


def test_a_burst_of_failures_with_a_success_between_breaks_nothing():
    d = Driver()
    d.want(request(pyramid(chunk=(1, 8, 8), levels=1), 1))
    for n, start in enumerate(list(d.started)):
        d.finish(start, None if n % BREAK_AFTER == 0 else BUSY)
    d.advance(0.4)
    assert d.reads, "the failed ones are tried again after their own delay"


def test_a_stuck_worker_that_is_freed_by_force_reads_the_rest_and_not_the_same_again():
    d = Driver()
    source = pyramid(chunk=(1, 32, 32), levels=1, pool=ONE_WORKER)
    d.want(request(source, 1))
    hung = d.started[0]
    d.advance(STUCK_S)
    assert [u.source for u in d.unstuck] == [source.levels[0]]
    assert d.newest.failed == 4, "the worker is fenced off"
    d.finish(hung, Failed(FailureKind.CONNECTION, "stopped"))
    while d.reads:
        d.finish_all()
    assert (d.newest.have, d.newest.failed) == (3, 1)
    assert d.scheduler.idle
