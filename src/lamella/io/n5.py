"""n5 datasets and groups of resolutions ``s0``, ``s1`` …

n5 counts axes from the fastest: they are turned round here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.io.errors import OpenError
from lamella.io.keys import Session, clean
from lamella.io.metadata import integers, parse_json
from lamella.io.stored_image import LevelDescription, StoredImage, nbytes_of
from lamella.sources.json_values import items, mapping, numbers, text
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location
from lamella.sources.multiscale import usable_levels
from lamella.sources.ome_metadata import MAX_LEVELS, Axis
from lamella.sources.tensorstore_source import open_tensorstore

PROBED_LEVELS = 10
_DTYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64")


@dataclass(frozen=True, slots=True)
class _Dataset:
    """Axes in the order of the file, fastest first."""

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    document: dict[str, Any]

    @property
    def codec(self) -> str:
        return text(mapping(self.document.get("compression")).get("type")) or "not compressed"


def open_n5(session: Session, location: Location, group: dict[str, Any]) -> StoredImage:
    """Open the dataset or group of resolutions whose ``attributes.json`` holds ``group``.

    Raises
    ------
    OpenError
        It is neither, or damaged.
    """
    if "dimensions" in group:
        datasets = [_dataset("", group, location.name)]
    else:
        datasets = _levels(session, location, group)
    first = datasets[0]
    kept = usable_levels([d.shape for d in datasets], [d.dtype for d in datasets])
    ndim = len(first.shape)
    order = tuple(reversed(range(ndim)))
    sources, levels = [], []
    for dataset in (datasets[i] for i in kept):
        place = location.child(dataset.path) if dataset.path else location
        try:
            sources.append(
                open_tensorstore(
                    place,
                    driver="n5",
                    metadata={"metadata": _without_attributes(dataset.document)},
                    context=session.context,
                    order=order,
                )
            )
        except ValueError as error:
            raise OpenError(f"{place.name} cannot be read: {clean(str(error))}") from None
        shape, chunks = dataset.shape[::-1], dataset.chunks[::-1]
        nbytes = nbytes_of(shape, dataset.dtype.itemsize)
        levels.append(LevelDescription(dataset.path, shape, chunks, None, dataset.codec, nbytes))
    scale, units = _resolution(group, first.document, ndim)
    names = _axis_names(group, first.document, ndim)
    axes = None
    if names is not None:
        axes = tuple(
            Axis(n, {"t": "time", "c": "channel"}.get(n, "space"), u) for n, u in zip(names, units, strict=True)
        )
    return StoredImage(
        location=location.name,
        name=location.stem,
        format="n5",
        sources=tuple(sources),
        levels=tuple(levels),
        axes=axes,
        scale=scale,
    )


def _levels(session: Session, location: Location, group: dict[str, Any]) -> list[_Dataset]:
    count = max(len(items(group.get("scales"))), len(items(group.get("downsamplingFactors"))))
    if count > MAX_LEVELS:
        raise OpenError(f"{location.name} names {count} resolutions; lamella opens at most {MAX_LEVELS}")
    paths = [f"s{i}" for i in range(count or PROBED_LEVELS)]
    answers = session.read(location, [f"{path}/attributes.json" for path in paths])
    datasets = []
    for path in paths:
        data = answers[f"{path}/attributes.json"]
        if not isinstance(data, bytes):
            break
        where = f"{location.name}/{path}"
        datasets.append(_dataset(path, parse_json(data, f"{where}/attributes.json"), where))
    if not datasets:
        raise OpenError(
            f"{location.name} is an n5 group without the resolutions s0, s1 …; "
            "open one of its datasets by its full path"
        )
    return datasets


def _dataset(path: str, document: dict[str, Any], where: str) -> _Dataset:
    shape = integers(document.get("dimensions"), "dimensions", where)
    chunks = integers(document.get("blockSize"), "blockSize", where)
    name = document.get("dataType")
    if name not in _DTYPES:
        raise OpenError(f"{where} holds values of type {text(name) or 'unknown'}; lamella shows numbers only")
    dtype = np.dtype(name)
    try:
        check_dtype(where, dtype)
        check_shape(where, shape)
        check_chunk(where, chunks, dtype)
    except (TypeError, ValueError) as error:
        raise OpenError(str(error)) from None
    return _Dataset(path, shape, chunks, dtype, document)


def _without_attributes(document: dict[str, Any]) -> dict[str, Any]:
    return {k: document[k] for k in ("dimensions", "blockSize", "dataType", "compression") if k in document}


def _resolution(
    group: dict[str, Any], dataset: dict[str, Any], ndim: int
) -> tuple[tuple[float, ...] | None, tuple[str, ...]]:
    """Scale and units, slowest axis first, from the habits of n5-viewer and ImageJ."""
    for document in (dataset, group):
        entry = document.get("pixelResolution", document.get("resolution"))
        values, unit = (entry.get("dimensions"), text(entry.get("unit"))) if isinstance(entry, dict) else (entry, "")
        units = tuple(text(u) for u in items(document.get("units")))
        scale = numbers(values, ndim)
        if scale is not None and all(scale):
            return scale[::-1], units[::-1] if len(units) == ndim else (unit,) * ndim
    return None, ("",) * ndim


def _axis_names(group: dict[str, Any], dataset: dict[str, Any], ndim: int) -> tuple[str, ...] | None:
    for document in (dataset, group):
        names = tuple(text(n) for n in items(document.get("axes")))
        if len(names) == ndim and all(names):
            return names[::-1]
    return tuple("zyx"[-ndim:]) if ndim <= 3 else None
