"""What a slice of vectors must hold, straight from the rules for users: one vector after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lamella.model.dims import Dims
from lamella.model.layers.vectors import Vectors


@dataclass
class Expected:
    """One entry a vector of the slice, in the order of drawing."""

    indices: list[int]
    segments: list[list[list[float]]]
    alpha: list[float]


def expected(layer: Vectors, dims: Dims, shown: Sequence[bool]) -> Expected:
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
    for index, (start, direction) in enumerate(np.asarray(layer.data, dtype=np.float64)):
        in_slab = all(a <= start[axis] <= b for axis, a, b in zip(hidden, low, high, strict=True))  # never for NaN
        if not (in_slab and shown[index]):
            continue
        alpha = 1.0
        if layer.projection_mode == "fade":
            for axis, p, a, b in zip(hidden, point, low, high, strict=True):
                distance = start[axis] - p
                if distance != 0:
                    alpha *= 1 - distance / (a - p if distance < 0 else b - p)
        end = start + layer.length * direction
        result.indices.append(index)
        result.segments.append([[start[a] for a in displayed], [end[a] for a in displayed]])
        result.alpha.append(alpha)
    return result


def expected_extent(layer: Vectors) -> list[list[float]] | None:
    """Smallest and largest finite coordinate of starts and ends; NaN on an axis without any."""
    data = np.asarray(layer.data, dtype=np.float64)
    if not len(data):
        return None
    low, high = [], []
    for axis in range(layer.ndim):
        places = [place for start, direction in data[:, :, axis] for place in (start, start + layer.length * direction)]
        finite = [place for place in places if np.isfinite(place)]
        low.append(min(finite, default=np.nan))
        high.append(max(finite, default=np.nan))
    return [low, high]
