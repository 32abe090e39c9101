"""Points from CSV and Parquet files: which columns are coordinates, what becomes of the others, and what is refused."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamella.io import OpenError, describe, open_layers
from lamella.io.tables import coordinate_columns
from lamella.viewer_model import ViewerModel


def write_csv(path: Path, table: dict[str, list[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path


@pytest.fixture(params=["pyarrow", "without"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pyarrow":
        pytest.importorskip("pyarrow")
    else:
        monkeypatch.setitem(sys.modules, "pyarrow", None)


@pytest.mark.usefixtures("reader")
def test_a_csv_file_opens_as_points_with_features(tmp_path: Path) -> None:
    table = {"kind": ["a", "b", "a"], "X": [1, 2, 3], "z": [0, 0, 1], "Y": [4.5, 5, 6], "size": [1, 2, 3]}
    path = write_csv(tmp_path / "cells.csv", table)
    (data,) = open_layers(path)
    assert data.kind == "points"
    assert data.data.data.tolist() == [[0, 4.5, 1], [0, 5, 2], [1, 6, 3]]
    with ViewerModel() as viewer:
        (layer,) = viewer.open(path)
        assert layer.name == "cells"
        assert layer.axis_labels == ("z", "y", "x")
        layer.update(size="size", face_color="kind")
        viewer.dims.set_point(0, 0)
        viewer.wait_until_loaded()
        response: Any = viewer.slices[layer]
        assert response.indices.tolist() == [0, 1]
        assert response.size.tolist() == [1, 2]


@pytest.mark.usefixtures("reader")
def test_a_value_that_is_missing_is_nan(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("y,x\n1,2\n,4\n", encoding="utf-8")
    np.testing.assert_array_equal(open_layers(path)[0].data.data, [[1, 2], [np.nan, 4]])


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "cannot be read as CSV|no coordinates"),
        ("a,b\n1,2\n", "no coordinates of points: its columns are a, b; name them y and x"),
        ("y,x\n1,2\n3\n", "cannot be read as CSV"),
        ("y,x\n1,green\n", "the column 'x' of coordinates holds other things than numbers"),
        ("index,shape-type,vertex-index,axis-0,axis-1\n0,path,0,1,2\n", "no coordinates"),
    ],
)
def test_what_is_no_table_of_points_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(OpenError, match=sentence):
        open_layers(path)


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        (["index", "axis-1", "axis-0", "axis-2"], ("axis-0", "axis-1", "axis-2")),
        (["label", "centroid-0", "centroid-1"], ("centroid-0", "centroid-1")),
        (["X", "Y", "T"], ("T", "Y", "X")),
        (["axis-0", "axis-2", "y", "x"], ("y", "x")),
    ],
)
def test_coordinates_are_known_by_their_names(columns: list[str], wanted: tuple[str, ...]) -> None:
    assert coordinate_columns(columns, "points.csv") == wanted


def test_a_parquet_file_opens_as_points_with_features(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "points.parquet"
    parquet.write_table(pyarrow.table({"axis-0": [1, 2], "axis-1": [3.0, 4.0], "kind": ["a", "b"]}), path)
    what = describe(path)
    assert (what.format, what.levels[0].shape, what.layer_names) == ("Parquet", (2, 3), ("points",))
    with ViewerModel() as viewer:
        (layer,) = viewer.open(path)
        layer.update(face_color="kind")
        viewer.wait_until_loaded()
        response: Any = viewer.slices[layer]
        assert response.coordinates.tolist() == [[1, 3], [2, 4]]
        assert (response.face_color[0] != response.face_color[1]).any()
    path.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(OpenError, match=r"points\.parquet cannot be read as Parquet"):
        open_layers(path)


def test_without_pyarrow_a_parquet_file_says_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "points.parquet"
    path.write_bytes(b"PAR1")
    with pytest.raises(OpenError, match="needs the package 'pyarrow'"):
        open_layers(path)
