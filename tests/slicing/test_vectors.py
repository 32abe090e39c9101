"""A slice of vectors holds what the rules say, whatever the axes, transforms and margins, and so do its primitives."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.layers.vector_cloud import VectorCloud
from lamella.model.layers.vector_style import VECTOR_STYLES
from lamella.model.layers.vectors import PROJECTION_MODES, Vectors
from lamella.model.view import View
from lamella.model.world import fit_dims
from lamella.slicing import pick_grid, point_index, point_table, vectors
from lamella.slicing.vector_shapes import CORNERS
from tests.slicing.by_hand import request_of, sliced
from tests.slicing.reference_vectors import expected, expected_extent


def show(*layers: Any, order: tuple[int, ...] | None = None, ndisplay: int = 2) -> View:
    view = View()
    view.dims.ndisplay = ndisplay
    fit_dims(view.dims, layers, first=True)
    if order is not None:
        view.dims.order = order
    return view


def slice_of(layer: Vectors, view: View | None = None) -> vectors.VectorsSliceResponse:
    response = sliced(request_of(layer, view or show(layer)))
    assert isinstance(response, vectors.VectorsSliceResponse)
    return response


QUARTERS = st.integers(-24, 24).map(lambda n: n / 4)
SCALES = st.sampled_from([1.0, 0.5, 2.0, -1.0, -0.5, 4.0])  # binary fractions: only there are ties defined
STYLES = st.sampled_from(VECTOR_STYLES)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Vectors, View, np.ndarray]:
    ndim = draw(st.integers(2, 4))
    world = draw(st.integers(ndim, 4))
    ndisplay = draw(st.sampled_from([2, 3]))
    count = draw(st.sampled_from([0, 1, 2, 30]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    data = rng.integers(-16, 17, (count, 2, ndim)) / 4
    if draw(st.booleans()):
        data[rng.random(data.shape) < 0.1] = np.nan
    data = data.astype(draw(st.sampled_from(["f4", "f8"])))
    shown = np.ones(count, bool) if draw(st.booleans()) else rng.random(count) < 0.7
    layer = Vectors(
        data,
        length=draw(st.sampled_from([1.0, 2.5, -0.5, 0.0])),
        shown=shown,
        vector_style=draw(STYLES),
        scale=[draw(SCALES) for _ in range(ndim)],
        translate=[draw(QUARTERS) for _ in range(ndim)],
        projection_mode=draw(st.sampled_from(PROJECTION_MODES)),
    )
    around = Image(np.zeros((9,) * world, "u1"), translate=[-4.0] * world)
    order = tuple(draw(st.permutations(range(world))))
    view = show(layer, around, order=order, ndisplay=min(ndisplay, world))
    for axis in range(world):
        view.dims.set_point(axis, draw(QUARTERS))
    view.dims.margin_left = [draw(st.sampled_from([0.0, 0.25, 1.0, 3.0])) for _ in range(world)]
    view.dims.margin_right = [draw(st.sampled_from([0.0, 0.25, 1.5])) for _ in range(world)]
    return layer, view, shown


@given(scenes())
@settings(max_examples=400, deadline=None)
def test_a_slice_holds_what_the_rules_say(scene: tuple[Vectors, View, np.ndarray]) -> None:
    layer, view, shown = scene
    response = slice_of(layer, view)
    wanted = expected(layer, view.dims, shown.tolist())
    assert response.indices.tolist() == wanted.indices
    segments = np.array(wanted.segments).reshape(len(wanted.indices), 2, len(response.dims_displayed))
    np.testing.assert_array_equal(response.segments, segments)
    np.testing.assert_allclose(response.alpha, wanted.alpha, rtol=1e-6, atol=1e-6)
    assert response.empty == (not wanted.indices)
    assert response.complete
    extent = expected_extent(layer)
    assert (layer.extent_data is None) == (extent is None)
    if extent is not None:
        np.testing.assert_array_equal(layer.extent_data, extent)


@given(scenes())
@settings(max_examples=200, deadline=None)
def test_what_is_drawn_goes_from_start_to_end(scene: tuple[Vectors, View, np.ndarray]) -> None:
    layer, view, _ = scene
    response = slice_of(layer, view)
    if not response.tiles:
        return
    (tile,) = response.tiles
    known = np.isfinite(response.segments).all(axis=(1, 2))
    wanted = response.segments[known] - tile.origin
    faded = np.rint(response.color[known, 3] * response.alpha[known])
    if layer.vector_style == "line":
        np.testing.assert_allclose(tile.segments["start"], wanted[:, 0], atol=1e-5)
        np.testing.assert_allclose(tile.segments["stop"], wanted[:, 1], atol=1e-5)
        np.testing.assert_array_equal(tile.segments["colors"][..., 3], np.stack([faded, faded], axis=1))
        assert not len(tile.corners) and not len(tile.triangles)
        return
    corners = tile.corners.reshape(-1, CORNERS[layer.vector_style])
    np.testing.assert_allclose(corners["position"][:, :2], np.repeat(wanted[:, :1], 2, axis=1), atol=1e-5)
    np.testing.assert_allclose(corners["position"][:, -1], wanted[:, 1], atol=1e-5)
    assert not corners["offset"][:, -1].any(), "the tip is the end"
    np.testing.assert_array_equal(corners["color"][..., 3], np.repeat(faded[:, None], corners.shape[1], axis=1))
    linear = response.displayed_to_world.linear
    across = corners["offset"][:, 0] @ linear.T  # of float32
    along = (wanted[:, 1] - wanted[:, 0]) @ linear.T
    lengths = np.linalg.norm(along, axis=1)
    np.testing.assert_allclose((across * along).sum(axis=1), 0, atol=1e-4)
    half = 0.5 * np.linalg.norm(linear, axis=0).min()
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), np.where(lengths > 0, half, 0), rtol=1e-4)
    np.testing.assert_array_equal(np.unique(tile.triangles), np.arange(tile.corners.size))
    assert not len(tile.segments)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_index_finds_exactly_what_looking_at_each_vector_finds(data: st.DataObject) -> None:
    count, ndim = data.draw(st.integers(1, 400)), data.draw(st.integers(3, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    rows = rng.integers(0, 9, (count, 2, ndim)).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"BLOCK": 16, "STRIDE": 4, "LEAST_BLOCKS": 1, "PIECE": 8}.items():
            patch.setattr(point_index, name, value)
        layer = Vectors(rows, projection_mode=data.draw(st.sampled_from(PROJECTION_MODES)))
        view = show(layer)
        view.dims.margin_left = [data.draw(st.sampled_from([0.0, 0.3, 2.0]))] * ndim
        view.dims.set_point(0, float(data.draw(st.sampled_from([0.0, 0.5, 1.0, 2.0, 2.5]))))
        request = request_of(layer, view)
        before = vectors.get_slice(request).content
        vectors.prepare(request, lambda: False)
        assert point_table.columns_of(layer.vectors.cloud).index.lacks([0], count) == []
        after = vectors.get_slice(request).content
    np.testing.assert_array_equal(before.indices, after.indices)
    np.testing.assert_array_equal(before.segments, after.segments)
    np.testing.assert_array_equal(before.alpha, after.alpha)


# The examples of the rules


def test_the_start_alone_decides_and_fades() -> None:
    layer = Vectors([[[0, 1, 1], [10, 0, 0]], [[10, 1, 1], [-9, 0, 0]]], projection_mode="fade")
    view = show(layer)
    view.dims.set_point(0, 1)
    view.dims.margin_left = (2, 0, 0)
    response = slice_of(layer, view)
    assert response.indices.tolist() == [0]
    assert response.alpha.tolist() == [0.5]
    assert response.tiles[0].corners["color"][0].tolist() == [255, 0, 0, 128]
    assert response.color.tolist() == [[255, 0, 0, 255]]


def test_a_vector_in_the_plane_itself_does_not_fade_where_there_is_no_margin() -> None:
    layer = Vectors([[[1, 0, 0], [0, 1, 1]], [[2, 0, 0], [0, 1, 1]]], projection_mode="fade")
    view = show(layer)
    view.dims.set_point(0, 1)
    view.dims.margin_right = (2, 0, 0)
    assert slice_of(layer, view).alpha.tolist() == [1, 0.5]


def test_an_image_of_directions_starts_at_its_grid() -> None:
    directions = np.random.default_rng(0).normal(size=(3, 4, 5, 3))
    layer = Vectors(directions, length=2)
    view = show(layer)
    view.dims.set_point(0, 1)
    response = slice_of(layer, view)
    assert response.indices.tolist() == list(range(20, 40))
    starts = np.stack(np.meshgrid(np.arange(4), np.arange(5), indexing="ij"), axis=-1).reshape(-1, 2)
    np.testing.assert_array_equal(response.segments[:, 0], starts)
    np.testing.assert_allclose(response.segments[:, 1], starts + 2 * directions[1, ..., 1:].reshape(-1, 2))


# What a slice is made of


def test_the_values_follow_their_vector() -> None:
    colors = np.arange(20, dtype="u1").reshape(5, 4)
    data = np.zeros((5, 2, 3))
    data[:, 0, 0], data[:, 0, 1], data[:, 1, 2] = [0, 1, 1, 0, 1], np.arange(5) + 1e7, 3
    layer = Vectors(data, edge_color=colors, shown=[True, True, False, True, True], vector_style="line", edge_width=4)
    view = show(layer)
    view.dims.set_point(0, 1)
    response = slice_of(layer, view)
    assert response.indices.tolist() == [1, 4]
    np.testing.assert_array_equal(response.color, colors[[1, 4]])
    assert response.segments.tolist() == [[[1e7 + 1, 0], [1e7 + 1, 3]], [[1e7 + 4, 0], [1e7 + 4, 3]]]
    segments = response.tiles[0].segments
    np.testing.assert_array_equal(segments["start"] + response.tiles[0].origin, response.segments[:, 0])
    np.testing.assert_array_equal(segments["colors"][:, 1], colors[[1, 4]])
    assert segments["width"].tolist() == [1, 1], "the look says how wide they are"
    assert layer.look().width == 4


def test_the_head_of_an_arrow_is_as_long_as_wide_but_never_longer_than_half_of_it() -> None:
    layer = Vectors([[[0, 0], [0, 20]], [[5, 0], [0, 4]]], vector_style="arrow", edge_width=2)
    corners = slice_of(layer).tiles[0].corners.reshape(2, 7)
    np.testing.assert_allclose(np.abs(corners["offset"][:, :2, 0]), 1)
    np.testing.assert_allclose(np.abs(corners["offset"][:, 4:6, 0]), 3)
    np.testing.assert_allclose(corners["offset"][:, 2:6, 1], [[-6] * 4, [-2] * 4])


def test_a_vector_of_no_width_is_drawn_and_one_of_no_length_has_no_area() -> None:
    for style in ("triangle", "arrow"):
        layer = Vectors([[[0, 0], [0, 20]], [[5, 0], [0, 0]]], vector_style=style, edge_width=0)
        corners = slice_of(layer).tiles[0].corners.reshape(2, -1)
        assert (corners["width"] > 0).all()
        assert corners["offset"][0, 0].any() and not corners["offset"][1].any()


def test_a_vector_without_a_place_is_in_the_slice_and_not_drawn() -> None:
    starts = [[0, 0, np.nan], [0, 1, 1], [0, 2, 2], [0, 3, 3]]
    data = np.stack([starts, [[0, 1, 1], [0, np.inf, 1], [0, 1, 1], [0, 1e300, 1]]], axis=1)
    for style in VECTOR_STYLES:
        response = slice_of(Vectors(data, vector_style=style))
        assert response.indices.tolist() == [0, 1, 2, 3]
        tile = response.tiles[0]
        assert len(tile.segments) + len(tile.triangles) == {"line": 1, "triangle": 1, "arrow": 3}[style]
        assert np.isfinite(tile.corners["position"]).all() and np.isfinite(tile.segments["start"]).all()
        assert response.value_at((2.5, 2.5)) == (2,)


def test_no_array_of_a_response_can_be_written_to() -> None:
    for style in VECTOR_STYLES:
        tile = slice_of(Vectors([[[0, 0, np.nan], [0, 1, 1]], [[0, 1, 1], [0, 1, 1]]], vector_style=style)).tiles[0]
        parts = [getattr(part, name) for part in (tile, tile.content) for name in part.__slots__]
        arrays = [part for part in parts if isinstance(part, np.ndarray)]
        assert len(arrays) == 10
        assert not any(array.flags.writeable for array in arrays)


def test_the_size_of_a_slice_is_known_before_it_is_made() -> None:
    data = np.random.default_rng(0).normal(size=(1000, 2, 2))
    for style in VECTOR_STYLES:
        layer = Vectors(data, vector_style=style)
        request = request_of(layer, show(layer))
        made = vectors.get_slice(request).nbytes
        assert made <= request.data.nbytes(request) <= 1.3 * made  # not all have places, or colours of their own


def test_what_cannot_change_the_slice_is_not_part_of_its_key() -> None:
    vector = np.ones((2, 2, 3))
    empty, flat, none = Vectors(ndim=3), Vectors(np.ones((2, 2, 2))), Vectors(vector, projection_mode="none")
    for layer in (empty, flat, none):
        view = show(layer, Image(np.zeros((5, 5, 5), "u1")))
        before = request_of(layer, view)
        view.dims.margin_left = (2, 2, 2)
        if layer is not none:
            view.dims.set_point(0, 4)
        assert request_of(layer, view).key == before.key


def chunk_of(layer: Vectors) -> object:
    ((read,),) = vectors.plan(request_of(layer, show(layer)), 10**9).rungs
    return read.key


@pytest.mark.parametrize(
    ("style", "change", "again"),
    [
        ("line", {"edge_width": 7}, False),
        ("triangle", {"edge_width": 7}, True),
        ("arrow", {"edge_width": 7}, True),
        ("line", {"length": 7}, True),
        ("arrow", {"length": 7}, True),
        ("line", {"vector_style": "arrow"}, True),
        ("line", {"edge_color": "blue"}, True),
        ("line", {"opacity": 0.1}, False),
        ("line", {"scale": (1, 3)}, False),
        ("arrow", {"scale": (1, 3)}, True),  # the head is beside the arrow in the world
        ("arrow", {"scale": (3, -3), "rotate": 30, "translate": (5, 5)}, False),
    ],
)
def test_only_what_changes_the_primitives_makes_them_anew(style: str, change: dict[str, Any], again: bool) -> None:
    layer = Vectors(np.ones((2, 2, 2)), vector_style=style)
    before, version = chunk_of(layer), layer.version
    for name, value in change.items():
        setattr(layer, name, value)
    assert (chunk_of(layer) != before) is again
    assert layer.version == version


# Contracts


def test_slicing_needs_no_layer_and_no_view() -> None:
    data = np.random.default_rng(0).integers(0, 4, (50, 2, 3)).astype("f8")
    layer = Vectors(data.copy(), features={"n": np.arange(50.0)}, edge_color="n", vector_style="arrow")
    view = show(layer)
    request = request_of(layer, view)
    wanted = sliced(request)
    layer.data = np.zeros((50, 2, 3))  # another cloud now
    gone = weakref.ref(layer)
    del layer, view
    gc.collect()
    assert gone() is None
    response = sliced(request)
    np.testing.assert_array_equal(response.indices, wanted.indices)
    np.testing.assert_array_equal(response.tiles[0].corners, wanted.tiles[0].corners)
    del request
    assert response.value_at(tuple(response.segments[-1, 0])) is not None


def test_large_arrays_are_copied_before_the_first_slice_is_made() -> None:
    data = np.zeros((100_000, 2, 3))
    layer = Vectors(data)
    assert not layer.vectors.cloud.settled
    request = request_of(layer, show(layer))
    sliced(request)
    data += 5
    np.testing.assert_array_equal(sliced(request).segments, 0)
    layer.refresh()
    response = slice_of(layer)
    np.testing.assert_array_equal(response.segments[:, 0], 5)
    np.testing.assert_array_equal(response.segments[:, 1], 10)


def test_a_cloud_made_before_is_taken_as_it_is() -> None:
    cloud = VectorCloud.of(np.ones((2, 2, 3)))
    layer = Vectors(cloud)
    assert layer.vectors is cloud
    np.testing.assert_array_equal(layer.data, np.ones((2, 2, 3)))
    assert not layer.data.flags.writeable


# Picking


def test_the_topmost_vector_under_the_cursor_is_told() -> None:
    layer = Vectors([[[0, 0], [0, 40]], [[2, 10], [0, 10]], [[30, 0], [0, 20]]], edge_width=4, vector_style="line")
    response = slice_of(layer)
    assert response.value_near((0.5, 15.0), 0) == (1,)
    assert response.value_near((-0.5, 15.0), 0) == (0,)
    assert response.value_near((-2.1, 15.0), 0) is None
    assert response.value_near((0.0, -1.9), 0) == (0,), "lines have round ends"
    assert response.value_near((31.9, 10.0), 0) == (2,)
    assert response.value_near((32.1, 10.0), 0) is None


def test_a_thin_vector_is_found_within_three_pixels_of_it() -> None:
    layer = Vectors([[[0, 0], [0, 40]], [[2, 0], [0, 40]]], edge_width=0.01)
    response = slice_of(layer)
    assert response.value_near((0.5, 15.0), 0) is None
    assert response.value_near((0.5, 15.0), 1) == (0,), "the nearest"
    assert response.value_near((1.5, 15.0), 1) == (1,)
    assert response.value_near((1.0, 15.0), 1) == (1,), "of equally near ones the last"
    assert response.value_near((4.9, 15.0), 1) == (1,)
    assert response.value_near((5.1, 15.0), 1) is None


def test_picking_follows_the_shape() -> None:
    triangle = slice_of(Vectors([[[0, 0], [0, 40]]], edge_width=4, vector_style="triangle"))
    assert triangle.value_near((1.9, 0.5), 0) == (0,)
    assert triangle.value_near((1.1, 20.0), 0) is None
    arrow = slice_of(Vectors([[[0, 0], [0, 40]]], edge_width=4, vector_style="arrow"))
    assert arrow.value_near((2.1, 20.0), 0) is None
    assert arrow.value_near((5.0, 29.5), 0) == (0,)
    assert arrow.value_near((5.0, 34.0), 0) is None


def test_widths_are_those_of_the_shortest_axis() -> None:
    lines = [[[0, 0], [0, 40]], [[9, 9], [20, 0]]]
    response = slice_of(Vectors(lines, edge_width=4, vector_style="line", scale=(5, 1)))
    assert response.value_near((0.39, 15.0), 0) == (0,)
    assert response.value_near((0.41, 15.0), 0) is None
    assert response.value_near((15.0, 10.9), 0) == (1,)


def test_picking_among_many_vectors_finds_what_looking_at_each_finds() -> None:
    rng = np.random.default_rng(0)
    data = np.stack([rng.uniform(0, 1000, (pick_grid.WORTH_A_GRID + 9, 2)), rng.normal(0, 2, (200_009, 2))], axis=1)
    data[17, 0, 0] = np.nan
    data[99_999, 1] = 900  # much longer than the others
    layer = Vectors(data, edge_width=1, vector_style="line", rotate=30, scale=(1, 3))
    response = slice_of(layer)
    content = response.tiles[0].content
    assert content.grid is not None and content.drawn is not None
    world = response.segments @ response.displayed_to_world.linear.T
    for place in [*rng.uniform(0, 1000, (40, 2)), data[99_999, 0] + 450]:
        at = response.displayed_to_world.linear @ place
        along = world[:, 1] - world[:, 0]
        part = np.clip(((at - world[:, 0]) * along).sum(axis=1) / (along**2).sum(axis=1), 0, 1)
        hits = np.flatnonzero(np.linalg.norm(world[:, 0] + part[:, None] * along - at, axis=1) <= 0.5)
        assert response.value_near(tuple(place), 0) == ((hits[-1],) if len(hits) else None)


def test_nothing_is_under_the_cursor_where_there_is_nothing() -> None:
    assert slice_of(Vectors(), show(Image(np.zeros((4, 4), "u1")))).value_at((0.0, 0.0)) is None
    assert slice_of(Vectors([[[0, np.nan], [1, 1]]])).value_at((0.0, 0.0)) is None


def test_a_thumbnail_shows_lines_in_their_colours() -> None:
    layer = Vectors([[[0, 0], [0, 30]], [[30, 0], [0, 30]]], edge_color=["red", "blue"])
    picture = slice_of(layer).thumbnail
    assert picture is not None and picture.shape == (32, 32, 4)
    assert picture[0, 30].tolist() == [255, 0, 0, 255] and picture[30, 10].tolist() == [0, 0, 255, 255]
    assert not picture[15].any()
    assert slice_of(Vectors([[[0, np.nan], [1, 1]]])).thumbnail is None
