"""Groups of zarr-python that are an OME-Zarr image: their levels, and what they say of the axes.

One image with all its channels. To open a path or URL with all that OME-Zarr has to say, a layer a channel with its
colour and contrast, use `viewer.open`.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from lamella.sources.described import Described
from lamella.sources.multiscale import usable_levels
from lamella.sources.ome_metadata import OmeImage, guess_axes, ome_attributes, parse_ome
from lamella.sources.zarr_source import name_of

TIMEOUT = 10.0  # seconds for the metadata of the levels, as for `viewer.open`
_LISTED = 10


def group_arrays(group: Any) -> list[Any]:
    """The arrays of an OME-Zarr image that belong together, finest first.

    Their metadata are read, all at once, unless they are consolidated in those of the group; their data are not.

    Raises
    ------
    ValueError
        The group is no image (the sentence names its arrays), its metadata are damaged, its finest level is not there,
        or the store does not answer.
    """
    image = _image(group)
    found = _members(group, [level.path for level in image.levels])
    if type(found[0]).__name__ != "Array":
        raise ValueError(f"{_called(group)} is incomplete: its finest resolution {image.path!r} is not there")
    arrays = [array for array in found if type(array).__name__ == "Array"]  # coarser ones may never have been written
    return [arrays[n] for n in usable_levels([a.shape for a in arrays], [np.dtype(a.dtype) for a in arrays])]


def describe_group(group: Any, ndim: int) -> Described:
    """Names, units and places of the axes of an image of ``ndim`` axes."""
    image = _image(group)
    axes = image.axes if image.axes is not None and len(image.axes) == ndim else guess_axes(ndim)
    first = image.levels[0]
    return Described(
        name=image.name or name_of(group),
        axis_labels=tuple(axis.name for axis in axes),
        scale=first.scale,
        translate=first.translation,
        units=tuple(axis.unit or "pixel" for axis in axes),
    )


def _image(group: Any) -> OmeImage:
    attributes = group.metadata.attributes
    if "multiscales" not in ome_attributes(attributes):
        raise ValueError(_not_an_image(group))
    return parse_ome(attributes, _called(group))


def _not_an_image(group: Any) -> str:
    said = f"{_called(group)} has no multiscales metadata of OME-Zarr"
    try:
        arrays = sorted(name for name, _ in group.arrays())
    except Exception:  # stores that cannot list, or do not answer: the sentence is worth more than the names
        return f"{said}; give one of its arrays"
    more = ", …" if len(arrays) > _LISTED else ""
    return f"{said}; " + (
        f"give one of its arrays: {', '.join(map(repr, arrays[:_LISTED]))}{more}" if arrays else "and holds no arrays"
    )


def _called(group: Any) -> str:
    return f"the zarr group {name_of(group) or group.name!r}"


def _members(group: Any, paths: list[str]) -> list[Any]:
    """The arrays at ``paths``, None for those that are not there."""
    found: dict[int, Any] = {}

    def find(number: int) -> None:
        try:
            found[number] = group.get(paths[number])
        except Exception as error:  # whatever the store raises
            found[number] = error

    # Daemons: the store may never answer.
    threads = [threading.Thread(target=find, args=(number,), daemon=True) for number in range(len(paths))]
    deadline = time.monotonic() + TIMEOUT
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if len(found) < len(paths):
        raise ValueError(f"the store of {_called(group)} did not answer within {TIMEOUT:g} s")
    if isinstance(error := found[0], Exception):
        raise ValueError(f"{_called(group)} cannot be read: {type(error).__name__}") from None
    return [None if isinstance(found[n], Exception) else found[n] for n in range(len(paths))]
