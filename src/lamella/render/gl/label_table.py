"""A hash table of label ids as two textures, for a shader that computes in floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

WIDTH = 1024  # texels a row of a large table: textures cannot be arbitrarily wide
_SEEDS = 8  # tables tried at most; of the ones with long searches the best is taken
_GOOD = 32  # steps of the longest search; most take one or two


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Open addressing with linear probing.

    The slot of an id with bytes b is ``b · factors mod slots``; the search goes on to the next slot until it finds the
    id or a slot with key 0, which is free, at most `probes` times.

    Attributes
    ----------
    keys : (height, width, 4) uint8 array
        Bytes of the ids, lowest first.
    colors : (height, width, 4) uint8 array
    factors : tuple of four floats
        Whole, below 2¹², so that the product is below 2²² and exact in float32.
    probes : int
    """

    keys: npt.NDArray[np.uint8]
    colors: npt.NDArray[np.uint8]
    factors: tuple[float, float, float, float]
    probes: int


def label_table(keys: npt.NDArray[np.uint32], colors: npt.NDArray[np.uint8]) -> LabelTable:
    """The table of distinct ids (k,) and their colours (k, 4). Id 0 is the background and left out."""
    colors, keys = colors[keys != 0], keys[keys != 0]
    slots = max(16, 1 << int(2.5 * len(keys)).bit_length())
    parts = np.ascontiguousarray(keys, "<u4").view(np.uint8).reshape(-1, 4).astype(np.int64)
    best: tuple[int, npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None
    for seed in range(_SEEDS):
        factors = np.random.default_rng(seed).integers(0, 2**11, 4) * 2 + 1
        placed, probes = _insert((parts @ factors) % slots, slots)
        if best is None or probes < best[0]:
            best = probes, placed, factors
        if probes <= _GOOD:
            break
    assert best is not None
    probes, placed, factors = best
    width = min(slots, WIDTH)
    return LabelTable(
        keys=_spread(parts, placed, width),
        colors=_spread(colors, placed, width),
        factors=(float(factors[0]), float(factors[1]), float(factors[2]), float(factors[3])),
        probes=probes,
    )


def _insert(homes: npt.NDArray[np.int64], slots: int) -> tuple[npt.NDArray[np.int64], int]:
    """Which key each slot holds (-1: none), and the longest search. All keys move on together, step by step."""
    placed = np.full(slots, -1)
    left = np.arange(len(homes))
    probes = 0
    while len(left):
        at = (homes[left] + probes) % slots
        free = placed[at] < 0
        taken, first = np.unique(at[free], return_index=True)
        winners = left[free][first]
        placed[taken] = winners
        left = np.setdiff1d(left, winners, assume_unique=True)
        probes += 1
    return placed, max(probes, 1)


def _spread(rows: npt.NDArray[Any], placed: npt.NDArray[np.int64], width: int) -> npt.NDArray[np.uint8]:
    out = np.zeros((len(placed), 4), np.uint8)
    out[placed >= 0] = rows[placed[placed >= 0]]
    return out.reshape(-1, width, 4)
