"""Arrays of zarr-python: by tensorstore where it can read them too, otherwise by zarr-python in the reader process."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Grid, Pool, Source, new_token
from lamella.sources.location import Location
from lamella.sources.opaque import MAX_CHUNK, OpaqueSource
from lamella.sources.portable import NotPortable, pickled

WORKERS = 8
_LEFT_OUT = ("attributes", "dimension_names", "consolidated_metadata", "node_type")


class ZarrArray:
    """An array of zarr-python for the reader process, where its stores are opened again."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        return np.asarray(self.array[box])

    def recipe(self) -> bytes:
        """The pickle of this.

        Raises
        ------
        NotPortable
        """
        store = self.array.store_path.store
        if type(store).__name__ in ("MemoryStore", "GpuMemoryStore", "ZipStore", "LoggingStore"):
            raise NotPortable(f"its {type(store).__name__} is only in this process")
        return pickled(self)


def zarr_pool() -> Pool:
    """A bulkhead for one image; its levels share it."""
    return Pool(key=f"zarr-python:{new_token()}", slots=WORKERS, threads=WORKERS)


def zarr_source(array: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of a ``zarr.Array``, from its metadata alone.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture.
    """
    found = _by_tensorstore(array)
    if found is not None:
        if name is not None:
            found.name = name
        return found
    wrapper = ZarrArray(array)
    chunk = tuple(max(min(int(c), n), 1) for c, n in zip(array.chunks, array.shape, strict=True))
    size = int(np.prod(chunk, dtype=object)) * array.dtype.itemsize
    return OpaqueSource(
        wrapper,
        name=name or array.name or "the zarr array",
        grid=Grid(chunk) if size <= MAX_CHUNK else None,
        pool=pool or zarr_pool(),
        recipe=wrapper.recipe,
    )


def _by_tensorstore(array: Any) -> Source | None:
    location = location_of(array.store_path)
    if location is None:
        return None
    from lamella.sources.tensorstore_source import open_tensorstore

    driver = "zarr3" if array.metadata.zarr_format == 3 else "zarr"
    try:
        return open_tensorstore(location, driver=driver, metadata={"metadata": _document(array)})
    except (ValueError, ImportError):
        return None


def _document(array: Any) -> dict[str, Any]:
    """The metadata as they are stored, as far as tensorstore wants to know them."""
    from zarr.core.buffer import default_buffer_prototype

    name = "zarr.json" if array.metadata.zarr_format == 3 else ".zarray"
    stored = array.metadata.to_buffer_dict(default_buffer_prototype())[name]
    document: dict[str, Any] = json.loads(stored.to_bytes())
    return {key: value for key, value in document.items() if key not in _LEFT_OUT}


def location_of(store_path: Any) -> Location | None:
    """Where a zarr-python store is, None where only zarr-python can go."""
    store, path = store_path.store, store_path.path
    kind = type(store).__name__
    try:
        if kind == "LocalStore":
            base = Location.parse(str(store.root))
        elif kind == "ObjectStore" and type(store.store).__name__ == "HTTPStore":
            base = Location.parse(store.store.url)
        elif kind == "ObjectStore" and type(store.store).__name__ == "LocalStore":
            base = Location.parse(str(store.store.prefix))
        elif kind == "FsspecStore" and store.fs.protocol in ("http", "https", ("http", "https")):
            base = Location.parse(store.path)
        else:
            return None  # buckets: credentials and endpoints are only in the store
        return base.child(path) if path else base
    except (ValueError, AttributeError, TypeError):
        return None
