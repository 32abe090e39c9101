import threading
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.sources.shared_ring import SharedFileClosed, SharedRing

SIZE = 4096


@pytest.fixture(scope="module")
def ring():
    ring = SharedRing(SIZE)
    yield ring
    ring.close()


@given(st.lists(st.integers(1, SIZE) | st.integers(-20, -1), max_size=60))
def test_blocks_lie_inside_and_never_overlap(steps):
    ring = SharedRing(SIZE)
    lent = []
    try:
        for step in steps:
            if step < 0 and lent:
                _, _, block = lent.pop(step % len(lent))
                block.close()
            elif step > 0 and ring._free(step) is not None:
                block = ExitStack()
                start = block.enter_context(ring.lend(step))
                assert start % 64 == 0
                assert start + step <= SIZE
                assert all(start + step <= a or b <= start for a, b, _ in lent)
                lent.append((start, start + step, block))
        for _, _, block in lent:
            block.close()
        with ring.lend(SIZE) as start:
            assert start == 0
    finally:
        ring.close()


def test_a_block_that_does_not_fit_waits_until_others_are_given_back(ring):
    got = threading.Event()

    def borrow():
        with ring.lend(SIZE):
            got.set()

    with ring.lend(1):
        thread = threading.Thread(target=borrow)
        thread.start()
        assert not got.is_set()
    thread.join(20)
    assert got.is_set()


def test_closing_ends_the_wait_for_a_block():
    ring = SharedRing(SIZE)
    refused = threading.Event()

    def borrow():
        try:
            with ring.lend(SIZE):
                pass
        except SharedFileClosed:
            refused.set()

    with ring.lend(1):
        thread = threading.Thread(target=borrow)
        thread.start()
        ring.close()
        thread.join(20)
    assert refused.is_set()


def test_a_closed_file_is_not_touched_again(ring):
    closed = SharedRing(SIZE).file
    closed.close()
    closed.close()
    with pytest.raises(SharedFileClosed):
        closed.resize(0)
