"""A Points layer takes what makes sense, says in one sentence what does not, and changes all or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamella.model.layers.colors import as_rgba8
from lamella.model.layers.features import Features
from lamella.model.layers.point_cloud import PointCloud, extent_of
from lamella.model.layers.point_style import SYMBOLS
from lamella.model.layers.points import Points
from lamella.model.layers.snapshots import AT_THE_CALL

FIVE = np.arange(10.0).reshape(5, 2)


def values(layer: Points, field: str) -> Any:
    return getattr(layer.style, field).values(layer.cloud.count)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"data": [[1, 2], [3]]}, "rows have different lengths"),
        ({"data": np.zeros((4, 1))}, r"at least two axes, not \(4, 1\)"),
        ({"data": [1.0, 2.0]}, r"a single point is \[\[y, x\]\]"),
        ({"data": np.zeros((2, 2, 2))}, r"not \(2, 2, 2\)"),
        ({"ndim": 3}, "data must have 3 columns, one an axis, not 2"),
        ({"size": -1}, "size must be a number from 0"),
        ({"size": [1, 2, 3, 4, -5]}, "size must be finite and none below 0 for every point"),
        ({"size": [1, 2, 3, 4, np.nan]}, "size must be finite"),
        ({"size": [1, 2]}, "size has 2 values for 5 points"),
        ({"size": np.ones((5, 2))}, r"size must have one value for each of the 5 points, not the shape \(5, 2\)"),
        ({"size": "length"}, r"the name of a column of features \(there are none\), not 'length'"),
        ({"size": [1, [2], 3, 4, 5]}, "size must be one value a point"),
        ({"symbol": "blob"}, "symbol must be one of 'disc', .*not 'blob'"),
        ({"symbol": ["disc"] * 4 + ["blob"]}, "not 'blob'"),
        ({"symbol": ["disc"] * 4}, "symbol has 4 values for 5 points"),
        ({"face_color": "rod"}, "face_color must be a colour such as 'red'.*not 'rod'; nor is it the name of a column"),
        ({"face_color": np.zeros((4, 4))}, "face_color has 4 values for 5 points"),
        ({"face_color": np.zeros((5, 2))}, r"3 or 4 numbers a point, not an array of shape \(5, 2\)"),
        ({"face_color": np.full((5, 3), 255.0)}, "numbers from 0 to 1, or uint8 from 0 to 255.*from 255 to 255"),
        ({"face_color": np.full((5, 3), np.nan)}, "numbers from 0 to 1"),
        ({"border_color": ["red"] * 6}, "border_color has 6 values for 5 points"),
        ({"border_color": (1, 2, 3)}, "border_color must be a colour"),
        ({"border_color": {}}, "border_color must be a colour"),
        ({"border_width": 2}, "border_width must be a number from 0 to 1"),
        ({"border_width": [0.1, 0.1, 0.1, 0.1, 3]}, "border_width must be from 0 to 1 for every point"),
        ({"shown": [True]}, "shown has 1 values for 5 points"),
        ({"shown": [0, 1, 0, 1, 0]}, "shown must be True or False"),
        ({"shown": "yes"}, "shown must be True, False"),
        ({"features": {"a": [1, 2]}}, "features must have 5 rows, one a point, but the column 'a' has 2"),
        ({"features": {"a": np.zeros((5, 2))}}, "the column 'a' has 5 × 2"),
        ({"features": {"a": list("abcde")}, "size": "a"}, "'a' of features holds categories"),
        ({"projection_mode": "mean"}, "projection_mode must be one of 'none', 'all'"),
        ({"out_of_slice_display": 1}, "out_of_slice_display must be True or False"),
        ({"face_colormap": "nothing at all"}, "face_colormap must be a colormap"),
        ({"face_contrast_limits": (3, 1)}, "face_contrast_limits must be two finite numbers, the lower one first"),
        ({"face_color_cycle": []}, "face_color_cycle must be a list of at least one colour"),
        ({"border_color_mode": "direct"}, "border_color_mode must be one of None, 'colormap', 'cycle'"),
        ({"antialiasing": -1}, "antialiasing must be a number from 0 to 100"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Points(**{"data": FIVE, **arguments})


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": [["a", "b"]]},
        {"data": np.array([[object(), 1]], dtype=object)},
        {"data": np.zeros((3, 2), complex)},
        {"features": [1, 2, 3, 4, 5]},
        {"features": {1: [1, 2, 3, 4, 5]}},
    ],
)
def test_what_is_no_table_of_numbers_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="must"):
        Points(**{"data": FIVE, **arguments})


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"data": np.zeros((4, 2))}, "size has 5 values for 4 points"),
        ({"data": np.zeros((5, 3))}, "data must have 2 columns, one an axis, not 3"),
        ({"size": -2}, "size must be"),
        ({"symbol": "blob"}, "not 'blob'"),
        ({"features": {"a": [1]}}, "features must have 5 rows"),
        ({"border_width": 3, "size": 1}, "border_width must be"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(change: dict[str, Any], sentence: str) -> None:
    layer = Points(FIVE, size=[1, 2, 3, 4, 5])
    before = (layer.cloud, layer.style, layer.version, layer.data)
    heard = []
    layer.events.connect(heard.append)
    with pytest.raises(ValueError, match=sentence):
        layer.update(**change)
    assert (layer.cloud, layer.style, layer.version, layer.data) == before
    assert heard == []


def test_update_takes_no_unknown_name() -> None:
    with pytest.raises(TypeError, match="not colour"):
        Points(FIVE).update(colour="red")


# Data


def test_a_layer_without_points_has_no_extent() -> None:
    for layer in (Points(), Points([]), Points(np.empty((0, 2)))):
        assert layer.extent_data is None
        assert layer.ndim == 2
    assert Points(ndim=4).ndim == 4


def test_the_extent_leaves_out_what_is_not_finite() -> None:
    data = np.array([[1, np.nan, 2], [5, np.nan, np.inf], [3, np.nan, 4]])
    np.testing.assert_array_equal(Points(data).extent_data, [[1, np.nan, 2], [5, np.nan, 4]])


@pytest.mark.parametrize("count", [1, 511, 512, 513, 20_000])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_the_extent_is_that_of_all_points(count: int, layout: Any) -> None:
    data = np.asarray(np.random.default_rng(0).normal(size=(count, 3)), order=layout)
    np.testing.assert_array_equal(extent_of(data), [data.min(axis=0), data.max(axis=0)])


def test_small_arrays_are_copied_at_the_call() -> None:
    data, sizes = FIVE.copy(), np.ones(5)
    layer = Points(data, size=sizes)
    data[:], sizes[:] = -1, 7
    np.testing.assert_array_equal(layer.cloud.data, FIVE)
    np.testing.assert_array_equal(values(layer, "size"), 1)
    layer.refresh()
    np.testing.assert_array_equal(layer.cloud.data, -1)
    np.testing.assert_array_equal(values(layer, "size"), 7)


def test_refreshing_what_has_gone_bad_keeps_what_was_there() -> None:
    sizes = np.ones(5)
    layer = Points(FIVE, size=sizes)
    sizes[2] = -1
    before = layer.version
    with pytest.raises(ValueError, match="size must be"):
        layer.refresh()
    assert layer.version == before
    np.testing.assert_array_equal(values(layer, "size"), 1)


def test_large_arrays_that_nobody_can_write_to_are_not_copied() -> None:
    data = np.zeros((AT_THE_CALL // 16 + 1, 2))
    assert not PointCloud.of(data).settled
    data.setflags(write=False)
    cloud = PointCloud.of(data)
    assert cloud.settled
    assert cloud.data is data
    view = np.zeros_like(data)[:]
    view.setflags(write=False)
    assert not PointCloud.of(view).settled  # what it is a view of can be written to


def test_a_cloud_made_before_is_taken_as_it_is() -> None:
    cloud = PointCloud.of(FIVE)
    layer = Points(cloud)
    assert layer.cloud is cloud
    np.testing.assert_array_equal(layer.data, FIVE)


def test_data_of_another_length_may_be_set() -> None:
    layer = Points(FIVE)
    version = layer.version
    heard: list[str] = []
    for name in ("data", "extent", "slicing"):
        layer.events.signals[name].connect(lambda *_, name=name: heard.append(name))
    layer.data = np.ones((2, 2))
    assert layer.cloud.count == 2
    assert layer.version > version
    assert set(heard) == {"data", "extent", "slicing"}
    layer.update(data=FIVE, size=[1, 2, 3, 4, 5])
    assert layer.size.tolist() == [1, 2, 3, 4, 5]


def test_adding_points_keeps_what_was_handed_out() -> None:
    layer = Points(FIVE, size=[1, 2, 3, 4, 5], features={"kind": list("aabba")}, face_color="kind", symbol="star")
    old = layer.cloud
    layer.add([[7, 7]], size=6, features={"kind": ["b"]}, symbol="disc")
    assert old.count == 5
    np.testing.assert_array_equal(old.data, FIVE)
    assert layer.data.tolist() == [*FIVE.tolist(), [7, 7]]
    assert layer.size.tolist() == [1, 2, 3, 4, 5, 6]
    assert layer.symbol.tolist() == ["star"] * 5 + ["disc"]
    assert len(values(layer, "face_color")) == 6
    np.testing.assert_array_equal(layer.extent_data, [[0, 1], [8, 9]])
    grown = layer.cloud
    layer.add(np.zeros((3000, 2)), size=np.ones(3000), features={"kind": ["c"] * 3000}, symbol="x")
    assert layer.cloud.lineage is grown.lineage
    np.testing.assert_array_equal(grown.data[-1], [7, 7])
    np.testing.assert_array_equal(layer.cloud.data[:6], grown.data)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "size has one value a point: give it for the new points too"),
        ({"size": [1, 2]}, "size has 2 values for 1 points"),
        ({"size": 1, "features": {"a": [1]}}, "features of the new points are needed if, and only if"),
        ({"points": [[1, 2, 3]], "size": 1}, "data must have 2 columns"),
    ],
)
def test_adding_what_does_not_fit_changes_nothing(arguments: dict[str, Any], sentence: str) -> None:
    layer = Points(FIVE, size=[1, 2, 3, 4, 5])
    with pytest.raises(ValueError, match=sentence):
        layer.add(**{"points": [[1, 2]], **arguments})
    assert layer.cloud.count == 5


# Style


def test_one_value_a_point_a_constant_or_a_column() -> None:
    features = {"length": [1, 2, 3, 4, np.nan], "kind": list("xyxyx"), "good": [True, False, True, True, True]}
    layer = Points(FIVE, features=features, size="length", face_color="kind", shown="good", border_color="length")
    np.testing.assert_array_equal(values(layer, "size"), [1, 2, 3, 4, 0])
    assert layer.size == "length"
    assert layer.column_of("size") == "length"
    assert layer.varies("size")
    assert not layer.varies("symbol")
    assert values(layer, "shown").tolist() == features["good"]
    face = values(layer, "face_color")
    assert (face[0] == face[2]).all() and (face[0] != face[1]).any()
    border = values(layer, "border_color")
    assert border[4].tolist() == [0, 0, 0, 0]  # no value, no colour
    assert border[0].tolist() == [68, 1, 84, 255]  # the first colour of viridis
    layer.size = 4
    assert layer.size == 4
    assert layer.column_of("size") is None


def test_a_column_comes_before_a_colour_of_the_same_name() -> None:
    layer = Points(FIVE, features={"red": [0.0, 1, 2, 3, 4]}, face_color="red")
    assert layer.column_of("face_color") == "red"


def test_limits_and_modes_decide_how_numbers_become_colours() -> None:
    layer = Points(FIVE, features={"n": [0, 1, 2, 3, 4]}, face_color="n", face_color_cycle=["red", "blue"])
    assert values(layer, "face_color")[:3].tolist() == [[255, 0, 0, 255], [0, 0, 255, 255], [255, 0, 0, 255]]
    layer.update(face_color_mode="colormap", face_colormap="gray", face_contrast_limits=(0, 2))
    assert values(layer, "face_color")[:, 0].tolist() == [0, 128, 255, 255, 255]


def test_symbols_by_name_short_form_or_category() -> None:
    layer = Points(FIVE, symbol=["o", "+", "disc", "^", "->"])
    assert [SYMBOLS[code] for code in values(layer, "symbol")] == [
        "disc",
        "cross",
        "disc",
        "triangle_up",
        "tailed_arrow",
    ]
    layer = Points(FIVE, features={"kind": list("bbaab")}, symbol="kind")
    assert values(layer, "symbol").tolist() == [1, 1, 0, 0, 1]
    layer = Points(FIVE, features={"s": ["star", "ring", "star", "x", "x"]}, symbol="s")
    assert [SYMBOLS[code] for code in values(layer, "symbol")] == ["star", "ring", "star", "x", "x"]


def test_setting_an_equal_value_emits_nothing() -> None:
    layer = Points(FIVE, size=3, face_color="red")
    heard = []
    layer.events.connect(heard.append)
    layer.size = 3.0
    layer.face_color = layer.face_color
    layer.symbol = "disc"
    layer.projection_mode = "all"
    assert heard == []
    layer.size = 4
    assert heard


def test_an_unchanged_look_is_the_same_object() -> None:
    layer = Points(FIVE)
    look = layer.look()
    layer.size = 3  # part of the slice
    assert layer.look() is look
    layer.opacity = 0.5
    assert layer.look().opacity == 0.5


def test_the_symbols_at_the_border_are_in_what_is_drawn() -> None:
    np.testing.assert_array_equal(Points([[0, 0]], size=6).drawn_extent_data, [[-3, -3], [3, 3]])
    np.testing.assert_array_equal(Points([[0, 0]], size=[4]).drawn_extent_data, [[-2, -2], [2, 2]])


# Features


def test_tables_of_pandas_are_kept_as_they_are() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"n": [1, 2, 3, 4, 5], "kind": pandas.Categorical(list("zzaaz"), ["z", "a"]), "text": list("pqpqp")}
    )
    layer = Points(FIVE, features=frame, size="n", face_color="kind", border_color="text")
    assert layer.features is frame
    assert Features(frame, 5).categories("kind")[0].tolist() == [0, 0, 1, 1, 0]
    assert Features(frame, 5).categories("text")[1] == ["p", "q"]
    assert Features(frame, 5).kind("n") == "integer"
    frame.loc[0, "n"] = 9
    assert values(layer, "size")[0] == 1  # a copy was made at the call
    layer.refresh()
    assert values(layer, "size")[0] == 9
    layer.add([[0, 0]], features=pandas.DataFrame({"n": [7], "kind": ["a"], "text": ["q"]}))
    assert len(layer.features) == 6
    with pytest.raises(ValueError, match="features must have 5 rows"):
        Points(FIVE, features=frame.iloc[:3])


def test_tables_of_pyarrow_are_kept_as_they_are() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"n": [1.0, None, 3, 4, 5], "text": ["b", "a", None, "a", "b"]})
    layer = Points(FIVE, features=table, size="n", face_color="text")
    assert values(layer, "size").tolist() == [1, 0, 3, 4, 5]
    codes, names = Features(table, 5).categories("text")
    assert (codes.tolist(), names) == ([1, 0, -1, 0, 1], ["a", "b"])
    layer.add([[0, 0]], features=pyarrow.table({"text": ["c"], "n": [1.0]}))
    assert layer.features.num_rows == 6


def test_missing_categories_have_no_colour() -> None:
    codes, names = Features({"kind": np.array(["b", None, "a"], dtype=object)}, 3).categories("kind")
    assert (codes.tolist(), names) == ([1, -1, 0], ["a", "b"])


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1", "i8", "?"])
def test_colours_of_any_dtype(dtype: str) -> None:
    array = np.array([[0, 1, 1]]).astype(dtype)
    assert as_rgba8(array).tolist() == [[0, 1, 1, 255] if dtype == "u1" else [0, 255, 255, 255]]
