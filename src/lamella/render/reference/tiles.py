"""The colours of tiles: of images by contrast limits and a colour table, of labels by id."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.render.picture import ImagePicture, LabelsPicture, Picture
from lamella.render.reference.blending import Floats, Mask, effective_alpha
from lamella.render.visibility import Box


def colors_of(texture: npt.NDArray[Any], texels: Floats, picture: Picture) -> Floats:
    """RGBA in 0 … 1, not premultiplied, at places of a texture."""
    if isinstance(picture, LabelsPicture):
        ids = sampled(texture, texels, "nearest").astype(np.uint8).view("<u4")[:, 0]
        colors = picture.look.colors_of(ids) / 255
        colors[:, 3] = effective_alpha(colors[:, 3], picture.opacity, picture.blending)
        return colors
    assert isinstance(picture, ImagePicture)
    return image_colors(sampled(texture, texels, picture.look.interpolation), picture)


def image_colors(values: npt.NDArray[Any], picture: ImagePicture) -> Floats:
    """See `ImageLook`."""
    look = picture.look
    if picture.rgb:
        rgba = np.asarray(values, np.float64) / 255
        known = np.ones(len(rgba), bool)
    else:
        known = ~np.isnan(values)
        rgba = look.colors_of(values, picture.limits) / 255
    alpha = np.ones(len(rgba)) if picture.blending == "opaque" else rgba[:, 3] * look.opacity
    return np.column_stack([rgba[:, :3], np.where(known, alpha, 0)])


def inside(at: Floats, box: Box) -> Mask:
    low, high = np.array(box)
    result: Mask = np.all((at >= low) & (at < high), axis=-1)
    return result


def sampled(texture: npt.NDArray[Any], texels: Floats, interpolation: str) -> Floats:
    shape = np.array(texture.shape[:2])
    if interpolation == "nearest":
        y, x = np.clip(np.floor(texels).astype(int), 0, shape - 1).T
        nearest: Floats = texture[y, x].astype(np.float64)
        return nearest
    centred = texels - 0.5
    base = np.floor(centred)
    fraction = centred - base
    total: Any = 0.0
    for dy in (0, 1):
        for dx in (0, 1):
            y, x = np.clip(base.astype(int) + np.array([dy, dx]), 0, shape - 1).T
            weight = np.abs(1 - dy - fraction[:, 0]) * np.abs(1 - dx - fraction[:, 1])
            value = texture[y, x].astype(np.float64)
            total = total + value * weight.reshape(-1, *(1,) * (value.ndim - 1))
    return np.asarray(total, np.float64)
