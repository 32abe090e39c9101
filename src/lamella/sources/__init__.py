"""Where data is: one small `Source` protocol over arrays in memory, chunked stores and anything that can be indexed."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lamella.sources.array import ArraySource
from lamella.sources.base import (
    RETRYABLE,
    Box,
    Failed,
    FailureKind,
    Grid,
    Loaded,
    Missing,
    Outcome,
    Pool,
    Source,
    nbytes,
    new_token,
)
from lamella.sources.multiscale import Multiscale
from lamella.sources.opaque import OpaqueSource

__all__ = [
    "RETRYABLE",
    "ArraySource",
    "Box",
    "Failed",
    "FailureKind",
    "Grid",
    "Loaded",
    "Missing",
    "Multiscale",
    "OpaqueSource",
    "Outcome",
    "Pool",
    "Source",
    "as_multiscale",
    "as_source",
    "nbytes",
    "new_token",
]


def as_source(data: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of whatever a user calls an array. Nothing of it is read, computed or copied.

    Parameters
    ----------
    data : array-like
        A source; a numpy array or memory map; a tensorstore; an array of zarr-python, dask, h5py, xarray, CuPy or
        torch; nested lists of numbers; or any object with ``shape``, ``dtype`` and ``[]``, which gets a worker of its
        own.
    name : str, optional
        What messages call it.
    pool : Pool, optional
        The bulkhead of arrays that are read by Python libraries; the levels of an image share one.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        It is none of these, or holds no numbers.
    ValueError
        It has no axis or no sample, or is a collection of arrays.
    """
    if all(hasattr(type(data), method) for method in ("grid", "read", "close")):
        return data  # type: ignore[no-any-return]
    if isinstance(data, np.ndarray):
        return ArraySource(data, name=name)
    if type(data).__module__.partition(".")[0] == "tensorstore" and type(data).__name__ == "TensorStore":
        from lamella.sources.tensorstore_source import TensorStoreSource

        return TensorStoreSource(data, name=name)
    if isinstance(data, (list, tuple, int, float, complex, np.generic)):
        return ArraySource(_stacked(data), name=name)
    library, kind = type(data).__module__.partition(".")[0], type(data).__name__
    match library, kind:
        case "zarr", "Array":
            from lamella.sources.zarr_source import zarr_source

            return zarr_source(data, name=name, pool=pool)
        case "zarr", "Group":
            raise ValueError(
                "a zarr group is not an array: give one of its arrays, or add the group itself as an image"
            )
        case "dask", "Array":
            from lamella.sources.dask_source import dask_source

            return dask_source(data, name=name, pool=pool)
        case "h5py", "Dataset":
            from lamella.sources.h5py_source import h5py_source

            return h5py_source(data, name=name)
        case "h5py", "Group" | "File":
            inside = ", ".join(repr(key) for key in list(data)[:10])
            raise ValueError(f"an HDF5 {kind.lower()} is not an array: give one of its datasets ({inside})")
        case "xarray", "DataArray":
            from lamella.sources.xarray_source import xarray_source

            return xarray_source(data, name=name, pool=pool)
        case "xarray", "Dataset" | "DataTree":
            inside = ", ".join(repr(str(key)) for key in list(data)[:10])
            raise ValueError(f"an xarray {kind} is not an array: give one of its variables ({inside})")
    if any(hasattr(type(data), interface) for interface in _INTERFACES):
        from lamella.sources.host import HostArray

        try:
            return OpaqueSource(HostArray(data), name=name or kind, pool=pool)
        except AttributeError:
            raise TypeError(
                f"lamella cannot see the shape of a {kind} before it is copied; give np.asarray(of it)"
            ) from None
    if hasattr(type(data), "__getitem__") and not isinstance(data, (str, bytes, dict)):
        return OpaqueSource(data, name=name)
    raise TypeError(
        f"lamella cannot show a {type(data).__name__}: it needs a numpy array or an object with shape, dtype and []"
    )


_INTERFACES = ("__array_interface__", "__cuda_array_interface__", "__dlpack__", "__array__")


def as_multiscale(data: Any, *, multiscale: bool | None = None) -> Multiscale:
    """Make an image of one array, or of several resolutions of it.

    Parameters
    ----------
    data : array-like, or list or tuple of array-likes, or Multiscale
        Several arrays: finest first, coarser by any factor on every axis.
    multiscale : bool, optional
        Whether ``data`` is a list of resolutions. If not given, a list or tuple of arrays is one, unless they all have
        the same shape: then they are stacked.

    Returns
    -------
    Multiscale

    Raises
    ------
    TypeError, ValueError
        An array cannot be shown, or the levels do not belong together.
    """
    if isinstance(data, Multiscale):
        return data
    if type(data).__module__.partition(".")[0] == "zarr" and type(data).__name__ == "Group":
        from lamella.sources.zarr_group import group_levels

        levels = group_levels(data)
        _check_levels(levels)
        return Multiscale(levels)
    is_list = isinstance(data, (list, tuple))
    if multiscale and not is_list:
        raise TypeError(f"multiscale=True needs a list of arrays, finest first, not a {type(data).__name__}")
    if is_list and len(data) == 0:
        raise ValueError("the list of resolutions is empty; give at least one array")
    if not is_list or multiscale is False or (multiscale is None and not _looks_like_levels(data)):
        return Multiscale((as_source(data),))
    pool = _common_pool(data)
    levels = tuple(as_source(level, pool=pool) for level in data)
    _check_levels(levels)
    return Multiscale(levels)


def _common_pool(levels: list[Any] | tuple[Any, ...]) -> Pool | None:
    """One bulkhead for all levels of an image that a Python library reads."""
    libraries = {type(level).__module__.partition(".")[0] for level in levels}
    if libraries == {"dask"} or (libraries == {"xarray"} and all(level.chunks for level in levels)):
        from lamella.sources.dask_source import dask_pool

        return dask_pool()
    if libraries == {"zarr"}:
        from lamella.sources.zarr_source import zarr_pool

        return zarr_pool()
    return None


def _looks_like_levels(data: list[Any] | tuple[Any, ...]) -> bool:
    if not all(hasattr(type(level), "shape") or hasattr(level, "shape") for level in data):
        return False
    if all(isinstance(level, np.ndarray) for level in data):
        return len(data) == 1 or len({level.shape for level in data}) > 1
    return True


def _check_levels(levels: tuple[Source, ...]) -> None:
    first = levels[0]
    for number, (finer, level) in enumerate(itertools.pairwise(levels), start=1):
        if len(level.shape) != len(first.shape):
            raise ValueError(
                f"level {number} has {len(level.shape)} axes and level 0 has {len(first.shape)}; all resolutions of "
                "one image need the same"
            )
        if level.dtype.newbyteorder("=") != first.dtype.newbyteorder("="):
            raise ValueError(
                f"level {number} is of {level.dtype} and level 0 of {first.dtype}; all resolutions of one image need "
                "the same dtype"
            )
        if any(n > m for n, m in zip(level.shape, finer.shape, strict=True)):
            raise ValueError(
                f"level {number} of shape {level.shape} is larger than the one before, {finer.shape}; give the finest "
                "resolution first"
            )


def _stacked(data: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(data)
    except ValueError:
        raise ValueError(
            "the list of arrays is ragged: give arrays of one shape, or resolutions, finest first"
        ) from None
