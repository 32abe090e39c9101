"""Tracks from GEFF stores: graphs of nodes in space and time, read with the geff library.

A GEFF store holds nodes and the edges between them. A track is a chain of nodes without a split or merge in between;
the edges that are left join tracks. Where the store names a property ``tracklet``, that says which track a node is of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.io.errors import OpenError
from lamella.io.metadata import parse_json
from lamella.io.stored_image import Description, LayerData, LevelDescription
from lamella.model.layers.track_cloud import TrackCloud
from lamella.sources.base import Source
from lamella.sources.json_values import mapping

Index = npt.NDArray[np.intp]

_METADATA = (("zarr.json", "attributes"), (".zattrs", ""))
_NUMBERS = "biuf"


def is_geff(folder: Path) -> bool:
    """Whether a folder is a zarr group with GEFF metadata."""
    for name, key in _METADATA:
        try:
            document = parse_json((folder / name).read_bytes(), name)
        except (OSError, OpenError):
            continue
        return "geff" in mapping(document.get(key) if key else document)
    return False


@dataclass(frozen=True, slots=True)
class StoredGraph:
    """A GEFF store.

    Attributes
    ----------
    location, name : str
    version : str
    axes : tuple of GeffAxis
        Time first.
    nodes : int
    properties : tuple of str
        Of the nodes.
    reader : geff.GeffReader
    sources : tuple
        Empty: nothing stays open.
    """

    location: str
    name: str
    version: str
    axes: tuple[GeffAxis, ...]
    nodes: int
    properties: tuple[str, ...]
    reader: Any
    sources: tuple[Source, ...] = ()

    def layers(self) -> list[LayerData]:
        """One layer of tracks; the properties of the nodes that are no coordinates are its features.

        Raises
        ------
        OpenError
            The store is damaged, or holds no tracks.
        """
        try:
            self.reader.read_node_props()
            self.reader.read_edge_props([])
            graph = self.reader.build()
        except (OSError, ValueError, KeyError) as error:
            raise OpenError(f"{self.location} cannot be read as GEFF: {' '.join(str(error).split())[:200]}") from None
        columns = {name: _values(prop) for name, prop in graph["node_props"].items()}
        rows = np.empty((1 + len(self.axes), self.nodes))
        for row, axis in zip(rows[1:], self.axes, strict=True):
            row[:] = columns[axis.name]
        edges = self._edges(np.asarray(graph["node_ids"]), np.asarray(graph["edge_ids"]).reshape(-1, 2))
        backwards = rows[1, edges[:, 0]] > rows[1, edges[:, 1]]
        edges[backwards] = edges[backwards, ::-1]
        named = (self.reader.metadata.track_node_props or {}).get("tracklet")
        rows[0] = chains(self.nodes, edges) if named not in columns else columns[named]
        rows.setflags(write=False)
        try:
            cloud = TrackCloud.of(rows.T)
        except ValueError as error:
            raise OpenError(f"{self.location}: {error}") from None
        ids = rows[0].astype(np.int64)
        joins = np.unique(ids[edges][ids[edges[:, 0]] != ids[edges[:, 1]]], axis=0)
        parents: dict[int, list[int]] = {}
        for parent, child in joins.tolist():
            parents.setdefault(child, []).append(parent)
        features = {
            name: column
            for name, column in columns.items()
            if name not in (axis.name for axis in self.axes) and column.ndim == 1
        }
        kwargs = {
            "name": self.name,
            "graph": parents,
            "features": features or None,
            "axis_labels": tuple(axis.name for axis in self.axes),
            "scale": tuple(axis.scale for axis in self.axes),
            "translate": tuple(axis.offset for axis in self.axes),
            "units": tuple(axis.unit for axis in self.axes),
        }
        return [LayerData("tracks", cloud, kwargs)]

    def _edges(self, nodes: npt.NDArray[Any], ids: npt.NDArray[Any]) -> Index:
        """Where the nodes with these ids stand."""
        order = np.argsort(nodes, kind="stable")
        places = np.minimum(np.searchsorted(nodes[order], ids), max(len(nodes) - 1, 0))
        if len(ids) and not (len(nodes) and (nodes[order][places] == ids).all()):
            raise OpenError(f"{self.location} cannot be read as GEFF: it has edges to nodes that are not there")
        return order[places] if len(nodes) else np.empty((0, 2), np.intp)

    def description(self) -> Description:
        """What the store says of itself."""
        shape = (self.nodes, len(self.properties))
        return Description(
            location=self.location,
            format=f"GEFF {self.version}",
            dtype="graph of tracks",
            axes=("nodes", "properties"),
            units=("", ""),
            scale=(1.0, 1.0),
            translate=(0.0, 0.0),
            levels=(
                LevelDescription(
                    ", ".join(self.properties), shape, None, None, "", 8 * self.nodes * len(self.properties)
                ),
            ),
            layers=1,
            layer_names=(self.name,),
        )


@dataclass(frozen=True, slots=True)
class GeffAxis:
    """A property of the nodes that is a coordinate."""

    name: str
    scale: float
    offset: float
    unit: str


def open_geff(folder: Path, name: str) -> StoredGraph:
    """Open a GEFF store; its nodes are not read.

    Raises
    ------
    OpenError
        It is damaged, has no time or less than one other axis, or the geff library is missing.
    """
    try:
        from geff import GeffReader
    except ImportError:
        raise OpenError(
            f"{folder} is a GEFF store, which needs the package 'geff', which is not installed: pip install geff"
        ) from None
    try:
        reader: Any = GeffReader(str(folder))
        metadata = reader.metadata
        properties = tuple(sorted(reader.node_prop_names))
        nodes = int(reader.nodes.shape[0])
    except Exception as error:  # whatever zarr, pydantic and geff raise for a store that is damaged
        raise OpenError(f"{folder} cannot be read as GEFF: {' '.join(str(error).split())[:200]}") from None
    axes = _axes(metadata.axes or (), properties)
    if len(axes) < 2:
        raise OpenError(
            f"{folder} has no tracks that can be shown: an axis of time and one of space must be among the properties "
            f"of its nodes, which are {', '.join(properties) or 'none'}"
        )
    return StoredGraph(str(folder), name, str(metadata.geff_version), axes, nodes, properties, reader)


def chains(count: int, edges: Index) -> Index:
    """The number of the chain that each node is in: of nodes with one edge onwards to a node with one edge back.

    Parameters
    ----------
    count : int
        Nodes.
    edges : (m, 2) array
        From an earlier node to a later one.

    Returns
    -------
    (count,) array
        From 0, by the first node of each.
    """
    onwards = np.bincount(edges[:, 0], minlength=count)
    back = np.bincount(edges[:, 1], minlength=count)
    inner = edges[(onwards[edges[:, 0]] == 1) & (back[edges[:, 1]] == 1)]
    first = np.arange(count)
    first[inner[:, 1]] = inner[:, 0]
    for _ in range(max(count, 1).bit_length()):  # each step leads twice as far back
        first = first[first]
    numbers: Index = np.unique(first, return_inverse=True)[1].reshape(-1).astype(np.intp)
    return numbers


def _axes(given: Sequence[Any], properties: Sequence[str]) -> tuple[GeffAxis, ...]:
    """Time, then space as it stands; by the usual names where the store says nothing of axes."""
    times = [axis for axis in given if axis.type == "time" and axis.name in properties]
    space = [axis for axis in given if axis.type == "space" and axis.name in properties]
    if times and space:
        return tuple(_axis(axis) for axis in (times[0], *space))
    named = [name for name in ("t", "z", "y", "x") if name in properties]
    if "t" not in named:
        return ()
    return tuple(GeffAxis(name, 1.0, 0.0, "pixel") for name in named)


def _axis(axis: Any) -> GeffAxis:
    scaled = axis.scale is not None
    unit = (axis.scaled_unit if scaled else axis.unit) or "pixel"
    return GeffAxis(axis.name, float(axis.scale) if scaled else 1.0, float(axis.offset or 0), str(unit))


def _values(prop: Any) -> npt.NDArray[Any]:
    """A property, NaN or None where it is missing."""
    values, missing = np.asarray(prop["values"]), prop["missing"]
    if missing is None or not np.any(missing):
        return values
    filled = values.astype(np.float64 if values.dtype.kind in _NUMBERS else object)
    filled[np.asarray(missing, bool)] = np.nan if values.dtype.kind in _NUMBERS else None
    return filled
