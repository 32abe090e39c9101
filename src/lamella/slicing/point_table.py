"""What workers keep of points between slices: columns, values and the index. Shared by all views and requests.

Everything here hangs on the frozen objects that requests refer to and goes with the last of these.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_cloud import PointCloud
from lamella.model.layers.point_style import Constant, Encoding
from lamella.model.layers.snapshots import snapshot_of_columns
from lamella.slicing.point_index import PointIndex

Values = npt.NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class Columns:
    """The coordinates of a cloud, one contiguous column an axis, and what is known about where they are.

    Attributes
    ----------
    columns : (ndim, n) array
    index : PointIndex
    """

    columns: Values
    index: PointIndex

    @property
    def count(self) -> int:
        return int(self.columns.shape[1])


class Kept:
    """Results by the object that they follow from, and gone with it; each is worked out once, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._locks: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()

    def get(self, owner: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            if owner in self._results:
                return self._results[owner]
            lock = self._locks.setdefault(owner, threading.Lock())
        with lock:
            with self._lock:
                if owner in self._results:
                    return self._results[owner]
            result = make()
            with self._lock:
                self._results[owner] = result
            return result

    def values(self) -> list[Any]:
        with self._lock:
            return list(self._results.values())


_columns = Kept()
_copies = Kept()
_indices = Kept()
_values = Kept()
_largest = Kept()
_building = threading.Lock()


def columns_of(cloud: PointCloud) -> Columns:
    """The columns of a cloud; the first call copies them if somebody may write to the coordinates."""
    index = _indices.get(cloud.lineage, PointIndex)
    return Columns(_columns.get(cloud, lambda: _contiguous(cloud)), index)


def _contiguous(cloud: PointCloud) -> Values:
    if cloud.settled and cloud.data.strides[0] == cloud.data.itemsize:
        return cloud.data.T
    columns = _copies.get(cloud, lambda: snapshot_of_columns(cloud.data))
    return columns.T  # type: ignore[no-any-return]


def values_of(encoding: Encoding, count: int) -> Values:
    """What `Encoding.values` says, worked out once."""
    result: Values = _values.get(encoding, lambda: encoding.values(count))
    return result


def values_of_rows(encoding: Encoding, count: int, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """The values of these rows; one for all takes no memory."""
    values = values_of(encoding, count)
    if isinstance(encoding, Constant):
        return np.broadcast_to(values, (len(rows), *values.shape))
    return values.take(rows, axis=0)


def largest_of(encoding: Encoding, count: int) -> float:
    """The largest of the values, worked out once; 0 without any."""
    result: float = _largest.get(encoding, lambda: float(values_of(encoding, count).max(initial=0)))
    return result


def build_index(cloud: PointCloud, axes: Sequence[int], stopped: Callable[[], bool]) -> None:
    """Sort what is not sorted yet along ``axes``. Returns at once while another thread is at it: the next slice will
    ask again."""
    table = columns_of(cloud)
    if not table.index.lacks(axes, table.count) or not _building.acquire(blocking=False):
        return
    try:
        for axis in table.index.lacks(axes, table.count):
            table.index.build(axis, table.columns[axis], stopped, _building)
    finally:
        _building.release()


def memory() -> dict[str, int]:
    """Bytes that are kept here for all layers together: ``"index"``, ``"copies"`` of coordinates, ``"values"``."""
    kept = {"index": _indices, "copies": _copies, "values": _values}
    return {name: sum(int(item.nbytes) for item in of.values()) for name, of in kept.items()}
