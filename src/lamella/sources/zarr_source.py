"""Arrays of zarr-python: by tensorstore where it can read them too, otherwise by zarr-python itself."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np

from lamella.sources.base import Pool, Source
from lamella.sources.credentials import has_aws_credentials
from lamella.sources.json_values import items, mapping, text
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location
from lamella.sources.zarr_python_source import zarr_pool, zarr_python_source

_REMOTE_STORES = ("FsspecStore", "ObjectStore")
# What stores may be told without its mattering to whoever else reads: how to ask, but not where, or as whom.
_CLIENT_OPTIONS = frozenset({
    "allow_http", "connect_timeout", "http1_only", "http2_only", "pool_idle_timeout", "pool_max_idle_per_host",
    "timeout",
})  # fmt: skip
_FILE_SYSTEM_OPTIONS = frozenset({"asynchronous", "skip_instance_cache", "use_listings_cache", "listings_expiry_time"})
_LEFT_OUT = ("attributes", "dimension_names", "consolidated_metadata", "node_type")


def zarr_source(array: Any, *, name: str | None = None, pool: Pool | None = None) -> Source:
    """Make a source of a ``zarr.Array``, from its metadata alone: nothing is read.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture.
    """
    location = location_of(array.store_path)
    name = name or (location.name if location is not None else f"the zarr array {array.name}")
    shape, dtype = tuple(int(n) for n in array.shape), np.dtype(array.dtype)
    check_dtype(name, dtype)
    check_shape(name, shape)
    chunk = _read_chunk(array, shape)
    if chunk is not None:
        check_chunk(name, chunk, dtype, array.shards)
        found = None if location is None else _by_tensorstore(array, location, name)
        if found is not None:
            return found
    if pool is None and location is None:
        pool = zarr_pool(remote=type(array.store_path.store).__name__ in _REMOTE_STORES)
    return zarr_python_source(array, name=name, chunk=chunk, location=location, pool=pool)


def name_of(array: Any) -> str:
    """What a layer of this array or group would be called; empty if it is in memory and has no path."""
    path = array.store_path.path.strip("/").rpartition("/")[2]
    location = None if path else location_of(array.store_path)
    return path or ("" if location is None else location.stem)


def axis_names(array: Any) -> tuple[str, ...] | None:
    """The names of its axes, if it has them: of zarr 3, or as xarray writes them into zarr 2."""
    names = getattr(array.metadata, "dimension_names", None) or items(
        mapping(array.metadata.attributes).get("_ARRAY_DIMENSIONS")
    )
    return tuple(text(name) for name in names) if len(names) == len(array.shape) and any(names) else None


def location_of(store_path: Any) -> Location | None:
    """Where a store of zarr-python is, for others to read; None where only zarr-python can."""
    url = _address(store_path.store)
    if url is None:
        return None
    try:
        base = Location("file", url) if os.path.isabs(url) else Location.parse(url)
        return base.child(store_path.path) if store_path.path else base
    except ValueError:
        return None


def _address(store: Any) -> str | None:
    """The absolute path, or the URL, of a store whose options say nothing that tensorstore would have to know."""
    inner: Any = getattr(store, "store", None)
    match type(store).__name__, type(inner).__name__:
        case "LocalStore", _:
            return str(os.path.abspath(store.root))
        case "ObjectStore", "LocalStore":
            return None if inner.prefix is None else str(os.path.abspath(inner.prefix))
        case "ObjectStore", "HTTPStore":
            return str(inner.url) if set(inner.client_options or ()) <= _CLIENT_OPTIONS else None
        case "ObjectStore", "S3Store" | "GCSStore" as kind:
            config = {str(key): value for key, value in inner.config.items()}
            told = {key for key, value in config.items() if key not in ("bucket", "region") and value is not None}
            plain = told <= ({"skip_signature"} if kind == "GCSStore" or not has_aws_credentials() else set())
            if not plain or inner.client_options or inner.credential_provider or "bucket" not in config:
                return None
            return f"{'s3' if kind == 'S3Store' else 'gs'}://{config['bucket']}/{inner.prefix or ''}"
        case "FsspecStore", _:
            return _address_of_file_system(store.fs, str(store.path))
    return None


def _address_of_file_system(fs: Any, path: str) -> str | None:
    protocols = (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
    told = set(fs.storage_options) - _FILE_SYSTEM_OPTIONS
    if "http" in protocols:
        return path if not told else None
    if "s3" in protocols and not has_aws_credentials() and told == {"anon"}:
        return f"s3://{path}"
    return None


def _read_chunk(array: Any, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The unit of reading, of shards the inner chunk; None if the grid is not regular."""
    try:
        return tuple(max(min(int(c), n), 1) for c, n in zip(array.chunks, shape, strict=True))
    except (NotImplementedError, TypeError):
        return None


def _by_tensorstore(array: Any, location: Location, name: str) -> Source | None:
    from lamella.sources.tensorstore_source import open_tensorstore

    driver = "zarr3" if array.metadata.zarr_format == 3 else "zarr"
    try:
        return open_tensorstore(location, driver=driver, metadata={"metadata": _document(array)}, name=name)
    except (ValueError, ImportError):
        return None


def _document(array: Any) -> dict[str, Any]:
    """The metadata as they are stored, as far as tensorstore wants to know them."""
    from zarr.core.buffer import default_buffer_prototype

    name = "zarr.json" if array.metadata.zarr_format == 3 else ".zarray"
    stored = array.metadata.to_buffer_dict(default_buffer_prototype())[name]
    document: dict[str, Any] = json.loads(stored.to_bytes())
    return {key: value for key, value in document.items() if key not in _LEFT_OUT}
