"""A 2-D slice equals numpy: every dtype, axis order, scale, ragged chunk, level and RGB."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.view import View
from lamella.model.world import data_to_common_world, fit_dims, layer_axes, world_box
from lamella.slicing import image
from lamella.slicing.levels import choose_level, edges, visible_samples
from lamella.slicing.place import Place
from lamella.slicing.request import Mode
from lamella.slicing.response import ImageSliceResponse
from lamella.slicing.versions import region_at_level
from lamella.sources.base import Pool
from lamella.sources.multiscale import Multiscale
from tests.slicing.driver import PlainSource

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">u2", ">f4"]
LOCAL = Pool("local", 8, 0)


def slice_of(layer: Image, view: View) -> ImageSliceResponse:
    """Slice as the engine does, without engine."""
    state = view.snapshot()
    axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
    place = Place(data_to_common_world(layer, [layer]).inverse, *axes)
    request = image.make_slice_request(layer, state, place, 1, view.id, Mode.SYNC)
    plan = image.plan(request, 10**9)
    tiles = {}
    for rung in plan.rungs:
        for read in rung:
            assert isinstance(read.source, PlainSource)
            tiles[read.tile_key] = image.assemble(read, read.source.data[read.box])
    return image.respond(request, plan, list(tiles.values()), plan.needed, [], None)


def show(layer: Image, order: tuple[int, ...] | None = None, canvas: tuple[int, int] = (400, 300)) -> View:
    view = View()
    view.canvas_size = canvas
    fit_dims(view.dims, [layer], first=True)
    if order is not None:
        view.dims.order = order
    box = world_box([layer])
    assert box is not None
    view.camera.fit(box[:, list(view.dims.displayed)], view.canvas_size)
    return view


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Image, list[np.ndarray], View, bool]:
    ndim = draw(st.integers(2, 4))
    rgb = draw(st.booleans())
    channels = draw(st.sampled_from([3, 4])) if rgb else None
    shape = tuple(draw(st.integers(1, 40)) for _ in range(ndim))
    levels = draw(st.integers(1, 3))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    arrays, sources = [], []
    for level in range(levels):
        factors = [draw(st.sampled_from([1, 2, 3])) if level else 1 for _ in shape]
        shape = tuple(max(1, -(-n // f)) for n, f in zip(shape, factors, strict=True))
        full = (*shape, channels) if channels else shape
        data = rng.integers(0, 2 if dtype.kind == "b" else 100, full).astype(dtype)
        chunk = tuple(draw(st.integers(1, 17)) for _ in full)
        arrays.append(data)
        sources.append(PlainSource(data, chunk, LOCAL))
    scale = [draw(st.sampled_from([1.0, 0.5, -2.0, 3.0, -0.25])) for _ in range(ndim)]
    layer = Image(Multiscale(tuple(sources)), rgb=rgb, scale=scale)
    order = tuple(draw(st.permutations(range(ndim))))
    canvas = (draw(st.integers(4, 60)), draw(st.integers(4, 60)))
    view = show(layer, order, canvas)
    for axis in view.dims.not_displayed:
        view.dims.set_current_step(axis, draw(st.integers(0, view.dims.nsteps[axis] - 1)))
    return layer, arrays, view, rgb


@settings(max_examples=300, deadline=None)
@given(scenes())
def test_a_slice_equals_numpy(scene: tuple[Image, list[np.ndarray], View, bool]) -> None:
    layer, arrays, view, rgb = scene
    response = slice_of(layer, view)
    assert response.complete
    assert not response.empty
    data = arrays[response.level]
    to_data = layer.transform.inverse
    index: list[object] = [slice(None)] * layer.ndim
    for axis in view.dims.not_displayed:
        point = to_data.linear[axis, axis] * view.dims.point[axis] + to_data.translate[axis]
        factor = arrays[0].shape[axis] / data.shape[axis]
        index[axis] = int(np.round(np.clip(point / factor, 0, data.shape[axis] - 1)))
    plane = data[tuple(index)]
    left = sorted(view.dims.displayed)
    plane = plane.transpose([left.index(a) for a in view.dims.displayed] + ([2] if rgb else []))
    (a, b), (c, d) = response.region
    assert (a, c) == (0, 0)
    assert (b, d) == plane.shape[:2], "the view is fitted, so all of the plane is wanted"
    got = response.as_array()
    assert got.dtype == plane.dtype.newbyteorder("=")
    np.testing.assert_array_equal(got, plane)
    assert not got.flags.writeable


@pytest.mark.parametrize(("p", "plane"), [(0.5, 0), (1.5, 2), (2.5, 2), (0.0, 0), (8.4, 8)])
def test_a_point_between_planes_is_rounded_half_to_even(p: float, plane: int) -> None:
    data = np.arange(9, dtype="u2")[:, None, None] + np.zeros((9, 4, 4), "u2")
    layer = Image(Multiscale((PlainSource(data, (1, 4, 4), LOCAL),)))
    view = show(layer)
    view.dims.set_point(0, p)
    assert slice_of(layer, view).as_array()[0, 0] == plane


def test_a_slice_beside_the_layer_is_empty_and_reads_nothing() -> None:
    layer = Image(Multiscale((PlainSource(np.zeros((3, 8, 8), "u1"), (1, 8, 8), LOCAL),)))
    wide = Image(Multiscale((PlainSource(np.zeros((30, 8, 8), "u1"), (1, 8, 8), LOCAL),)))
    view = show(wide)
    view.dims.set_point(0, 20)
    state = view.snapshot()
    request = image.make_slice_request(layer, state, Place(layer.transform.inverse, (1, 2), (0,)), 1, 0, Mode.SYNC)
    plan = image.plan(request, 10**9)
    assert plan.empty
    assert plan.rungs == ()


def test_only_chunks_that_the_view_touches_are_planned() -> None:
    data = np.zeros((4, 100, 100), "u1")
    layer = Image(Multiscale((PlainSource(data, (1, 10, 10), LOCAL),)))
    view = show(layer, canvas=(20, 20))
    view.camera.zoom = 1.0
    view.camera.center = (0, 25, 45)
    state = view.snapshot()
    request = image.make_slice_request(layer, state, Place(layer.transform.inverse, (1, 2), (0,)), 1, 0, Mode.SYNC)
    plan = image.plan(request, 10**9)
    assert {r.region for r in plan.rungs[-1]} == {
        ((y, y + 10), (x, x + 10)) for y in (10, 20, 30) for x in (30, 40, 50)
    }


def test_three_displayed_axes_are_sliced_too() -> None:
    data = np.random.default_rng(0).integers(0, 99, (3, 7, 8, 9)).astype("u1")
    layer = Image(Multiscale((PlainSource(data, (1, 4, 4, 4), LOCAL),)))
    view = View(ndisplay=3)
    fit_dims(view.dims, [layer], first=True)
    view.dims.set_point(0, 2)
    view.camera.fit(((0, 0, 0), (7, 8, 9)), view.canvas_size)
    view.camera.zoom = 10
    np.testing.assert_array_equal(slice_of(layer, view).as_array(), data[2])


def test_level_choice_follows_the_rule() -> None:
    shapes = [(1000, 1000), (500, 500), (250, 250)]
    whole = np.array([[-0.5, -0.5], [999.5, 999.5]])
    assert choose_level(whole, (100, 100), shapes) == 2
    assert choose_level(whole, (300, 300), shapes) == 1
    assert choose_level(whole, (600, 600), shapes) == 0
    assert choose_level(whole, (2000, 2000), shapes) == 0
    assert choose_level(whole, (300, 2000), shapes) == 1, "an axis that is magnified does not count"


@given(st.integers(1, 60), st.integers(1, 60), st.floats(-80, 80), st.floats(0.1, 80))
def test_visible_samples_are_those_that_touch_the_box(n0: int, n: int, low: float, size: float) -> None:
    n = min(n, n0)
    box = np.array([[low], [low + size]])
    ((start, stop),) = visible_samples(box, (n0,), (n,))
    for i in range(n):
        (a,), (b,) = edges([(i, i + 1)], (n0,), (n,))
        if b > low + 1e-9 and a < low + size - 1e-9:
            assert start <= i < stop


def test_a_tile_does_not_keep_a_large_chunk_alive() -> None:
    data = np.zeros((64, 32, 32), "u1")
    layer = Image(Multiscale((PlainSource(data, (64, 32, 32), LOCAL),)))
    tile = slice_of(layer, show(layer)).tiles[0]
    assert tile.data.base is None


def test_a_wide_range_source_without_chunks_is_read_in_bands() -> None:
    class Gridless(PlainSource):
        def grid(self, displayed):
            return None

    data = np.broadcast_to(np.zeros((), "u1"), (2, 20_000, 10_000))
    layer = Image(Multiscale((Gridless(data, (1, 1, 1), LOCAL),)))
    view = show(layer)
    request = image.make_slice_request(
        layer, view.snapshot(), Place(layer.transform.inverse, (1, 2), (0,)), 1, 0, Mode.SYNC
    )
    plan = image.plan(request, 10**9)
    sizes = {r.chunk_nbytes for r in plan.rungs[-1]}
    assert max(sizes) <= 16 * 2**20
    assert sum(r.chunk_nbytes for r in plan.rungs[-1]) == 200_000_000


def test_contrast_ignores_what_is_not_finite() -> None:
    data = np.array([[np.nan, 1.0], [np.inf, 5.0]], "f4")
    layer = Image(Multiscale((PlainSource(data, (2, 2), LOCAL),)))
    tiles = slice_of(layer, show(layer)).tiles
    assert image.contrast_limits(tiles) == (1.0, 5.0)
    nothing = Image(Multiscale((PlainSource(np.full((2, 2), np.nan), (2, 2), LOCAL),)))
    assert image.contrast_limits(slice_of(nothing, show(nothing)).tiles) == (0.0, 1.0)


# ---- edits -----------------------------------------------------------------------------------------------------------


def chunks_of(layer: Image, view: View) -> dict[tuple[int, tuple[int, ...]], int]:
    """(level, position) of every chunk of the plan → its version."""
    state = view.snapshot()
    axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
    place = Place(data_to_common_world(layer, [layer]).inverse, *axes)
    plan = image.plan(image.make_slice_request(layer, state, place, 1, view.id, Mode.SYNC), 10**9)
    return {(read.level, read.key.position): read.key.version for rung in plan.rungs for read in rung}


def pyramid(*sides: int, chunk: int = 16) -> Image:
    sources = [PlainSource(np.zeros((4, n, n), "u1"), (1, chunk, chunk), LOCAL) for n in sides]
    return Image(Multiscale(tuple(sources)))


def test_an_edit_gives_a_new_version_to_the_chunks_that_it_touches_and_to_no_other() -> None:
    layer = pyramid(64)
    view = show(layer)
    view.dims.set_current_step(0, 2)
    before = chunks_of(layer, view)
    assert set(before.values()) == {0}
    layer.refresh(np.s_[2, 16:33, -1])
    after = chunks_of(layer, view)
    assert after.keys() == before.keys()
    touched = {position for (_, position), version in after.items() if version == layer.version}
    assert touched == {(2, 1, 3), (2, 2, 3)}
    assert {v for (_, p), v in after.items() if p not in touched} == {0}
    view.dims.set_current_step(0, 1)
    assert set(chunks_of(layer, view).values()) == {0}


def test_the_newest_of_several_edits_counts_and_refreshing_all_forgets_them() -> None:
    layer = pyramid(64)
    view = show(layer)
    layer.refresh(np.s_[:, :32])
    first = layer.version
    layer.refresh(np.s_[:, 16:48, :16])
    second = layer.version
    versions = {position[1:]: version for (_, position), version in chunks_of(layer, view).items()}
    assert versions[0, 0] == versions[1, 1] == first
    assert versions[1, 0] == versions[2, 0] == second
    assert versions[2, 1] == versions[3, 0] == 0
    layer.refresh()
    assert set(chunks_of(layer, view).values()) == {layer.version}
    assert layer.version > second


def test_coarser_levels_are_edited_where_they_may_follow_from_the_region() -> None:
    layer = pyramid(128, 64, 32, chunk=8)
    view = show(layer, canvas=(1000, 1000))
    for level in range(3):
        layer.locked_data_level = level
        layer.refresh(np.s_[:, 64:72, 40:48])
        touched = {p[1:] for (lvl, p), v in chunks_of(layer, view).items() if v == layer.version and lvl == level}
        assert touched == [{(8, 5)}, {(3, 2), (3, 3), (4, 2), (4, 3)}, {(1, 1), (2, 1)}][level]


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.tuples(st.integers(0, 59), st.integers(1, 60)).map(lambda p: (p[0], p[0] + p[1])),
)
def test_a_region_at_a_level_holds_every_sample_that_was_made_of_it(n0: int, n: int, span: tuple[int, int]) -> None:
    """Sample i of a level is made of the samples from i·n0/n to (i + 1)·n0/n, or by striding."""
    n = min(n, n0)
    start, stop = min(span[0], n0 - 1), min(span[1], n0)
    ((a, b),) = region_at_level(((start, stop),), (n0,), (n,))
    assert 0 <= a < b <= n
    made = {i for i in range(n) if i * n0 < stop * n and (i + 1) * n0 > start * n}
    factor = -(-n0 // n)
    strided = {i for i in range(n) if start <= i * factor < stop}
    assert made | strided <= set(range(a, b)) | {i for i in strided if len(range(0, n0, factor)) != n}
