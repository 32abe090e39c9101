"""The triangles that vectors are drawn as, and how wide a vector is along itself. Pure functions."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.vector_style import HEAD
from lamella.model.transforms import Affine
from lamella.slicing.primitives import CORNER
from lamella.slicing.response import drawing_transforms
from lamella.slicing.response_points import pieces_of, size_scale

Floats = npt.NDArray[np.float64]
Metric = tuple[tuple[float, ...], ...]

TRIANGLES = {
    "triangle": np.array([[0, 1, 2]], np.uint32),
    "arrow": np.array([[0, 1, 2], [1, 3, 2], [4, 5, 6]], np.uint32),
}
"""Of one vector, into its corners: the base and the tip; or the shaft's four, and the head's three."""

CORNERS = {"triangle": 3, "arrow": 7}
MEAN_WIDTH = {"triangle": 0.5, "arrow": 1.0}  # in units of widths: it is seen if that is a canvas pixel
THINNEST = 1e-20  # data units that a width of 0 stands for: the renderer draws it as wide as a canvas pixel
_DECIMALS = 9  # of a metric: similarities give exactly the same


@functools.lru_cache(maxsize=256)
def metric_of(world_to_data: Affine, displayed: tuple[int, ...]) -> Metric:
    """How the displayed axes measure, in units of widths: what is beside a vector is so in the world, however it is
    scaled or sheared. The identity for similarities."""
    forward = drawing_transforms(world_to_data, displayed)[0]
    linear = forward.linear / size_scale(forward)
    rounded = np.round(linear.T @ linear, _DECIMALS) + 0.0  # no −0
    return tuple(tuple(row) for row in rounded.tolist())


def corners_of(
    style: str, starts: Floats, ends: Floats, width: float, metric: Metric, colors: npt.NDArray[np.uint8]
) -> npt.NDArray[Any]:
    """The corners of triangles or arrows, vector after vector.

    An arrow's head belongs to the line that is its shaft: where that is drawn wider to be seen, so is the head.

    Parameters
    ----------
    style : {"triangle", "arrow"}
    starts, ends : (displayed, n) float64
        Relative to the origin of the tile.
    width : float
        Data units.
    metric : (displayed, displayed)
    colors : (n, 4) uint8
    """
    ndisplay, count = starts.shape
    width = max(width, THINNEST)
    dtype = CORNER[ndisplay]
    corners = np.zeros((count, CORNERS[style]), dtype)
    # Every field is made of words of 4 bytes, and columns of words are quicker to write than fields.
    words = corners.view(np.uint32).reshape(count, CORNERS[style], dtype.itemsize // 4)
    numbers = words.view(np.float32)
    place = {name: corners.dtype.fields[name][1] // 4 for name in corners.dtype.names or ()}
    color = np.ascontiguousarray(colors).view(np.uint32)[:, 0]
    for piece in pieces_of(count):
        offsets = _offsets(style, ends[:, piece] - starts[:, piece], width, np.array(metric))
        for corner in range(CORNERS[style]):
            part = numbers[piece, corner].T
            part[place["width"]] = MEAN_WIDTH[style] * width
            words[piece, corner, place["color"]] = color[piece]
            for i in range(ndisplay):
                part[place["position"] + i] = (starts if corner < 2 else ends)[i, piece]
                if corner < len(offsets):
                    part[place["offset"] + i] = offsets[corner][i]
    return corners.reshape(-1)


def _offsets(style: str, vectors: Floats, width: float, metric: Floats) -> list[Floats]:
    """What each of the first corners of vectors (displayed, n) lies beside start and end; the others do not."""
    along, beside, length = _frames(vectors, metric)
    half = width / 2 * beside
    if style == "triangle":
        return [half, -half]
    back = -head_length(width, length) * along
    return [half, -half, back + half, back - half, back + HEAD * half, back - HEAD * half]


def triangles_of(style: str, count: int) -> npt.NDArray[np.uint32]:
    """The triangles of ``count`` vectors, (m, 3)."""
    first = np.arange(count, dtype=np.uint32) * np.uint32(CORNERS[style])
    return (first[:, None, None] + TRIANGLES[style]).reshape(-1, 3)


def head_length(width: float, length: Floats) -> Floats:
    """Of arrows, in units of widths: as long as wide, but no more than half of the vector."""
    head: Floats = np.minimum(HEAD * width, length / 2)
    return head


def half_width(style: str, width: float, part: Floats, length: Floats) -> Floats:
    """Half the width of vectors at a part of their length, 0 at the start and 1 at the end."""
    if style == "triangle":
        return width / 2 * (1 - part)
    if style == "line":
        return np.full(part.shape, width / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ahead = (1 - part) * length / head_length(width, length)  # 1 where the head begins
    return width / 2 * np.where(ahead <= 1, HEAD * ahead, 1.0)


def _frames(vectors: Floats, metric: Floats) -> tuple[Floats, Floats, Floats]:
    """Vectors of length 1 along and beside vectors (displayed, n), and the length; zeros where there is none.

    Of three axes, what is beside lies across the first one if it can.
    """
    dual = metric @ vectors
    if len(vectors) == 2:
        beside = np.stack([-dual[1], dual[0]])
    else:
        zero = np.zeros_like(dual[0])
        beside = np.stack([zero, -dual[2], dual[1]])
        upright = (dual[1] == 0) & (dual[2] == 0)
        beside[:, upright] = np.stack([dual[2], zero, -dual[0]])[:, upright]
    length = np.sqrt(np.maximum((vectors * dual).sum(axis=0), 0))
    across = np.sqrt(np.maximum((beside * (metric @ beside)).sum(axis=0), 0))
    return _divided(vectors, length), _divided(beside, across), length


def _divided(vectors: Floats, length: Floats) -> Floats:
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
