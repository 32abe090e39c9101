"""Which layers nobody can see, because an image without holes lies over them: they are not drawn.

Software drawing pays for every layer: twenty images one over the other take 120 ms a frame, the one on top 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lamella.model.view_state import ViewState
from lamella.render.picture import ImagePicture, Picture, TiledPicture
from lamella.render.visibility import Box, data_to_device

MARGIN = 1e-3  # pixels by which a layer may reach beyond what hides it: less than a pixel centre notices


def seen(pictures: Sequence[Picture], state: ViewState) -> list[Picture]:
    """The pictures of a frame, bottom first, without those that lie wholly under one of the others.

    Parameters
    ----------
    pictures : sequence of Picture
        Bottom first.
    state : ViewState
        Where the canvas is.
    """
    left: list[Picture] = []
    covers: list[tuple[Picture, Box]] = []
    for index in range(len(pictures) - 1, -1, -1):
        picture = pictures[index]
        if any(_hides(cover, box, picture, state) for cover, box in covers):
            continue
        left.append(picture)
        box = solid_box(picture) if index else None
        if box is not None:
            covers.append((picture, box))
    left.reverse()
    return left


def solid_box(picture: Picture) -> Box | None:
    """The box, in displayed data coordinates, that the tiles of an image fill without letting anything through.

    None if there is none, or if it cannot be told: floats may be NaN, and colours may have an alpha.
    """
    if not isinstance(picture, ImagePicture) or picture.rgb or not picture.tiles:
        return None
    see_through = picture.opacity < 1 or picture.look.lut[:, 3].min() < 255
    if picture.blending not in ("opaque", "translucent") or (picture.blending == "translucent" and see_through):
        return None
    if any(tile.dtype.kind not in "iub" for tile in picture.tiles):
        return None
    if len(picture.tiles) == 1:
        return picture.tiles[0].box
    boxes = np.array([tile.box for tile in picture.tiles])
    levels = np.array([tile.level for tile in picture.tiles])
    best, largest = None, 0.0
    for level in np.unique(levels):
        of_level = boxes[levels == level]
        low, high = of_level[:, 0].min(axis=0), of_level[:, 1].max(axis=0)
        area = float(np.prod(high - low))
        # Tiles of a level never overlap: with the area of the box around them they fill it.
        filled = float(np.prod(of_level[:, 1] - of_level[:, 0], axis=1).sum())
        if area > largest and np.isclose(filled, area, rtol=1e-9, atol=0):
            best, largest = (tuple(low.tolist()), tuple(high.tolist())), area
    return best


def _hides(cover: Picture, box: Box, picture: Picture, state: ViewState) -> bool:
    """Whether all that can be seen of a picture lies within ``box`` of another one."""
    reach = _reach(picture)
    if reach is not None and picture.transform == cover.transform:
        (r0, c0), (r1, c1) = reach
        if r0 >= box[0][0] and c0 >= box[0][1] and r1 <= box[1][0] and c1 <= box[1][1]:
            return True
    width, height = state.device_size
    low, high = np.zeros(2), np.array([height, width], dtype=np.float64)
    if reach is not None:
        around = data_to_device(state, picture.transform).bounds(reach)
        low, high = np.maximum(low, around[0] + MARGIN), np.minimum(high, around[1] - MARGIN)
    (r0, c0), (r1, c1) = low, high
    corners = data_to_device(state, cover.transform).inverse([[r0, c0], [r0, c1], [r1, c0], [r1, c1]])
    return bool((corners >= box[0]).all() and (corners <= box[1]).all())


def _reach(picture: Picture) -> Box | None:
    """The box that a picture stays within; None if it may draw anywhere."""
    if not isinstance(picture, TiledPicture) or picture.text is not None:
        return None
    boxes = [tile.box for tile in picture.tiles] + list(picture.failed)
    if picture.placeholder is not None:
        boxes.append(picture.placeholder)
    if len(boxes) < 2:
        return boxes[0] if boxes else None
    corners = np.array(boxes)
    return tuple(corners[:, 0].min(axis=0).tolist()), tuple(corners[:, 1].max(axis=0).tolist())
