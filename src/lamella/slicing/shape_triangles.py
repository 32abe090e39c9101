"""The triangles that fill shapes, kept for each shape from one slice to the next."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shape_geometry import ELLIPSE, RECTANGLE, flat_indices
from lamella.slicing.point_table import Kept
from lamella.slicing.shape_rings import ELLIPSE_VERTICES, Rings, sums

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Triangles = npt.NDArray[np.uint32]

_RECTANGLE = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)
_ELLIPSE = np.array([[0, i, i + 1] for i in range(1, ELLIPSE_VERTICES - 1)], np.uint32)
_NOTHING = 1e-12  # of the area of its box: what has less is a line
_CLOSE = 1e-9  # of the area of its box: triangles that are as far from a polygon's own area do not fill just that
_LEAST_ROOM = 1024  # triangles

GOOD, CROSSING, FLAT = range(3)
"""What is known of a shape: its triangles fill it; its lines cross each other; it has no area."""


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
            found = _triangulated(rings.take(unknown))
            with self._lock:
                self._append(rows[unknown], *found)
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


def _triangulated(rings: Rings) -> tuple[Triangles, Index, npt.NDArray[np.uint8]]:
    """The triangles of shapes, their numbers, and what is known of each."""
    flat, known = _in_unit_boxes(_on_planes(rings), rings)
    simple = known & ((rings.kinds == ELLIPSE) | _are_convex(rings, flat))
    parts: list[Triangles] = []
    counts = np.zeros(rings.count, np.int64)
    starts, shapes = rings.starts.tolist(), rings.shapes.tolist()
    stops = (rings.rings[1:] - rings.starts[rings.shape_of_ring]).astype(np.uint32)
    for shape in np.flatnonzero(known & rings.filled).tolist():
        if simple[shape]:
            part = _ELLIPSE if rings.kinds[shape] == ELLIPSE else _RECTANGLE
        else:
            vertices = flat[starts[shape] : starts[shape + 1]]
            ends = stops[shapes[shape] : shapes[shape + 1]]
            part = mapbox_earcut.triangulate_float64(vertices, ends).reshape(-1, 3)
        parts.append(part)
        counts[shape] = len(part)
    made: Triangles = np.concatenate(parts) if parts else np.empty((0, 3), np.uint32)
    return made, counts, _states(rings, flat, known & rings.filled, made, counts)


def _on_planes(rings: Rings) -> Floats:
    """Vertices of three axes as their shape is seen best: (m, displayed) → (m, 2)."""
    vertices = rings.vertices
    if vertices.shape[1] == 2:
        return vertices
    across = np.abs(np.nan_to_num(rings.normals())).argmax(axis=1)
    left = np.array([[1, 2], [0, 2], [0, 1]])[across]
    return np.take_along_axis(vertices, left[rings.shape_of_vertex], axis=1)


def _in_unit_boxes(vertices: Floats, rings: Rings) -> tuple[Floats, Flags]:
    """Vertices with each shape in a box of size 1, and which shapes have only vertices that are somewhere.

    Whatever the units of the data: what counts as nothing is a share of the shape.
    """
    starts = rings.starts[:-1]
    low, high = np.minimum.reduceat(vertices, starts), np.maximum.reduceat(vertices, starts)
    with np.errstate(invalid="ignore", over="ignore"):
        size = high - low
    known = np.isfinite(size).all(axis=1)
    low[~known], size[~known | (size == 0).any(axis=1)] = 0, 1
    of_vertex = rings.shape_of_vertex
    with np.errstate(invalid="ignore", over="ignore"):
        flat = np.ascontiguousarray((vertices - low[of_vertex]) / size[of_vertex])
    flat[~known[of_vertex]] = 0
    return flat, known


def _are_convex(rings: Rings, flat: Floats) -> Flags:
    """Rectangles of which the first and the third corner have the others on both sides."""
    convex: Flags = rings.kinds == RECTANGLE
    corners = flat[rings.starts[:-1][convex][:, None] + np.arange(4)]
    first, second = (_areas(corners[:, triangle].swapaxes(0, 1)) for triangle in _RECTANGLE)
    convex[convex] = first * second > 0
    return convex


def _states(rings: Rings, flat: Floats, filled: Flags, made: Triangles, counts: Index) -> npt.NDArray[np.uint8]:
    """`GOOD`, `CROSSING` or `FLAT` of each shape: what its triangles cover, against what its rings enclose."""
    of_shape = np.repeat(rings.starts[:-1], counts)
    covered = np.abs(_areas(flat[(made + of_shape[:, None]).T]))
    covered = sums(covered, np.concatenate([[0], np.cumsum(counts)]))
    first = np.repeat(rings.rings[:-1], np.diff(rings.rings))
    enclosed = np.abs(sums(_areas(np.stack([flat[first], flat, flat[rings.following]])), rings.rings))
    outer = np.zeros(len(enclosed), bool)
    outer[rings.shapes[:-1]] = True
    enclosed = sums(np.where(outer, enclosed, -enclosed), rings.shapes)
    state = np.full(rings.count, GOOD, np.uint8)
    state[filled & (np.abs(covered - enclosed) > _CLOSE)] = CROSSING
    state[filled & (covered <= _NOTHING) & (np.abs(enclosed) <= _NOTHING)] = FLAT
    return state


def _areas(triangles: Floats) -> Floats:
    """Of triangles (3, n, 2), negative where they turn the other way."""
    (ay, ax), (by, bx) = (triangles[1] - triangles[0]).T, (triangles[2] - triangles[0]).T
    areas: Floats = (ax * by - ay * bx) / 2
    return areas
