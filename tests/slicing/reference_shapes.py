"""What a slice of shapes must hold, straight from the rules for users: one shape after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.model.dims import Dims
from lamella.model.layers.shapes import Shapes

Ring = Sequence[Sequence[float]]


@dataclass
class Expected:
    """One entry a shape of the slice, in the order of drawing."""

    indices: list[int]
    rings: list[list[np.ndarray]]
    """Given vertices in displayed order, one array a ring."""


def expected(layer: Shapes, data: Sequence[Sequence[Any]], dims: Dims, order: Sequence[int]) -> Expected:
    """The slice of a layer that is alone in a world with these dims, perhaps of more axes than its own.

    Parameters
    ----------
    layer : Shapes
    data : sequence of sequences of rings
        All vertices of each shape, one (v, ndim) array a ring.
    dims : Dims
    order : sequence of int
        The z index of each shape.
    """
    offset = dims.ndim - layer.ndim
    axes = [axis - offset for axis in dims.order if axis >= offset]
    displayed = axes[-dims.ndisplay :]
    hidden = [axis for axis in range(layer.ndim) if axis not in displayed]
    inverse = np.linalg.inv(layer.transform.linear)
    origin = -inverse @ layer.transform.translate
    point = inverse[np.ix_(hidden, hidden)] @ [dims.point[offset + a] for a in hidden] + origin[hidden]

    found = []
    for index, rings in enumerate(data):
        vertices = [vertex for ring in rings for vertex in ring]
        if all(meets([vertex[axis] for vertex in vertices], p) for axis, p in zip(hidden, point, strict=True)):
            found.append(index)
    found.sort(key=lambda index: order[index])  # stable: of equal ones the later is above
    return Expected(found, [[np.asarray(ring)[:, displayed] for ring in data[index]] for index in found])


def meets(coordinates: Sequence[float], position: float) -> bool:
    """Whether a shape with these coordinates on an axis is in, or reaches through, the plane of a position."""
    if np.isnan(coordinates).any():
        return False
    planes = [round(float(c)) for c in coordinates]
    return min(planes) <= round(float(position)) <= max(planes)


def area(rings: Sequence[Ring]) -> float:
    """What the first ring encloses without the others, by the shoelace formula."""
    areas = []
    for ring in rings:
        total = 0.0
        for (y0, x0), (y1, x1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            total += x0 * y1 - x1 * y0
        areas.append(abs(total) / 2)
    return areas[0] - sum(areas[1:])


def inside(rings: Sequence[Ring], y: float, x: float) -> bool:
    """Whether a ray from a place to the right crosses lines of the rings an odd number of times."""
    odd = False
    for ring in rings:
        for (y0, x0), (y1, x1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                odd = not odd
    return odd


def covered(vertices: np.ndarray, triangles: np.ndarray, y: float, x: float) -> bool:
    """Whether one of these triangles covers a place."""
    for triangle in vertices[triangles]:
        turns = []
        for (y0, x0), (y1, x1) in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
            turns.append((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0))
        if min(turns) >= 0 or max(turns) <= 0:
            return True
    return False
