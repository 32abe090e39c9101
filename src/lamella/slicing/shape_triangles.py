"""The triangles that fill shapes, kept for each shape from one slice to the next."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shape_geometry import ELLIPSE, POLYGON, RECTANGLE, flat_indices
from lamella.slicing.point_table import Kept
from lamella.slicing.shape_rings import ELLIPSE_VERTICES, Rings

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Triangles = npt.NDArray[np.uint32]

_RECTANGLE = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
_ELLIPSE = np.stack([np.zeros(94), np.arange(1, 95), np.arange(2, 96)], axis=1).astype(np.uint32)
_NOTHING = 1e-12  # of the area of its box: what has less is a line
_CLOSE = 1e-9  # of the area of its box: triangles that are as far from a polygon's own area do not fill just that
_LEAST_ROOM = 1024  # triangles

GOOD, CROSSING, FLAT = range(3)
"""What is known of a shape: its triangles fill it; its lines cross each other; it has no area."""

assert len(_ELLIPSE) == ELLIPSE_VERTICES - 2


@dataclass(frozen=True, eq=False, slots=True)
class Faces:
    """The triangles of the shapes of a slice.

    Attributes
    ----------
    triangles : (f, 3) uint32
        Into the vertices of the slice, shape after shape.
    counts : (k,) int64
        How many each shape has.
    state : (k,) uint8
        `GOOD`, `CROSSING` or `FLAT`.
    """

    triangles: Triangles
    counts: Index
    state: npt.NDArray[np.uint8]


class Triangulation:
    """The triangles of the shapes of a cloud for one choice of displayed axes, as far as slices have needed them.

    Any thread; two that need the same shape at once may both work it out. What has been handed out is never changed.

    Parameters
    ----------
    count : int
        Shapes of the cloud.
    """

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._first = np.full(count, -1)  # of the triangles of a shape in `_triangles`; −1 if they are not known
        self._counts = np.zeros(count, np.int64)
        self._state = np.zeros(count, np.uint8)
        self._triangles = np.empty((0, 3), np.uint32)  # corners are counted from a shape's first vertex
        self._used = 0

    @property
    def nbytes(self) -> int:
        return self._first.nbytes + self._counts.nbytes + self._state.nbytes + self._triangles.nbytes

    def of(self, rows: Index, rings: Rings) -> Faces:
        """The triangles of these shapes, of which ``rings`` are in the same order."""
        with self._lock:
            unknown = np.flatnonzero(self._first[rows] < 0)
        if len(unknown):
            made, counts, state = _triangulated(rings, unknown)
            with self._lock:
                self._append(rows[unknown], made, counts, state)
        with self._lock:
            first, counts, state, triangles = self._first[rows], self._counts[rows], self._state[rows], self._triangles
        local = triangles[flat_indices(first, counts)]
        local += np.repeat(rings.starts[:-1], counts).astype(np.uint32)[:, None]
        return Faces(local, counts, state)

    def _append(self, rows: Index, made: Triangles, counts: Index, state: npt.NDArray[np.uint8]) -> None:
        used = self._used + len(made)
        if used > len(self._triangles):
            room = np.empty((max(2 * used, _LEAST_ROOM), 3), np.uint32)
            room[: self._used] = self._triangles[: self._used]
            self._triangles = room
        self._triangles[self._used : used] = made
        self._first[rows] = self._used + np.cumsum(counts) - counts
        self._counts[rows], self._state[rows] = counts, state
        self._used = used


class _Choices:
    """The triangulations of a cloud, one a choice of displayed axes."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._known: dict[tuple[int, ...], Triangulation] = {}

    @property
    def nbytes(self) -> int:
        return sum(known.nbytes for known in list(self._known.values()))

    def of(self, displayed: tuple[int, ...]) -> Triangulation:
        return self._known.setdefault(displayed, Triangulation(self._count))


_kept = Kept()


def triangulation_of(cloud: ShapeCloud, displayed: tuple[int, ...]) -> Triangulation:
    """What is known of the triangles of a cloud, seen along these axes."""
    choices: _Choices = _kept.get(cloud, lambda: _Choices(cloud.count))
    return choices.of(displayed)


def memory() -> int:
    """Bytes that are kept here for all layers together."""
    return sum(int(choices.nbytes) for choices in _kept.values())


# ---- working them out ------------------------------------------------------------------------------------------------


def _triangulated(rings: Rings, which: Index) -> tuple[Triangles, Index, npt.NDArray[np.uint8]]:
    """The triangles of some shapes, their numbers, and what is known of each."""
    flat = _in_unit_boxes(_on_planes(rings))
    known = np.ones(rings.count, bool)
    known[rings.shape_of_vertex[~np.isfinite(flat).all(axis=1)]] = False
    plain = known & ((rings.kinds == ELLIPSE) | _is_plain(rings, flat))
    hard = known & (rings.kinds <= POLYGON) & ~plain
    parts, counts = [], np.zeros(len(which), np.int64)
    starts, ends = rings.starts, rings.rings[1:]
    for place, shape in enumerate(which.tolist()):
        if hard[shape]:
            first, last = starts[shape], starts[shape + 1]
            stops = (ends[rings.shapes[shape] : rings.shapes[shape + 1]] - first).astype(np.uint32)
            part = mapbox_earcut.triangulate_float64(flat[first:last], stops).reshape(-1, 3)
        elif plain[shape]:
            part = _ELLIPSE if rings.kinds[shape] == ELLIPSE else _RECTANGLE
        else:
            continue
        parts.append(part)
        counts[place] = len(part)
    made: Triangles = np.concatenate(parts) if parts else np.empty((0, 3), np.uint32)
    return made, counts, _states(rings, flat, which, made, counts)


def _on_planes(rings: Rings) -> Floats:
    """Vertices of three axes without that which their shape faces the most: (m, displayed) → (m, 2)."""
    vertices = rings.vertices
    if vertices.shape[1] == 2:
        return vertices
    normals = np.abs(normals_of(rings))
    left = np.array([[1, 2], [0, 2], [0, 1]])[normals.argmax(axis=1)]
    return np.take_along_axis(vertices, left[rings.shape_of_vertex], axis=1)


def normals_of(rings: Rings) -> Floats:
    """Of shapes on three axes: perpendicular to their plane, twice as long as their outer ring has area; (k, 3)."""
    following = next_vertices(rings)
    with np.errstate(invalid="ignore", over="ignore"):
        here = rings.vertices - rings.vertices[np.repeat(rings.rings[:-1], np.diff(rings.rings))]
        parts = np.cross(here, here[following])
        outer = np.repeat(np.concatenate([rings.shapes[:-1]]), 1)
        sums: Floats = np.add.reduceat(parts, rings.rings[:-1]) if len(parts) else np.empty((0, 3))
    return sums[outer]


def next_vertices(rings: Rings) -> Index:
    """The vertex after each, round its ring; (m,)."""
    following = np.arange(1, len(rings.vertices) + 1)
    following[rings.rings[1:] - 1] = rings.rings[:-1]
    return following


def _in_unit_boxes(vertices: Floats, rings: Rings | None = None) -> Floats:
    raise NotImplementedError
