"""Colours over colours, in 0 … 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def blend(mode: str, beneath: Floats, color: Floats) -> Floats:
    """``color`` (…, 4) over ``beneath`` (…, 3). Where alpha is 0 nothing changes, in every mode."""
    rgb, a = color[..., :3], color[..., 3:]
    if mode == "additive":
        return beneath + rgb * a
    if mode == "minimum":
        return np.minimum(beneath, rgb * a + (1 - a))
    if mode == "multiplicative":
        return beneath * (rgb * a + (1 - a))
    return rgb * a + beneath * (1 - a)


def effective_alpha(alpha: Floats, opacity: float, blending: str) -> Floats:
    """Alpha of colours that may be transparent: `opaque` knows only there and not there."""
    return np.where(alpha > 0, 1.0 if blending == "opaque" else alpha * opacity, 0.0)


def eight_bits(colors: Floats) -> Floats:
    """Rounded as a frame buffer does."""
    rounded: Floats = np.round(np.clip(colors, 0, 1) * 255) / 255
    return rounded
