"""Which points a slice holds, and how their sizes change with the distance (SEMANTICS, "Points")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.point_index import AxisIndex, Ranges, Rows
from lamella.slicing.point_table import Columns

CLOSE = 1e-6  # low and high that differ by less are the same plane,
HALF_PLANE = 0.5  # which is this thick to either side
SCAN_SHARE = 4  # an index that leaves more than 1/4 of the rows costs more than it saves
_SCANNED = 2**15  # rows looked at in one go: they stay in the processor's cache, and other threads run between them

Floats = npt.NDArray[np.float64]
Sizes = npt.NDArray[np.float32]

_NONE: Rows = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Slab:
    """What of the not-displayed axes is in.

    Attributes
    ----------
    axes : tuple of int
        Not displayed.
    point, low, high : tuple of float
        Data coordinates; −inf and inf where there is no slab but only balls.
    mode : str
        ``"all"``, ``"rescale_linear"`` or ``"rescale_spherical"``.
    """

    axes: tuple[int, ...]
    point: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    mode: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The points of a slice.

    Attributes
    ----------
    rows : (n,) int64
        Ascending.
    sizes : (n,) float32
    """

    rows: Rows
    sizes: Sizes


def slab_of(
    axes: Sequence[int],
    point: Sequence[float],
    margin_left: Sequence[float],
    margin_right: Sequence[float],
    mode: str,
    out_of_slice_display: bool,
) -> Slab:
    """The slab of a request, all in data units on the axes that are not displayed."""
    low, high = list(point), list(point)
    if out_of_slice_display:
        low, high, mode = [-np.inf] * len(low), [np.inf] * len(high), "rescale_spherical"
    elif mode != "none":
        for i, (p, left, right) in enumerate(zip(point, margin_left, margin_right, strict=True)):
            low[i], high[i] = sorted((p - left, p + right))  # a negative scale turns them round
    for i in range(len(low)):
        if high[i] - low[i] <= CLOSE:
            low[i], high[i] = low[i] - HALF_PLANE, high[i] + HALF_PLANE
    return Slab(tuple(axes), tuple(point), tuple(low), tuple(high), "all" if mode == "none" else mode)


def select(
    table: Columns, slab: Slab, sizes: npt.NDArray[Any], shown: npt.NDArray[np.bool_], largest: float
) -> Selection:
    """The points of a slice.

    Parameters
    ----------
    table : Columns
    slab : Slab
    sizes : () or (n,) float32
    shown : () or (n,) bool
    largest : float
        Of the sizes: no ball reaches farther than half of it.
    """
    if not shown.ndim and not shown:
        rows = _NONE.copy()
    elif not slab.axes:
        rows = np.flatnonzero(shown) if shown.ndim else np.arange(table.count)
    else:
        rows = _rows(table, slab, largest / 2)
        if shown.ndim:
            rows = rows[shown.take(rows)]
    own = sizes.take(rows) if sizes.ndim else np.broadcast_to(sizes, rows.shape)
    if slab.axes and slab.mode == "rescale_linear":
        own = (own * _linear(table, slab, rows)).astype(np.float32)
    elif slab.axes and slab.mode == "rescale_spherical":
        rows, own = _spherical(table, slab, rows, own)
    return Selection(rows, own)


def _rows(table: Columns, slab: Slab, radius: float) -> Rows:
    """Rows in the slab, and in reach of a ball of that radius, ascending: by the index as far as there is one."""
    low, high = list(slab.low), list(slab.high)
    if slab.mode == "rescale_spherical":
        low = [max(a, p - radius) for a, p in zip(low, slab.point, strict=True)]
        high = [min(b, p + radius) for b, p in zip(high, slab.point, strict=True)]
    best: tuple[int, int, AxisIndex, Ranges] | None = None
    for i, (axis, a, b) in enumerate(zip(slab.axes, low, high, strict=True)):
        index = table.index[axis]
        if index is not None and index.rows <= table.count:
            ranges = index.ranges(a, b)
            most = ranges.most + table.count - index.rows
            if best is None or most < best[0]:
                best = (most, i, index, ranges)
    if best is None or best[0] * SCAN_SHARE > table.count:
        return np.concatenate([_NONE, *_scanned(table, slab.axes, low, high, 0)])
    most, by, known, ranges = best
    found = np.empty(most, np.int64)
    count = 0
    for inside, edges in known.candidates(ranges):
        edges = _within(table.columns[slab.axes[by]], edges, low[by], high[by])
        rows = np.concatenate([inside, edges])
        for i, axis in enumerate(slab.axes):
            if i != by:
                rows = _within(table.columns[axis], rows, low[i], high[i])
        rows.sort()
        found[count : count + len(rows)] = rows
        count += len(rows)
    for rows in _scanned(table, slab.axes, low, high, known.rows):
        found[count : count + len(rows)] = rows
        count += len(rows)
    return found[:count]


def _within(column: npt.NDArray[Any], rows: Rows, low: float, high: float) -> Rows:
    values = column.take(rows).astype(np.float64, copy=False)
    return rows[(values >= low) & (values <= high)]


def _scanned(
    table: Columns, axes: Sequence[int], low: Sequence[float], high: Sequence[float], first: int
) -> Iterator[Rows]:
    """Rows from ``first`` on within all bounds, by looking at each."""
    for start in range(first, table.count, _SCANNED):
        inside: npt.NDArray[np.bool_] | None = None
        for axis, a, b in zip(axes, low, high, strict=True):
            values = table.columns[axis, start : start + _SCANNED].astype(np.float64, copy=False)
            here = (values >= a) & (values <= b)
            inside = here if inside is None else inside & here
        if inside is not None and inside.any():
            yield np.flatnonzero(inside) + start


def _linear(table: Columns, slab: Slab, rows: Rows) -> Floats:
    """∏ (1 − d/e): 1 in the plane, 0 at the end of the margin."""
    factor = np.ones(len(rows))
    for axis, p, low, high in zip(slab.axes, slab.point, slab.low, slab.high, strict=True):
        distance = table.columns[axis].take(rows).astype(np.float64, copy=False) - p
        reach = np.where(distance < 0, low - p, high - p)
        factor *= 1 - np.divide(distance, reach, out=np.zeros_like(distance), where=distance != 0)
    return factor


def _spherical(table: Columns, slab: Slab, rows: Rows, sizes: Sizes) -> tuple[Rows, Sizes]:
    """Those of which the ball reaches the plane, with the diameter of the cut."""
    radius = sizes.astype(np.float64) / 2
    inside = np.ones(len(rows), np.bool_)
    product = np.ones(len(rows))
    with np.errstate(invalid="ignore", divide="ignore"):
        for axis, p in zip(slab.axes, slab.point, strict=True):
            distance = np.abs(table.columns[axis].take(rows).astype(np.float64, copy=False) - p)
            inside &= distance < radius
            product *= 1 - distance / radius
        depth = (1 - product) * radius
        cut = 2 * np.sqrt(np.maximum(radius**2 - depth**2, 0))
    return rows[inside], cut[inside].astype(np.float32)
