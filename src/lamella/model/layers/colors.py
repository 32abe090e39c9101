"""Colours as users give them → RGBA of 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cmap
import numpy as np
import numpy.typing as npt

Colors = npt.NDArray[np.uint8]

NOTHING: Colors = np.zeros(4, np.uint8)  # the colour of what has no value
_PIECE = 2**12


def one_color(name: str, value: Any) -> Colors:
    """A colour as (4,) uint8.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : str, cmap.Color or 3 or 4 numbers from 0 to 1
        Whatever cmap makes a colour of: a name, ``"#ff8800"``, ``"rgb(255, 136, 0)"``.

    Raises
    ------
    ValueError
    """
    try:
        if isinstance(value, (list, tuple, np.ndarray)):
            rgba = [float(v) for v in value]
            if len(rgba) not in (3, 4) or not all(0 <= v <= 1 for v in rgba):
                raise ValueError
            return _as_one([*rgba, 1.0][:4])
        if isinstance(value, (str, cmap.Color)) and value != "":
            return _as_one(list(cmap.Color(value)))
    except (TypeError, ValueError, LookupError):
        pass
    raise ValueError(
        f"{name} must be a colour such as 'red' or '#ff8800', or 3 or 4 numbers from 0 to 1, not {value!r}"
    )


def _as_one(rgba: list[float]) -> Colors:
    return as_rgba8(np.array([rgba])).reshape(4)


def is_one_color(value: Any) -> bool:
    """Whether a value is meant as one colour rather than one a point."""
    if isinstance(value, (str, cmap.Color)):
        return True
    try:
        array = np.asarray(value)
    except ValueError:
        return False
    return array.dtype.kind in "biuf" and array.shape in ((3,), (4,))


def many_colors(name: str, values: Sequence[Any]) -> Colors:
    """One colour each as (n, 4) uint8; each different name is parsed once."""
    known: dict[Any, Colors] = {}
    result = np.empty((len(values), 4), np.uint8)
    for i, value in enumerate(values):
        if isinstance(value, str):
            color = known.get(value)
            if color is None:
                color = known[value] = one_color(name, value)
        else:
            color = one_color(name, value)
        result[i] = color
    return result


def checked_color_array(name: str, array: npt.NDArray[Any], each: str = "point") -> npt.NDArray[Any]:
    """An (n, 3 or 4) array of uint8, or of numbers from 0 to 1, as it is.

    Raises
    ------
    ValueError
    """
    if array.ndim != 2 or array.shape[1] not in (3, 4) or array.dtype.kind not in "buif":
        raise ValueError(f"{name} must have 3 or 4 numbers a {each}, not an array of shape {array.shape}")
    if array.dtype != np.uint8 and array.size:
        low, high = array.min(), array.max()
        if not (low >= 0 and high <= 1):  # NaN is neither
            raise ValueError(
                f"{name} must be numbers from 0 to 1, or uint8 from 0 to 255, but they are from {low:g} to {high:g}"
            )
    return array


def as_rgba8(array: npt.NDArray[Any]) -> Colors:
    """An (n, 3 or 4) array as `checked_color_array` takes it, as (n, 4) uint8."""
    result = np.full((len(array), 4), 255, np.uint8)
    if array.dtype != np.uint8:
        array = np.rint(np.clip(array.astype(np.float64), 0, 1) * 255)
    result[:, : array.shape[1]] = array
    return result


def lut_of(name: str, value: Any) -> Colors:
    """256 colours of a colormap, (256, 4) uint8.

    Raises
    ------
    ValueError
    """
    try:
        if value is None or isinstance(value, (bool, int, float)):
            raise TypeError
        return as_rgba8(np.asarray(cmap.Colormap(value).lut(256)))
    except (TypeError, ValueError, LookupError, AttributeError):  # what cmap raises for what it does not know
        raise ValueError(f"{name} must be a colormap such as 'viridis' or a list of colours, not {value!r}") from None


def cycle_of(name: str, value: Any) -> Colors:
    """The colours of a cycle, (k, 4) uint8: of a list of colours, or of a qualitative colormap.

    Raises
    ------
    ValueError
    """
    if isinstance(value, str):
        try:
            return as_rgba8(np.array([tuple(stop.color) for stop in cmap.Colormap(value).color_stops]))
        except (TypeError, ValueError, LookupError):
            raise ValueError(f"{name} must be a list of colours or a colormap such as 'tab10', not {value!r}") from None
    try:
        colors = list(value)
    except TypeError:
        colors = []
    if not colors:
        raise ValueError(f"{name} must be a list of at least one colour, not {value!r}")
    return many_colors(name, colors)


def map_numbers(values: npt.NDArray[np.float64], lut: Colors, limits: tuple[float, float]) -> Colors:
    """Numbers → colours of a colormap between limits; NaN is transparent."""
    low, high = limits
    result = np.empty((len(values), 4), np.uint8)
    for start in range(0, len(values), _PIECE):
        piece = values[start : start + _PIECE]
        with np.errstate(invalid="ignore", over="ignore"):
            place = np.clip((piece - low) / (high - low), 0, 1)
        unknown = np.isnan(place)
        place[unknown] = 0
        colors = lut[np.rint(place * (len(lut) - 1)).astype(np.intp)]
        colors[unknown] = NOTHING
        result[start : start + _PIECE] = colors
    return result
