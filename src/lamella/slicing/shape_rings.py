"""The lines around the shapes of a slice, as they are drawn: in displayed coordinates, ellipses as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shape_geometry import ELLIPSE, PATH, flat_indices

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ELLIPSE_VERTICES = 96  # its polygon is 1/4 pixel off where it is 1000 pixels wide

_TURN = np.linspace(0, 2 * np.pi, ELLIPSE_VERTICES, endpoint=False)


@dataclass(frozen=True, eq=False, slots=True)
class Rings:
    """Shapes of rings of vertices, in the order in which they are drawn.

    Attributes
    ----------
    vertices : (m, displayed) float64
    rings : (r + 1,) int64
        Where each ring begins in `vertices`, and the end.
    shapes : (k + 1,) int64
        Where each shape begins in `rings`, and the end.
    kinds : (k,) uint8
        Indices into `SHAPE_TYPES`.
    """

    vertices: Floats
    rings: Index
    shapes: Index
    kinds: npt.NDArray[np.uint8]

    @property
    def count(self) -> int:
        return len(self.kinds)

    @property
    def starts(self) -> Index:
        """Where each shape begins in `vertices`, and the end, (k + 1,)."""
        return self.rings[self.shapes]

    @property
    def filled(self) -> Flags:
        """Which shapes have a face, (k,)."""
        return self.kinds < PATH

    @property
    def shape_of_vertex(self) -> Index:
        """(m,)."""
        return np.repeat(np.arange(self.count), np.diff(self.starts))

    @property
    def ring_of_vertex(self) -> Index:
        """(m,)."""
        return np.repeat(np.arange(len(self.rings) - 1), np.diff(self.rings))

    @property
    def shape_of_ring(self) -> Index:
        """(r,)."""
        return np.repeat(np.arange(self.count), np.diff(self.shapes))

    @property
    def following(self) -> Index:
        """The vertex after each, round its ring, (m,)."""
        following = np.arange(1, len(self.vertices) + 1)
        following[self.rings[1:] - 1] = self.rings[:-1]
        return following

    def take(self, which: Index) -> Rings:
        """Some of the shapes."""
        if len(which) == self.count:
            return self
        ring_counts = np.diff(self.shapes)[which]
        rings = flat_indices(self.shapes[which], ring_counts)
        counts = np.diff(self.rings)[rings]
        vertices = self.vertices[flat_indices(self.rings[rings], counts)]
        return Rings(vertices, _ends(counts), _ends(ring_counts), self.kinds[which])

    def normals(self) -> Floats:
        """Of shapes on three axes: across their outer ring, twice as long as that has area, (k, 3)."""
        with np.errstate(invalid="ignore", over="ignore"):
            here = self.vertices - self.vertices[np.repeat(self.rings[:-1], np.diff(self.rings))]
            normals: Floats = sums(np.cross(here, here[self.following]), self.rings)[self.shapes[:-1]]
        return normals


def rows_all(flags: Flags) -> Flags:
    """Which rows of a table of few columns are True throughout; several times as fast as `all` along them."""
    result: Flags = np.logical_and.reduce([flags[:, column] for column in range(flags.shape[1])])
    return result


def sums(values: npt.NDArray[Any], starts: Index) -> npt.NDArray[Any]:
    """The sum of each group, of which ``starts`` says where it begins, and the end."""
    total = np.zeros((len(starts) - 1, *values.shape[1:]), values.dtype)
    some = np.flatnonzero(np.diff(starts))
    if len(some):
        total[some] = np.add.reduceat(values, starts[some])
    return total


def rings_of(cloud: ShapeCloud, rows: Index, displayed: Sequence[int]) -> Rings:
    """The rings of these shapes of a cloud, shape after shape."""
    geometry = cloud.geometry
    kinds = geometry.kinds[rows]
    ring_counts = geometry.shapes[rows + 1] - geometry.shapes[rows]
    of_cloud = flat_indices(geometry.shapes[rows], ring_counts)
    given = geometry.rings[of_cloud + 1] - geometry.rings[of_cloud]
    round_ones = np.repeat(kinds == ELLIPSE, ring_counts)
    counts = np.where(round_ones, ELLIPSE_VERTICES, given)
    rings, shapes = _ends(counts), _ends(ring_counts)
    vertices = np.empty((int(rings[-1]), len(displayed)))
    straight = ~round_ones
    source = flat_indices(geometry.rings[of_cloud][straight], given[straight])
    vertices[flat_indices(rings[:-1][straight], given[straight])] = geometry.vertices[source][:, list(displayed)]
    if round_ones.any():
        corners = geometry.vertices[geometry.rings[of_cloud][round_ones][:, None] + np.arange(4)][..., list(displayed)]
        target = flat_indices(rings[:-1][round_ones], counts[round_ones])
        vertices[target] = _ellipses(corners).reshape(-1, len(displayed))
    return Rings(vertices, rings, shapes, kinds)


def _ellipses(corners: Floats) -> Floats:
    """The ellipse that touches the middles of the sides between four corners: (n, 4, d) → (n, vertices, d)."""
    with np.errstate(invalid="ignore", over="ignore"):
        centre = corners.mean(axis=1)
        across = (corners[:, 1] + corners[:, 2] - corners[:, 0] - corners[:, 3]) / 4
        down = (corners[:, 2] + corners[:, 3] - corners[:, 0] - corners[:, 1]) / 4
        around: Floats = (
            centre[:, None] + np.cos(_TURN)[:, None] * across[:, None] + np.sin(_TURN)[:, None] * down[:, None]
        )
    return around


def _ends(counts: Index) -> Index:
    return np.concatenate([[0], np.cumsum(counts)])
