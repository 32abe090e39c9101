"""One zarr array, version 2 or 3: its metadata, and the source that reads it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.io.errors import OpenError
from lamella.io.keys import clean
from lamella.io.metadata import integers
from lamella.sources.base import Source
from lamella.sources.json_values import items, mapping, text
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location
from lamella.sources.tensorstore_source import open_tensorstore

_V2_MEMBERS = ("zarr_format", "shape", "chunks", "dtype", "compressor", "fill_value", "order", "dimension_separator")
_V3_LEFT_OUT = ("attributes", "dimension_names", "consolidated_metadata")
_V3_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArrayMetadata:
    """What a store says of one array.

    Attributes
    ----------
    driver : str
        Of tensorstore.
    shape : tuple of int
    dtype : numpy.dtype
    chunks : tuple of int
        The unit of reading, of shards the inner chunk.
    shards : tuple of int or None
    codec : str
        For people.
    labels : tuple of str or None
        Names of the axes.
    document : dict
        What is handed on to the library that reads.
    """

    driver: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    codec: str
    labels: tuple[str, ...] | None
    document: dict[str, Any]

    @property
    def nbytes(self) -> int:
        """Bytes of all samples, not compressed."""
        return math.prod(self.shape) * self.dtype.itemsize


def parse_v2(document: dict[str, Any], attributes: dict[str, Any], where: str) -> ArrayMetadata:
    """Read the contents of ``.zarray`` and ``.zattrs``.

    Raises
    ------
    OpenError
        They are damaged, or the array breaks a limit.
    """
    shape = integers(document.get("shape"), "shape", where)
    chunks = integers(document.get("chunks"), "chunks", where)
    dtype = _dtype_v2(document.get("dtype"), where)
    compressor, filters = mapping(document.get("compressor")), items(document.get("filters"))
    codecs = [text(mapping(f).get("id")) for f in filters]
    if compressor:
        inner = text(compressor.get("cname"))
        codecs.append(text(compressor.get("id")) + (f" ({inner})" if inner else ""))
    kept: dict[str, Any] = {key: document[key] for key in _V2_MEMBERS if key in document}
    kept = {"zarr_format": 2, "fill_value": None, "compressor": None, "order": "C", **kept, "filters": filters or None}
    if dtype.kind in "iu" and isinstance(kept["fill_value"], float) and kept["fill_value"].is_integer():
        kept["fill_value"] = int(kept["fill_value"])
    return _checked(
        ArrayMetadata(
            driver="zarr",
            shape=shape,
            dtype=dtype,
            chunks=chunks,
            shards=None,
            codec=", ".join(codecs) or "not compressed",
            labels=_labels(attributes.get("_ARRAY_DIMENSIONS"), len(shape)),
            document=kept,
        ),
        where,
    )


def parse_v3(document: dict[str, Any], where: str) -> ArrayMetadata:
    """Read the contents of the ``zarr.json`` of an array.

    Raises
    ------
    OpenError
        They are damaged, or the array breaks a limit.
    """
    shape = integers(document.get("shape"), "shape", where)
    grid = mapping(document.get("chunk_grid"))
    if grid.get("name") != "regular":
        raise OpenError(f"{where} has a chunk grid of the kind {text(grid.get('name'))!r}; lamella reads regular ones")
    outer = integers(mapping(grid.get("configuration")).get("chunk_shape"), "chunk_shape", where)
    data_type = document.get("data_type")
    if data_type not in _V3_DTYPES:
        named = text(data_type) or text(mapping(data_type).get("name")) or "an unknown type"
        raise OpenError(
            f"{where} holds values of type {named}; lamella shows boolean, integer, floating and complex numbers"
        )
    codecs = [mapping(c) if not isinstance(c, str) else {"name": c} for c in items(document.get("codecs"))]
    names = [text(c.get("name")) for c in codecs]
    chunks, shards = outer, None
    if "sharding_indexed" in names:
        sharding = mapping(codecs[names.index("sharding_indexed")].get("configuration"))
        chunks, shards = integers(sharding.get("chunk_shape"), "chunk_shape", where), outer
        names += [text(mapping(c).get("name")) for c in items(sharding.get("codecs"))]
    return _checked(
        ArrayMetadata(
            driver="zarr3",
            shape=shape,
            dtype=np.dtype(data_type),
            chunks=chunks,
            shards=shards,
            codec=", ".join(n for n in names if n not in ("bytes", "sharding_indexed")) or "not compressed",
            labels=_labels(document.get("dimension_names"), len(shape)),
            document={k: v for k, v in document.items() if k not in _V3_LEFT_OUT},
        ),
        where,
    )


def open_array(location: Location, metadata: ArrayMetadata, context: Any) -> Source:
    """Make the source of an array whose metadata are known. Nothing is read.

    Raises
    ------
    OpenError
        No library that is installed can read it.
    """
    try:
        return open_tensorstore(
            location, driver=metadata.driver, metadata={"metadata": metadata.document}, context=context
        )
    except ValueError as error:
        refusal = clean(str(error))
    return _open_with_zarr_python(location, metadata, refusal)


def _open_with_zarr_python(location: Location, metadata: ArrayMetadata, refusal: str) -> Source:
    from lamella.sources.zarr_python_source import open_zarr_python

    try:
        return open_zarr_python(location, metadata=metadata.document, chunk=metadata.chunks)
    except ImportError:
        raise OpenError(
            f"{location.name} is encoded with {metadata.codec}, which needs zarr-python: pip install lamella[zarr]"
        ) from None
    except (ValueError, TypeError) as error:
        raise OpenError(f"{location.name} cannot be read ({refusal}; {clean(str(error))})") from None


def _checked(metadata: ArrayMetadata, where: str) -> ArrayMetadata:
    try:
        check_dtype(where, metadata.dtype)
        check_shape(where, metadata.shape)
        for what in (metadata.chunks, metadata.shards):
            if what is not None and len(what) != len(metadata.shape):
                raise ValueError(f"the metadata of {where} are damaged: chunks have {len(what)} axes, the array has "
                                 f"{len(metadata.shape)}")  # fmt: skip
        check_chunk(where, metadata.chunks, metadata.dtype, metadata.shards)
    except (TypeError, ValueError) as error:
        raise OpenError(str(error)) from None
    return metadata


def _dtype_v2(value: Any, where: str) -> np.dtype[Any]:
    if isinstance(value, list):
        raise OpenError(f"{where} holds records of several fields; lamella shows arrays of plain numbers")
    try:
        if not isinstance(value, str):
            raise TypeError
        return np.dtype(value)
    except (TypeError, ValueError):
        raise OpenError(f"the metadata of {where} are damaged: {text(value)!r} is no type of data") from None


def _labels(value: Any, ndim: int) -> tuple[str, ...] | None:
    names = tuple(text(n) for n in items(value))
    return names if len(names) == ndim and all(names) else None
