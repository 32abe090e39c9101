"""neuroglancer precomputed volumes. They count x, y, z, channel from the fastest: lamella shows z, y, x."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.io.errors import OpenError
from lamella.io.keys import Session, clean
from lamella.io.metadata import integers
from lamella.io.stored_image import LevelDescription, StoredImage, nbytes_of
from lamella.sources.json_values import items, mapping, numbers, text
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location
from lamella.sources.multiscale import usable_levels
from lamella.sources.ome_metadata import MAX_LEVELS, Axis
from lamella.sources.tensorstore_source import open_tensorstore

MAX_MINISHARD_BITS = 24  # real volumes use up to about 12; the index has 16 bytes for each of the 2^bits
_DTYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float32")
_MULTISCALE_MEMBERS = ("type", "data_type", "num_channels")


def open_precomputed(session: Session, location: Location, info: dict[str, Any]) -> StoredImage:
    """Open the volume whose ``info`` file holds ``info``.

    Raises
    ------
    OpenError
        It is damaged or no volume.
    """
    name = info.get("data_type")
    if name not in _DTYPES:
        raise OpenError(f"{location.name} holds values of type {text(name) or 'unknown'}; lamella shows numbers only")
    dtype = np.dtype(name)
    (channels,) = integers([info.get("num_channels", 1)], "num_channels", location.name)
    scales = [mapping(s) for s in items(info.get("scales"))]
    if not scales or len(scales) > MAX_LEVELS:
        raise OpenError(f"{location.name} names {len(scales)} resolutions; lamella opens 1 to {MAX_LEVELS}")
    rgb = channels in (3, 4) and dtype == np.uint8
    order = (2, 1, 0, 3) if rgb else (3, 2, 1, 0)
    parsed = [_scale(s, channels, dtype, location.name) for s in scales]
    kept = usable_levels([shape for shape, _ in parsed], [dtype] * len(parsed))
    sources, levels = [], []
    for i in kept:
        shape, chunk = parsed[i]
        key = text(scales[i].get("key"))
        location.child(key)  # refuses keys that leave the store
        spec = {
            "multiscale_metadata": {k: info[k] for k in _MULTISCALE_MEMBERS if k in info},
            "scale_metadata": _for_tensorstore(scales[i]),
        }
        try:
            sources.append(
                open_tensorstore(
                    location,
                    driver="neuroglancer_precomputed",
                    metadata=spec,
                    context=session.context,
                    order=order,
                    name=f"{location.name}/{key}",
                )
            )
        except ValueError as error:
            raise OpenError(f"{location.name} cannot be read: {clean(str(error))}") from None
        shape, chunk = tuple(shape[a] for a in order), tuple(chunk[a] for a in order)
        codec = text(scales[i].get("encoding"))
        levels.append(LevelDescription(key, shape, chunk, None, codec, nbytes_of(shape, dtype.itemsize)))
    scale, translate = _geometry(scales[0])
    axes = tuple(Axis(n, "channel" if n == "c" else "space", "" if n == "c" else "nm") for n in "xyzc")
    return StoredImage(
        location=location.name,
        name=location.stem,
        format="neuroglancer precomputed",
        sources=tuple(sources),
        levels=tuple(levels),
        axes=tuple(axes[a] for a in order),
        scale=tuple(scale[a] for a in order),
        translate=tuple(translate[a] for a in order),
        rgb=rgb,
    )


def _scale(
    scale: dict[str, Any], channels: int, dtype: np.dtype[Any], where: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shape and chunk in the order x, y, z, channel."""
    shape = (*integers(scale.get("size"), "size", where), channels)
    chunk_sizes = items(scale.get("chunk_sizes"))
    chunk = (*integers(chunk_sizes[0] if chunk_sizes else None, "chunk_sizes", where), channels)
    if len(shape) != 4 or len(chunk) != 4:
        raise OpenError(f"the metadata of {where} are damaged: size and chunk_sizes need three numbers")
    bits = mapping(scale.get("sharding")).get("minishard_bits", 0)
    if not isinstance(bits, int) or bits > MAX_MINISHARD_BITS:
        raise OpenError(f"{where} has shards with an index of 2^{bits} entries, too large to be read")
    try:
        check_dtype(where, dtype)
        check_shape(where, shape)
        check_chunk(where, chunk, dtype)
    except (TypeError, ValueError) as error:
        raise OpenError(str(error)) from None
    return shape, chunk


def _for_tensorstore(scale: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in scale.items() if k not in ("chunk_sizes", "@type")}
    return {**kept, "chunk_size": items(scale.get("chunk_sizes"))[0]}


def _geometry(scale: dict[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nanometres a sample and position of the first one, in the order x, y, z, channel."""
    resolution = numbers(scale.get("resolution"), 3)
    if resolution is None or not all(resolution):
        resolution = (1.0, 1.0, 1.0)
    offset = numbers(scale.get("voxel_offset"), 3) or (0.0, 0.0, 0.0)
    return (*resolution, 1.0), (*(r * o for r, o in zip(resolution, offset, strict=True)), 0.0)
