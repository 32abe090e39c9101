"""Which track is near the cursor, without looking at all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.pick_grid import WORTH_A_GRID, PickGrid
from lamella.slicing.primitives import Clock

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

_SHORT = 1 / 128  # of the extent: lines that are longer are looked at one by one, so that a few do not cost all


def alpha_at(times: Floats, ends: Floats, clock: Clock | None) -> Floats:
    """How much is seen of places of tracks (SEMANTICS, "Tracks").

    Parameters
    ----------
    times, ends : (n,) float64
        Of each place, and the last one of its track, relative to the same origin as ``clock.now``.
    clock : Clock or None
        None: everything is seen.
    """
    if clock is None:
        return np.ones(len(times))
    alpha: Floats
    if clock.tail + clock.head == 0:
        alpha = (times == clock.now).astype(np.float64)
    else:
        alpha = np.clip(1 - (clock.head + clock.now - times) / (clock.tail + clock.head), 0, 1)
        alpha[times > clock.now + clock.head] = 0
    if clock.hide_completed:
        alpha[ends < clock.now] = 0
    return alpha


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
        return np.union1d(self.grid.near(place, self.reach + reach), self.long)


def nearest(
    segments: npt.NDArray[Any],
    among: Index,
    place: Floats,
    linear: Floats,
    reach: float,
    clock: Clock | None,
) -> int | None:
    """The visible segment that comes nearest to a place, of equally near ones the last; None if none is near.

    Parameters
    ----------
    segments : (n,) of `segment_dtype`
    among : (k,) array
        The segments to look at, ascending.
    place : (displayed,) float64
        Relative to the same origin as the segments.
    linear : (displayed, displayed) float64
        Data → world.
    reach : float
        World units.
    clock : Clock or None
    """
    if clock is not None:
        clock = replace(clock, now=float(np.float32(clock.now)))  # as the times of segments are
    lines = segments[among]
    away = (lines["start"] - place) @ linear.T
    along = (lines["stop"] - place) @ linear.T - away
    length = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    part = np.clip(-(away * along).sum(axis=1) / length, 0, 1)
    distance = np.linalg.norm(away + part[:, None] * along, axis=1)
    first, second = lines["times"].astype(np.float64).T
    times = np.where(part < 1, first + part * (second - first), second)
    seen = (distance <= reach) & (alpha_at(times, lines["end"].astype(np.float64), clock) > 0)
    if not seen.any():
        return None
    distance[~seen] = np.inf
    return int(among[len(among) - 1 - int(np.argmin(distance[::-1]))])
