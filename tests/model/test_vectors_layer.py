"""A Vectors layer takes what makes sense, says in one sentence what does not, and changes all or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamella.model.layers.snapshots import AT_THE_CALL
from lamella.model.layers.vector_cloud import VectorCloud
from lamella.model.layers.vectors import Vectors

FIVE = np.arange(20.0).reshape(5, 2, 2)


def values(layer: Vectors, field: str) -> Any:
    return getattr(layer.style, field).values(layer.vectors.count)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"data": [[[1, 2], [3, 4]], [[1, 2]]]}, "one start and one direction a vector, but its rows have different"),
        ({"data": np.zeros((4, 2))}, r"not \(4, 2\): a single vector is \[\[\[y, x\], \[dy, dx\]\]\]"),
        ({"data": np.zeros((4, 2, 1))}, r"with at least two axes, not \(4, 2, 1\)"),
        ({"data": np.zeros((4, 4))}, r"shape \(vectors, 2, axes\), .* or \(n1, …, nd, d\), .*not \(4, 4\)"),
        ({"data": np.zeros((4, 3, 3))}, r"not \(4, 3, 3\)"),
        ({"data": np.zeros((4, 4, 4, 2))}, r"not \(4, 4, 4, 2\)"),
        ({"ndim": 3}, "data must have vectors of 3 axes, not 2"),
        ({"length": "long"}, "length must be a finite number, not 'long'"),
        ({"length": np.nan}, "length must be a finite number"),
        ({"edge_width": -1}, "edge_width must be a number from 0"),
        ({"edge_width": [1, 2, 3, 4, 5]}, "edge_width must be a number"),
        ({"vector_style": "cone"}, "vector_style must be one of 'line', 'triangle', 'arrow', not 'cone'"),
        ({"edge_color": "rod"}, "edge_color must be a colour such as 'red'.*not 'rod'; nor is it the name of a column"),
        ({"edge_color": np.zeros((4, 4))}, "edge_color has 4 values for 5 vectors"),
        ({"edge_color": ["red"] * 6}, "edge_color has 6 values for 5 vectors"),
        ({"edge_color": np.zeros((5, 2))}, r"3 or 4 numbers a vector, not an array of shape \(5, 2\)"),
        ({"edge_color": {}}, "one colour a vector"),
        ({"edge_colormap": "nothing at all"}, "edge_colormap must be a colormap"),
        ({"edge_contrast_limits": (3, 1)}, "edge_contrast_limits must be two finite numbers, the lower one first"),
        ({"edge_color_cycle": []}, "edge_color_cycle must be a list of at least one colour"),
        ({"edge_color_mode": "direct"}, "edge_color_mode must be one of None, 'colormap', 'cycle'"),
        ({"shown": [True]}, "shown has 1 values for 5 vectors"),
        ({"shown": np.ones((5, 2), bool)}, "one value for each of the 5 vectors"),
        ({"features": {"a": [1, 2]}}, "features must have 5 rows, one a vector, but the column 'a' has 2"),
        ({"projection_mode": "rescale_linear"}, "projection_mode must be one of 'none', 'all', 'fade'"),
        ({"antialiasing": -1}, "antialiasing must be a number from 0 to 100"),
        ({"length": 1e308, "scale": (1e10, 1)}, "too large"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Vectors(**{"data": FIVE / 100, **arguments})


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": [[["a", "b"], ["c", "d"]]]},
        {"data": np.full((1, 2, 2), object())},
        {"data": np.zeros((3, 2, 2), complex)},
        {"features": [1, 2, 3, 4, 5]},
    ],
)
def test_what_is_no_table_of_numbers_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must"):
        Vectors(**{"data": FIVE, **arguments})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"data": np.zeros((4, 2, 2))}, "edge_color has 5 values for 4 vectors"),
        ({"data": np.zeros((5, 2, 3))}, "data must have vectors of 2 axes, not 3"),
        ({"edge_width": -2}, "edge_width must be"),
        ({"length": 2, "vector_style": "cone"}, "not 'cone'"),
        ({"features": {"a": [1]}}, "features must have 5 rows"),
        ({"length": 1e308}, "too large"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(change: dict[str, Any], sentence: str) -> None:
    layer = Vectors(FIVE / 100, edge_color=["red"] * 5, scale=(1e10, 1e10))
    before = (layer.vectors, layer.style, layer.version, layer.data, layer.length, layer.extent_data)
    heard = []
    layer.events.connect(heard.append)
    with pytest.raises(ValueError, match=sentence):
        layer.update(**change)
    assert (layer.vectors, layer.style, layer.version, layer.data, layer.length, layer.extent_data) == before
    assert heard == []


def test_update_takes_no_unknown_name() -> None:
    with pytest.raises(TypeError, match="not colour"):
        Vectors(FIVE).update(colour="red")


# Data


def test_a_layer_without_vectors_has_no_extent() -> None:
    for layer in (Vectors(), Vectors([]), Vectors(np.empty((0, 2, 2)))):
        assert layer.extent_data is None and layer.drawn_extent_data is None
        assert layer.ndim == 2
    assert Vectors(ndim=4).ndim == 4
    assert Vectors(np.empty((0, 2, 3))).ndim == 3


def test_the_extent_holds_starts_and_ends() -> None:
    layer = Vectors([[[1, 1], [2, -3]], [[5, 5], [0, 1]]], length=2)
    np.testing.assert_array_equal(layer.extent_data, [[1, -5], [5, 7]])
    layer.length = -1
    np.testing.assert_array_equal(layer.extent_data, [[-1, 1], [5, 5]])


def test_the_extent_leaves_out_what_is_not_finite() -> None:
    data = [[[1, np.nan, 2], [1, 1, 1]], [[5, np.nan, np.inf], [0, 0, 0]], [[3, np.nan, 4], [np.inf, 9, -9]]]
    np.testing.assert_array_equal(Vectors(data).extent_data, [[1, np.nan, -5], [5, np.nan, 4]])


@pytest.mark.parametrize("count", [1, 16_384, 40_000])
def test_the_extent_is_that_of_all_vectors(count: int) -> None:
    data = np.random.default_rng(0).normal(size=(count, 2, 3)).astype("f4")
    places = np.concatenate([data[:, 0], data[:, 0] + 2.5 * data[:, 1].astype("f8")])
    np.testing.assert_array_equal(VectorCloud.of(data).extent(2.5), [places.min(axis=0), places.max(axis=0)])


def test_the_width_is_in_what_is_drawn() -> None:
    data = [[[0, 0], [0, 10]]]
    layer = Vectors(data, edge_width=4, vector_style="line")
    np.testing.assert_array_equal(layer.drawn_extent_data, [[-2, -2], [2, 12]])
    layer.vector_style = "arrow"
    np.testing.assert_array_equal(layer.drawn_extent_data, [[-6, -6], [6, 16]])
    np.testing.assert_array_equal(layer.extent_data, [[0, 0], [0, 10]])


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8", "u1"])
def test_an_image_of_directions_is_vectors_at_its_grid(dtype: str) -> None:
    image = np.arange(24).reshape(3, 4, 2).astype(dtype)
    layer = Vectors(image)
    assert layer.ndim == 2 and layer.vectors.count == 12
    assert layer.data is image
    vectors = layer.vectors.data
    assert vectors.shape == (12, 2, 2)
    assert vectors[7].tolist() == [[1, 3], image[1, 3].tolist()]
    image[1, 3] = 99
    layer.refresh()
    assert layer.vectors.data[7, 1].tolist() == [99, 99]
    assert Vectors(np.zeros((2, 3, 4, 3))).vectors.count == 24


def test_two_columns_of_two_are_vectors_and_no_grid() -> None:
    assert Vectors(np.zeros((7, 2, 2))).vectors.count == 7


def test_small_arrays_are_copied_at_the_call() -> None:
    data, colors = FIVE.copy(), np.zeros((5, 3))
    layer = Vectors(data, edge_color=colors)
    data[:], colors[:] = -1, 1
    np.testing.assert_array_equal(layer.vectors.data, FIVE)
    np.testing.assert_array_equal(values(layer, "edge_color")[:, :3], 0)
    layer.refresh()
    np.testing.assert_array_equal(layer.vectors.data, -1)
    np.testing.assert_array_equal(values(layer, "edge_color"), 255)


def test_refreshing_what_has_gone_bad_keeps_what_was_there() -> None:
    colors = np.zeros((5, 3))
    layer = Vectors(FIVE, edge_color=colors)
    colors[2] = -1
    before = layer.version
    with pytest.raises(ValueError, match="edge_color must be numbers from 0 to 1"):
        layer.refresh()
    assert layer.version == before


def test_large_arrays_that_nobody_can_write_to_are_not_copied() -> None:
    data = np.zeros((AT_THE_CALL // 32 + 1, 2, 2))
    assert not VectorCloud.of(data).cloud.settled
    data.setflags(write=False)
    cloud = VectorCloud.of(data)
    assert cloud.cloud.settled
    assert np.shares_memory(cloud.cloud.data, data)


def test_data_of_another_length_may_be_set() -> None:
    layer = Vectors(FIVE)
    version = layer.version
    heard: list[str] = []
    for name in ("data", "extent", "slicing"):
        layer.events.signals[name].connect(lambda *_, name=name: heard.append(name))
    layer.data = np.ones((2, 2, 2))
    assert layer.vectors.count == 2
    assert layer.version > version
    assert set(heard) == {"data", "extent", "slicing"}
    layer.update(data=FIVE, edge_color=["red", "blue", "red", "blue", "red"], length=2, features={"n": [1, 2, 3, 4, 5]})
    assert layer.length == 2 and layer.edge_color.shape == (5, 4)
    layer.update(data=None, edge_color="red", features=None)
    assert layer.extent_data is None


# Style


def test_colours_are_one_for_all_one_each_or_a_column() -> None:
    features = {"n": [0.0, 1, 2, 3, np.nan], "kind": list("xyxyx"), "good": [True, False, True, True, True]}
    layer = Vectors(FIVE, features=features, edge_color="kind", shown="good")
    colors = values(layer, "edge_color")
    assert (colors[0] == colors[2]).all() and (colors[0] != colors[1]).any()
    assert values(layer, "shown").tolist() == features["good"]
    assert layer.column_of("edge_color") == "kind" and layer.varies("shown")
    layer.update(edge_color="n", edge_colormap="gray", edge_contrast_limits=(0, 2))
    assert values(layer, "edge_color")[:, 0].tolist() == [0, 128, 255, 255, 0]
    assert values(layer, "edge_color")[4].tolist() == [0, 0, 0, 0], "no value, no colour"
    layer.features = {"n": [2.0, 2, 2, 2, 2], "good": features["good"]}
    assert values(layer, "edge_color")[:, 0].tolist() == [255] * 5
    layer.edge_color = "blue"
    assert layer.edge_color == (0, 0, 1, 1)
    assert layer.column_of("edge_color") is None and not layer.varies("edge_color")


def test_a_change_that_is_part_of_the_slice_keeps_the_look_and_the_other_way_round() -> None:
    layer = Vectors(FIVE)
    look, style = layer.look(), layer.style
    layer.length = 3
    layer.vector_style = "arrow"
    assert layer.look() is look and layer.style is style
    layer.edge_width = 3
    assert layer.look().width == 3 and layer.style is style
    layer.opacity = 0.5
    layer.antialiasing = 0
    assert (layer.look().opacity, layer.look().antialiasing) == (0.5, 0)
    layer.edge_color = "blue"
    assert layer.style is not style


def test_each_change_is_told_once_to_whom_it_concerns() -> None:
    layer = Vectors(FIVE)
    heard: list[str] = []
    names = ("length", "edge_width", "vector_style", "look", "extent", "slicing", "version")
    for name in names:
        layer.events.signals[name].connect(lambda *_, name=name: heard.append(name))
    layer.length = 3
    assert sorted(heard) == ["extent", "length", "slicing"]
    heard.clear()
    layer.edge_width = 3
    assert sorted(heard) == ["edge_width", "look", "slicing"]
    heard.clear()
    layer.vector_style = "line"
    assert sorted(heard) == ["slicing", "vector_style"]


def test_setting_an_equal_value_emits_nothing() -> None:
    layer = Vectors(FIVE, length=3, edge_color="red")
    heard = []
    layer.events.connect(heard.append)
    layer.length = 3
    layer.edge_width = 1
    layer.vector_style = "triangle"
    layer.edge_color = layer.edge_color
    layer.projection_mode = "all"
    assert heard == []
    layer.length = 4
    assert heard
