"""Text beside what a slice shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ANCHORS = ("center", "upper_left", "upper_right", "lower_left", "lower_right")


@dataclass(frozen=True, eq=False, slots=True)
class TextBlock:
    """Short texts at places of a slice, drawn after the rest of it. Read-only arrays, one row a text.

    Attributes
    ----------
    strings : tuple of str
    positions : (n, displayed) float64
        Data coordinates in displayed order.
    colors : (n, 4) uint8
        RGBA, not premultiplied.
    size : float
        Height of the letters in canvas pixels.
    anchor : one of `ANCHORS`
        Which point of the text is at its position.
    rotation : float
        Degrees.
    offset : (displayed,) float64
        Added to the positions, data units.
    """

    strings: tuple[str, ...]
    positions: npt.NDArray[np.float64]
    colors: npt.NDArray[np.uint8]
    size: float
    anchor: str
    rotation: float
    offset: npt.NDArray[np.float64]
