"""What a slice of tracks must hold, straight from the rules for users: one vertex after the other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from lamella.model.dims import Dims
from lamella.model.layers.tracks import Tracks


@dataclass
class Line:
    """A straight line between two vertices."""

    places: tuple[tuple[float, ...], tuple[float, ...]]
    times: tuple[float, float]
    end: float
    track: int


@dataclass
class Expected:
    """Vertices by track and time, one entry each, and the lines that are drawn, in any order."""

    time: float | None
    rows: list[int]
    places: list[tuple[float, ...]]
    ids: list[int]
    alpha: list[float]
    lines: list[Line]


def expected(layer: Tracks, dims: Dims) -> Expected:
    """The slice of a layer that is alone in a world with these dims, perhaps of more axes than its own."""
    offset = dims.ndim - layer.ndim
    order = [axis - offset for axis in dims.order if axis >= offset]
    displayed = order[-dims.ndisplay :]
    hidden = [axis for axis in range(layer.ndim) if axis not in displayed]
    time = None
    if 0 in hidden:
        inverse = np.linalg.inv(layer.transform.linear)
        origin = -inverse @ layer.transform.translate
        matrix = inverse[np.ix_(hidden, hidden)]
        point = matrix @ [dims.point[offset + a] for a in hidden] + origin[hidden]
        time = float(point[hidden.index(0)])

    data = np.asarray(layer.data, dtype=np.float64)
    rows = sorted(range(len(data)), key=lambda row: (data[row, 0], data[row, 1]))
    of_track: dict[int, list[int]] = {}
    for row in rows:
        of_track.setdefault(int(data[row, 0]), []).append(row)
    ends = {track: data[members[-1], 1] for track, members in of_track.items()}

    def place(row: int) -> tuple[float, ...]:
        return tuple(data[row, 1 + axis] for axis in displayed)

    def line(first: int, second: int) -> Line:
        track = int(data[second, 0])
        return Line((place(first), place(second)), (data[first, 1], data[second, 1]), ends[track], track)

    lines = []
    if layer.display_tail:
        for members in of_track.values():
            lines += [line(a, b) for a, b in itertools.pairwise(members)]
            if len(members) == 1:
                lines.append(line(members[0], members[0]))
    if layer.display_graph:
        for child, parents in layer.graph.items():
            lines += [line(of_track[parent][-1], of_track[child][0]) for parent in parents]
    return Expected(
        time=time,
        rows=rows,
        places=[place(row) for row in rows],
        ids=[int(data[row, 0]) for row in rows],
        alpha=[alpha(layer, time, data[row, 1], ends[int(data[row, 0])]) for row in rows],
        lines=[known for known in lines if np.isfinite(known.places).all()],
    )


def alpha(layer: Tracks, time: float | None, vertex: float, end: float) -> float:
    """How much is seen of a place at the time ``vertex`` of a track that ends at ``end``."""
    if time is None:
        return 1.0
    if layer.hide_completed_tracks and end < time:
        return 0.0
    tail, head = layer.tail_length, layer.head_length
    if tail + head == 0:
        return 1.0 if vertex == time else 0.0
    if vertex > time + head:
        return 0.0
    return min(max(1 - (head + time - vertex) / (tail + head), 0.0), 1.0)
