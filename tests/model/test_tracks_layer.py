"""A Tracks layer takes what makes sense, says in one sentence what does not, and changes all or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamella.model.layers import track_cloud
from lamella.model.layers.track_cloud import TrackCloud, vertex_columns
from lamella.model.layers.tracks import Tracks

# Tracks 1 and 2 of three vertices each, track 5 of one: id, t, y, x
SEVEN = np.array(
    [[1, 0, 0, 0], [1, 1, 0, 1], [1, 2, 0, 2], [2, 1, 5, 0], [2, 2, 5, 1], [2, 3, 5, 2], [5, 3, 9, 9]], dtype=float
)


# Bad input


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"data": [[1, 2, 3], [3]]}, "one row a vertex.*, but its rows have different lengths"),
        ({"data": np.zeros((4, 2))}, r"track id, time and at least one more axis, not \(4, 2\)"),
        ({"data": np.zeros(4)}, r"not \(4,\)"),
        ({"data": [[0.5, 0, 0, 0]]}, "whole numbers as track ids in its first column, but row 0 has 0.5"),
        ({"data": [[1, 0, 0, 0], [np.nan, 0, 0, 0]]}, "whole numbers as track ids.*row 1 has nan"),
        ({"data": [[np.inf, 0, 0, 0]]}, "row 0 has inf"),
        ({"data": [[1, 0, 0, 0], [1, np.nan, 0, 0]]}, "finite times in its second column, but row 1 has nan"),
        ({"data": [[1, 0, 0, 0], [1, 0, 1, 1]]}, "track 1 has two at time 0, in the rows 0 and 1"),
        ({"data": [[1, 5, 0, 0], [2, 0, 1, 1], [1, 5, 2, 2]]}, "track 1 has two at time 5, in the rows 0 and 2"),
        ({"data": np.array([[2**60, 0, 0, 0]])}, "whole numbers as track ids"),
        ({"ndim": 4}, "data must have 5 columns, the track id and one an axis, not 4"),
        ({"features": {"a": [1, 2]}}, "features must have 7 rows, one a vertex, but the column 'a' has 2"),
        ({"graph": [(1, 2)]}, "graph must be a mapping of each child's track id to a list"),
        ({"graph": {5: [1, 3]}}, "an edge from the parent 3 to the child 5, and no vertex is of track 3"),
        ({"graph": {4: 1}}, "no vertex is of track 4"),
        ({"graph": {2: [2]}}, "graph must not have a track as its own parent, but has 2"),
        ({"graph": {2: ["one"]}}, "graph must have whole numbers as track ids, not 'one'"),
        ({"graph": {2.5: [1]}}, "graph must have whole numbers as track ids, not 2.5"),
        ({"color_by": "speed"}, "color_by must be 'track_id' or the name of a column.*one of 'track_id', not 'speed'"),
        ({"color_by": 3}, "color_by must be 'track_id'"),
        ({"colormap": "nothing at all"}, "colormap must be a colormap"),
        ({"contrast_limits": (3, 1)}, "^contrast_limits must be two finite numbers, the lower one first"),
        ({"color_cycle": []}, "^color_cycle must be a list of at least one colour"),
        ({"color_mode": "direct"}, "^color_mode must be one of None, 'colormap', 'cycle'"),
        ({"tail_width": -1}, "tail_width must be a number from 0 to 1000"),
        ({"tail_length": -1}, "tail_length must be a number from 0"),
        ({"head_length": np.nan}, "head_length must be a number from 0"),
        ({"display_id": 1}, "display_id must be True or False"),
        ({"display_tail": None}, "display_tail must be True or False"),
        ({"display_graph": "no"}, "display_graph must be True or False"),
        ({"hide_completed_tracks": 0}, "hide_completed_tracks must be True or False"),
        ({"blending": "add"}, "blending must be one of"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        Tracks(**{"data": SEVEN, **arguments})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [[["a", "b", "c", "d"]], np.zeros((3, 4), complex)])
def test_what_is_no_number_is_refused(data: Any) -> None:
    with pytest.raises(TypeError, match="data must be numbers, one row a vertex"):
        Tracks(data)


def test_a_refused_change_changes_nothing() -> None:
    layer = Tracks(SEVEN, graph={5: [1, 2]}, features={"speed": np.arange(7.0)}, color_by="speed")
    before = (layer.tracks, layer.style, layer.version)
    told: list[Any] = []
    layer.events.connect(lambda info: told.append(info))
    for changes in (
        {"data": SEVEN[:6]},  # features have seven rows
        {"data": SEVEN[:6], "features": {"speed": np.arange(6.0)}},  # the graph has track 5
        {"features": None},  # colours are by speed
        {"graph": {7: [1]}},
        {"data": SEVEN[:, :3]},
        {"colormap": "nothing at all"},
    ):
        with pytest.raises(ValueError, match=r"features|graph|color_by|columns|colormap"):
            layer.update(**changes)
        assert (layer.tracks, layer.style, layer.version) == before
    assert not told
    with pytest.raises(TypeError, match="update takes data, features, graph, color_by"):
        layer.update(tail_length=3)


# What is taken


def test_defaults_are_those_that_users_know() -> None:
    layer = Tracks(SEVEN)
    assert (layer.ndim, layer.tail_width, layer.tail_length, layer.head_length) == (3, 2, 30, 0)
    assert (layer.display_id, layer.display_tail, layer.display_graph) == (False, True, True)
    assert (layer.blending, layer.color_by, layer.hide_completed_tracks) == ("additive", "track_id", False)
    np.testing.assert_array_equal(layer.extent_data, [[0, 0, 0], [3, 9, 9]])


def test_a_layer_without_vertices_has_the_axes_that_are_asked_for() -> None:
    assert Tracks().ndim == 3
    assert Tracks(ndim=4).ndim == 4
    assert Tracks([]).ndim == 3
    assert Tracks(np.empty((0, 5))).ndim == 4
    assert Tracks().extent_data is None
    assert Tracks(ndim=4).graph == {}


@pytest.mark.parametrize("dtype", ["i4", "u2", "f4", "f8", ">f8", "O"])
def test_any_numbers_will_do(dtype: str) -> None:
    layer = Tracks(SEVEN.astype(dtype))
    assert layer.tracks.cloud.ids is not None
    assert layer.tracks.cloud.ids.tolist() == [1, 2, 5]


def test_columns_of_a_table_are_taken_by_their_names() -> None:
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    columns = {
        "x": SEVEN[:, 3],
        "Track_ID": SEVEN[:, 0].astype(int),
        "area": np.ones(7),
        "y": SEVEN[:, 2],
        "T": SEVEN[:, 1],
    }
    for table in (columns, pandas.DataFrame(columns), pyarrow.table(columns)):
        layer = Tracks(table)
        np.testing.assert_array_equal(layer.tracks.cloud.cloud.data, SEVEN)
        assert layer.data is table
    np.testing.assert_array_equal(Tracks(pandas.DataFrame(SEVEN)).tracks.cloud.cloud.data, SEVEN)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["ID", "T", "Z", "Y", "X"], ("ID", "T", "Z", "Y", "X")),
        (["y", "x", "mass", "frame", "particle"], ("particle", "frame", "y", "x")),
        (["id", "track_id", "t", "time", "y", "x"], ("track_id", "t", "y", "x")),
        (["track_id", "t", "y"], None),
        (["t", "y", "x"], None),
    ],
)
def test_columns_are_known_by_their_names(names: list[str], wanted: tuple[str, ...] | None) -> None:
    assert vertex_columns(names) == wanted


def test_a_graph_takes_one_parent_or_several() -> None:
    layer = Tracks(SEVEN, graph={5: (1, 2), 2: 1})
    assert layer.graph == {5: [1, 2], 2: [1]}
    layer.graph = {np.int64(2): np.array([1.0])}
    assert layer.graph == {2: [1]}
    layer.graph = None
    assert layer.graph == {}


def test_data_features_and_graph_change_together() -> None:
    layer = Tracks(SEVEN, graph={5: [1]}, features={"speed": np.arange(7.0)}, color_by="speed")
    told: list[str] = []
    for name in ("data", "features", "graph", "slicing", "extent", "version"):
        layer.events.signals[name].connect(lambda _, name=name: told.append(name))
    layer.update(data=SEVEN[:3], features={"area": [1, 2, 3]}, graph=None, color_by="area")
    assert sorted(told) == ["data", "extent", "features", "graph", "slicing", "version"]
    assert (layer.tracks.cloud.count, layer.graph, layer.color_by) == (3, {}, "area")
    assert layer.columns == ("track_id", "area")


def test_what_needs_no_other_slice_asks_for_none() -> None:
    layer = Tracks(SEVEN)
    told: list[str] = []
    for name in ("look", "slicing", "extent"):
        layer.events.signals[name].connect(lambda _, name=name: told.append(name))
    layer.tail_width = 5
    layer.opacity = 0.5
    assert told == ["look", "look"]
    assert (layer.look().width, layer.look().width_unit, layer.look().opacity) == (5, "pixels", 0.5)
    told.clear()
    layer.tail_length = 3
    layer.tail_length = 3
    layer.color_by = "track_id"
    assert told == ["slicing"]
    assert layer.look() is layer.look()


def test_small_arrays_are_copied_at_the_call_and_refreshed() -> None:
    data = SEVEN.copy()
    layer = Tracks(data)
    data[:, 2] += 100
    np.testing.assert_array_equal(layer.tracks.cloud.cloud.data, SEVEN)
    layer.refresh()
    np.testing.assert_array_equal(layer.tracks.cloud.cloud.data, data)
    data[1, 1] = 0
    before = layer.tracks
    with pytest.raises(ValueError, match="track 1 has two at time 0"):
        layer.refresh()
    assert layer.tracks is before


# Many vertices


def test_many_vertices_in_no_order_are_left_to_the_first_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_cloud, "SORTED_AT_THE_CALL", 5)
    twice = np.vstack([SEVEN[::-1], SEVEN[3:4]])
    assert TrackCloud.of(SEVEN[::-1]).ids is None
    assert TrackCloud.of(twice).ids is None
    Tracks(twice, graph={8: [9]})
    assert TrackCloud.of(SEVEN).ids is not None  # in order, however many


def test_vertices_are_checked_across_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_cloud, "_PIECE", 2)
    found = TrackCloud.of(SEVEN).ids
    assert found is not None and found.tolist() == [1, 2, 5]
    for row in range(1, 7):
        bad = SEVEN.copy()
        bad[row, 0] = 0.25
        with pytest.raises(ValueError, match=f"row {row} has 0.25"):
            TrackCloud.of(bad)
        twice = np.insert(SEVEN, row, SEVEN[row - 1], axis=0)
        with pytest.raises(ValueError, match=f"rows {row - 1} and {row}"):
            TrackCloud.of(twice)
    unsorted = TrackCloud.of(SEVEN[[1, 0, 2, 3, 6, 4, 5]]).ids
    assert unsorted is not None and unsorted.tolist() == [1, 2, 5]
