"""A Shapes layer takes what makes sense, says in one sentence what does not, and changes all or nothing."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shapes import Shapes
from lamella.viewer_model import ViewerModel

SQUARE = [[0.0, 0], [0, 8], [8, 8], [8, 0]]
HOLE = [[2.0, 2], [2, 4], [4, 4]]
THREE = np.array([SQUARE] * 3)


def values(layer: Shapes, field: str) -> Any:
    return getattr(layer.style, field).values(layer.cloud.count)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"data": [[[1, 2], [3]]]}, r"data\[0\] must be a table of .*rows have different lengths"),
        ({"data": [SQUARE, [[1, 2, 3], [4, 5, 6]]]}, r"data must have 2 columns.*but data\[1\] has 3"),
        ({"data": np.zeros((3, 4, 1))}, "at least two axes, not 1"),
        ({"data": np.zeros((2, 3, 4, 2))}, r"not an array of the shape \(2, 3, 4, 2\)"),
        ({"ndim": 3}, r"data must have 3 columns, one an axis, in all shapes, but data\[0\] has 2"),
        ({"data": [SQUARE, SQUARE[:3]]}, r"data\[1\] has 3 vertices: a rectangle must have two opposite corners, or"),
        (
            {"data": [SQUARE[:3]], "shape_type": "ellipse"},
            "has 3 vertices: an ellipse must have a centre and its radii",
        ),
        ({"data": [SQUARE[:1]], "shape_type": "polygon"}, "has 1 vertex: a polygon must have two vertices or more"),
        ({"data": [SQUARE[:1]], "shape_type": "path"}, "has 1 vertex: a path must have two vertices or more"),
        ({"data": [SQUARE[:3]], "shape_type": "line"}, "has 3 vertices: a line must have two vertices"),
        ({"data": [[SQUARE, HOLE]]}, r"data\[0\] has 2 rings of vertices: a rectangle must have one"),
        ({"data": [(SQUARE, "cube")]}, "shape_type must be one of 'rectangle', .*, not 'cube'"),
        ({"shape_type": "cube"}, "shape_type must be one of 'rectangle', .*, not 'cube'"),
        ({"shape_type": ["path"] * 2}, "shape_type has 2 values for 3 shapes: give one type for all of them, or one e"),
        ({"shape_type": 3}, "shape_type must be one of .*or one of these a shape, not 3"),
        ({"data": [[[0, 0, 0], [1, 1, 1]]]}, r"data\[0\] reaches along 3 axes.*give all four"),
        ({"data": [([[5, 5], [1, -1]], "ellipse")]}, r"data\[0\] has a negative radius"),
        ({"edge_width": -1}, "edge_width must be a number from 0"),
        ({"edge_width": [1, 1, -5]}, "edge_width must be finite and none below 0 for every shape"),
        ({"edge_width": [1, 2]}, "edge_width has 2 values for 3 shapes"),
        ({"edge_width": "w"}, r"one number a shape, or the name of a column of features \(there are none\), not 'w'"),
        ({"edge_color": ["red"] * 4}, "edge_color has 4 values for 3 shapes"),
        ({"face_color": "rod"}, "face_color must be a colour such as 'red'.*not 'rod'; nor is it the name of a column"),
        ({"face_color": np.zeros((3, 2))}, r"3 or 4 numbers a shape, not an array of shape \(3, 2\)"),
        ({"face_contrast_limits": (3, 1)}, "face_contrast_limits must be two finite numbers, the lower one first"),
        ({"edge_color_mode": "direct"}, "edge_color_mode must be one of None, 'colormap', 'cycle'"),
        ({"z_index": 1.5}, "z_index must be an integer, not 1.5"),
        ({"z_index": [1, 2]}, "z_index has 2 values for 3 shapes"),
        ({"z_index": [1.5, 2, 3]}, "z_index must be an integer, or an array of one a shape, not an array of float64"),
        ({"z_index": "top"}, "z_index must be an integer, not 'top'"),
        ({"z_index": 2**70}, "z_index must be an integer of 64 bits"),
        ({"text": "{volume}"}, "volume"),
        ({"text": ["a", "b"]}, "text.* has 2 values for 3 shapes"),
        ({"text": {"string": "a", "colour": "red"}}, "text takes string, .*; not 'colour'"),
        ({"features": {"a": [1, 2]}}, "features must have 3 rows, one a shape, but the column 'a' has 2"),
        ({"features": {"a": list("abc")}, "edge_width": "a"}, "'a' of features holds categories"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refused:
        Shapes(**{"data": THREE, **arguments})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": [[["a", "b"], ["c", "d"]]]},
        {"data": np.zeros((3, 4, 2), complex)},
        {"data": 5},
        {"data": "shapes"},
        {"data": {"a": SQUARE}},
        {"features": 3},
    ],
)
def test_what_is_no_table_of_numbers_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"data must be|data.0. must be numbers|features must be a mapping"):
        Shapes(**{"data": THREE, **arguments})


@pytest.mark.parametrize(
    "changes",
    [
        {"data": [SQUARE[:3]]},
        {"data": [SQUARE], "face_color": ["red", "blue"]},
        {"data": np.zeros((2, 4, 3))},
        {"data": ShapeCloud.of(np.zeros((2, 4, 3)))},
        {"shape_type": "line"},
        {"edge_width": -1, "face_color": "red"},
        {"features": {"a": [1]}},
        {"face_colormap": "nothing at all"},
    ],
)
def test_a_refused_change_changes_nothing(changes: dict[str, Any]) -> None:
    layer = Shapes(THREE, face_color=["red", "blue", "lime"])
    state = (layer.cloud, layer.style, layer.version, layer.features, layer.shape_type)
    told: list[Any] = []
    layer.events.connect(told.append)
    with pytest.raises(ValueError):
        layer.update(**changes)
    assert (layer.cloud, layer.style, layer.version, layer.features, layer.shape_type) == state
    assert told == []


def test_unknown_arguments_are_named() -> None:
    layer = Shapes(THREE)
    with pytest.raises(TypeError, match=r"update takes data, shape_type, features, edge_width, .*; not size"):
        layer.update(size=3)
    with pytest.raises(TypeError, match=r"add takes shape_type, features, edge_width, .* and text; not size"):
        layer.add(THREE, size=3)


# What is taken


@pytest.mark.parametrize(
    ("data", "shape_type", "types"),
    [
        (None, "rectangle", []),
        ([], "path", []),
        (THREE, "polygon", ["polygon"] * 3),
        (np.array(SQUARE), "path", ["path"]),
        (SQUARE, "rectangle", ["rectangle"]),
        ((SQUARE, "ellipse"), "rectangle", ["ellipse"]),
        ([np.array(SQUARE), np.array(HOLE)], ["rectangle", "path"], ["rectangle", "path"]),
        ([(SQUARE, "path"), HOLE], "polygon", ["path", "polygon"]),
        ([[SQUARE, HOLE]], "polygon", ["polygon"]),
        ([([np.array(SQUARE), np.array(HOLE)], "polygon"), ([[0, 0], [1, 1]], "line")], "path", ["polygon", "line"]),
    ],
)
def test_shapes_are_given_in_many_ways(data: Any, shape_type: Any, types: list[str]) -> None:
    layer = Shapes(data, shape_type=shape_type)
    assert layer.shape_type == types
    assert layer.ndim == 2
    assert layer.data is data or (data is None and layer.data == [])
    assert repr(layer) == f"<Shapes 'Shapes' {len(types)} × 2>"


def test_a_layer_without_shapes_has_as_many_axes_as_it_is_told() -> None:
    assert Shapes(ndim=4).ndim == 4
    assert Shapes(np.zeros((0, 4, 3))).ndim == 3
    assert Shapes(ndim=4).extent_data is None


def test_two_rows_say_where_a_box_in_a_plane_is() -> None:
    (corners,) = ShapeCloud.of([[[3, 0, 1], [3, 4, 6]]]).data
    assert corners.tolist() == [[3, 0, 1], [3, 0, 6], [3, 4, 6], [3, 4, 1]]
    (corners,) = ShapeCloud.of([[[0, 5, 1], [4, 5, 6]]]).data
    assert corners.tolist() == [[0, 5, 1], [0, 5, 6], [4, 5, 6], [4, 5, 1]]
    (corners,) = ShapeCloud.of([([[3, 5, 5], [0, 4, 3]], "ellipse")]).data
    assert corners.tolist() == [[3, 1, 2], [3, 1, 8], [3, 9, 8], [3, 9, 2]]


def test_boxes_of_two_and_four_rows_may_be_mixed() -> None:
    cloud = ShapeCloud.of([([SQUARE, HOLE], "polygon"), ([[0, 0], [1, 2]], "rectangle"), (SQUARE, "rectangle")])
    assert [len(ring) for ring in cloud.data[0]] == [4, 3]
    assert cloud.data[1].tolist() == [[0, 0], [0, 2], [1, 2], [1, 0]]
    assert cloud.data[2].tolist() == SQUARE
    assert len(cloud.data) == 3 and cloud.data[-1].tolist() == SQUARE
    assert [len(shape) for shape in cloud.data[1:]] == [4, 4]


def test_the_extent_is_that_of_the_vertices_and_the_drawn_one_has_the_edges() -> None:
    layer = Shapes([([[5, 5], [3, 2]], "ellipse"), ([[0, np.nan], [20, 6]], "line")], edge_width=[1, 4])
    assert layer.extent_data is not None and layer.extent_data.tolist() == [[0, 3], [20, 7]]
    assert layer.drawn_extent_data is not None
    assert layer.drawn_extent_data.tolist() == [[-2, 1], [22, 9]]


def test_properties_say_what_was_given() -> None:
    widths = np.array([1, 2, 3.0])
    layer = Shapes(THREE, edge_width=widths, face_color="red", edge_color="k", features={"k": [1.0, 2, 3]}, z_index=4)
    assert layer.edge_width is widths
    assert layer.face_color == (1, 0, 0, 1)
    assert (layer.edge_color, layer.z_index) == ("k", 4)
    assert layer.column_of("edge_color") == "k" and layer.column_of("face_color") is None
    assert layer.varies("edge_width") and not layer.varies("face_color")
    assert values(layer, "edge_width").tolist() == [1, 2, 3]
    assert values(layer, "z_index").tolist() == 4


def test_the_data_are_copied_at_the_call() -> None:
    data = THREE.copy()
    layer = Shapes(data)
    data += 5
    assert layer.cloud.geometry.vertices.max() == 8
    layer.refresh()
    assert layer.cloud.geometry.vertices.max() == 13


# Changes


def test_equal_values_emit_nothing_and_others_emit_once() -> None:
    layer = Shapes(THREE)
    told: list[str] = []
    for name in ("edge_width", "slicing", "extent", "version", "data"):
        layer.events.signals[name].connect(lambda _, name=name: told.append(name))
    layer.edge_width = 1.0
    layer.update(edge_width=1.0, face_color="white")
    assert told == []
    layer.edge_width = 3
    assert sorted(told) == ["edge_width", "slicing"]
    told.clear()
    layer.data = THREE + 1
    assert sorted(told) == ["data", "extent", "slicing", "version"]


def test_another_number_of_shapes_needs_the_values_too() -> None:
    layer = Shapes(THREE, shape_type=["path", "polygon", "path"], face_color=["red", "blue", "lime"])
    with pytest.raises(ValueError, match="shape_type has 3 values for 1 shapes"):
        layer.data = [SQUARE]
    with pytest.raises(ValueError, match="face_color has 3 values for 1 shapes"):
        layer.update(data=[SQUARE], shape_type="path")
    layer.update(data=[SQUARE], shape_type="path", face_color="red")
    assert layer.shape_type == ["path"]


def test_types_change_without_the_data() -> None:
    layer = Shapes(THREE)
    layer.shape_type = "ellipse"
    assert layer.shape_type == ["ellipse"] * 3
    layer.shape_type = ["path", "polygon", "path"]
    assert layer.shape_type == ["path", "polygon", "path"]
    told = Shapes([(SQUARE, "path"), SQUARE])
    told.shape_type = "polygon"
    assert told.shape_type == ["path", "polygon"], "a shape that says what it is stays that"


def test_shapes_are_added_after_the_others() -> None:
    layer = Shapes([(SQUARE, "ellipse")], features={"a": [1]}, edge_width=[2])
    layer.add([([SQUARE, HOLE], "polygon"), [[0, 0], [20, 20]]], features={"a": [2, 3]}, edge_width=[5, 6])
    assert layer.shape_type == ["ellipse", "polygon", "rectangle"]
    assert values(layer, "edge_width").tolist() == [2, 5, 6]
    assert layer.features["a"].tolist() == [1, 2, 3]
    assert layer.extent_data is not None and layer.extent_data.tolist() == [[0, 0], [20, 20]]
    assert [len(shape) for shape in layer.data] == [4, 2, 4]
    layer.refresh()
    assert layer.shape_type == ["ellipse", "polygon", "rectangle"]


@pytest.mark.parametrize(
    ("arguments", "values", "sentence"),
    [
        ({"face_color": ["red"]}, {}, "face_color of the new shapes is needed"),
        ({"features": {"a": [1]}}, {}, "features of the new shapes are needed"),
        ({}, {"features": {"a": [1]}}, "features of the new shapes are needed"),
        ({"features": {"a": [1]}, "edge_width": "a"}, {"features": {"a": [1]}, "edge_width": 3}, "give features inst"),
        ({"features": {"a": [1]}}, {"features": {"b": [1]}}, "features must have the columns a"),
        ({"text": ["one"]}, {}, "text has one string a shape: give one for each of the new shapes too"),
        ({}, {"text": ["one"]}, "text of the new shapes can be given only where the layer has one string a shape"),
        ({}, {"edge_width": [1, 2]}, "edge_width has 2 values for 1 shapes"),
    ],
)
def test_shapes_that_do_not_fit_are_not_added(arguments: Any, values: Any, sentence: str) -> None:
    layer = Shapes([SQUARE], **arguments)
    with pytest.raises(ValueError, match=sentence):
        layer.add([SQUARE], **values)
    assert layer.cloud.count == 1


def test_the_signature_of_add_shapes_is_that_of_the_layer() -> None:
    assert inspect.signature(ViewerModel.add_shapes) == inspect.signature(Shapes.__init__)
