"""What a slice of an image must contain, straight from the rules for users and as slow as it likes."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.slicing.request import LayerSliceRequest


def level(request: LayerSliceRequest) -> int:
    """The level that the window asks for, memory permitting."""
    levels = request.data.multiscale.levels
    if request.window.level is not None:
        return min(request.window.level, len(levels) - 1)
    if len(request.key.displayed) > 2:
        return 0
    factors = [_factors(request, l) for l in range(len(levels))]
    (low, high), pixels = request.window.box, request.window.pixels
    size = np.ceil(high) - np.floor(low)
    counts = [size[i] > pixels[i] and any(f[i] > 1 for f in factors) for i in range(2)]
    if not any(counts):
        return 0
    enough = [
        l for l, f in enumerate(factors) if all(size[i] / f[i] > pixels[i] for i in range(2) if counts[i])
    ]  # fmt: skip
    return max(enough, default=0)


def misses(request: LayerSliceRequest) -> bool:
    """Whether the point or the window lies beside the layer."""
    shape, key = _shape(request, 0), request.key
    for a, p, left, right in zip(_hidden(request), key.point, key.margin_left, key.margin_right, strict=True):
        if round(p + right) < 0 or round(p - left) > shape[a] - 1:
            return True
    return any(start == stop for start, stop in touched(request, 0))


def touched(request: LayerSliceRequest, level: int) -> list[tuple[int, int]]:
    """Samples of a level, along each displayed axis, that the window touches."""
    shape = _shape(request, level)
    result = []
    for i, a in enumerate(request.key.displayed):
        f = _factors(request, level)[i]
        low, high = request.window.box[0][i], request.window.box[1][i]
        start = min(max(int(np.floor((low + 0.5) / f)), 0), shape[a])
        result.append((start, min(max(int(np.ceil((high + 0.5) / f)), start), shape[a])))
    return result


def region(request: LayerSliceRequest, level: int) -> tuple[tuple[int, int], ...]:
    """The same in whole chunks."""
    multiscale = request.data.multiscale
    chunk = multiscale.levels[level].grid(()).chunk
    result = []
    for (start, stop), a in zip(touched(request, level), request.key.displayed, strict=True):
        c, n = chunk[multiscale.axes[a]], _shape(request, level)[a]
        result.append((start // c * c, min(-(-stop // c) * c, n)))
    return tuple(result)


def plane(request: LayerSliceRequest, level: int) -> np.ndarray[Any, Any]:
    """The whole plane or volume of a level, axes in displayed order."""
    multiscale = request.data.multiscale
    data = multiscale.levels[level].data
    for axis, index in reversed(multiscale.fixed):
        data = data.take(index, axis)
    shape0, shape = _shape(request, 0), _shape(request, level)
    index: list[Any] = [slice(None)] * data.ndim
    for a, p in zip(_hidden(request), request.key.point, strict=True):
        index[a] = round(min(max(p / (shape0[a] / shape[a]), 0), shape[a] - 1))
    left = sorted(request.key.displayed)
    return data[tuple(index)].transpose([left.index(a) for a in request.key.displayed])


def is_thick(request: LayerSliceRequest) -> bool:
    return any(request.key.margin_left + request.key.margin_right)


def slab(request: LayerSliceRequest, level: int, known: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The largest values of the planes of a thick slice, axes in displayed order; 0 where ``known`` is False.

    Parameters
    ----------
    known : array of bool
        Of the shape of the level's source.
    """
    multiscale, key = request.data.multiscale, request.key
    data = np.where(known, multiscale.levels[level].data, 0)
    for axis, index in reversed(multiscale.fixed):
        data = data.take(index, axis)
    shape0, shape = _shape(request, 0), _shape(request, level)
    for a, p, ml, mr in zip(_hidden(request), key.point, key.margin_left, key.margin_right, strict=True):
        factor = shape0[a] / shape[a]
        at, left, right = min(max(p / factor, 0), shape[a] - 1), ml / factor, mr / factor
        low, high = max(round(at - left), 0), max(round(at + right), 0)
        high += abs(high - (at + right)) <= 1e-6
        high += low == high
        data = data.take(range(low, min(high, shape[a])), a).max(a, keepdims=True)
    left_axes = sorted(key.displayed)
    data = data.squeeze(tuple(_hidden(request)))
    return data.transpose([left_axes.index(a) for a in key.displayed])


def _hidden(request: LayerSliceRequest) -> list[int]:
    return [a for a in range(request.data.multiscale.ndim) if a not in request.key.displayed]


def _shape(request: LayerSliceRequest, level: int) -> tuple[int, ...]:
    return request.data.multiscale.shape_of(level)


def _factors(request: LayerSliceRequest, level: int) -> list[float]:
    shape0, shape = _shape(request, 0), _shape(request, level)
    return [shape0[a] / shape[a] for a in request.key.displayed]
