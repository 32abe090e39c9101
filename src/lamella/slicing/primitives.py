"""Triangles and lines, ready for upload: what the slices of vectors, shapes, surfaces and tracks are drawn as."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def corner_dtype(ndisplay: int) -> np.dtype[Any]:
    """One corner of triangles, every field at a multiple of 4 bytes.

    ======== =========== =====================================================================================
    field    type        meaning
    ======== =========== =====================================================================================
    position ndisplay f4 displayed data coordinates − `PrimitivesTile.origin`, displayed order
    offset   ndisplay f4 added to the position; where ``width`` is not 0 it is made longer, for a thin line to be seen
    width    f4          width in data units of the line that the corner belongs to; 0: of no line
    color    4 u1        RGBA, not premultiplied; multiplied with the colour of the value or the texture, if any
    uv       2 f4        place in the texture: (0, 0) is its first pixel's outer corner, (1, 1) its last one's; (x, y)
    ======== =========== =====================================================================================
    """
    return np.dtype(
        [
            ("position", "<f4", (ndisplay,)),
            ("offset", "<f4", (ndisplay,)),
            ("width", "<f4"),
            ("color", "u1", (4,)),
            ("uv", "<f4", (2,)),
        ]
    )


def segment_dtype(ndisplay: int) -> np.dtype[Any]:
    """One straight line with round ends, every field at a multiple of 4 bytes.

    =========== =========== ==================================================================================
    field       type        meaning
    =========== =========== ==================================================================================
    start, stop ndisplay f4 displayed data coordinates − `PrimitivesTile.origin`, displayed order
    colors      (2, 4) u1   RGBA of both ends, not premultiplied; between them they are mixed
    width       f4          in the unit that the picture says: data units or canvas pixels
    times       2 f4        time of both ends − `PrimitivesTile.time_origin`; between them it is interpolated
    end         f4          last time of all to which the line belongs − `PrimitivesTile.time_origin`
    =========== =========== ==================================================================================
    """
    return np.dtype(
        [
            ("start", "<f4", (ndisplay,)),
            ("stop", "<f4", (ndisplay,)),
            ("colors", "u1", (2, 4)),
            ("width", "<f4"),
            ("times", "<f4", (2,)),
            ("end", "<f4"),
        ]
    )


CORNER = {n: corner_dtype(n) for n in (2, 3)}
SEGMENT = {n: segment_dtype(n) for n in (2, 3)}


@dataclass(frozen=True, eq=False, slots=True)
class PrimitivesTile:
    """The triangles and lines of one slice. Triangles are drawn first, both in their order. Read-only arrays.

    Attributes
    ----------
    key : hashable
        Equal keys mean equal contents.
    nbytes : int
        Of all arrays, those of `content` too.
    origin : (displayed,) float64
        What the positions are relative to.
    corners : (n,) of `corner_dtype`
    triangles : (m, 3) uint32
        Into `corners`.
    segments : (k,) of `segment_dtype`
    content : object
        What the layer type keeps for picking and for its response.
    texture : (rows, columns, 4) uint8 or None
        RGBA, not premultiplied.
    time_origin : float
    thumbnail : (32, 32, 4) uint8 or None
    """

    key: Hashable
    nbytes: int
    origin: Floats
    corners: npt.NDArray[Any]
    triangles: npt.NDArray[np.uint32]
    segments: npt.NDArray[Any]
    content: Any = None
    texture: npt.NDArray[np.uint8] | None = None
    time_origin: float = 0.0
    thumbnail: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class ValuesTile:
    """One number for each corner of a `PrimitivesTile`: drawn by a colormap. Apart, because it may change alone.

    Attributes
    ----------
    key : hashable
    nbytes : int
    values : (n,) float32, read-only
    limits : (float, float) or None
        Smallest and largest finite value of the whole layer; None without any: drawn between 0 and 1.
    """

    key: Hashable
    nbytes: int
    values: npt.NDArray[np.float32]
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """When it is: lines fade with the time that has passed since (SEMANTICS, "Tracks").

    At time tv, ``alpha = clip(1 − (head + now − tv) / (tail + head), 0, 1)``, 0 where ``tv > now + head``; if tail and
    head are 0, 1 where ``tv == now``. With ``hide_completed`` lines whose ``end < now`` are left out.

    Attributes
    ----------
    now : float
        − `PrimitivesTile.time_origin`.
    tail, head : float
    hide_completed : bool
    """

    now: float
    tail: float
    head: float
    hide_completed: bool
