"""xarray: the array underneath as a source, and what its names, units and coordinates say of the axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Pool, Source
from lamella.sources.described import Described
from lamella.sources.host import to_host
from lamella.sources.opaque import OpaqueSource

EVEN = 1e-3  # coordinates count as evenly spaced if they differ from it by less than this part of a step
MOST_COORDINATES = 10**6  # longer ones are not looked at: it would take too long at the call


class LazyArray:
    """A DataArray that has not been read yet (a netCDF variable, say). ``[]`` reads, on the source's worker."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape = array.shape
        self.dtype = array.dtype
        chunks = array.encoding.get("chunksizes") or array.encoding.get("chunks")
        self.chunks = tuple(chunks) if chunks else None

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        return to_host(self._array[box].values)


def xarray_source(array: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of a DataArray: of the numpy or dask array underneath, otherwise of what reads it. Nothing is read.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture.
    """
    from lamella.sources import as_source

    name = name or (str(array.name) if array.name is not None else None)
    under = array.variable._data
    if isinstance(under, np.ndarray):
        return as_source(under, name=name)
    if type(under).__module__.partition(".")[0] != "xarray":  # dask, CuPy …
        return as_source(under, name=name, pool=pool)
    return OpaqueSource(LazyArray(array), name=name or "the xarray variable", pool=pool)


def describe_xarray(array: Any) -> Described:
    """What dimensions and coordinates say: dimensions are axes; evenly spaced coordinates are scale and translate.

    Coordinates in time are seconds. Uneven ones, and those that are no numbers, count the samples instead.
    """
    labels, scale, translate, units = [], [], [], []
    for axis, dim in enumerate(array.dims):
        step, start, unit = _spacing(array, dim, array.shape[axis])
        labels.append(str(dim))
        scale.append(step)
        translate.append(start)
        units.append(unit)
    return Described(
        name=str(array.name) if array.name is not None else None,
        axis_labels=tuple(labels),
        scale=tuple(scale),
        translate=tuple(translate),
        units=tuple(units),
    )


def _spacing(array: Any, dim: Any, length: int) -> tuple[float, float, str]:
    """Step, start and unit of an axis."""
    counted = (1.0, 0.0, "pixel")
    coordinate = array.coords.get(dim)
    if dim not in array.indexes or coordinate is None or not 1 < length <= MOST_COORDINATES:
        return counted
    values = np.asarray(array.indexes[dim])  # in memory, other than coordinates without an index
    unit = str(coordinate.attrs.get("units", "pixel"))
    if values.dtype.kind == "M":
        values, unit = (values - values[0]) / np.timedelta64(1, "s"), "second"
    elif values.dtype.kind == "m":
        values, unit = values / np.timedelta64(1, "s"), "second"
    elif values.dtype.kind not in "iuf":
        return counted
    values = values.astype(np.float64)
    step = (values[-1] - values[0]) / (length - 1)
    if not np.isfinite(step) or step == 0:
        return counted
    if np.abs(np.diff(values) - step).max() > EVEN * abs(step):
        return counted
    return float(step), float(values[0]), unit
