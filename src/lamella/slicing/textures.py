"""Values in forms that every renderer takes as textures. Pure functions, run in workers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def texture_ready(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values in a dtype that every renderer takes: uint8 and uint16 as they are, bool as uint8, others float32."""
    if data.dtype in (np.uint8, np.uint16):
        return data
    if data.dtype == np.bool_:
        return data.view(np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        return data.astype(np.float32, copy=False)


def rgba(data: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Colours of 3 or 4 channels as 8-bit RGBA; integers over the range of their dtype, floats from 0 to 1."""
    if data.dtype == np.uint8:
        colours = data
    elif data.dtype == np.bool_:
        colours = data.view(np.uint8) * np.uint8(255)
    elif data.dtype.kind in "iu":
        top = float(np.iinfo(data.dtype).max)
        colours = np.rint(np.clip(data.astype(np.float32) / top, 0, 1) * 255).astype(np.uint8)
    else:
        colours = np.rint(np.clip(np.nan_to_num(data.astype(np.float32)), 0, 1) * 255).astype(np.uint8)
    out = np.empty((*data.shape[:-1], 4), np.uint8)
    out[..., : data.shape[-1]] = colours
    if data.shape[-1] == 3:
        out[..., 3] = 255
    return out
