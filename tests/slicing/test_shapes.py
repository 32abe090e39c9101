"""A slice of shapes holds what the rules say, and its triangles cover what the shapes enclose."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.layers.shapes import Shapes
from lamella.model.view import View
from lamella.slicing import shape_index, shape_triangles, shapes
from lamella.slicing.response_shapes import ShapesSliceResponse
from lamella.slicing.shape_outline import MITER_LIMIT
from lamella.slicing.shape_rings import ELLIPSE_VERTICES
from tests.slicing.by_hand import request_of, sliced, view_of
from tests.slicing.reference_shapes import area, covered, expected, inside

SQUARE = [[0, 0], [0, 8], [8, 8], [8, 0]]
HOLE = [[2, 2], [2, 4], [4, 4], [4, 2]]
BOW = [[0, 0], [8, 8], [8, 0], [0, 8]]


def slice_of(layer: Shapes, view: View | None = None) -> ShapesSliceResponse:
    response: ShapesSliceResponse = sliced(request_of(layer, view or view_of(layer)))
    return response


def one(vertices: Any, shape_type: str = "polygon", **arguments: Any) -> ShapesSliceResponse:
    """The slice of a layer of a single shape of two axes."""
    return slice_of(Shapes([(vertices, shape_type)], **arguments))


def triangle_areas(response: ShapesSliceResponse) -> np.ndarray:
    a, b, c = (response.vertices[response.faces[:, corner]] for corner in range(3))
    return np.abs((b - a)[:, 1] * (c - a)[:, 0] - (b - a)[:, 0] * (c - a)[:, 1]) / 2


def drawn_areas(response: ShapesSliceResponse) -> np.ndarray:
    """Of all triangles that are drawn, edges too."""
    tile = response.tiles[0]
    places = (tile.corners["position"] + tile.corners["offset"]).astype("f8")[tile.triangles]
    (ay, ax), (by, bx) = (places[:, 1] - places[:, 0]).T, (places[:, 2] - places[:, 0]).T
    return np.abs(ax * by - ay * bx) / 2


# Which shapes are shown

QUARTERS = st.integers(-24, 24).map(lambda n: n / 4)
SCALES = st.sampled_from([1.0, 0.5, 2.0, -1.0, -0.5, 4.0])  # binary fractions: only there are ties defined


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Shapes, list[list[np.ndarray]], list[int], View]:
    ndim = draw(st.integers(2, 4))
    world = draw(st.integers(ndim, 4))
    ndisplay = draw(st.sampled_from([2, 3]))
    count = draw(st.sampled_from([0, 1, 2, 30]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    hidden = sorted(rng.permutation(ndim)[: max(ndim - 2, 0)].tolist())  # axes along which most shapes are flat
    data, given = [], []
    for _ in range(count):
        kind = str(rng.choice(["rectangle", "ellipse", "polygon", "path", "line"]))
        rings = []
        for _ in range(rng.integers(1, 3) if kind == "polygon" else 1):
            number = {"rectangle": 4, "ellipse": 4, "line": 2}.get(kind, int(rng.integers(2, 7)))
            ring = rng.integers(-24, 25, (number, ndim)) / 4
            if rng.random() < 0.7:
                ring[:, hidden] = ring[0, hidden]
            if rng.random() < 0.05:
                ring[0, rng.integers(ndim)] = np.nan
            rings.append(ring)
        data.append(rings)
        given.append((rings if len(rings) > 1 else rings[0], kind))
    order = rng.integers(-1, 2, count).tolist()
    layer = Shapes(
        given,
        ndim=None if count else ndim,
        z_index=order if draw(st.booleans()) and count else 0,
        scale=[draw(SCALES) for _ in range(ndim)],
        translate=[draw(QUARTERS) for _ in range(ndim)],
    )
    order = order if layer.varies("z_index") else [0] * count
    around = Image(np.zeros((9,) * world, "u1"), translate=[-4.0] * world)
    view = view_of(layer, around, order=tuple(draw(st.permutations(range(world)))), ndisplay=min(ndisplay, world))
    for axis in range(world):
        view.dims.set_point(axis, draw(QUARTERS))
    view.dims.margin_left = [draw(st.sampled_from([0.0, 3.0])) for _ in range(world)]  # they mean nothing here
    return layer, data, order, view


@given(scenes(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_a_slice_holds_what_the_rules_say(scene: Any, indexed: bool) -> None:
    layer, data, order, view = scene
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shape_index, "WORTH_AN_INDEX", 0)
        request = request_of(layer, view)
        if indexed and layer.cloud.count:
            shapes.prepare(request, lambda: False)
        response: ShapesSliceResponse = sliced(request)
    wanted = expected(layer, data, view.dims, order)
    assert response.indices.tolist() == wanted.indices
    assert response.empty == (not wanted.indices)
    assert response.complete
    ends = iter(np.split(response.vertices, np.cumsum([n for n in _numbers(layer, wanted) for n in n])[:-1]))
    for index, rings in zip(wanted.indices, wanted.rings, strict=True):
        for ring in rings:
            drawn = next(ends)
            if layer.shape_type[index] == "ellipse":
                middles = (ring + np.roll(ring, -1, axis=0)) / 2
                for middle in middles if np.isfinite(ring).all() and _is_parallelogram(ring) else []:
                    assert np.abs(drawn - middle).max(axis=1).min() < 1e-9
            else:
                np.testing.assert_array_equal(drawn, ring)
    for array in (response.faces, response.outline):
        assert not len(array) or array.max() < len(response.vertices)


def _numbers(layer: Shapes, wanted: Any) -> list[list[int]]:
    """How many vertices each ring of each shape is drawn with."""
    return [
        [ELLIPSE_VERTICES] if layer.shape_type[index] == "ellipse" else [len(ring) for ring in rings]
        for index, rings in zip(wanted.indices, wanted.rings, strict=True)
    ]


def _is_parallelogram(ring: np.ndarray) -> bool:
    return bool(np.allclose(ring[0] + ring[2], ring[1] + ring[3]))


def test_a_shape_shows_in_every_plane_that_it_reaches_through_and_ties_go_to_the_even_one() -> None:
    flat = [[2.5, 0, 0], [2.5, 0, 5], [2.5, 5, 5]]
    steep = [[1, 0, 0], [3.5, 0, 5], [2, 5, 5]]
    layer = Shapes([flat, steep], shape_type="polygon")
    view = view_of(layer, Image(np.zeros((9, 9, 9), "u1")))
    shown = {}
    for position in (0.5, 1, 1.5, 2.5, 3.5, 4, 4.5, 4.6):
        view.dims.set_point(0, position)
        shown[position] = slice_of(layer, view).indices.tolist()
    assert shown == {0.5: [], 1: [1], 1.5: [0, 1], 2.5: [0, 1], 3.5: [1], 4: [1], 4.5: [1], 4.6: []}


def test_moving_within_a_plane_makes_no_other_tile() -> None:
    layer = Shapes([[[2, 0, 0], [2, 5, 5]]])
    view = view_of(layer, Image(np.zeros((9, 9, 9), "u1")))
    tiles = []
    for position in (1.75, 2.0, 2.5, 3.0):
        view.dims.set_point(0, position)
        (read,) = shapes.plan(request_of(layer, view), 10**9).rungs[0]
        tiles.append(read.key)
    assert tiles[0] == tiles[1] == tiles[2] != tiles[3]


def test_an_index_of_planes_finds_what_looking_at_all_finds() -> None:
    rng = np.random.default_rng(0)
    low = rng.integers(0, 100, 5000)
    boxes = rng.uniform(0, 50, (5000, 4, 3))
    boxes[..., 0] = low[:, None]
    boxes[::50, 2, 0] += rng.integers(1, 60, 100)
    cloud = Shapes(boxes).cloud
    scanned, sorted_ = shape_index.ShapeIndex(cloud), shape_index.ShapeIndex(cloud)
    sorted_.build((0,), lambda: False)
    assert sorted_.nbytes > scanned.nbytes
    for plane in range(-1, 161):
        found = sorted_.rows_at((0,), (plane,))
        np.testing.assert_array_equal(found, scanned.rows_at((0,), (plane,)))
        assert (np.diff(found) > 0).all()


# Faces


@st.composite
def polygons(draw: st.DrawFn) -> list[np.ndarray]:
    """A polygon that does not cross itself, with up to two holes that lie in it and apart, anywhere and of any size."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    scale, place = draw(st.sampled_from([(1.0, 0.0), (1e-7, 0.0), (1e7, 0.0), (1.0, 1e5)]))
    number = draw(st.integers(3, 40))
    rings = [_star(rng, number, 5, 10, 0.0)]
    for side in range(draw(st.integers(0, 2)) if number >= 6 else 0):  # a triangle may be too narrow
        rings.append(_star(rng, draw(st.integers(3, 12)), 0.4, 0.7, 1.5 * (2 * side - 1)))
    turned = [ring[::-1] if draw(st.booleans()) else ring for ring in rings]
    return [ring * scale + place for ring in turned]


def _star(rng: np.random.Generator, number: int, low: float, high: float, x: float) -> np.ndarray:
    # No angle between two neighbours is so wide that the line between them leaves out the middle.
    angles = (np.arange(number) + rng.uniform(0, 0.4, number)) * (2 * np.pi / number)
    radii = rng.uniform(low, high, number)
    return np.stack([radii * np.sin(angles), x + radii * np.cos(angles)], axis=1)


@given(polygons())
@settings(max_examples=200, deadline=None)
def test_triangles_have_the_area_of_the_polygon_without_its_holes(rings: list[np.ndarray]) -> None:
    response = one(rings)
    wanted = area([(ring - rings[0][0]).tolist() for ring in rings])
    assert triangle_areas(response).sum() == pytest.approx(wanted, rel=1e-6)
    assert response.remarks == ()


@given(polygons())
@settings(max_examples=60, deadline=None)
def test_triangles_cover_just_what_a_ray_finds_inside(rings: list[np.ndarray]) -> None:
    response = one(rings)
    low, high = rings[0].min(axis=0), rings[0].max(axis=0)
    for v in np.linspace(-0.05, 1.05, 13):
        for u in np.linspace(-0.05, 1.05, 13):
            y, x = low + (high - low) * (v, u)
            assert covered(response.vertices, response.faces, y, x) == inside([r.tolist() for r in rings], y, x)


def test_a_rectangle_is_given_by_two_corners_or_four() -> None:
    short, whole = one([[1, 2], [5, 9]], "rectangle"), one([[1, 2], [1, 9], [5, 9], [5, 2]], "rectangle")
    np.testing.assert_array_equal(short.vertices, whole.vertices)
    np.testing.assert_array_equal(short.faces, whole.faces)
    assert triangle_areas(short).sum() == 28


def test_an_ellipse_is_given_by_centre_and_radii_or_by_corners() -> None:
    short, whole = one([[5, 6], [3, 4]], "ellipse"), one([[2, 2], [2, 10], [8, 10], [8, 2]], "ellipse")
    np.testing.assert_allclose(short.vertices, whole.vertices)
    np.testing.assert_allclose((((short.vertices - (5, 6)) / (3, 4)) ** 2).sum(axis=1), 1)
    assert triangle_areas(short).sum() == pytest.approx(12 * np.pi, rel=1e-3)


def test_a_turned_ellipse_touches_the_middles_of_its_sides() -> None:
    corners = np.array([[0, 4], [2, 6], [6, 2], [4, 0]])
    response = one(corners, "ellipse")
    for middle in (corners + np.roll(corners, -1, axis=0)) / 2:
        assert np.abs(response.vertices - middle).max(axis=1).min() < 1e-12
    assert (response.vertices.sum(axis=1) <= 8 + 1e-9).all()


@pytest.mark.parametrize("shape_type", ["polygon", "rectangle"])
def test_a_shape_that_crosses_itself_is_drawn_and_told(shape_type: str) -> None:
    response = slice_of(Shapes([SQUARE, BOW, BOW], shape_type=shape_type))
    (remark,) = response.remarks
    assert remark.topic == "crossing" and "shape 1 cross" in remark.message
    assert triangle_areas(response).sum() > 64
    assert len(response.outline) == 12


def test_a_hole_that_leaves_its_polygon_is_told() -> None:
    assert one([SQUARE, [[6, 6], [6, 12], [7, 7]]]).remarks[0].topic == "crossing"


@pytest.mark.parametrize(
    "vertices", [[[0, 0], [4, 4], [8, 8]], [[0, 0], [4, 4]], [[3, 3]] * 4, [[0, 0.1], [1, 0.1], [7, 0.1]]]
)
def test_a_polygon_without_area_has_only_its_edge_and_is_told(vertices: Any) -> None:
    response = one(vertices)
    (remark,) = response.remarks
    assert remark.topic == "flat" and "shape 0 has no area" in remark.message
    assert not len(response.faces)
    assert response.indices.tolist() == [0]


def test_a_shape_seen_from_the_side_is_not_told() -> None:
    layer = Shapes([[[0, 5, 0], [0, 5, 8], [8, 5, 8], [8, 5, 0]]])
    response = slice_of(layer)
    assert response.remarks == () and not len(response.faces)
    assert drawn_areas(response).sum() == pytest.approx(8)
    view = view_of(layer, order=(1, 0, 2))
    assert triangle_areas(slice_of(layer, view)).sum() == 64


def test_vertices_that_are_nowhere_leave_out_their_shape() -> None:
    response = slice_of(Shapes([SQUARE, [[np.nan, 0], *SQUARE[1:]], [[np.inf, 0], *SQUARE[1:]]]))
    assert response.indices.tolist() == [0, 1, 2]
    assert len(response.faces) == 2 and response.faces.max() < 4
    assert len(response.outline) == 4
    assert np.isfinite(response.tiles[0].corners["position"]).all()
    assert response.value_at((4, 4)) == (0,)


def test_triangles_are_worked_out_once_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    earcut = shape_triangles.mapbox_earcut.triangulate_float64

    class Counting:
        @staticmethod
        def triangulate_float64(vertices: Any, ends: Any) -> Any:
            asked.append(len(vertices))
            return earcut(vertices, ends)

    monkeypatch.setattr(shape_triangles, "mapbox_earcut", Counting)
    data = [[[z, 0, 0], [z + 1, 0, 9], [z, 9, 9 - z]] for z in range(4)]
    layer = Shapes(data, shape_type="polygon")
    view = view_of(layer)
    for z in (0, 1, 2, 3, 2, 1, 0):
        view.dims.set_point(0, z)
        slice_of(layer, view)
    assert len(asked) == 4
    layer.face_color = "red"
    slice_of(layer, view)
    assert len(asked) == 4
    view.dims.order = (2, 0, 1)  # seen from another side
    slice_of(layer, view)
    assert len(asked) > 4


# Edges


def test_an_edge_is_as_wide_as_it_should_be_half_of_it_outside() -> None:
    response = one(SQUARE, edge_width=2, face_color="transparent")
    assert drawn_areas(response).sum() == pytest.approx(10**2 - 6**2)
    tile = response.tiles[0]
    places = tile.origin + tile.corners["position"] + tile.corners["offset"]
    np.testing.assert_array_equal(places.min(axis=0), [-1, -1])
    np.testing.assert_array_equal(places.max(axis=0), [9, 9])
    assert (tile.corners["width"] == 2).all()
    np.testing.assert_array_equal(response.outline, [[0, 1], [1, 2], [2, 3], [3, 0]])


def test_a_path_ends_where_it_ends_and_has_no_face() -> None:
    response = one([[0, 0], [0, 8], [8, 8]], "path", edge_width=2)
    assert not len(response.faces)
    assert drawn_areas(response).sum() == pytest.approx(2 * 9 + 2 * 9 - 4)
    np.testing.assert_array_equal(response.outline, [[0, 1], [1, 2]])
    line = one([[0, 0], [0, 8]], "line", edge_width=2)
    assert drawn_areas(line).sum() == pytest.approx(16)


def test_a_pointed_corner_is_cut_off() -> None:
    tip = np.array([0.0, 100.0])
    response = one([[-1, 0], tip, [1, 0]], "path", edge_width=4)
    tile = response.tiles[0]
    places = tile.origin + tile.corners["position"] + tile.corners["offset"]
    assert places[:, 1].max() <= tip[1] + 2
    blunt = one([[-60, 0], tip, [60, 0]], "path", edge_width=4).tiles[0]
    places = blunt.origin + blunt.corners["position"] + blunt.corners["offset"]
    assert tip[1] + 2 < places[:, 1].max() <= tip[1] + 2 * MITER_LIMIT
    assert len(tile.triangles) == len(blunt.triangles) + 1


def test_vertices_at_one_place_and_a_closing_one_make_no_other_edge() -> None:
    plain = one(SQUARE, edge_width=2)
    twice = one([SQUARE[0], SQUARE[0], *SQUARE[1:], SQUARE[0]], edge_width=2)
    assert drawn_areas(twice).sum() == pytest.approx(drawn_areas(plain).sum())
    assert len(twice.outline) == 4
    assert twice.remarks == ()
    lonely = one([[3, 3], [3, 3]], "path", edge_width=2)
    assert not len(lonely.outline) and not len(lonely.tiles[0].triangles)


def test_an_edge_is_as_wide_on_all_sides_in_the_world() -> None:
    layer = Shapes([SQUARE], edge_width=2, scale=(1, 4), face_color="transparent")
    response = slice_of(layer)
    tile = response.tiles[0]
    outer = layer.transform.linear @ (tile.origin + tile.corners["position"] + tile.corners["offset"]).T
    np.testing.assert_allclose(outer.min(axis=1), [-1, -1], atol=1e-6)
    np.testing.assert_allclose(outer.max(axis=1), [9, 33], atol=1e-5)


def test_what_is_transparent_or_has_no_width_is_not_drawn() -> None:
    def triangles(**arguments: Any) -> int:
        return len(one(SQUARE, **arguments).tiles[0].triangles)

    assert triangles() == 2 + 8
    assert triangles(edge_width=0) == 2
    assert triangles(edge_color="transparent") == 2
    assert triangles(face_color="transparent") == 8
    assert len(one(SQUARE, edge_width=0, face_color="transparent").faces) == 2


# Order and colours


def test_shapes_are_drawn_by_z_index_then_in_order_each_face_before_its_edge() -> None:
    data = np.array([SQUARE] * 4) + np.arange(4)[:, None, None]
    layer = Shapes(data, face_color=["red", "lime", "blue", "white"], edge_color="black", z_index=[1, 0, 1, -5])
    response = slice_of(layer)
    assert response.indices.tolist() == [3, 1, 0, 2]
    assert response.face_color[:, :3].tolist() == [[255, 255, 255], [0, 255, 0], [255, 0, 0], [0, 0, 255]]
    assert response.edge_color.tolist() == [[0, 0, 0, 255]] * 4
    tile = response.tiles[0]
    colors = tile.corners["color"][tile.triangles[:, 0], :3].tolist()
    turns = [color for i, color in enumerate(colors) if i == 0 or color != colors[i - 1]]
    black = [0, 0, 0]
    assert turns == [[255, 255, 255], black, [0, 255, 0], black, [255, 0, 0], black, [0, 0, 255], black]
    assert response.value_at((4, 4)) == (2,)


def test_colours_and_widths_follow_features() -> None:
    layer = Shapes(
        np.array([SQUARE] * 3),
        features={"v": [0.0, 0.5, 1.0], "kind": ["a", "b", "a"], "w": [0.0, 1.0, 2.0]},
        face_color="v",
        face_colormap=["black", "white"],
        edge_color="kind",
        edge_color_cycle=["red", "blue"],
        edge_width="w",
    )
    response = slice_of(layer)
    assert response.face_color[:, 0].tolist() == [0, 128, 255]
    assert response.edge_color[:, 2].tolist() == [0, 255, 0]
    assert response.edge_width.tolist() == [0, 1, 2]


def test_text_stands_in_the_middle_of_the_shapes_of_the_slice() -> None:
    data = [[[z % 2, z, 0], [z % 2, z + 4, 10]] for z in range(4)]
    layer = Shapes(data, features={"n": [1.5, 2.5, 3.5, 4.5]}, text="{n:.2f}", z_index=[1, 0, 0, 0])
    view = view_of(layer)
    view.dims.set_point(0, 0)
    text = slice_of(layer, view).text
    assert text is not None
    assert dict(zip(text.strings, text.positions.tolist(), strict=True)) == {"3.50": [4, 5], "1.50": [2, 5]}
    layer.add([[[0, 20, 0], [0, 24, 10]]], features={"n": [9.0]}, z_index=[0])
    text = slice_of(layer, view).text
    assert text is not None and sorted(text.strings) == ["1.50", "3.50", "9.00"]
    layer.text = None
    assert slice_of(layer, view).text is None
    layer.text = list("abcde")
    text = slice_of(layer, view).text
    assert text is not None and sorted(text.strings) == ["a", "c", "e"]


def test_far_from_the_origin_shapes_keep_their_precision() -> None:
    far = np.array(SQUARE) / 8 + [2.0**40, -(2.0**40)]
    tile = one(far, edge_width=0).tiles[0]
    np.testing.assert_array_equal(tile.origin + tile.corners["position"], far)


def test_a_slice_of_three_axes_fills_shapes_in_their_planes() -> None:
    steep = [[0, 0, 0], [8, 8, 0], [8, 8, 8], [0, 0, 8]]
    layer = Shapes([(steep, "polygon"), ([[0, 5, 0], [8, 5, 8]], "rectangle"), ([[0, 0, 0], [8, 0, 0]], "line")])
    response = slice_of(layer, view_of(layer, ndisplay=3))
    a, b, c = (response.vertices[response.faces[:, corner]] for corner in range(3))
    assert (np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2).sum() == pytest.approx(64 * np.sqrt(2) + 64)
    tile = response.tiles[0]
    lined = tile.corners[tile.corners["width"] > 0]
    np.testing.assert_allclose(lined["offset"][lined["offset"].any(axis=1)][0] @ [0, 1, -1], 0.5, atol=1)
    assert np.isfinite(tile.corners["offset"]).all()
    assert response.remarks == ()
    assert response.value_at((1.0, 1.0, 1.0)) is None


# Picking


def test_the_shape_under_the_cursor_is_told() -> None:
    layer = Shapes(
        [([SQUARE, HOLE], "polygon"), ([[20, 0], [20, 8]], "line"), ([[30, 0], [38, 8]], "rectangle")],
        edge_width=1,
        face_color=["red", "red", "transparent"],
    )
    response = slice_of(layer)
    assert response.value_near((1, 1), 0.1) == (0,)
    assert response.value_near((3, 3), 0.1) is None  # the hole
    assert response.value_near((2.4, 3), 0.01) == (0,)  # its edge
    assert response.value_near((-0.4, 4), 0.01) == (0,)
    assert response.value_near((20.4, 4), 0.01) == (1,)
    assert response.value_near((21, 4), 0.1) is None
    assert response.value_near((21, 4), 0.4) == (1,)  # near enough for a thin line
    assert response.value_near((34, 4), 0.1) is None  # transparent
    assert response.value_near((30, 4), 0.1) == (2,)
    assert response.value_near((np.nan, 4), 0.1) is None
    assert slice_of(Shapes(ndim=2), view_of(layer)).value_at((1, 1)) is None


@given(st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_picking_finds_the_uppermost_of_the_shapes_that_cover_a_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = [[_star(rng, 7, 1, 4, 0) + rng.uniform(0, 12, 2)] for _ in range(12)]
    order = rng.integers(0, 3, 12)
    layer = Shapes(
        [(rings, "polygon") for rings in data], edge_width=0, z_index=order, scale=(1, -2), rotate=30, shear=[0.5]
    )
    response = slice_of(layer)
    for y, x in rng.uniform(0, 12, (40, 2)):
        over = [i for i in range(12) if inside([data[i][0].tolist()], y, x)]
        top = max(over, key=lambda i: (order[i], i), default=None)
        assert response.value_near((y, x), 1e-9) == (None if top is None else (top,))


# Contracts


def test_slicing_needs_no_layer_and_no_view() -> None:
    layer = Shapes(
        [([[0, 0, 0], [0, 9, 9]], "rectangle"), ([[0, 2, 2], [0, 1, 2]], "ellipse")],
        features={"v": [0.0, 1.0]},
        face_color="v",
    )
    view = view_of(layer)
    request = request_of(layer, view)
    wanted = sliced(request)
    layer.update(data=[[[0, 5, 5], [0, 6, 6]]], features={"v": [0.0]})
    gone = weakref.ref(layer)
    del layer, view
    gc.collect()
    assert gone() is None
    response = sliced(request)
    np.testing.assert_array_equal(response.tiles[0].corners, wanted.tiles[0].corners)
    np.testing.assert_array_equal(response.tiles[0].triangles, wanted.tiles[0].triangles)
    assert response.value_at((5, 5)) == (0,)


def test_what_workers_keep_goes_with_the_layer() -> None:
    gc.collect()
    before = shape_index.memory(), shape_triangles.memory()
    layer = Shapes([SQUARE], shape_type="polygon")
    slice_of(layer)
    assert shape_index.memory() > before[0] and shape_triangles.memory() > before[1]
    del layer
    gc.collect()
    assert (shape_index.memory(), shape_triangles.memory()) == before


def test_no_array_of_a_tile_can_be_written_to() -> None:
    tile = one(SQUARE).tiles[0]
    arrays = [tile.origin, tile.corners, tile.triangles, tile.segments, tile.thumbnail, *tile.content.arrays]
    assert not any(array.flags.writeable for array in arrays)
    assert tile.nbytes > tile.corners.nbytes + tile.triangles.nbytes


def test_a_thumbnail_shows_the_colours_of_the_shapes() -> None:
    picture = slice_of(Shapes([SQUARE, HOLE], shape_type="polygon", face_color=["red", "blue"], edge_width=0)).thumbnail
    assert picture is not None and picture.shape == (32, 32, 4)
    seen = picture[picture[..., 3] > 0]
    assert len(seen) > 700
    assert {tuple(color) for color in seen.tolist()} == {(255, 0, 0, 255), (0, 0, 255, 255)}
    assert one([[0, 0], [0, 0]], "path").thumbnail is None
