"""Tracks from tables and GEFF stores: what becomes of columns and nodes, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamella.io import OpenError, describe, open_layers
from lamella.io.geff import chains
from tests.io.test_tables import reader, write_csv

__all__ = ["reader"]

TABLE: dict[str, list[Any]] = {
    "area": [5, 6, 7, 8],
    "X": [1, 2, 3, 4],
    "y": [0.5, 1, 1.5, 2],
    "frame": [1, 0, 2, 3],
    "Track_ID": [4, 4, 9, 9],
    "kind": ["a", "b", "a", "b"],
}


@pytest.mark.usefixtures("reader")
def test_a_csv_file_with_track_ids_opens_as_tracks_with_features(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cells.csv", TABLE)
    (data,) = open_layers(path)
    assert (data.kind, data.kwargs["name"]) == ("tracks", "cells")
    assert data.data.cloud.data.tolist() == [[4, 1, 0.5, 1], [4, 0, 1, 2], [9, 2, 1.5, 3], [9, 3, 2, 4]]
    assert data.kwargs["axis_labels"] == ("frame", "y", "x")
    assert "graph" not in data.kwargs
    features = data.kwargs["features"]
    assert list(getattr(features, "column_names", features)) == ["area", "kind"]
    assert describe(path).dtype == "table of vertices of tracks"


@pytest.mark.usefixtures("reader")
def test_a_column_of_parents_becomes_the_graph(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cells.csv", {**TABLE, "parent_track_id": ["", "", 4, 4]})
    (data,) = open_layers(path)
    assert data.kwargs["graph"] == {9: [4]}
    path = write_csv(tmp_path / "cells.csv", {**TABLE, "parent_track_id": [0, 4, -1, 4]})
    assert open_layers(path)[0].kwargs["graph"] == {9: [4]}


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"Track_ID": [1, 1.5, 2, 2]}, "whole numbers as track ids in its first column, but row 1 has 1.5"),
        ({"frame": [1, 1, 2, 3]}, "track 4 has two at time 1, in the rows 0 and 1"),
        ({"frame": ["", 1, 2, 3]}, "finite times"),
        ({"y": ["up", 1, 2, 3]}, "the column 'y' of coordinates holds other things than numbers"),
    ],
)
def test_what_are_no_tracks_is_refused(tmp_path: Path, changes: dict[str, list[Any]], sentence: str) -> None:
    path = write_csv(tmp_path / "cells.csv", {**TABLE, **changes})
    with pytest.raises(OpenError, match=sentence):
        open_layers(path)


def test_a_table_with_other_ids_stays_one_of_points(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cells.csv", {("id" if name == "Track_ID" else name): c for name, c in TABLE.items()})
    assert open_layers(path)[0].kind == "points"


def test_a_parquet_file_opens_as_tracks(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(TABLE), tmp_path / "cells.parquet")
    (data,) = open_layers(tmp_path / "cells.parquet")
    assert data.kind == "tracks"
    assert data.data.ids.tolist() == [4, 9]
    assert data.kwargs["features"].column_names == ["area", "kind"]


# GEFF


def write_geff(folder: Path, **arguments: Any) -> Path:
    """Seven nodes: 10-11-12 splits into 20-21 and 30-31."""
    geff = pytest.importorskip("geff")
    networkx = pytest.importorskip("networkx")
    graph = networkx.DiGraph()
    for t, (node, y, x) in enumerate([(10, 0, 0), (11, 1, 1), (12, 2, 2)]):
        graph.add_node(node, t=t, y=float(y), x=float(x), score=0.5)
    for first, side in ((20, 1.0), (30, -1.0)):
        graph.add_node(first, t=3, y=3.0, x=2 + side, score=0.25)
        graph.add_node(first + 1, t=4, y=4.0, x=2 + 2 * side)
    graph.add_edges_from([(10, 11), (11, 12), (12, 20), (12, 30), (20, 21), (30, 31)])
    named = {"axis_names": ["t", "y", "x"], "axis_types": ["time", "space", "space"], **arguments}
    geff.write(graph, str(folder), **named)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_geff_store_opens_as_tracks_with_their_splits(tmp_path: Path, zarr_format: int) -> None:
    folder = write_geff(
        tmp_path / "cells.geff",
        zarr_format=zarr_format,
        axis_units=["second", "pixel", "pixel"],
        axis_scales=[None, 0.5, 0.25],
        scaled_units=[None, "micrometer", "micrometer"],
        axis_offset=[None, 3.0, None],
    )
    (data,) = open_layers(folder)
    assert data.kind == "tracks"
    rows = data.data.cloud.data
    (whole,) = [track for track in data.data.ids if (rows[:, 0] == track).sum() == 3]
    children = [track for track in data.data.ids.tolist() if track != whole]
    assert data.kwargs["graph"] == {child: [whole] for child in children}
    assert rows[rows[:, 0] == whole, 1:].tolist() == [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
    assert data.kwargs["axis_labels"] == ("t", "y", "x")
    assert (data.kwargs["scale"], data.kwargs["translate"]) == ((1, 0.5, 0.25), (0, 3, 0))
    assert data.kwargs["units"] == ("second", "micrometer", "micrometer")
    assert np.nansum(data.kwargs["features"]["score"]) == 2.0
    assert np.isnan(data.kwargs["features"]["score"]).sum() == 2
    what = describe(folder)
    assert (what.format[:4], what.levels[0].shape) == ("GEFF", (7, 4))


@pytest.mark.filterwarnings("ignore")
def test_axes_are_known_by_their_names_where_the_store_says_nothing(tmp_path: Path) -> None:
    folder = write_geff(tmp_path / "cells.geff", axis_names=None, axis_types=None)
    (data,) = open_layers(folder)
    assert data.kwargs["axis_labels"] == ("t", "y", "x")
    assert len(data.data.ids) == 3


@pytest.mark.filterwarnings("ignore")
def test_a_store_that_is_damaged_is_refused(tmp_path: Path) -> None:
    folder = write_geff(tmp_path / "cells.geff", axis_names=["y", "x"], axis_types=["space", "space"])
    (folder / "nodes" / "props" / "t").rename(folder / "gone")
    with pytest.raises(OpenError, match=r"cells\.geff"):
        open_layers(folder)


def test_without_geff_a_store_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cells.geff").mkdir()
    (tmp_path / "cells.geff" / ".zattrs").write_text('{"geff": {}}')
    monkeypatch.setitem(sys.modules, "geff", None)
    with pytest.raises(OpenError, match="needs the package 'geff', which is not installed: pip install geff"):
        open_layers(tmp_path / "cells.geff")


def test_chains_end_where_tracks_split_and_merge() -> None:
    edges = np.array([[0, 1], [1, 2], [1, 3], [3, 4], [2, 5], [4, 5], [5, 6]])
    assert chains(8, edges).tolist() == [0, 0, 1, 2, 2, 3, 3, 4]
    assert chains(3, np.empty((0, 2), np.intp)).tolist() == [0, 1, 2]
    line = np.column_stack([np.arange(1000), np.arange(1, 1001)])
    assert set(chains(1001, line[::-1]).tolist()) == {0}
