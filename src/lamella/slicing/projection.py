"""Thick slices: which planes they take, and how these are reduced one chunk after the other (SEMANTICS, "Image")."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

CLOSE = 1e-6  # np.isclose's relative term would make slabs grow far from the origin

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Slab:
    """The part of a slab that lies in one chunk, and of how many such parts the tile is made.

    Attributes
    ----------
    mode : str
        ``"mean"``, ``"sum"``, ``"max"`` or ``"min"``.
    cuts : tuple of (axis, start, stop)
        Samples of the chunk along the source's axes that are reduced.
    planes : int
        Planes of the whole slab.
    parts : int
        Chunks that the slab of one tile touches.
    """

    mode: str
    cuts: tuple[tuple[int, int, int], ...]
    planes: int
    parts: int


@dataclass(slots=True)
class Part:
    """What some of the chunks of a slab give. It has one owner at a time, who may add to it.

    Attributes
    ----------
    tile_key : hashable
        Of the tile that it is a part of.
    values : array
        Sums, or extremes so far.
    parts : int
        How many chunks are in it.
    """

    tile_key: Hashable
    values: Array
    parts: int = 1

    @property
    def nbytes(self) -> int:
        return self.values.nbytes


def slab_range(point: float, margin_left: float, margin_right: float, n: int) -> tuple[int, int]:
    """The planes ``[low, high)`` of an axis of ``n`` samples.

    All in data coordinates of that level; margins may be negative where a scale is: a slab is never turned inside out.
    """
    left, right = sorted((point - margin_left, point + margin_right))
    low, high = max(round(left), 0), max(round(right), 0)
    if math.isclose(high, right, rel_tol=0, abs_tol=CLOSE):
        high += 1
    if low == high:
        high += 1
    return min(low, n - 1), min(max(high, low + 1), n)


def misses(point: float, margin_left: float, margin_right: float, n: int) -> bool:
    """Whether a slab (or a plane, with margins 0) lies beside an axis of ``n`` samples."""
    left, right = sorted((point - margin_left, point + margin_right))
    return round(right) < 0 or round(left) > n - 1


def reduced(slab: Slab, tile_key: Hashable, block: Array, axes: tuple[int, ...]) -> Part:
    """The part that one chunk gives: ``block`` reduced over ``axes``."""
    if slab.mode == "max":
        values = block.max(axis=axes)
    elif slab.mode == "min":
        values = block.min(axis=axes)
    else:
        values = block.sum(axis=axes, dtype=_sum_dtype(slab.mode, block.dtype))
    return Part(tile_key, values)


def combined(slab: Slab, parts: Sequence[Part]) -> Part:
    """All of ``parts`` in the first of them."""
    first = parts[0]
    if not first.values.flags.writeable:
        first.values = first.values.copy()
    add = {"max": np.maximum, "min": np.minimum}.get(slab.mode, np.add)
    for part in parts[1:]:
        add(first.values, part.values, out=first.values)
        first.parts += part.parts
    return first


def finished(slab: Slab, part: Part, dtype: np.dtype[Any]) -> Array:
    """The values of a slab, in the dtype that numpy's reduction of data of ``dtype`` has."""
    values = part.values
    if slab.mode == "mean":
        values = values / slab.planes
        if dtype.kind == "f":
            values = values.astype(dtype.newbyteorder("="))
    elif slab.mode == "sum" and dtype.kind == "f":
        values = values.astype(dtype.newbyteorder("="))
    return values


def _sum_dtype(mode: str, dtype: np.dtype[Any]) -> type:
    """Sums of floats in float64; of integers in 64 bits for ``sum`` as numpy has it, in float64 for ``mean``."""
    if mode == "mean" or dtype.kind == "f":
        return np.float64
    return np.uint64 if dtype.kind == "u" else np.int64
