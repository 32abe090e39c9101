"""xarray: the array underneath as a source, and what its names, units and coordinates say of the axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Pool, Source
from lamella.sources.described import Described
from lamella.sources.host import to_host
from lamella.sources.opaque import OpaqueSource
from lamella.sources.portable import pickled

EVEN = 1e-2  # of a step: coordinates that lie no further from evenly spaced ones are those; single precision is
MOST_COORDINATES = 10**6  # longer ones are not looked at: it would take too long at the call


class LazyVariable:
    """A variable that has not been read yet, of a netCDF file say. ``[]`` reads a part of it, on workers."""

    def __init__(self, variable: Any) -> None:
        chunks = variable.encoding.get("chunksizes") or variable.encoding.get("chunks")
        self.shape = variable.shape
        self.dtype = variable.dtype
        self.chunks = tuple(chunks) if chunks else None
        self._variable = variable

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        return to_host(self._variable[box].values)

    def recipe(self) -> bytes:
        """The pickle of this: xarray opens the file again.

        Raises
        ------
        NotPortable
        """
        return pickled(self)


def xarray_source(array: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of a DataArray: of the numpy or dask array underneath, otherwise of what reads it. Nothing is read.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture.
    """
    from lamella.sources.dispatch import as_source

    name = name or (str(array.name) if array.name is not None else "the xarray DataArray")
    under = array.variable._data  # `data` would read all of a lazy one
    if type(under).__module__.partition(".")[0] != "xarray":
        return as_source(under, name=name, pool=pool)
    lazy = LazyVariable(array.variable)
    return OpaqueSource(lazy, name=name, pool=pool, recipe=lazy.recipe)


def describe_xarray(array: Any) -> Described:
    """What dimensions and coordinates say: dimensions are axes; evenly spaced coordinates are scale and translate.

    Times are seconds since the first, which ``metadata["time_origin"]`` gives for each such dimension. Coordinates that
    are uneven, or no numbers, count the samples instead; ``metadata["uneven_coordinates"]`` names their dimensions.
    """
    axes = [_Axis(array, dim, length) for dim, length in zip(array.dims, array.shape, strict=True)]
    origins = {axis.label: axis.origin for axis in axes if axis.origin is not None}
    uneven = tuple(axis.label for axis in axes if axis.uneven)
    return Described(
        name="" if array.name is None else str(array.name),
        axis_labels=tuple(axis.label for axis in axes),
        scale=tuple(axis.step for axis in axes),
        translate=tuple(axis.start for axis in axes),
        units=tuple(axis.unit for axis in axes),
        metadata={
            **({"time_origin": origins} if origins else {}),
            **({"uneven_coordinates": uneven} if uneven else {}),
        },
    )


class _Axis:
    """One dimension: step, start and unit of its coordinates, as far as they are evenly spaced."""

    def __init__(self, array: Any, dim: Any, length: int) -> None:
        self.label = str(dim)
        self.step, self.start, self.unit = 1.0, 0.0, "pixel"
        self.origin: np.datetime64 | None = None
        self.uneven = False
        if dim in array.indexes and length <= MOST_COORDINATES:  # in memory, other than coordinates without an index
            self.uneven = not self._take(np.asarray(array.indexes[dim]), array.coords[dim].attrs.get("units"))

    def _take(self, values: npt.NDArray[Any], unit: Any) -> bool:
        """Take over coordinates; False where they are no even numbers."""
        origin = None
        if values.dtype.kind == "M":
            origin, values = values[0], values - values[0]
        if values.dtype.kind == "m":
            values, unit = values / np.timedelta64(1, "s"), "second"
        if values.dtype.kind not in "iuf" or values.ndim != 1:
            return False
        values = values.astype(np.float64)
        step = (values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0
        with np.errstate(invalid="ignore", over="ignore"):
            away = np.abs(values - (values[0] + step * np.arange(len(values)))).max()
        if step == 0 or not away <= EVEN * abs(step):  # NaN is not
            return False
        self.step, self.start, self.origin = float(step), float(values[0]), origin
        self.unit = unit if isinstance(unit, str) and unit else "pixel"
        return True
