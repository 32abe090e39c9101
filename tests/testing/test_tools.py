"""The tools for tests do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.sources import as_source
from lamella.sources.base import Failed, FailureKind, Loaded, Outcome
from lamella.testing import CountingSource, FaultySource, GatedSource, VirtualClock
from lamella.testing.shaping import Link

BOX = (slice(0, 1), slice(0, 4), slice(0, 4))


def test_the_clock_makes_calls_in_order_and_at_their_time():
    clock, seen = VirtualClock(), []
    clock.call_at(2, lambda: seen.append(("b", clock())))
    clock.call_at(1, lambda: seen.append(("a", clock())))
    clock.call_at(1, lambda: clock.call_at(1.5, lambda: seen.append(("c", clock()))))
    clock.advance(1.75)
    assert seen == [("a", 1), ("c", 1.5)]
    clock.advance(1)
    assert seen[-1] == ("b", 2)
    assert clock.now() == 2.75
    with pytest.raises(ValueError, match="negative"):
        clock.advance(-1)


def test_a_gated_read_waits_until_it_is_released():
    data = np.arange(48, dtype="u2").reshape(3, 4, 4)
    source, got = GatedSource(data), []
    source.read(BOX, got.append)
    source.read((slice(1, 2), slice(0, 4), slice(0, 4)), got.append)
    assert source.wait_for(2)
    assert source.waiting[0] == ((0, 1), (0, 4), (0, 4))
    assert not got
    assert source.release(1) == 1
    np.testing.assert_array_equal(got[0].data, data[:1])
    failed = Failed(FailureKind.BUSY, "busy")
    source.release(outcome=failed)
    assert got[1] is failed
    source.open()
    source.read(BOX, got.append)
    assert isinstance(got[2], Loaded)


def test_a_counting_source_counts_by_place():
    source = CountingSource(as_source(np.zeros((3, 4, 4))))
    for _ in range(2):
        source.read(BOX, lambda outcome: None)
    assert source.reads == {((0, 1), (0, 4), (0, 4)): 2}


def test_a_faulty_source_follows_its_script_and_then_works():
    failed = Failed(FailureKind.BUSY, "busy")
    source = FaultySource(as_source(np.zeros((3, 4, 4))), [failed, None, failed])
    got: list[Outcome] = []
    for _ in range(4):
        source.read(BOX, got.append)
    assert [isinstance(o, Failed) for o in got] == [True, False, True, False]


def test_answers_share_the_bandwidth():
    link = Link(1000)
    assert link.sent_at(0, 500) == 0.5
    assert link.sent_at(0, 500) == 1.0
    assert link.sent_at(5, 100) == 5.1
    assert Link(None).sent_at(3, 10**9) == 3
