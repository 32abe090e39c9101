"""From whatever a user calls an array to its source. No library is imported that the data do not come from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from lamella.sources.array import ArraySource
from lamella.sources.base import Pool, Source
from lamella.sources.multiscale import Multiscale
from lamella.sources.opaque import OpaqueSource

_INTERFACES = ("__array_interface__", "__cuda_array_interface__", "__dlpack__", "__array__")
_PARTS = (list, tuple, int, float, complex, str, bytes, dict, np.generic)  # of an array that is given as a list
_LISTED = 10


def as_source(data: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of whatever a user calls an array. Nothing of it is read, computed or copied.

    Parameters
    ----------
    data : array-like
        A source; a numpy array or memory map; a tensorstore; an array of zarr-python, dask, h5py or xarray; an array of
        CuPy, torch and others with ``__dlpack__``, ``__array_interface__``, ``__cuda_array_interface__`` or
        ``__array__``; nested lists of numbers; or any object with ``shape``, ``dtype`` and ``[]``, which gets a worker
        of its own.
    name : str, optional
        What messages call it.
    pool : Pool, optional
        The bulkhead of an array that a Python library reads, if it is to share that of another.

    Returns
    -------
    Source

    Raises
    ------
    TypeError
        It is none of these, or holds no numbers.
    ValueError
        It has no axis or no sample, is a collection of arrays, or its file is closed.
    """
    if all(hasattr(type(data), method) for method in ("grid", "read", "close")):
        return data  # type: ignore[no-any-return]
    if isinstance(data, np.ndarray):
        return ArraySource(data, name=name)
    if isinstance(data, (list, tuple, int, float, complex, np.generic)):
        return ArraySource(_stacked(data), name=name)
    found = _library_source(data, name, pool)
    if found is not None:
        return found
    if hasattr(type(data), "__getitem__") and not isinstance(data, (str, bytes, dict)):
        return OpaqueSource(data, name=name)
    raise TypeError(
        f"lamella cannot show a {type(data).__name__}: it needs a numpy array or an object with shape, dtype and []"
    )


def as_multiscale(data: Any, *, multiscale: bool | None = None) -> Multiscale:
    """Make an image of one array, or of several resolutions of it.

    Parameters
    ----------
    data : array-like, list or tuple of array-likes, OME-Zarr group of zarr-python, or Multiscale
        Several arrays: finest first, coarser by any factor on every axis.
    multiscale : bool, optional
        Whether ``data`` is a list of resolutions. If not given, a list or tuple of arrays is one, unless they are numpy
        arrays of the same shape: then they are stacked.

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
    if _library_of(data) == ("zarr", "Group"):
        from lamella.sources.zarr_group import group_arrays

        return Multiscale(_levels(group_arrays(data)))
    is_list = isinstance(data, (list, tuple))
    if multiscale and not is_list:
        raise TypeError(f"multiscale=True needs a list of arrays, finest first, not a {type(data).__name__}")
    if is_list and len(data) == 0:
        raise ValueError("the list of resolutions is empty; give at least one array")
    if not is_list or multiscale is False or (multiscale is None and not _looks_like_levels(data)):
        return Multiscale((as_source(data),))
    levels = _levels(data)
    _check_levels(levels)
    return Multiscale(levels)


def _levels(arrays: Iterable[Any]) -> tuple[Source, ...]:
    """The sources of one image; those that the same library reads share a bulkhead, and so a reader process."""
    sources: list[Source] = []
    pools: dict[Any, Pool] = {}
    for array in arrays:
        library = _library_of(array)
        if library == ("xarray", "DataArray"):
            library = _library_of(array.variable._data)
        source = as_source(array, pool=pools.get(library))
        if isinstance(source, OpaqueSource):
            pools.setdefault(library, source.pool)
        sources.append(source)
    return tuple(sources)


def _library_of(data: Any) -> tuple[str, str]:
    """The package and the class of an object, without asking the object."""
    return type(data).__module__.partition(".")[0], type(data).__name__


def _library_source(data: Any, name: str | None, pool: Pool | None) -> Source | None:
    """The source of an array of a library that lamella knows; None for any other object.

    Raises
    ------
    TypeError
        It holds no numbers.
    ValueError
        It has no axis or no sample, cannot be read any more, or is a collection of arrays: the sentence names some.
    """
    match _library_of(data):
        case "tensorstore", "TensorStore":
            from lamella.sources.tensorstore_source import TensorStoreSource

            return TensorStoreSource(data, name=name)
        case "zarr", "Array":
            from lamella.sources.zarr_source import zarr_source

            return zarr_source(data, name=name, pool=pool)
        case "zarr", "Group":
            raise ValueError("a zarr group is not an array: give one of its arrays, or add the group as an image")
        case "dask", "Array":
            from lamella.sources.dask_source import dask_source

            return dask_source(data, name=name, pool=pool)
        case "h5py", "Dataset":
            from lamella.sources.h5py_source import h5py_source

            return h5py_source(data, name=name)
        case "h5py", "Group" | "File" as kind:
            inside = _listed(data) if data else "none any more, it is closed"
            raise ValueError(f"an HDF5 {kind.lower()} is not an array: give one of its datasets ({inside})")
        case "xarray", "DataArray":
            from lamella.sources.xarray_source import xarray_source

            return xarray_source(data, name=name, pool=pool)
        case "xarray", "Dataset" | "DataTree" as kind:
            variables = data.data_vars
            raise ValueError(f"an xarray {kind} is not an array: give one of its variables ({_listed(variables)})")
    if any(hasattr(type(data), interface) for interface in _INTERFACES):
        from lamella.sources.host import HostSource

        return HostSource(data, name=name)
    return None


def _looks_like_levels(data: list[Any] | tuple[Any, ...]) -> bool:
    if all(isinstance(level, np.ndarray) for level in data):
        return len(data) == 1 or len({level.shape for level in data}) > 1
    return not any(isinstance(level, _PARTS) for level in data)


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
    if not _in_memory(data):
        raise TypeError(
            "only numpy arrays and numbers are stacked by themselves; stack others with numpy.stack, or with "
            "dask.array.stack if they are not in memory"
        )
    try:
        return np.asarray(data)
    except ValueError:
        raise ValueError(
            "the list of arrays is ragged: give arrays of one shape, or resolutions, finest first"
        ) from None


def _in_memory(data: Any) -> bool:
    """Whether numpy can stack it without reading or computing anything."""
    return all(map(_in_memory, data)) if isinstance(data, (list, tuple)) else isinstance(data, (np.ndarray, *_PARTS))


def _listed(names: Iterable[Any]) -> str:
    found = [repr(str(name)) for name in itertools.islice(names, _LISTED + 1)]
    return ", ".join(found[:_LISTED]) + (", …" if len(found) > _LISTED else "") or "it has none"
