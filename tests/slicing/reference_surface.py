"""What a slice of a surface must hold, straight from the rules for users: one vertex and one face after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lamella.model.dims import Dims
from lamella.model.layers.surface import Surface


@dataclass
class Expected:
    """The vertices of the slice, the faces between them, and the values on them."""

    indices: list[int]
    vertices: list[list[float]]
    faces: list[list[int]]
    values: list[float] | None


def expected(layer: Surface, dims: Dims) -> Expected | None:
    """The slice of a layer that is alone in a world with these dims; None where a leading axis is displayed."""
    offset = dims.ndim - layer.ndim
    order = [axis - offset for axis in dims.order if axis >= offset]
    displayed = order[-dims.ndisplay :]
    hidden = [axis for axis in range(layer.ndim) if axis not in displayed]
    inverse = np.linalg.inv(layer.transform.linear)
    origin = -inverse @ layer.transform.translate
    matrix = inverse[np.ix_(hidden, hidden)]
    point = matrix @ [dims.point[offset + a] for a in hidden] + origin[hidden]
    left = matrix @ [dims.margin_left[offset + a] for a in hidden]
    right = matrix @ [dims.margin_right[offset + a] for a in hidden]
    vertices = np.asarray(layer.vertices, dtype=np.float64)
    leading = layer.ndim - vertices.shape[1]
    if any(axis < leading for axis in displayed):
        return None

    places = {}
    for index, row in enumerate(vertices):
        if all(
            _in_slab(row[a - leading], point[i], left[i], right[i], layer.projection_mode)
            for i, a in enumerate(hidden)
            if a >= leading
        ):
            places[index] = len(places)
    faces = [[places[v] for v in face] for face in np.asarray(layer.faces).tolist() if all(v in places for v in face)]
    values = None
    if layer.values is not None:
        at = []
        for axis in range(leading):
            n = layer.values.shape[axis]
            at.append(min(max(round(point[hidden.index(axis)]), 0), n - 1))
        row = np.asarray(layer.values)[tuple(at)]
        values = [float(np.float32(row[index])) for index in places]
    coordinates = [[float(vertices[index, a - leading]) for a in displayed] for index in places]
    return Expected(list(places), coordinates, faces, values)


def _in_slab(x: float, point: float, left: float, right: float, mode: str) -> bool:
    low = high = point
    if mode != "none":
        low, high = sorted((point - left, point + right))
    if abs(high - low) <= 1e-6:
        low, high = low - 0.5, high + 0.5
    return low <= x <= high
