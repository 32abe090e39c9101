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
