"""One image layer for each channel of an array: what ``add_image(channel_axis=…)`` makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lamella.model._validate import integer
from lamella.sources import as_multiscale
from lamella.sources.described import describe
from lamella.sources.multiscale import Multiscale

ONE = ("gray",)
TWO = ("magenta", "green")
MORE = ("cyan", "yellow", "magenta", "red", "green", "blue")
PER_CHANNEL = (
    "name",
    "colormap",
    "contrast_limits",
    "gamma",
    "opacity",
    "visible",
    "blending",
    "interpolation",
    "metadata",
)
"""Arguments of `Image` that may be lists with one entry a channel."""
_PER_AXIS = ("scale", "translate", "axis_labels", "units")


def split_channels(
    data: Any, channel_axis: int, *, multiscale: bool | None = None, **kwargs: Any
) -> list[tuple[Multiscale, dict[str, Any]]]:
    """Data and arguments of `Image` for each channel. The channels share what they read.

    Parameters
    ----------
    data : array or sequence of arrays
    channel_axis : int
        Axis of the data; negative ones count from the end.
    multiscale : bool, optional
    **kwargs
        Of `Image`. Those in `PER_CHANNEL` may be lists. ``scale``, ``translate``, ``axis_labels`` and ``units`` have no
        entry for the channels. By default the first channel is drawn ``translucent`` and the others ``additive`` over
        it, in magenta and green, or in cyan, yellow, magenta, red, green and blue where there are more.

    Raises
    ------
    TypeError, ValueError
        One sentence names the argument.
    """
    image = as_multiscale(data, multiscale=multiscale)
    if kwargs.pop("rgb", None):
        raise ValueError("channel_axis and rgb=True exclude each other: colours are no channels")
    ndim = image.ndim
    axis = integer("channel_axis", channel_axis)
    if not -ndim <= axis < ndim:
        raise ValueError(f"channel_axis must be an axis of the data, from {-ndim} to {ndim - 1}, not {channel_axis!r}")
    axis %= ndim
    lengths = {image.shape_of(level)[axis] for level in range(len(image.levels))}
    if len(lengths) != 1:
        raise ValueError(f"channel_axis {channel_axis} has another length in each resolution: {sorted(lengths)}")
    (count,) = lengths
    lists = {name: _per_channel(name, kwargs.pop(name), count) for name in PER_CHANNEL if name in kwargs}
    said = describe(data, image.ndim)
    for name in _PER_AXIS:
        value = getattr(said, name)
        if name not in kwargs and value is not None:
            kwargs[name] = value[:axis] + value[axis + 1 :]
    base = said.name or kwargs.get("name") or "Image"
    colours = ONE if count == 1 else TWO if count == 2 else MORE
    result = []
    for n in range(count):
        fixed = tuple(sorted((*image.fixed, (image.axes[axis], n))))
        given = {name: values[n] for name, values in lists.items()}
        defaults = {
            "name": f"{base} {n}",
            "colormap": colours[n % len(colours)],
            "blending": "translucent" if n == 0 else "additive",
        }
        result.append((replace(image, fixed=fixed), {**defaults, **kwargs, **given, "rgb": False}))
    return result


def _per_channel(name: str, value: Any, count: int) -> list[Any]:
    """One value a channel; a single one is for all, and numbers those that get the same name."""
    is_pair = (
        name == "contrast_limits" and isinstance(value, Sequence) and not isinstance(value[0], (Sequence, type(None)))
    )
    if isinstance(value, (list, tuple)) and not is_pair:
        if len(value) != count:
            raise ValueError(f"{name} must have one entry for each of the {count} channels, not {len(value)}")
        return list(value)
    if name == "name":
        return [f"{value} {n}" for n in range(count)]
    return [value] * count
