"""Where along an axis each point is: so that a slab costs what lies in it, not what there is.

The rows are cut into blocks of 65,536. Within a block they are sorted by the coordinate, and every 64th sorted value is
kept. A slab is then a range of the sorted rows of each block, up to 64 rows too long at either end. 2.1 bytes a point
and axis, since a row of a block is a number of 16 bits.

Blocks are what makes it cheap: sorting one takes 1 to 3 ms, so that it can be built in steps, ended at any moment,
used before it is whole and continued when points are added. For 10⁷ points an axis takes 0.1 to 0.3 s, up to 0.75 s on
a busy machine; a k-d tree of scipy took 1.8 s (100 planes) and 4.4 s (anywhere) there, and 10 to 23 ms to name the 10⁵
points of a slab, for which this takes 3 to 5 ms.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

BLOCK = 2**16  # rows whose numbers fit into 16 bits
STRIDE = 64  # of the sorted values that are kept: 1/8 of a byte a point
LEAST_BLOCKS = 3  # looking at fewer rows than these takes 0.2 ms without any index
PIECE = 2**14  # rows that are worked on in one go: arrays of them are small enough that memory is used again and again
_BLOCKS_A_STEP = 16  # until what is built can be used

Rows = npt.NDArray[np.int64]


class Ranges(NamedTuple):
    """Positions in the orders of the blocks, one each: rows from ``first`` to ``last`` are in, of those from ``start``
    and up to ``stop`` nobody knows yet."""

    start: Rows
    first: Rows
    last: Rows
    stop: Rows

    @property
    def most(self) -> int:
        """How many rows there can be."""
        return int((self.stop - self.start).sum())


@dataclass(frozen=True, eq=False, slots=True)
class AxisIndex:
    """The sorted blocks of one axis; immutable.

    Attributes
    ----------
    orders : (blocks, BLOCK) uint16
        Rows of each block by ascending coordinate, NaN last.
    fences : (blocks, BLOCK / STRIDE) float64
        Every `STRIDE`-th sorted coordinate.
    """

    orders: npt.NDArray[np.uint16]
    fences: npt.NDArray[np.float64]

    @property
    def rows(self) -> int:
        """How many rows it knows: the first ones."""
        return int(self.orders.size)

    @property
    def nbytes(self) -> int:
        return self.orders.nbytes + self.fences.nbytes

    def ranges(self, low: float, high: float) -> Ranges:
        """Where, in each block's order, the rows are of which the coordinate is in ``[low, high]``."""
        below = np.count_nonzero(self.fences < low, axis=1)
        within = np.count_nonzero(self.fences <= high, axis=1)
        start = np.maximum(below - 1, 0) * STRIDE
        stop = np.maximum(within * STRIDE, start)
        # From the first fence within to the last one every row is in.
        first = np.minimum(below * STRIDE, stop)
        last = np.maximum((within - 1) * STRIDE, first)
        return Ranges(start, first, last, stop)

    def candidates(self, ranges: Ranges) -> Iterator[tuple[Rows, Rows]]:
        """The rows in these ranges, in pieces of some thousand: those that are in, and those that may be."""
        inside: list[npt.NDArray[np.uint16]] = []
        edges: list[npt.NDArray[np.uint16]] = []
        blocks: list[int] = []
        count = 0
        for block, (start, first, last, stop) in enumerate(zip(*(r.tolist() for r in ranges), strict=True)):
            if start < stop:
                order = self.orders[block]
                inside.append(order[first:last])
                edges += (order[start:first], order[last:stop])
                blocks.append(block)
                count += stop - start
            if count >= PIECE:
                yield _rows_of(inside, blocks), _rows_of(edges, np.repeat(blocks, 2))
                inside, edges, blocks, count = [], [], [], 0
        if count:
            yield _rows_of(inside, blocks), _rows_of(edges, np.repeat(blocks, 2))


def _rows_of(parts: Sequence[npt.NDArray[np.uint16]], blocks: npt.ArrayLike) -> Rows:
    """Rows of blocks as rows of the cloud."""
    rows = np.concatenate(parts).astype(np.int64)
    rows += np.repeat(np.asarray(blocks) * BLOCK, [len(part) for part in parts])
    return rows


class PointIndex:
    """The axes of one lineage of clouds that have been sorted. Any thread may read; one at a time builds.

    Invariant: an `AxisIndex` here is complete for the rows that it knows, and never changed.
    """

    def __init__(self) -> None:
        self._axes: dict[int, AxisIndex] = {}

    def __getitem__(self, axis: int) -> AxisIndex | None:
        return self._axes.get(axis)

    @property
    def nbytes(self) -> int:
        return sum(axis.nbytes for axis in list(self._axes.values()))

    def lacks(self, axes: Sequence[int], rows: int) -> list[int]:
        """Those of the axes of which a whole block of the first ``rows`` is not sorted yet."""
        whole = rows // BLOCK * BLOCK
        if whole < LEAST_BLOCKS * BLOCK:
            return []
        return [a for a in axes if (known := self._axes.get(a)) is None or known.rows < whole]

    def build(self, axis: int, column: npt.NDArray[Any], stopped: Callable[[], bool], building: threading.Lock) -> None:
        """Sort the blocks of a column that are not sorted yet; what is done counts even if it is stopped.

        Parameters
        ----------
        axis : int
        column : (n,) array
        stopped : callable
            Asked before each step of about 40 ms.
        building : Lock
            Held by the caller.
        """
        assert building.locked(), "two threads would sort the same"
        known = self._axes.get(axis)
        done = 0 if known is None else len(known.orders)
        blocks = len(column) // BLOCK
        orders = np.empty((blocks, BLOCK), np.uint16)
        fences = np.empty((blocks, BLOCK // STRIDE))
        if known is not None:
            orders[:done], fences[:done] = known.orders, known.fences
        while done < blocks and not stopped():
            for block in range(done, min(done + _BLOCKS_A_STEP, blocks)):
                values = column[block * BLOCK : (block + 1) * BLOCK].astype(np.float64)
                order = np.argsort(values)
                orders[block] = order
                fences[block] = values[order[::STRIDE]]
                done = block + 1
            self._axes[axis] = AxisIndex(orders[:done], fences[:done])
