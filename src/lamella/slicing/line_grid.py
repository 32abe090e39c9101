"""Which lines, or boxes, lie near a place, without looking at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.pick_grid import WORTH_A_GRID, PickGrid

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

_SHORT = 1 / 128  # of the extent: lines that are longer are looked at one by one, so that a few do not cost all


@dataclass(frozen=True, eq=False, slots=True)
class LineGrid:
    """Lines by where they are. Immutable; made in a worker.

    Attributes
    ----------
    grid : PickGrid
        Of the middles of lines.
    long : (k,) array
        Lines that are longer than `reach` tells, ascending.
    reach : (2,) float64
        No end of another line is farther from its middle.
    """

    grid: PickGrid
    long: Index
    reach: Floats

    @property
    def nbytes(self) -> int:
        return self.grid.nbytes + self.long.nbytes

    @classmethod
    def of(cls, starts: npt.NDArray[Any], stops: npt.NDArray[Any]) -> LineGrid | None:
        """The grid of lines of two axes, (n, 2) finite numbers each; None where looking at all of them is as quick."""
        if len(starts) <= WORTH_A_GRID or starts.shape[1] != 2:
            return None
        middle = np.empty((2, len(starts)))  # contiguous along the lines: several times as fast
        half = np.empty_like(middle)
        for axis in range(2):
            start, stop = starts[:, axis].astype(np.float64), stops[:, axis].astype(np.float64)
            middle[axis], half[axis] = (start + stop) / 2, np.abs(stop - start) / 2
        reach = np.ptp(middle, axis=1) * _SHORT
        return cls(PickGrid.of(middle.T), np.flatnonzero((half > reach[:, None]).any(axis=0)), reach)

    def near(self, place: Floats, reach: Floats) -> Index:
        """Lines that may come within ``reach`` of a place, ascending."""
        found: Index = np.concatenate([self.grid.near(place, self.reach + reach), self.long])
        found.sort()  # np.union1d would import numpy.ma, on the main thread
        first: npt.NDArray[np.bool_] = np.diff(found, prepend=-1) != 0
        return found[first]
