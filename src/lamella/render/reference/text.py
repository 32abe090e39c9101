"""Text by numpy."""

from __future__ import annotations

import numpy as np

from lamella.model.view_state import ViewState
from lamella.render.picture import Picture
from lamella.render.reference.blending import Floats, blend, eight_bits
from lamella.render.text import HALO, TextLayout


def draw_text(canvas: Floats, picture: Picture, layout: TextLayout, state: ViewState) -> None:
    """Draw over ``canvas`` (height, width, 3)."""
    for label in layout.labels(picture, state):
        height, width = label.raster.shape[:2]
        rows, columns = slice(max(label.top, 0), label.top + height), slice(max(label.left, 0), label.left + width)
        beneath = canvas[rows, columns]
        raster = label.raster[rows.start - label.top :, columns.start - label.left :]
        part = raster[: beneath.shape[0], : beneath.shape[1]] / 255
        letters, around = part[..., :1], (part[..., 1:] - part[..., :1]) * HALO
        covered = letters + around
        color = (label.color[:3] / 255 * letters + label.halo / 255 * around) / np.where(covered > 0, covered, 1)
        alpha = covered * (label.color[3] / 255 * picture.opacity)
        canvas[rows, columns] = eight_bits(blend("translucent", beneath, np.concatenate([color, alpha], axis=-1)))
