"""Points and tracks from tables: CSV and Parquet files."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.io.errors import OpenError
from lamella.io.stored_image import Description, LayerData, LevelDescription
from lamella.model.layers.point_cloud import PointCloud, extent_of
from lamella.model.layers.track_cloud import TrackCloud, vertex_columns
from lamella.sources.base import Source

SUFFIXES = (".csv", ".parquet")

_AXES = ("t", "z", "y", "x")
_NUMBERED = re.compile(r"(axis|centroid)-(\d+)")  # napari's, scikit-image's
_LISTED = 10

PARENTS = "parent_track_id"
"""The column that says which track a track follows from, in any of its rows."""

Table = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table of points, or of the vertices of tracks, in a file.

    Attributes
    ----------
    location, name, format : str
    columns : tuple of str
    rows : int
    read : callable
        The table itself: a pyarrow Table, or a dict of arrays.
    sources : tuple
        Empty: nothing stays open.
    """

    location: str
    name: str
    format: str
    columns: tuple[str, ...]
    rows: int
    read: Callable[[], Any]
    sources: tuple[Source, ...] = ()

    def layers(self) -> list[LayerData]:
        """One layer of tracks if there is a column ``track_id``, otherwise of points; other columns are its features.

        Raises
        ------
        OpenError
            The table has no coordinates, or cannot be read.
        """
        columns = track_columns(self.columns)
        return self._points() if columns is None else self._tracks(columns)

    def _points(self) -> list[LayerData]:
        axes = coordinate_columns(self.columns, self.location)
        table = self.read()
        coordinates = np.empty((len(axes), self.rows))
        for column, name in zip(coordinates, axes, strict=True):
            column[:] = self._numbers(table, name)
        coordinates.setflags(write=False)
        cloud = PointCloud(coordinates.T, extent_of(coordinates.T), settled=True)
        kwargs: dict[str, Any] = {"name": self.name}
        if not _NUMBERED.fullmatch(axes[0]):
            kwargs["axis_labels"] = tuple(name.lower() for name in axes)
        kwargs.update(self._features(table, axes))
        return [LayerData("points", cloud, kwargs)]

    def _tracks(self, columns: Sequence[str]) -> list[LayerData]:
        table = self.read()
        rows = np.empty((len(columns), self.rows))
        for row, name in zip(rows, columns, strict=True):
            row[:] = self._numbers(table, name)
        rows.setflags(write=False)
        try:
            cloud = TrackCloud.of(rows.T)
        except ValueError as error:
            raise OpenError(f"{self.location}: {error}") from None
        kwargs: dict[str, Any] = {"name": self.name, "axis_labels": tuple(name.lower() for name in columns[1:])}
        parents = next((name for name in self.columns if name.lower() == PARENTS), None)
        if parents is not None:
            kwargs["graph"] = parents_of(rows[0], self._numbers(table, parents))
        kwargs.update(self._features(table, columns))
        return [LayerData("tracks", cloud, kwargs)]

    def _features(self, table: Any, known: Sequence[str]) -> dict[str, Any]:
        others = [name for name in self.columns if name not in known]
        if not others:
            return {}
        return {"features": table.select(others) if hasattr(table, "select") else {n: table[n] for n in others}}

    def description(self) -> Description:
        """What the file says of itself."""
        shape = (self.rows, len(self.columns))
        kind = "points" if track_columns(self.columns) is None else "vertices of tracks"
        return Description(
            location=self.location,
            format=self.format,
            dtype=f"table of {kind}",
            axes=(kind, "columns"),
            units=("", ""),
            scale=(1.0, 1.0),
            translate=(0.0, 0.0),
            levels=(
                LevelDescription(", ".join(self.columns), shape, None, None, "", 8 * self.rows * len(self.columns)),
            ),
            layers=1,
            layer_names=(self.name,),
        )

    def _numbers(self, table: Any, name: str) -> npt.NDArray[np.float64]:
        column = table[name]
        try:
            values = column.to_numpy() if hasattr(column, "to_numpy") else column
            return np.asarray(values).astype(np.float64)
        except (TypeError, ValueError):
            raise OpenError(
                f"{self.location}: the column {name!r} of coordinates holds other things than numbers"
            ) from None


def track_columns(columns: Sequence[str]) -> tuple[str, ...] | None:
    """Which columns are track id, time and coordinates; None if there are none named ``track_id``, t, y and x."""
    return vertex_columns(columns) if "track_id" in (name.lower() for name in columns) else None


def parents_of(ids: npt.NDArray[np.float64], parents: npt.NDArray[np.float64]) -> dict[int, list[int]]:
    """The parents that the vertices of tracks name. A number that is missing, or of no other track, is none."""
    known = np.isin(parents, ids) & (parents != ids)
    graph: dict[int, list[int]] = {}
    for child, parent in np.unique(np.column_stack([ids, parents])[known], axis=0).astype(np.int64).tolist():
        graph.setdefault(child, []).append(parent)
    return graph


def coordinate_columns(columns: Sequence[str], location: str) -> tuple[str, ...]:
    """Which columns are coordinates, slowest axis first: t, z, y and x, or axis-0, axis-1 and so on.

    Raises
    ------
    OpenError
        There are none.
    """
    numbered = {m[2]: name for name in columns if (m := _NUMBERED.fullmatch(name))}
    if "vertex-index" not in columns and all(str(i) in numbered for i in range(max(len(numbered), 2))):
        return tuple(numbered[str(i)] for i in range(len(numbered)))
    named = {name.lower(): name for name in columns if name.lower() in _AXES}
    if "y" in named and "x" in named:
        return tuple(named[axis] for axis in _AXES if axis in named)
    listed = ", ".join(columns[:_LISTED]) + (", …" if len(columns) > _LISTED else "")
    raise OpenError(
        f"{location} has no coordinates of points: its columns are {listed or 'none'}; name them y and x, with z and t "
        "if there are, or axis-0, axis-1, …"
    )


def open_table(path: Path, name: str) -> StoredTable:
    """Open a ``.csv`` or ``.parquet`` file.

    Parquet needs pyarrow. CSV is read with it where it is installed: 300,000 rows in 0.09 s, without it in 1.6 s.

    Raises
    ------
    OpenError
        It is damaged, or pyarrow is missing.
    """
    if path.suffix.lower() == ".parquet":
        return _open_parquet(path, name)
    try:
        table = _read_csv(path)
    except (OSError, ValueError, csv.Error) as error:
        raise OpenError(f"{path} cannot be read as CSV: {_reason(error)}") from None
    columns = tuple(table.column_names if hasattr(table, "column_names") else table)
    rows = len(table[columns[0]]) if columns else 0
    return StoredTable(str(path), name, "CSV", columns, rows, lambda: table)


def _open_parquet(path: Path, name: str) -> StoredTable:
    try:
        from pyarrow import parquet
    except ImportError:
        raise OpenError(f"{path} needs the package 'pyarrow', which is not installed: pip install pyarrow") from None

    def read() -> Any:
        try:
            return parquet.read_table(path)
        except (OSError, ValueError) as error:
            raise OpenError(f"{path} cannot be read as Parquet: {_reason(error)}") from None

    try:
        metadata = parquet.read_metadata(path)
        columns = tuple(metadata.schema.to_arrow_schema().names)
    except (OSError, ValueError) as error:
        raise OpenError(f"{path} cannot be read as Parquet: {_reason(error)}") from None
    return StoredTable(str(path), name, "Parquet", columns, metadata.num_rows, read)


def _read_csv(path: Path) -> Any:
    try:
        from pyarrow import csv as arrow_csv
    except ImportError:
        return _read_csv_slowly(path)
    return arrow_csv.read_csv(path)


def _read_csv_slowly(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        header = next(lines, [])
        rows = [line for line in lines if line]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} values for {len(header)} columns")
    columns = zip(*rows, strict=True) if rows else [() for _ in header]
    return {name: _column(texts) for name, texts in zip(header, columns, strict=True)}


def _column(texts: Sequence[str]) -> npt.NDArray[Any]:
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return np.array(texts, dtype=str)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
