"""A slice of a surface holds what the rules say, whatever the axes, transforms and margins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.layers.surface import PROJECTION_MODES, Surface
from lamella.slicing import surface_selection
from lamella.slicing.primitives import PrimitivesTile, ValuesTile
from lamella.slicing.surface import get_geometry, get_values, plan
from lamella.slicing.surface_mesh import AMBIENT, edges_of, normals_of
from lamella.slicing.thumbnail import thumbnail_of
from tests.slicing.by_hand import request_of, sliced, view_of
from tests.slicing.reference_surface import expected

SQUARE = np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float)
TWO = np.array([[0, 1, 2], [0, 2, 3]])
QUARTERS = st.integers(-24, 24).map(lambda n: n / 4)
SCALES = st.sampled_from([1.0, 0.5, 2.0, -1.0, -0.5, 4.0])  # binary fractions: only there are ties defined


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Surface, Any]:
    own = draw(st.integers(2, 3))
    leading = tuple(draw(st.lists(st.integers(1, 3), max_size=1)))
    world = draw(st.integers(own + len(leading), 4))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    count = draw(st.sampled_from([1, 3, 20]))
    vertices = rng.integers(-16, 17, (count, own)) / 4
    if draw(st.booleans()):
        vertices[rng.random(vertices.shape) < 0.1] = np.nan
    faces = rng.integers(0, count, (draw(st.sampled_from([0, 1, 12])), 3))
    values = rng.integers(0, 100, (*leading, count)).astype("f4") if leading or draw(st.booleans()) else None
    ndim = own + len(leading)
    layer = Surface(
        (vertices, faces, values),
        scale=[draw(SCALES) for _ in range(ndim)],
        translate=[draw(QUARTERS) for _ in range(ndim)],
        shading=draw(st.sampled_from(["none", "flat", "smooth"])),
        wireframe=draw(st.booleans()),
        projection_mode=draw(st.sampled_from(PROJECTION_MODES)),
    )
    around = Image(np.zeros((9,) * world, "u1"), translate=[-4.0] * world)
    order = tuple(draw(st.permutations(range(world))))
    view = view_of(layer, around, order=order, ndisplay=draw(st.sampled_from([2, 3])) if world > 2 else 2)
    for axis in range(world):
        view.dims.set_point(axis, draw(QUARTERS))
    view.dims.margin_left = [abs(draw(QUARTERS)) for _ in range(world)]
    view.dims.margin_right = [abs(draw(QUARTERS)) for _ in range(world)]
    return layer, view


@pytest.mark.filterwarnings("ignore:surface")
@settings(max_examples=300, deadline=None)
@given(scenes())
def test_a_slice_holds_the_vertices_faces_and_values_of_the_rules(scene: tuple[Surface, Any]) -> None:
    layer, view = scene
    response = sliced(request_of(layer, view))
    truth = expected(layer, view.dims)
    if truth is None:
        assert response.empty
        return
    assert response.indices.tolist() == truth.indices
    np.testing.assert_array_equal(response.vertices, np.array(truth.vertices).reshape(response.vertices.shape))
    np.testing.assert_array_equal(response.faces, np.array(truth.faces).reshape(-1, 3))
    assert response.empty == (not truth.indices)
    if truth.values is not None and layer.shading != "flat":
        np.testing.assert_array_equal(response.values, truth.values)


def test_a_displayed_axis_of_values_shows_nothing_and_says_so_once() -> None:
    layer = Surface((SQUARE, TWO, np.zeros((3, 4))), name="mesh")
    view = view_of(layer, order=(1, 0, 2))
    with pytest.warns(UserWarning, match="surface 'mesh' is not shown") as caught:
        assert sliced(request_of(layer, view)).empty
        assert sliced(request_of(layer, view)).empty
    assert len(caught) == 1


def test_only_the_values_are_made_anew_along_an_axis_of_values() -> None:
    layer = Surface((SQUARE, TWO, np.arange(12.0).reshape(3, 4)))
    view = view_of(layer)
    keys = []
    for step in (0, 2):
        view.dims.set_current_step(0, step)
        keys.append([read.key for read in plan(request_of(layer, view), 10**9).rungs[0]])
    assert keys[0][0] == keys[1][0], "the geometry"
    assert keys[0][1] != keys[1][1], "the values"


def test_the_faces_of_a_slab_are_selected_once_for_all_values_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    selected: list[int] = []
    real = surface_selection.select

    def select(*args: Any) -> Any:
        selected.append(1)
        return real(*args)

    monkeypatch.setattr(surface_selection, "select", select)
    vertices = np.insert(SQUARE, 0, [0, 0, 0, 5], axis=1)
    layer = Surface((vertices, TWO, np.arange(12.0).reshape(3, 4)), shading="flat")
    view = view_of(layer)
    view.dims.set_point(1, 0)
    shown = sliced(request_of(layer, view))
    for step in (1, 2):
        view.dims.set_current_step(0, step)
        assert get_values(request_of(layer, view)).values.tolist() == [4 * step, 4 * step + 1, 4 * step + 2]
    assert len(selected) == 1
    del shown
    get_values(request_of(layer, view))
    assert len(selected) == 2, "it goes with the geometry"


def test_faces_that_were_edited_to_nonsense_fail_and_are_not_drawn() -> None:
    faces = np.tile(TWO, (2**17, 1))  # larger than what is copied at the call
    layer = Surface((SQUARE, faces))
    faces[-1] = 9
    with pytest.raises(ValueError, match="faces were edited and name vertices that are not there: there are 4"):
        get_geometry(request_of(layer, view_of(layer)))


def test_values_belong_to_the_corners_that_are_drawn_with_any_shading() -> None:
    values = np.array([1.0, 2, 3, 4])
    for shading in ("none", "smooth", "flat"):
        layer = Surface((SQUARE, TWO, values), shading=shading)
        response = sliced(request_of(layer, view_of(layer)))
        geometry, numbers = response.tiles
        assert isinstance(geometry, PrimitivesTile)
        assert isinstance(numbers, ValuesTile)
        places = geometry.corners["position"] + geometry.origin
        for triangle, face in zip(geometry.triangles, TWO, strict=True):
            np.testing.assert_allclose(places[triangle], SQUARE[face])
            np.testing.assert_array_equal(numbers.values[triangle], values[face])
        np.testing.assert_array_equal(response.values, values)


def test_limits_are_those_of_all_values() -> None:
    values = np.array([[0.0, 1, 2, np.nan], [5, 6, -7, np.inf]])
    layer = Surface((SQUARE, TWO, values))
    assert sliced(request_of(layer, view_of(layer))).tiles[1].limits == (-7, 6)


def test_limits_never_read_more_of_the_values_than_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamella.slicing.surface.LIMITS_FROM", 100)
    values = np.arange(40.0).reshape(10, 4)
    layer = Surface((SQUARE, TWO, values))
    assert sliced(request_of(layer, view_of(layer))).tiles[1].limits == (0, 35), "of every fourth place"


def test_without_values_all_has_the_last_colour() -> None:
    layer = Surface((SQUARE, TWO))
    tile = sliced(request_of(layer, view_of(layer))).tiles[1]
    assert tile.values.tolist() == [1] * 4
    assert tile.limits is None  # drawn between 0 and 1


def test_vertex_colours_and_textures_take_the_place_of_values() -> None:
    colors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], float)
    layer = Surface((SQUARE, TWO, np.arange(4.0)), vertex_colors=colors)
    (tile,) = sliced(request_of(layer, view_of(layer))).tiles
    np.testing.assert_array_equal(tile.corners["color"][:, :3], colors * 255)
    texture = np.zeros((2, 3), np.uint8)
    layer = Surface((SQUARE, TWO), texture=texture, texcoords=SQUARE / 10)
    (tile,) = sliced(request_of(layer, view_of(layer))).tiles
    assert tile.texture.shape == (2, 3, 4)
    np.testing.assert_allclose(tile.corners["uv"], SQUARE / 10)


def test_vertex_colours_may_change_along_a_leading_axis() -> None:
    colors = np.zeros((2, 4, 4), np.uint8)
    colors[1] = 255
    layer = Surface((SQUARE, TWO, np.zeros((2, 4))), vertex_colors=colors)
    view = view_of(layer)
    for step in (0, 1):
        view.dims.set_current_step(0, step)
        assert (sliced(request_of(layer, view)).tiles[0].corners["color"] == 255 * step).all()


def test_what_is_turned_away_is_darker() -> None:
    """A roof of two faces: one seen from in front, one from its edge."""
    vertices = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 0], [9, 0, 0]], float)
    faces = [[0, 1, 2], [0, 1, 3]]
    layer = Surface((vertices, faces), shading="flat")
    view = view_of(layer)
    view.dims.margin_right = (20.0, 0, 0)
    view.dims.set_point(0, 0)
    response = sliced(request_of(layer, view))
    light = response.tiles[0].corners["color"][:, 0]
    assert light[:3].tolist() == [255] * 3
    assert light[3:].tolist() == [round(255 * AMBIENT)] * 3
    np.testing.assert_allclose(np.abs(response.normals), [[1, 0, 0], [0, 1, 0]])


def test_vertex_normals_are_weighted_by_area() -> None:
    rng = np.random.default_rng(2)
    places, faces = rng.normal(size=(8, 3)), rng.integers(0, 8, (20, 3))
    sums = np.zeros((8, 3))
    for a, b, c in faces:
        across = np.cross(places[b] - places[a], places[c] - places[a])
        for corner in (a, b, c):
            sums[corner] += across
    found = normals_of(places.T, faces.astype(np.uint32), flat=False)
    np.testing.assert_allclose(found, sums / np.linalg.norm(sums, axis=1, keepdims=True), rtol=1e-4, atol=1e-5)


def test_each_edge_of_the_wireframe_is_drawn_once() -> None:
    assert edges_of(TWO.astype(np.uint32)).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]
    assert edges_of(np.empty((0, 3), np.uint32)).shape == (0, 2)
    layer = Surface((SQUARE, TWO), wireframe={"color": "red", "width": 3})
    tile = sliced(request_of(layer, view_of(layer))).tiles[0]
    assert len(tile.segments) == 5
    assert (tile.segments["colors"] == [255, 0, 0, 255]).all()
    assert layer.look().width == 3
    assert layer.look().segments


def test_faces_with_a_corner_nowhere_are_not_drawn_but_counted() -> None:
    vertices = SQUARE.copy()
    vertices[3] = np.nan
    layer = Surface((vertices, TWO))
    response = sliced(request_of(layer, view_of(layer)))
    assert response.faces.tolist() == TWO.tolist()
    assert response.tiles[0].triangles.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("shading", ["none", "flat"])
def test_the_value_under_the_cursor_is_that_between_the_corners_of_the_topmost_face(shading: str) -> None:
    layer = Surface((SQUARE, TWO, np.array([0.0, 10, 20, 10])), shading=shading)
    response = sliced(request_of(layer, view_of(layer)))
    assert response.value_at((2.0, 6.0)) == (pytest.approx(8), 0)
    assert response.value_at((6.0, 2.0)) == (pytest.approx(8), 1)
    assert response.value_at((11.0, 2.0)) is None
    plain = Surface((SQUARE, TWO), vertex_colors=np.ones((4, 3)))
    assert sliced(request_of(plain, view_of(plain))).value_at((6.0, 2.0)) == (1, 1)


def test_the_grid_for_picking_finds_what_a_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vertices, faces = rng.uniform(0, 100, (500, 2)), rng.integers(0, 500, (900, 3))
    layer = Surface((vertices, faces, rng.random(500)))
    searched = sliced(request_of(layer, view_of(layer)))
    monkeypatch.setattr("lamella.slicing.line_grid.WORTH_A_GRID", 10)
    again = Surface((vertices, faces, layer.values))
    found = sliced(request_of(again, view_of(again)))
    assert found.tiles[0].content.grid is not None
    for place in rng.uniform(0, 100, (60, 2)):
        assert found.value_at(tuple(place)) == searched.value_at(tuple(place))


def test_the_thumbnail_has_the_colours_of_the_values() -> None:
    layer = Surface((SQUARE, TWO, np.array([0.0, 0, 9, 9])), colormap="gray")
    picture = thumbnail_of(sliced(request_of(layer, view_of(layer))), layer.look())
    assert picture is not None
    shown = picture[picture[..., 3] > 0][:, 0]
    assert set(shown.tolist()) == {0, 255}
