"""Who may read, and how a host that answers badly is spared."""

import math

from lamella.slicing.lanes import (
    BREAK_AFTER,
    DOWN_AFTER,
    FINER_WHILE_MOVING,
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    THROTTLED_PAUSE_S,
    Lane,
    Lanes,
)
from lamella.sources.base import Failed, FailureKind, Missing, Outcome, Pool

BUSY = Failed(FailureKind.BUSY, "503")
THROTTLED = Failed(FailureKind.THROTTLED, "429")
REMOTE = Pool("http://host", slots=64, threads=0, remote=True)
LOCAL = Pool("local", slots=8, threads=0)


def read(lane: Lane, outcome: Outcome, now: float, ahead: bool = False, stuck: bool = False) -> bool:
    lane.begin(now, coarse=True, ahead=ahead)
    lane.stuck += stuck
    return lane.end(outcome, now, coarse=True, ahead=ahead, stuck=stuck)


def admits(lane: Lane, now: float) -> bool:
    return lane.admits(now, coarse=True, moving=False)


def broken(now: float = 0.0) -> Lane:
    lane = Lane(REMOTE)
    for _ in range(BREAK_AFTER):
        read(lane, BUSY, now)
    return lane


def test_no_more_reads_at_once_than_there_are_slots():
    lane = Lane(LOCAL)
    for _ in range(8):
        assert admits(lane, 0)
        lane.begin(0, coarse=False, ahead=False)
    assert not admits(lane, 0)
    lane.end(Missing(), 0, coarse=False, ahead=False, stuck=False)
    assert admits(lane, 0)


def test_while_the_view_moves_finer_reads_leave_room_for_coarse_ones():
    lane = Lane(REMOTE)
    for _ in range(FINER_WHILE_MOVING):
        assert lane.admits(0, coarse=False, moving=True)
        lane.begin(0, coarse=False, ahead=False)
    assert not lane.admits(0, coarse=False, moving=True)
    assert lane.admits(0, coarse=True, moving=True)
    assert lane.admits(0, coarse=False, moving=False)


def test_prefetch_takes_half_of_the_slots_at_most():
    lane = Lane(LOCAL)
    for _ in range(4):
        assert lane.admits_ahead(0, playing=False)
        lane.begin(0, coarse=False, ahead=True)
    assert not lane.admits_ahead(0, playing=False)
    assert admits(lane, 0)


def test_one_worker_reads_ahead_only_for_a_player():
    lane = Lane(Pool("opaque:1", slots=1, threads=1))
    assert not lane.admits_ahead(0, playing=False)
    assert lane.admits_ahead(0, playing=True)


def test_a_host_that_fails_again_and_again_is_left_alone_then_tried_by_one_read():
    lane = broken()
    assert not admits(lane, 0.9 * FIRST_PAUSE_S)
    assert not lane.admits_ahead(FIRST_PAUSE_S, playing=True)
    assert admits(lane, FIRST_PAUSE_S)
    lane.begin(FIRST_PAUSE_S, coarse=True, ahead=False)
    assert not admits(lane, FIRST_PAUSE_S), "one probe, no more"


def test_each_probe_that_fails_doubles_the_pause_up_to_half_a_minute():
    lane, now, pauses = broken(), 0.0, []
    for _ in range(8):
        pauses.append(lane.closed_until - now)
        now = lane.closed_until
        read(lane, BUSY, now)
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_what_the_server_asks_for_is_waited_for():
    lane = Lane(REMOTE)
    for _ in range(BREAK_AFTER):
        read(lane, Failed(FailureKind.BUSY, "503", retry_after=12.0), 5.0)
    assert lane.closed_until == 17.0


def test_a_probe_that_works_opens_the_lane():
    lane = broken()
    assert read(lane, Missing(), FIRST_PAUSE_S), "the host has come back"
    assert not lane.broken
    assert admits(lane, FIRST_PAUSE_S)


def test_a_late_answer_of_a_read_begun_before_opens_the_lane_too():
    lane = Lane(REMOTE)
    lane.begin(0, coarse=True, ahead=False)
    for _ in range(BREAK_AFTER):
        read(lane, BUSY, 0)
    assert lane.end(Missing(), 0.5, coarse=True, ahead=False, stuck=False)
    assert admits(lane, 0.5)


def test_a_host_is_down_after_some_probes_and_looked_at_soon_when_something_new_is_wanted():
    lane, now = broken(), 0.0
    for _ in range(DOWN_AFTER):
        assert not lane.down
        now = lane.closed_until
        read(lane, BUSY, now)
    assert lane.down
    later = lane.closed_until
    lane.hasten(now + 0.2)
    assert lane.closed_until == now + FIRST_PAUSE_S < later


def test_one_success_between_failures_breaks_nothing():
    lane = Lane(REMOTE)
    for _ in range(20):
        for _ in range(BREAK_AFTER - 1):
            read(lane, BUSY, 0)
        read(lane, Missing(), 0)
    assert not lane.broken


def test_a_local_disk_is_not_a_host():
    lane = Lane(LOCAL)
    for _ in range(3 * BREAK_AFTER):
        read(lane, BUSY, 0)
    assert admits(lane, 0)


def test_too_many_requests_pauses_and_halves_once_for_a_burst_and_recovers_by_one_a_success():
    lane = Lane(REMOTE)
    for _ in range(30):
        read(lane, THROTTLED, 0)
    assert lane.slots == 32
    assert not admits(lane, 0.99 * THROTTLED_PAUSE_S)
    assert admits(lane, THROTTLED_PAUSE_S)
    for n in range(1, 40):
        read(lane, Missing(), THROTTLED_PAUSE_S)
        assert lane.slots == min(32 + n, 64)
    assert not lane.broken, "a server that asks for fewer requests is well"


def test_at_least_one_read_is_left_however_often_the_server_asks_for_fewer():
    lane, now = Lane(REMOTE), 0.0
    for _ in range(20):
        read(lane, THROTTLED, now)
        now = lane.closed_until
    assert lane.slots == 1
    assert admits(lane, now)


def test_a_lane_whose_slots_are_all_stuck_is_fenced_off_until_one_answers():
    lane = Lane(Pool("opaque:1", slots=1, threads=1))
    lane.begin(0, coarse=True, ahead=False)
    lane.stuck += 1
    assert lane.fenced
    assert lane.end(Missing(), 40, coarse=True, ahead=False, stuck=True), "it has come back"
    assert not lane.fenced
    assert admits(lane, 40)


def test_lanes_say_when_the_next_of_them_opens():
    lanes = Lanes()
    assert lanes.opens_at(0) == math.inf
    for _ in range(BREAK_AFTER):
        read(lanes[REMOTE], BUSY, 3.0)
    assert lanes.opens_at(3.0) == 4.0
    assert lanes.opens_at(4.0) == math.inf
