"""What a slice of points must hold, straight from the rules for users: one point after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lamella.model.dims import Dims
from lamella.model.layers.points import Points


@dataclass
class Expected:
    """One entry a point of the slice, in the order of drawing."""

    indices: list[int]
    coordinates: list[list[float]]
    sizes: list[float]


def expected(layer: Points, dims: Dims, sizes: Sequence[float], shown: Sequence[bool]) -> Expected:
    """The slice of a layer that is alone in a world with these dims, perhaps of more axes than its own."""
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

    low, high = list(point), list(point)
    if layer.projection_mode != "none":
        for i in range(len(hidden)):
            low[i], high[i] = sorted((point[i] - left[i], point[i] + right[i]))
    for i in range(len(hidden)):
        if abs(high[i] - low[i]) <= 1e-6:
            low[i], high[i] = low[i] - 0.5, high[i] + 0.5

    result = Expected([], [], [])
    for index, row in enumerate(np.asarray(layer.data, dtype=np.float64)):
        away = [row[a] - p for a, p in zip(hidden, point, strict=True)]
        size = _size_in_slice(layer, float(sizes[index]), row[hidden].tolist(), away, low, high)
        if size is not None and shown[index]:
            result.indices.append(index)
            result.coordinates.append([row[a] for a in displayed])
            result.sizes.append(size)
    return result


def _size_in_slice(
    layer: Points, size: float, row: list[float], away: list[float], low: list[float], high: list[float]
) -> float | None:
    """The diameter in the slice, None if the point is not in it."""
    if not row:
        return size
    in_slab = all(a <= x <= b for a, x, b in zip(low, row, high, strict=True))  # never for NaN
    if layer.out_of_slice_display or layer.projection_mode == "rescale_spherical":
        radius = size / 2
        if not all(abs(d) < radius for d in away) or not (in_slab or layer.out_of_slice_display):
            return None
        depth = (1 - math.prod(1 - abs(d) / radius for d in away)) * radius
        return 2 * math.sqrt(radius**2 - depth**2)
    if not in_slab:
        return None
    if layer.projection_mode == "rescale_linear":
        for x, d, a, b in zip(row, away, low, high, strict=True):
            if d != 0:
                size *= 1 - d / (a - (x - d) if d < 0 else b - (x - d))
    return size
