"""A small picture of the points of a slice. Runs in a worker."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 32
_MOST = 512  # points that are looked at: more would not show


def thumbnail(coordinates: npt.NDArray[np.float64], colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8] | None:
    """The points of a slice in their box, (32, 32, 4) uint8; None without points.

    Parameters
    ----------
    coordinates : (n, displayed) array
        Displayed order; of three axes the last two are seen.
    colors : (n, 4) uint8
        Later points are drawn over earlier ones.
    """
    step = max(1, -(-len(coordinates) // _MOST))
    places = coordinates[::step, -2:]
    seen = colors[::step]
    if not np.isfinite(places).all():
        known = np.isfinite(places).all(axis=1)
        places, seen = places[known], seen[known]
    if not len(places):
        return None
    low, high = places.min(axis=0), places.max(axis=0)
    size = float((high - low).max()) or 1.0
    margin = (size - (high - low)) / 2  # the picture keeps the proportions
    rows, columns = np.rint((places - low + margin) / size * (SIDE - 2)).astype(np.intp).T
    pixels = rows * SIDE + columns
    flat: npt.NDArray[Any] = np.zeros(SIDE * SIDE, np.uint32)
    one_number = np.ascontiguousarray(seen).view(np.uint32)[:, 0]
    for moved in (0, 1, SIDE, SIDE + 1):  # two pixels wide and high
        flat[pixels + moved] = one_number
    picture = flat.view(np.uint8).reshape(SIDE, SIDE, 4)
    picture.setflags(write=False)
    return picture
