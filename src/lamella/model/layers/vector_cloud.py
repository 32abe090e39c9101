"""Where vectors start and where they point: an array that slicing refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_cloud import PointCloud, as_numbers
from lamella.model.layers.snapshots import AT_THE_CALL, is_writable, snapshot_of_columns

Array = npt.NDArray[np.float64]

_PIECE = 2**14  # rows at a time stay in the processor's cache


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class VectorCloud:
    """Starts and directions. Made by `VectorCloud.of`, on any thread: then handing them to a layer costs less.

    Attributes
    ----------
    cloud : PointCloud
        One row a vector: the start, and after it the direction. Slicing knows its starts as those of points. Its extent
        is not looked for, since that of vectors depends on their length.
    """

    cloud: PointCloud

    @classmethod
    def of(cls, data: Any, ndim: int | None = None) -> VectorCloud:
        """Check vectors.

        Arrays of up to 1 MiB are copied. Larger ones are copied by the first slice, on another thread; those on a grid
        here, as each gets its start.

        Parameters
        ----------
        data : (n, 2, ndim) array, (n1, …, nd, d) array or None
            Start and direction of each vector; or a direction at each place of a grid, of which the index is the start.
            An array of the shape (n, 2, 2) is n vectors. None: no vectors.
        ndim : int, optional
            Axes of a cloud without vectors; 2 by default.

        Raises
        ------
        TypeError
            They are no numbers.
        ValueError
            They have another shape.
        """
        empty = np.empty((0, 2, ndim or 2))
        array = as_numbers(empty if data is None else data, "vector", "one start and one direction a vector")
        array = empty if array.shape == (0,) else array
        if array.ndim == 3 and array.shape[1] == 2 and array.shape[2] >= 2:
            rows, axes = array.reshape(len(array), 2 * array.shape[2]), array.shape[2]
        elif array.ndim >= 3 and array.shape[-1] == array.ndim - 1:
            rows, axes = _on_grid(array), array.ndim - 1
        else:
            raise ValueError(
                "data must have the shape (vectors, 2, axes), a start and a direction each, or (n1, …, nd, d), a "
                f"direction at each place of a grid, with at least two axes, not {array.shape}"
                + (": a single vector is [[[y, x], [dy, dx]]]" if array.ndim == 2 else "")
            )
        if ndim is not None and axes != ndim:
            raise ValueError(f"data must have vectors of {ndim} axes, not {axes}")
        if rows.nbytes <= AT_THE_CALL and is_writable(rows):
            rows = snapshot_of_columns(rows)
        return cls(PointCloud(rows, None, settled=not is_writable(rows)))

    @property
    def data(self) -> npt.NDArray[Any]:
        """Start and direction of each vector, (n, 2, ndim)."""
        return self.cloud.data.reshape(self.count, 2, self.ndim)

    @property
    def count(self) -> int:
        return self.cloud.count

    @property
    def ndim(self) -> int:
        """Axes of the layer."""
        return self.cloud.ndim // 2

    def extent(self, length: float) -> Array | None:
        """Smallest and largest finite coordinate of starts and ends, (2, ndim), read-only; NaN on an axis without any.

        One pass over all vectors. None without vectors.
        """
        if not self.count:
            return None
        low, high = np.full(self.ndim, np.nan), np.full(self.ndim, np.nan)
        for start in range(0, self.count, _PIECE):
            columns = np.array(self.cloud.data[start : start + _PIECE].T, np.float64, order="C")
            starts, ends = columns[: self.ndim], columns[self.ndim :]
            with np.errstate(over="ignore", invalid="ignore"):
                ends *= length
                ends += starts
            for places in (starts, ends):
                least, most = places.min(axis=1), places.max(axis=1)
                if not (np.isfinite(least).all() and np.isfinite(most).all()):
                    places[~np.isfinite(places)] = np.nan
                    least, most = np.fmin.reduce(places, axis=1), np.fmax.reduce(places, axis=1)
                low, high = np.fmin(low, least), np.fmax(high, most)
        extent: Array = np.stack([low, high])
        extent.setflags(write=False)
        return extent


def _on_grid(directions: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows of start and direction: (n1, …, nd, d) → (n, 2 d), each column contiguous."""
    *grid, ndim = directions.shape
    columns = np.empty((2 * ndim, *grid), np.result_type(directions.dtype, np.float32))
    for axis, n in enumerate(grid):
        columns[axis] = np.arange(n).reshape([-1 if a == axis else 1 for a in range(ndim)])
        columns[ndim + axis] = directions[..., axis]
    rows = columns.reshape(2 * ndim, -1).T
    columns.setflags(write=False)
    rows.setflags(write=False)
    return rows
