"""A slice of points holds what the rules say, whatever the axes, transforms and margins, with an index or without."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.layers.points import PROJECTION_MODES, Points
from lamella.model.view import View
from lamella.model.world import data_to_common_world, fit_dims, layer_axes
from lamella.slicing import point_index, point_table, points
from lamella.slicing.place import Place
from lamella.slicing.points import PointsSliceResponse
from lamella.slicing.request import LayerSliceRequest, Mode
from tests.slicing.reference_points import expected


def request_of(layer: Points, view: View) -> LayerSliceRequest:
    state = view.snapshot()
    axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
    place = Place(data_to_common_world(layer, [layer]).inverse, *axes)
    return points.make_slice_request(layer, state, place, 1, view.id, Mode.SYNC)


def slice_of(request: LayerSliceRequest) -> PointsSliceResponse:
    """Slice as the engine does, without engine."""
    plan = points.plan(request, 10**9)
    tiles = [points.get_slice(request)] if plan.rungs else []
    return points.respond(request, plan, tiles, plan.needed, [], None)


def show(*layers: Any, order: tuple[int, ...] | None = None, ndisplay: int = 2) -> View:
    view = View()
    view.dims.ndisplay = ndisplay
    fit_dims(view.dims, layers, first=True)
    if order is not None:
        view.dims.order = order
    return view


QUARTERS = st.integers(-24, 24).map(lambda n: n / 4)
SCALES = st.sampled_from([1.0, 0.5, 2.0, -1.0, -0.5, 4.0])  # binary fractions: only there are ties defined


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Points, View, np.ndarray, np.ndarray]:
    ndim = draw(st.integers(2, 4))
    world = draw(st.integers(ndim, 4))
    ndisplay = draw(st.sampled_from([2, 3]))
    count = draw(st.sampled_from([0, 1, 2, 30]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    data = rng.integers(-16, 17, (count, ndim)) / 4
    if draw(st.booleans()):
        data[rng.random(data.shape) < 0.1] = np.nan
    data = data.astype(draw(st.sampled_from(["f4", "f8"])))
    constant = draw(st.booleans())
    sizes = np.full(count, 2.5, np.float32) if constant else (rng.integers(0, 17, count) / 2).astype(np.float32)
    shown = np.ones(count, bool) if draw(st.booleans()) else rng.random(count) < 0.7
    layer = Points(
        data,
        size=2.5 if constant else sizes,
        shown=shown,
        scale=[draw(SCALES) for _ in range(ndim)],
        translate=[draw(QUARTERS) for _ in range(ndim)],
        projection_mode=draw(st.sampled_from(PROJECTION_MODES)),
        out_of_slice_display=draw(st.booleans()),
    )
    around = Image(np.zeros((9,) * world, "u1"), translate=[-4.0] * world)
    order = tuple(draw(st.permutations(range(world))))
    view = show(layer, around, order=order, ndisplay=min(ndisplay, world))
    for axis in range(world):
        view.dims.set_point(axis, draw(QUARTERS))
    view.dims.margin_left = [draw(st.sampled_from([0.0, 0.25, 1.0, 3.0])) for _ in range(world)]
    view.dims.margin_right = [draw(st.sampled_from([0.0, 0.25, 1.5])) for _ in range(world)]
    return layer, view, sizes, shown


@given(scenes())
@settings(max_examples=400, deadline=None)
def test_a_slice_holds_what_the_rules_say(scene: tuple[Points, View, np.ndarray, np.ndarray]) -> None:
    layer, view, sizes, shown = scene
    response = slice_of(request_of(layer, view))
    wanted = expected(layer, view.dims, sizes.tolist(), shown.tolist())
    assert response.indices.tolist() == wanted.indices
    shape = (len(wanted.indices), len(response.dims_displayed))
    np.testing.assert_array_equal(response.coordinates, np.array(wanted.coordinates).reshape(shape))
    np.testing.assert_allclose(response.size, wanted.sizes, rtol=1e-5, atol=1e-3)  # float32, near the rim of a ball
    assert response.empty == (not wanted.indices)
    assert response.complete


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_index_finds_exactly_what_looking_at_each_point_finds(data: st.DataObject) -> None:
    count, ndim = data.draw(st.integers(1, 400)), data.draw(st.integers(3, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    kind = data.draw(st.sampled_from(["planes", "anywhere", "same", "NaN"]))
    rows = rng.integers(0, 9, (count, ndim)).astype(float) if kind == "planes" else rng.normal(0, 4, (count, ndim))
    if kind == "same":
        rows[:, 0] = 2.0
    if kind == "NaN":
        rows[rng.random(rows.shape) < 0.3] = np.nan
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"BLOCK": 16, "STRIDE": 4, "LEAST_BLOCKS": 1, "PIECE": 8}.items():
            patch.setattr(point_index, name, value)
        layer = Points(rows, size=data.draw(st.sampled_from([1.0, 6.0])), projection_mode=data.draw(MODES))
        view = show(layer)
        view.dims.margin_left = [data.draw(st.sampled_from([0.0, 0.3, 2.0]))] * ndim
        if kind != "NaN":
            view.dims.set_point(0, float(data.draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.5]))))
        request = request_of(layer, view)
        before = slice_of(request)
        points.prepare(request, lambda: False)
        assert point_table.columns_of(layer.cloud).index.lacks([0], count) == []
        after = slice_of(request)
    np.testing.assert_array_equal(before.indices, after.indices)
    np.testing.assert_array_equal(before.size, after.size)


MODES = st.sampled_from(PROJECTION_MODES)


def test_an_index_that_was_stopped_serves_and_goes_on() -> None:
    rng = np.random.default_rng(0)
    data = np.column_stack([rng.integers(0, 40, 40 * point_index.BLOCK), np.zeros((40 * point_index.BLOCK, 2))])
    layer = Points(data.astype("f4"))
    request = request_of(layer, show(layer))
    wanted = np.flatnonzero(data[:, 0] == request.key.point[0])
    steps = iter([False, True])
    points.prepare(request, lambda: next(steps))
    known = point_table.columns_of(layer.cloud).index[0]
    assert known is not None and 0 < known.rows < len(data)
    np.testing.assert_array_equal(slice_of(request).indices, wanted)
    points.prepare(request, lambda: False)
    known = point_table.columns_of(layer.cloud).index[0]
    assert known is not None and known.rows == len(data)
    np.testing.assert_array_equal(slice_of(request).indices, wanted)
    assert known.nbytes <= 2.2 * len(data)


def test_points_that_are_added_are_found_with_the_index_of_the_others() -> None:
    n = 4 * point_index.BLOCK
    layer = Points(np.column_stack([np.arange(n) % 7, np.zeros(n), np.zeros(n)]))
    layer.add([[3.0, 1, 1]])
    request = request_of(layer, show(layer))
    points.prepare(request, lambda: False)
    first = point_table.columns_of(layer.cloud).index
    layer.add([[3.0, 2, 2], [4.0, 2, 2]])
    request = request_of(layer, show(layer))
    assert point_table.columns_of(layer.cloud).index is first
    np.testing.assert_array_equal(slice_of(request).indices[-3:], [_last(n), n, n + 1])


def _last(n: int) -> int:
    """The last of n numbers that leaves 3 when divided by 7."""
    return max(i for i in range(n - 7, n) if i % 7 == 3)


# The examples of the rules


@pytest.mark.parametrize(("point", "wanted"), [(8, [2]), (10, [0, 1, 3, 4])])
def test_close_coordinates_are_in_one_plane(point: float, wanted: list[int]) -> None:
    z = [10, 10 + 2e-7, 8, 10.1, 10 - 2e-7]
    layer = Points(np.column_stack([z, np.zeros((5, 2))]))
    view = show(layer)
    view.dims.set_point(0, point)
    assert slice_of(request_of(layer, view)).indices.tolist() == wanted


def test_a_margin_reaches_points_of_other_planes() -> None:
    layer = Points([[0, 1, 1], [10, 2, 2]])
    view = show(layer)
    view.dims.set_point(0, 0)
    assert slice_of(request_of(layer, view)).indices.tolist() == [0]
    view.dims.margin_right = (10, 0, 0)
    assert slice_of(request_of(layer, view)).indices.tolist() == [0, 1]


def test_a_point_between_two_planes_shows_in_both() -> None:
    layer = Points([[0.5, 0, 0], [3, 0, 0]], translate=(0, 0, 0))
    view = show(layer, Image(np.zeros((4, 2, 2), "u1")))
    for plane, wanted in ((0, [0]), (1, [0]), (2, []), (3, [1])):
        view.dims.set_point(0, plane)
        assert slice_of(request_of(layer, view)).indices.tolist() == wanted


def test_a_size_in_the_plane_itself_stays_where_there_is_no_margin() -> None:
    layer = Points([[1, 0, 0], [2, 0, 0]], projection_mode="rescale_linear", size=8)
    view = show(layer)
    view.dims.set_point(0, 1)
    view.dims.margin_right = (2, 0, 0)
    np.testing.assert_allclose(slice_of(request_of(layer, view)).size, [8, 4])


# What a slice is made of


def test_all_values_follow_their_point() -> None:
    colors = np.arange(20, dtype="u1").reshape(5, 4)
    layer = Points(
        np.column_stack([[0, 1, 1, 0, 1], np.arange(5) + 1e7, np.arange(5)]),
        size=[1, 2, 3, 4, 5],
        symbol=["disc", "x", "star", "disc", "ring"],
        face_color=colors,
        border_color="#ff000080",
        border_width=0.1,
        shown=[True, True, False, True, True],
    )
    view = show(layer)
    view.dims.set_point(0, 1)
    response = slice_of(request_of(layer, view))
    assert response.indices.tolist() == [1, 4]
    assert response.size.tolist() == [2, 5]
    assert response.symbol.tolist() == [4, 5]
    np.testing.assert_array_equal(response.face_color, colors[[1, 4]])
    np.testing.assert_array_equal(response.border_color, [[255, 0, 0, 128]] * 2)
    np.testing.assert_allclose(response.border_width, [0.2, 0.5], rtol=1e-6)
    vertices = response.tile.vertices
    where = vertices["position"].astype("f8") + vertices["residual"] + response.tile.origin
    np.testing.assert_array_equal(where, response.coordinates)
    np.testing.assert_array_equal(vertices["face"], response.face_color)
    np.testing.assert_array_equal(vertices["symbol"], response.symbol)


def test_no_array_of_a_response_can_be_written_to() -> None:
    tile = slice_of(request_of(layer := Points(np.zeros((3, 2))), show(layer))).tile
    arrays = [getattr(tile, name) for name in tile.__slots__ if isinstance(getattr(tile, name), np.ndarray)]
    assert len(arrays) >= 9
    assert not any(array.flags.writeable for array in arrays)


def test_positions_keep_their_precision_far_from_the_origin() -> None:
    data = np.array([[1e9, -1e9], [1e9 + 1e-3, -1e9], [1e9 + 1e5 + 1e-3, -1e9]])
    tile = slice_of(request_of(layer := Points(data), show(layer))).tile
    where = tile.vertices["position"].astype("f8") + tile.vertices["residual"] + tile.origin
    assert np.abs(where - data).max() < 1e-6


def test_a_point_without_a_place_on_a_displayed_axis_is_in_the_slice_and_not_drawn() -> None:
    response = slice_of(request_of(layer := Points([[0, 0, np.nan], [0, 1, 1]]), show(layer)))
    assert response.indices.tolist() == [0, 1]
    assert response.tile.vertices["size"].tolist() == [0, 10]
    assert np.isfinite(response.tile.vertices["position"]).all()


def test_two_layers_with_other_styles_share_nothing_by_mistake() -> None:
    data = np.zeros((2, 2))
    layer = Points(data)
    view = show(layer)
    first = request_of(layer, view)
    layer.size = 3
    second = request_of(layer, view)
    assert first.key != second.key
    assert slice_of(first).size.tolist() == [10, 10]
    assert slice_of(second).size.tolist() == [3, 3]


def test_what_cannot_change_the_slice_is_not_part_of_its_key() -> None:
    empty, flat = Points(ndim=3), Points(np.zeros((2, 2)))
    none = Points(np.zeros((2, 3)), projection_mode="none")
    for layer in (empty, flat, none):
        view = show(layer, Image(np.zeros((5, 5, 5), "u1")))
        before = request_of(layer, view)
        view.dims.margin_left = (2, 2, 2)
        if layer is not none:
            view.dims.set_point(0, 4)
        assert request_of(layer, view).key == before.key


# Contracts


def test_slicing_needs_no_layer_and_no_view() -> None:
    rng = np.random.default_rng(0)
    layer = Points(rng.integers(0, 4, (50, 3)).astype("f8"), size=rng.uniform(1, 2, 50))
    view = show(layer)
    request = request_of(layer, view)
    wanted = slice_of(request)
    layer.data = np.zeros((50, 3))  # another cloud now
    gone = weakref.ref(layer)
    del layer, view
    gc.collect()
    assert gone() is None
    response = slice_of(request)
    np.testing.assert_array_equal(response.indices, wanted.indices)
    np.testing.assert_array_equal(response.tile.vertices, wanted.tile.vertices)
    del request
    assert response.value_at(tuple(response.coordinates[-1])) is not None


def test_what_workers_keep_goes_with_the_layer() -> None:
    def kept() -> dict[str, int]:
        gc.collect()
        return point_table.memory()

    before = kept()
    layer = Points(np.zeros((300_000, 3)), size=np.ones(300_000))
    request = request_of(layer, show(layer))
    slice_of(request)
    points.prepare(request, lambda: False)
    assert kept()["copies"] == before["copies"] + 300_000 * 24
    assert kept()["index"] > before["index"]
    del layer, request
    assert kept() == before


def test_two_workers_work_a_layer_out_once() -> None:
    layer = Points(np.zeros((200_000, 3)))
    request = request_of(layer, show(layer))
    found = []
    threads = [threading.Thread(target=lambda: found.append(point_table.columns_of(layer.cloud))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(table.columns is found[0].columns for table in found)
    assert len(slice_of(request).indices) == 200_000


def test_large_arrays_are_copied_before_the_first_slice_is_made() -> None:
    data = np.zeros((100_000, 3))
    layer = Points(data)
    request = request_of(layer, show(layer))
    slice_of(request)
    data += 5
    np.testing.assert_array_equal(slice_of(request).coordinates, 0)
    layer.refresh()
    np.testing.assert_array_equal(slice_of(request_of(layer, show(layer))).coordinates, 5)


# Picking


def test_the_topmost_point_under_the_cursor_is_told() -> None:
    layer = Points([[0, 0], [1, 0], [30, 0]], size=4, scale=(1, 0.5))
    response = slice_of(request_of(layer, show(layer)))
    assert response.value_at((0.5, 0.0)) == (1,)
    assert response.value_at((-0.9, 0.0)) == (0,)
    assert response.value_at((-1.1, 0.0)) is None  # a disc is as large as the shortest axis makes it
    assert response.value_at((0.0, -1.9)) == (0,)
    assert response.value_at((30, 1.9)) == (2,)
    assert response.value_at((15, 0)) is None


def test_picking_among_many_points_finds_what_looking_at_each_finds() -> None:
    rng = np.random.default_rng(0)
    data = rng.uniform(0, 1000, (250_000, 2))
    layer = Points(data, size=rng.uniform(0, 5, len(data)), rotate=30, scale=(1, 3))
    response = slice_of(request_of(layer, show(layer)))
    assert response.tile.grid is not None
    linear = response.displayed_to_world.linear
    scale = points.size_scale(response.displayed_to_world)
    for place in rng.uniform(0, 1000, (40, 2)):
        away = np.linalg.norm((data - place) @ linear.T, axis=1)
        hits = np.flatnonzero(away < response.size / 2 * scale)
        assert response.value_at(tuple(place)) == ((hits[-1],) if len(hits) else None)


def test_picking_follows_the_shape_of_the_symbol() -> None:
    layer = Points([[0, 0], [0, 0], [40, 40]], size=[8, 12, 10], symbol=["disc", "ring", "square"])
    response = slice_of(request_of(layer, show(layer)))
    assert response.value_at((0.0, 0.0)) == (0,)  # through the hole of the ring above it
    assert response.value_at((0.0, 5.0)) == (1,)
    assert response.value_at((44.5, 44.5)) == (2,)  # a corner, outside of the circle around the point
    assert response.value_at((45.5, 40.0)) is None
