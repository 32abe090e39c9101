"""Which tracks follow from which: splits and merges."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model._validate import integer
from lamella.model.layers.track_cloud import TrackCloud

Ids = npt.NDArray[np.int64]

_tokens = itertools.count(1)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class TrackGraph:
    """Edges between tracks, from the last vertex of a parent to the first vertex of its child. Immutable.

    Attributes
    ----------
    edges : (m, 2) int64 array, read-only
        Track ids of parent and child.
    token : int
        Identity in the keys of slices.
    """

    edges: Ids
    token: int = field(default_factory=lambda: next(_tokens))

    @classmethod
    def of(cls, graph: Any) -> TrackGraph:
        """The graph of a mapping of each child's track id to the id, or the ids, of its parents; None: no edges.

        Raises
        ------
        ValueError
        """
        if graph is not None and not isinstance(graph, Mapping):
            raise ValueError(
                "graph must be a mapping of each child's track id to a list of those of its parents, such as {3: [1]}, "
                f"not {graph!r}"
            )
        edges = [(parent, child) for child, parents in (graph or {}).items() for parent in _parents(parents)]
        pairs = [(_id(parent), _id(child)) for parent, child in edges]
        for parent, child in pairs:
            if parent == child:
                raise ValueError(f"graph must not have a track as its own parent, but has {child} as that of {child}")
        array = np.array(list(dict.fromkeys(pairs)), np.int64).reshape(-1, 2)
        array.setflags(write=False)
        return cls(array)

    def as_dict(self) -> dict[int, list[int]]:
        """Each child's parents."""
        result: dict[int, list[int]] = {}
        for parent, child in self.edges.tolist():
            result.setdefault(child, []).append(parent)
        return result

    def check(self, ids: Ids) -> None:
        """Are all tracks there?

        Parameters
        ----------
        ids : (k,) int64 array
            Of all tracks, ascending.

        Raises
        ------
        ValueError
        """
        missing = np.flatnonzero(~np.isin(self.edges, ids))
        if len(missing):
            parent, child = self.edges[missing[0] // 2].tolist()
            track = (parent, child)[missing[0] % 2]
            raise ValueError(
                f"graph must have ids of tracks that data has, but it has an edge from the parent {parent} to the "
                f"child {child}, and no vertex is of track {track}"
            )


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class TrackData:
    """What is known of tracks. Slicing keeps what it has worked out as long as this is there."""

    cloud: TrackCloud
    graph: TrackGraph

    @classmethod
    def of(cls, cloud: TrackCloud, graph: TrackGraph) -> TrackData:
        """Both, if they fit together; where finding out takes long the first slice does.

        Raises
        ------
        ValueError
            The graph has tracks that are not there.
        """
        if cloud.ids is not None:
            graph.check(cloud.ids)
        return cls(cloud, graph)


def _parents(value: Any) -> list[Any]:
    """One parent, or several."""
    return list(value) if hasattr(value, "__len__") and not isinstance(value, (str, bytes)) else [value]


def _id(value: Any) -> int:
    try:
        return integer("graph", value)
    except ValueError:
        raise ValueError(f"graph must have whole numbers as track ids, not {value!r}") from None
