"""Colours of labels: a palette used in turn, or a colour for each id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cmap
import numpy as np
import numpy.typing as npt

from lamella.model.label_ids import id_of

DEFAULT_COLORS = 49
MAX_LABEL_COLORS = 4096
GOLDEN_RATIO = 0.6180339887498949  # turns of the colour circle between neighbours: they never come close

Colors = npt.NDArray[np.uint8]
Direct = tuple[npt.NDArray[np.uint32], Colors]


def cyclic_colors(count: int = DEFAULT_COLORS, seed: int = 0) -> Colors:
    """``count`` colours that tell neighbours apart: steps of the golden ratio on the circle of hues.

    Parameters
    ----------
    count : int
        1 to `MAX_LABEL_COLORS`.
    seed : int
        Other numbers give other colours.

    Returns
    -------
    (count, 4) uint8 array, read-only
    """
    n = np.arange(count)
    rng = np.random.default_rng(seed)
    hue = (rng.random() + n * GOLDEN_RATIO) % 1
    value = np.array([1.0, 0.8, 0.9])[n % 3]
    saturation = np.array([0.75, 0.95, 0.55, 0.85])[n % 4]
    k = (hue[:, None] * 6 + np.array([5, 3, 1])) % 6  # HSV to RGB
    rgb = value[:, None] * (1 - saturation[:, None] * np.clip(np.minimum(k, 4 - k), 0, 1))
    colors = np.full((count, 4), 255, np.uint8)
    colors[:, :3] = np.round(rgb * 255)
    colors.setflags(write=False)
    return colors


def checked_label_colors(value: Any, dtype: np.dtype[Any]) -> tuple[Colors, Direct | None, tuple[int, int, int, int]]:
    """(palette, direct colours, colour of ids without one) of what a user calls a colormap of labels.

    Parameters
    ----------
    value : None, int, sequence of colours, or mapping of id → colour
        A number of colours; colours used in turn; or a colour for each id, with None as the key of all others, which
        are transparent if it is not there.
    dtype : numpy.dtype
        Of the ids.

    Raises
    ------
    ValueError
    """
    clear = (0, 0, 0, 0)
    if value is None:
        return cyclic_colors(), None, clear
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if not 1 <= value <= MAX_LABEL_COLORS:
            raise ValueError(f"colormap must be a number of colours from 1 to {MAX_LABEL_COLORS}, not {value!r}")
        return cyclic_colors(int(value)), None, clear
    if isinstance(value, Mapping):
        return _direct(value, dtype)
    if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str) and 1 <= len(value) <= MAX_LABEL_COLORS:
        colors = np.array([_rgba(c) for c in value], np.uint8)
        colors.setflags(write=False)
        return colors, None, clear
    raise ValueError(
        f"colormap of labels must be a number of colours, a list of colours, or a dict from id to colour, not {value!r}"
    )


def _direct(value: Mapping[Any, Any], dtype: np.dtype[Any]) -> tuple[Colors, Direct | None, tuple[int, int, int, int]]:
    default = _rgba(value[None]) if None in value else (0, 0, 0, 0)
    ids = [key for key in value if key is not None]
    keys = np.array([id_of("colormap", key, dtype) for key in ids], np.uint32)
    colors = np.array([_rgba(value[key]) for key in ids], np.uint8).reshape(len(ids), 4)
    order = np.argsort(keys, kind="stable")
    keys, colors = keys[order], colors[order]
    keys.setflags(write=False)
    colors.setflags(write=False)
    return cyclic_colors(), (keys, colors), default


def _rgba(value: Any) -> tuple[int, int, int, int]:
    if value is None:
        return (0, 0, 0, 0)
    try:
        r, g, b, a = (float(v) for v in cmap.Color(value).rgba)
    except (TypeError, ValueError, AttributeError):
        raise ValueError(
            f"colormap has {value!r} where it needs a colour, such as 'red', '#ff8800' or (1, 0.5, 0)"
        ) from None
    return round(r * 255), round(g * 255), round(b * 255), round(a * 255)
