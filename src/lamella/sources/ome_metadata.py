"""The OME-Zarr metadata of one image, read leniently: what is wrong and not needed is left out, not refused.

Versions 0.1 to 0.5. A viewer must open what strict validators refuse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lamella.sources.json_values import items, mapping, number, numbers, text

MAX_LEVELS = 100
MAX_CHANNELS = 64

_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
_COLOR = re.compile(r"\A#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?\Z")


@dataclass(frozen=True, slots=True)
class Axis:
    """``kind`` is ``"time"``, ``"channel"``, ``"space"`` or ``""``; ``unit`` is ``""`` where none is given."""

    name: str
    kind: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OmeLevel:
    """One resolution. ``scale`` and ``translation`` lead from its samples to world units; None where not given."""

    path: str
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class OmeChannel:
    """How a channel shall look.

    Attributes
    ----------
    name : str
    color : str or None
        ``"#RRGGBB"``.
    window : (float, float) or None
        Contrast limits, low < high.
    extent : (float, float) or None
        Range that the limits may take.
    active : bool
    """

    name: str = ""
    color: str | None = None
    window: tuple[float, float] | None = None
    extent: tuple[float, float] | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One multi-scale image. ``axes`` is None where the metadata name none (before version 0.3)."""

    version: str
    name: str
    axes: tuple[Axis, ...] | None
    levels: tuple[OmeLevel, ...]
    channels: tuple[OmeChannel, ...] = ()

    @property
    def path(self) -> str:
        """Of the finest level."""
        return self.levels[0].path


def ome_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """The OME part of a group's attributes: below ``"ome"`` since version 0.5, at the top before."""
    inner = attributes.get("ome")
    return inner if isinstance(inner, dict) else attributes


def parse_ome(attributes: dict[str, Any], where: str = "the image") -> OmeImage:
    """Read the attributes of an image group.

    Parameters
    ----------
    attributes : dict
        Contents of ``.zattrs``, or the ``attributes`` of ``zarr.json``.
    where : str
        What messages call the image.

    Raises
    ------
    ValueError
        They name no dataset. Nothing else is raised, whatever they hold.
    """
    ome = ome_attributes(mapping(attributes))
    multiscales = items(ome.get("multiscales"))
    image = mapping(multiscales[0]) if multiscales else {}
    datasets = items(image.get("datasets"))
    if len(datasets) > MAX_LEVELS:
        raise ValueError(
            f"the metadata of {where} name {len(datasets)} resolutions; lamella opens at most {MAX_LEVELS}"
        )
    axes = _axes(image.get("axes"))
    count = None if axes is None else len(axes)
    outer = items(image.get("coordinateTransformations"))
    levels = []
    for dataset in map(mapping, datasets):
        path = dataset.get("path")
        if isinstance(path, str):
            transforms = items(dataset.get("coordinateTransformations")) + outer
            levels.append(OmeLevel(path, *_scale_and_translation(transforms, count)))
    if not levels:
        raise ValueError(f"the OME-Zarr metadata of {where} are damaged: they name no datasets")
    omero = mapping(ome.get("omero"))
    return OmeImage(
        version=text(ome.get("version") if "version" in ome else image.get("version")),
        name=text(image.get("name")),
        axes=axes,
        levels=tuple(levels),
        channels=tuple(_channel(mapping(c)) for c in items(omero.get("channels"))[:MAX_CHANNELS]),
    )


def guess_axes(ndim: int, channels: int | None = None) -> tuple[Axis, ...]:
    """The axes of an image that names none: the last ones of t, c, z, y, x.

    Parameters
    ----------
    ndim : int
    channels : int, optional
        How many samples the first of four axes has if it is the channel axis.
    """
    names = {4: "czyx" if channels else "tzyx"}.get(ndim, "tczyx"[-ndim:] if ndim in (2, 3, 5) else "")
    if not names:
        names = "".join("yx"[-ndim:])
    axes = tuple(Axis(n, _TYPES[n]) for n in names)
    return tuple(Axis(f"axis {i}") for i in range(ndim - len(axes))) + axes


def _axes(value: Any) -> tuple[Axis, ...] | None:
    if not isinstance(value, list) or not value:
        return None
    axes: list[Axis] = []
    for entry in value:
        if isinstance(entry, str):
            name, kind, unit = text(entry), "", ""
        else:
            entry = mapping(entry)
            name, kind, unit = text(entry.get("name")), text(entry.get("type")), text(entry.get("unit"))
        axes.append(Axis(name or f"axis {len(axes)}", kind.lower() or _TYPES.get(name.lower(), ""), unit))
    return tuple(axes)


def _scale_and_translation(
    transforms: list[Any], count: int | None
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Compose the transforms, first to last. Those that are not plain scales and translations are left out."""
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None
    for transform in map(mapping, transforms):
        kind = transform.get("type")
        values = numbers(transform.get(kind), count) if kind in ("scale", "translation") else None
        known = scale if scale is not None else translation
        if values is None or (known is not None and len(known) != len(values)):
            continue
        if kind == "translation":
            old = translation or (0.0,) * len(values)
            translation = tuple(t + v for t, v in zip(old, values, strict=True))
        elif all(values):  # no axis can be squeezed to nothing
            scale = tuple(s * v for s, v in zip(scale or (1.0,) * len(values), values, strict=True))
            if translation is not None:
                translation = tuple(t * v for t, v in zip(translation, values, strict=True))
    return _usable(scale), _usable(translation)


def _usable(values: tuple[float, ...] | None) -> tuple[float, ...] | None:
    """None where composing overflowed."""
    return values if values is None or numbers(list(values)) is not None else None


def _channel(channel: dict[str, Any]) -> OmeChannel:
    window = mapping(channel.get("window"))
    color = channel.get("color")
    match = _COLOR.match(color) if isinstance(color, str) else None
    return OmeChannel(
        name=text(channel.get("label")) or text(channel.get("name")),
        color=f"#{match[1].upper()}" if match else None,
        window=_interval(window.get("start"), window.get("end")),
        extent=_interval(window.get("min"), window.get("max")),
        active=channel.get("active") is not False,
    )


def _interval(low: Any, high: Any) -> tuple[float, float] | None:
    a, b = number(low), number(high)
    return (a, b) if a is not None and b is not None and a < b else None
