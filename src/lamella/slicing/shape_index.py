"""Which shapes a slice meets (SEMANTICS, "Shapes"), without looking at all of them. Kept by workers between slices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.slicing.point_table import Kept

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

WORTH_AN_INDEX = 2_000  # shapes; looking at fewer takes 10 µs


@dataclass(frozen=True, eq=False, slots=True)
class Planes:
    """The shapes by where they are along one axis; immutable.

    Attributes
    ----------
    planes : (k,) float64
        Of the shapes that lie in a single plane, ascending.
    rows : (k,) int64
        These shapes; ascending within a plane.
    spanning : (m,) int64
        The shapes that reach through several, ascending: these are looked at one by one.
    """

    planes: Floats
    rows: Rows
    spanning: Rows

    @property
    def nbytes(self) -> int:
        return self.planes.nbytes + self.rows.nbytes + self.spanning.nbytes


class ShapeIndex:
    """The planes of all shapes of a cloud. Any thread may read and build.

    Attributes
    ----------
    low, high : (ndim, n) float64
        First and last plane of each shape along each axis; NaN where a vertex is NaN.
    """

    def __init__(self, cloud: ShapeCloud) -> None:
        geometry = cloud.geometry
        starts = geometry.rings[geometry.shapes[:-1]]
        columns = np.rint(geometry.vertices.T)
        if cloud.count:
            self.low = np.minimum.reduceat(columns, starts, axis=1)
            self.high = np.maximum.reduceat(columns, starts, axis=1)
        else:
            self.low = self.high = np.empty((cloud.ndim, 0))
        self._axes: dict[int, Planes] = {}

    @property
    def nbytes(self) -> int:
        return self.low.nbytes + self.high.nbytes + sum(planes.nbytes for planes in list(self._axes.values()))

    def build(self, axes: Sequence[int], stopped: Callable[[], bool]) -> None:
        """Sort the shapes along ``axes``, if that is worth it. What two threads do at once is the same."""
        for axis in axes:
            if axis in self._axes or self.low.shape[1] < WORTH_AN_INDEX or stopped():
                continue
            low, high = self.low[axis], self.high[axis]
            flat = np.flatnonzero(low == high)
            order = flat[np.argsort(low[flat], kind="stable")]
            self._axes[axis] = Planes(low[order], order, np.flatnonzero(low < high))

    def rows_at(self, axes: Sequence[int], point: Sequence[float]) -> Rows:
        """The shapes that lie in, or reach through, the planes of a point on ``axes``, ascending.

        Parameters
        ----------
        axes : sequence of int
        point : sequence of float
            Data coordinates, one an axis.
        """
        if not axes:
            return np.arange(self.low.shape[1])
        planes = [float(np.rint(p)) for p in point]
        known = [(self._candidates(axis, plane), axis) for axis, plane in zip(axes, planes, strict=True)]
        found, by = min(known, key=lambda pair: len(pair[0]))
        for axis, plane in zip(axes, planes, strict=True):
            if axis != by:
                found = found[(self.low[axis, found] <= plane) & (self.high[axis, found] >= plane)]
        return np.sort(found)

    def _candidates(self, axis: int, plane: float) -> Rows:
        """Shapes among which all of a plane are; without an index all that there are."""
        index = self._axes.get(axis)
        low, high = self.low[axis], self.high[axis]
        if index is None:
            return np.flatnonzero((low <= plane) & (high >= plane))
        first, last = np.searchsorted(index.planes, [plane, np.nextafter(plane, np.inf)])
        through = index.spanning[(low[index.spanning] <= plane) & (high[index.spanning] >= plane)]
        return np.concatenate([index.rows[first:last], through])


_indices = Kept()


def index_of(cloud: ShapeCloud) -> ShapeIndex:
    """The index of a cloud, as far as it is built; made by the first call."""
    index: ShapeIndex = _indices.get(cloud, lambda: ShapeIndex(cloud))
    return index


def memory() -> int:
    """Bytes that are kept here for all layers together."""
    return sum(int(index.nbytes) for index in _indices.values())
