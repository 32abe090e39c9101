"""Thick slices: SEMANTICS to the letter, streamed chunk by chunk, whatever the order in which the chunks come."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.slicing import image
from lamella.slicing.projection import misses, slab_range
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.sources.base import Failed, FailureKind, Missing
from lamella.sources.multiscale import Multiscale
from tests.slicing.driver import REMOTE, Driver, PlainSource, request

MODES = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}


def thick(
    source: Multiscale, generation: int, z: float, left: float, right: float, mode: str = "mean", **kwargs: object
) -> LayerSliceRequest:
    base = request(source, generation, z=z, mode=Mode.SETTLED, **kwargs)  # type: ignore[arg-type]
    return replace(base, key=replace(base.key, margin_left=(left,), margin_right=(right,), projection=mode))


def stack(data: np.ndarray, chunk: tuple[int, ...] = (2, 4, 4)) -> Multiscale:
    return Multiscale((PlainSource(data, chunk, REMOTE),))


def noise(shape: tuple[int, ...] = (12, 8, 8), dtype: str = "u2") -> np.ndarray:
    rng = np.random.default_rng(3)
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype == "?" else 120, shape).astype(dtype)


@pytest.mark.parametrize(
    ("p", "left", "right", "expected"),
    [(0, 1, 1, (0, 2)), (1, 1, 1, (0, 3)), (2.3, 0, 1.7, (2, 5)), (2.3, 0, 1.6, (2, 4)), (4.6, 0, 3.4, (5, 9))],
)
def test_the_planes_of_a_slab(p: float, left: float, right: float, expected: tuple[int, int]):
    assert slab_range(p, left, right, 10) == expected


def test_the_planes_of_a_slab_at_a_coarser_level():
    assert slab_range(2.3, 0, 1.7, 5) == (2, 5)


def test_a_negative_scale_does_not_turn_a_slab_inside_out():
    assert slab_range(5, -2, -1, 10) == slab_range(5, 1, 2, 10)


def test_far_from_the_origin_a_slab_is_as_thick_as_at_it():
    assert slab_range(1e9, 0, 1.6, 2 * 10**9) == (10**9, 10**9 + 2)


def test_a_slab_beside_the_layer_shows_nothing_and_one_that_touches_it_does():
    assert misses(-3, 1, 1, 10) and misses(12, 1, 1, 10)
    assert not misses(-1.4, 1, 1, 10) and not misses(10.4, 1, 1, 10)
    d = Driver()
    d.want(thick(stack(noise()), 1, -5.0, 1, 1))
    assert d.newest.empty and d.newest.complete
    assert not d.started, "no data is read"


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "?", "f4", "f8"])
@pytest.mark.parametrize("mode", MODES)
def test_the_values_and_dtypes_are_those_of_numpy(mode: str, dtype: str):
    data = noise(dtype=dtype)
    d = Driver()
    d.want(thick(stack(data), 1, 5.0, 2, 3, mode))
    d.finish_all()
    expected = MODES[mode](data[3:9], axis=0)
    assert d.newest.complete
    assert d.newest.as_array().dtype == expected.dtype
    np.testing.assert_allclose(d.newest.as_array(), expected, rtol=1e-6, atol=1e-6)  # numpy sums float32 in float32


def test_one_plane_is_taken_as_it_is():
    data = noise(dtype="u1")
    d = Driver()
    d.want(thick(stack(data), 1, 5.0, 0.2, 0.2))
    d.finish_all()
    assert d.newest.as_array().dtype == np.uint8
    assert np.array_equal(d.newest.as_array(), data[5])


@settings(max_examples=60, deadline=None)
@given(
    z=st.integers(0, 44).map(lambda n: n / 4),
    left=st.integers(0, 20).map(lambda n: n / 4),
    right=st.integers(0, 20).map(lambda n: n / 4),
    mode=st.sampled_from(sorted(MODES)),
    depth=st.sampled_from([1, 2, 5, 12]),
    seed=st.integers(0, 10**6),
)
def test_any_order_of_chunks_ends_in_the_same_picture(
    z: float, left: float, right: float, mode: str, depth: int, seed: int
):
    data = noise()
    d = Driver()
    d.hold_workers = True
    d.want(thick(stack(data, (depth, 4, 4)), 1, z, left, right, mode))
    rng = random.Random(seed)
    while d.reads or d.held:
        if d.held and (not d.reads or rng.random() < 0.6):
            d.step(d.held.pop(rng.randrange(len(d.held))))
        else:
            d.finish(d.reads[rng.choice(list(d.reads))])
    low, high = slab_range(z, left, right, 12) if left or right else (round(z), round(z) + 1)
    expected = MODES[mode](data[low:high], axis=0) if high - low > 1 else data[low]
    assert d.newest.complete
    np.testing.assert_allclose(d.newest.as_array(), expected, rtol=1e-12)
    assert d.scheduler.idle


def test_each_chunk_is_read_once_and_shared_with_single_planes():
    d = Driver()
    source = stack(noise())
    d.want(thick(source, 1, 5.0, 2, 2))
    d.finish_all()
    before = len(d.started)
    d.want(thick(source, 2, 4.0, 0, 0))
    assert len(d.started) == before
    assert d.newest.complete


def test_memory_is_that_of_a_few_planes_however_thick_the_slab():
    data = noise((1000, 32, 32), "u1")
    plane = 32 * 32 * 12
    d = Driver(cache_limit=30 * plane)
    d.want(thick(stack(data, (1, 32, 32)), 1, 500.0, 490, 490))
    most = 0
    while d.reads:
        d.finish(next(iter(d.reads.values())))
        most = max(most, d.scheduler.cache.reserved)
    assert d.newest.complete and not d.newest.failed
    assert most <= 30 * plane
    assert d.scheduler.demands[(1, 1)].charged <= 2 * plane
    np.testing.assert_allclose(d.newest.as_array(), data[10:991].mean(axis=0), rtol=1e-12)


def test_missing_chunks_count_as_their_fill_value():
    data = noise()
    d = Driver()
    d.want(thick(stack(data, (2, 8, 8)), 1, 5.0, 1, 2, "sum"))
    first, *rest = list(d.started)
    gone = first.box[0]
    d.finish(first, Missing())
    for start in rest:
        d.finish(start)
    filled = data.copy()
    filled[gone] = 0
    np.testing.assert_array_equal(d.newest.as_array(), filled[4:8].sum(axis=0))


def test_a_chunk_that_failed_fails_its_tile_alone_and_can_be_tried_again():
    from lamella.slicing.events import Retry

    data = noise()
    d = Driver()
    d.want(thick(stack(data), 1, 5.0, 2, 3, "max"))
    bad = d.started[0]
    d.finish(bad, Failed(FailureKind.CORRUPT, "no"))
    d.finish_all()
    assert d.newest.complete
    assert (d.newest.failed, d.newest.have) == (1, d.newest.needed - 1)
    assert len({t.key for t in d.newest.tiles}) == 3
    d.step(Retry())
    d.finish_all()
    assert d.newest.complete and not d.newest.failed
    assert np.array_equal(d.newest.as_array(), data[3:9].max(axis=0))


def test_panning_over_a_slab_keeps_its_tiles():
    d = Driver()
    source = stack(noise())
    d.want(thick(source, 1, 5.0, 2, 3, box=((-0.5, -0.5), (7.5, 3.5))))
    d.finish_all()
    before = len(d.started)
    d.want(thick(source, 2, 5.0, 2, 3, box=((-0.5, -0.5), (7.5, 7.5))))
    new = d.started[before:]
    assert {s.box[2].start for s in new} == {4}
    d.finish_all()
    np.testing.assert_allclose(d.newest.as_array(), noise()[3:9].mean(axis=0))


def test_rgb_is_reduced_colour_by_colour():
    data = noise((6, 8, 8, 3), "u1")
    source = Multiscale((PlainSource(data, (2, 4, 4, 3), REMOTE),))
    base = thick(source, 1, 2.0, 1, 1)
    d = Driver()
    d.want(replace(base, data=image.ImageSlice(source, True, False)))
    d.finish_all()
    np.testing.assert_allclose(d.newest.as_array(), data[1:4].mean(axis=0))
