"""Which points lie near a place, without looking at all of them: what is under the cursor is asked at each move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

WORTH_A_GRID = 200_000  # points; fewer are looked through in 0.5 ms
_SIDE = 255  # cells along each axis: their numbers fit 16 bits, which numpy sorts ten times as fast as wider ones

Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class PickGrid:
    """The points of a slice by the cell that they lie in. Immutable; made in a worker: 30 ms for a million points.

    Attributes
    ----------
    low, step : (2,) float arrays
        Corner of the grid, and the size of a cell.
    order : (n,) array
        Indices of the points, cell after cell, ascending within each.
    starts : (cells + 1,) array
        Where each cell begins in `order`.
    """

    low: npt.NDArray[np.float64]
    step: npt.NDArray[np.float64]
    order: npt.NDArray[Any]
    starts: Index

    @property
    def nbytes(self) -> int:
        return self.order.nbytes + self.starts.nbytes

    @classmethod
    def of(cls, coordinates: npt.NDArray[np.float64]) -> PickGrid:
        """The grid of points (n, 2); those that are not finite are near nothing."""
        known = np.isfinite(coordinates).all(axis=1)
        some = coordinates if known.all() else coordinates[known]
        low = some.min(axis=0) if len(some) else np.zeros(2)
        span = some.max(axis=0) - low if len(some) else np.zeros(2)
        step = np.where(span > 0, span, 1.0) / _SIDE
        cells = np.full(len(coordinates), _SIDE * _SIDE, np.uint16)  # one cell more, for what is not finite
        cells[known] = _cells(some, low, step) @ np.array([_SIDE, 1])
        order = np.argsort(cells, kind="stable").astype(np.uint32 if len(cells) < 2**32 else np.intp)
        starts = np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=_SIDE * _SIDE)[: _SIDE * _SIDE])])
        for array in (order, starts):
            array.setflags(write=False)
        return cls(low, step, order, starts)

    def near(self, position: npt.NDArray[np.float64], reach: npt.NDArray[np.float64]) -> Index:
        """Points that may lie within ``reach``, along each axis, of a place, ascending."""
        if (position + reach < self.low).any() or (position - reach > self.low + _SIDE * self.step).any():
            return np.empty(0, np.intp)
        (r0, c0), (r1, c1) = _cells(np.stack([position - reach, position + reach]), self.low, self.step).tolist()
        rows = [self.order[self.starts[r * _SIDE + c0] : self.starts[r * _SIDE + c1 + 1]] for r in range(r0, r1 + 1)]
        return np.sort(np.concatenate(rows)).astype(np.intp)


def _cells(places: npt.NDArray[np.float64], low: npt.NDArray[np.float64], step: npt.NDArray[np.float64]) -> Index:
    """Row and column of the cells of places, shape (n, 2), those outside at the edge."""
    numbers: Index = np.clip((places - low) / step, 0, _SIDE - 1).astype(np.intp)
    return numbers
