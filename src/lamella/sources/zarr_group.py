"""Groups of zarr-python that are an OME-Zarr image: their levels, and what they say of the axes.

Leniently read: whatever of the description is damaged is left out. To open a path or URL with all that OME-Zarr has to
say, channels and colours too, use `lamella.open`.
"""

from __future__ import annotations

from typing import Any

from lamella.sources.base import Source
from lamella.sources.described import Described
from lamella.sources.zarr_source import zarr_pool, zarr_source


def group_levels(group: Any) -> tuple[Source, ...]:
    """The levels of an OME-Zarr image, finest first.

    Raises
    ------
    ValueError
        The group is no image, or one of its levels is not there.
    """
    paths = [d.get("path") for d in _multiscale(group).get("datasets") or () if isinstance(d, dict)]
    if not paths:
        arrays = sorted(name for name, _ in group.arrays())
        inside = f"give one of its arrays: {', '.join(repr(a) for a in arrays[:10])}" if arrays else "it has no arrays"
        raise ValueError(f"the zarr group {group.name!r} has no multiscales metadata of OME-Zarr; {inside}")
    pool = zarr_pool()
    levels = []
    for path in paths:
        array = group.get(str(path))
        if array is None or type(array).__name__ != "Array":
            raise ValueError(f"the zarr group {group.name!r} names the level {path!r}, but has no such array")
        levels.append(zarr_source(array, pool=pool))
    return tuple(levels)


def describe_group(group: Any) -> Described:
    """Names, units and places of the axes."""
    multiscale = _multiscale(group)
    axes = [a if isinstance(a, dict) else {"name": a} for a in multiscale.get("axes") or ()]
    datasets = [d for d in multiscale.get("datasets") or () if isinstance(d, dict)]
    if not axes or not datasets:
        return Described(name=_text(multiscale.get("name")))
    n = len(axes)
    scale, translate = [1.0] * n, [0.0] * n
    for document in (datasets[0], multiscale):  # the image's own transforms come after those of the level
        for transform in document.get("coordinateTransformations") or ():
            step, move = _numbers(transform, "scale", n), _numbers(transform, "translation", n)
            if step is not None:
                scale = [a * b for a, b in zip(scale, step, strict=True)]
                translate = [a * b for a, b in zip(translate, step, strict=True)]
            if move is not None:
                translate = [a + b for a, b in zip(translate, move, strict=True)]
    return Described(
        name=_text(multiscale.get("name")),
        axis_labels=tuple(str(a.get("name", "")) for a in axes),
        scale=tuple(scale),
        translate=tuple(translate),
        units=tuple(str(a.get("unit") or "pixel") for a in axes),
    )


def _multiscale(group: Any) -> dict[str, Any]:
    attributes = dict(group.attrs)
    ome = attributes.get("ome")
    found = (ome if isinstance(ome, dict) else attributes).get("multiscales")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _numbers(transform: Any, kind: str, count: int) -> list[float] | None:
    values = transform.get(kind) if isinstance(transform, dict) and transform.get("type") == kind else None
    if not isinstance(values, list) or len(values) != count:
        return None
    if not all(isinstance(v, (int, float)) and (kind != "scale" or v) for v in values):
        return None
    return [float(v) for v in values]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
