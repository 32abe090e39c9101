"""Which level of a multi-scale image answers a view, and which samples of it (SEMANTICS, "Image")."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

VOLUME_BUDGET = 256 * 2**20  # bytes of a 3-D slice: what a modest GPU holds beside everything else

Shape = tuple[int, ...]


def choose_level(data_box: npt.NDArray[np.float64], pixels: Sequence[int], shapes: Sequence[Shape]) -> int:
    """The coarsest level that still has more samples than the canvas has pixels, 2-D.

    Parameters
    ----------
    data_box : (2, n) array
        Field of view in displayed data coordinates of level 0.
    pixels : sequence of int
        Canvas pixels along each displayed axis.
    shapes : sequence of tuple of int
        Shape of each level on the displayed axes.
    """
    size = np.ceil(data_box[1]) - np.floor(data_box[0])
    factors = np.array([[n0 / n for n0, n in zip(shapes[0], s, strict=True)] for s in shapes])
    counts = (size > np.asarray(pixels)) & (factors.max(axis=0) > 1)
    if not counts.any():
        return 0
    enough = np.all((size / factors > np.asarray(pixels))[:, counts], axis=1)
    levels = np.flatnonzero(enough)
    return int(levels[-1]) if len(levels) else 0


def choose_volume_level(boxes_nbytes: Sequence[int], budget: int = VOLUME_BUDGET) -> int:
    """The finest level whose visible box fits the budget, 3-D; the coarsest if none does."""
    for level, nbytes in enumerate(boxes_nbytes):
        if nbytes <= budget:
            return level
    return len(boxes_nbytes) - 1


def visible_samples(data_box: npt.NDArray[np.float64], shape0: Shape, shape: Shape) -> tuple[tuple[int, int], ...]:
    """(start, stop) of the samples of a level that touch the box along each axis; start = stop where none does.

    Sample i of a level that is coarser by f reaches from ``i·f − 0.5`` to ``(i + 1)·f − 0.5`` in data coordinates of
    level 0.
    """
    region = []
    for low, high, n0, n in zip(data_box[0], data_box[1], shape0, shape, strict=True):
        f = n0 / n
        start = min(max(int(np.floor((low + 0.5) / f)), 0), n)
        stop = min(max(int(np.ceil((high + 0.5) / f)), start), n)
        region.append((start, stop))
    return tuple(region)


def edges(
    region: Sequence[tuple[int, int]], shape0: Shape, shape: Shape
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Low and high edges of samples of a level, in displayed data coordinates of level 0."""
    factors = [n0 / n for n0, n in zip(shape0, shape, strict=True)]
    return (
        tuple(a * f - 0.5 for (a, _), f in zip(region, factors, strict=True)),
        tuple(b * f - 0.5 for (_, b), f in zip(region, factors, strict=True)),
    )
