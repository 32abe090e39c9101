"""The edges of shapes: which vertices they join, and the triangles that make them as wide as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.primitives import CORNER
from lamella.slicing.shape_rings import Rings, sums

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MITER_LIMIT = 4.0  # widths that a pointed corner may be long; one that would be longer is cut off, as in SVG
_BEVELLED = 2 / MITER_LIMIT**2 - 1  # cosine between the directions of lines that meet in such a corner
_STRAIGHT_AWAY = 1e-12  # of the squared length: a line that goes nowhere but along the normal of its shape


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """The lines around the shapes of a slice, shape after shape.

    Attributes
    ----------
    pairs : (e, 2) int64
        The vertices that each line joins.
    counts : (k,) int64
        How many lines each shape has.
    vertices : (v,) int64
        Those in which lines meet or end: not the second of two that are at one place.
    before, after : (v,) int64
        For each of these, the line that comes to it and the one that leaves it; at the end of a path the same.
    """

    pairs: Index
    counts: Index
    vertices: Index
    before: Index
    after: Index


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """Edges with a width.

    Attributes
    ----------
    corners : (c,) of `corner_dtype`
        Without colour.
    shapes : (c,) int64
        The shape of each.
    triangles : (t, 3) uint32
        Into `corners`, shape after shape.
    counts : (k,) int64
        How many triangles each shape has.
    """

    corners: npt.NDArray[Any]
    shapes: Index
    triangles: npt.NDArray[np.uint32]
    counts: Index


def outline_of(rings: Rings, closed: Flags, known: Flags) -> Outline:
    """The lines of shapes: those of closed ones go round.

    Parameters
    ----------
    rings : Rings
    closed, known : (k,) bool
        Shapes that are not known have no lines.
    """
    vertices = rings.vertices
    ring_of, first = rings.ring_of_vertex, rings.rings[:-1]
    round_ring = closed[rings.shape_of_ring]
    former = np.arange(-1, len(vertices) - 1)
    former[first] = rings.rings[1:] - 1
    kept = (vertices != vertices[former]).any(axis=1)
    kept[first[~round_ring]] = True  # nothing comes before the first vertex of a path
    kept &= known[rings.shape_of_vertex]
    chosen = np.flatnonzero(kept)
    counts = sums(kept.astype(np.int64), rings.rings)
    ring = ring_of[chosen]
    # With two places a ring goes there and not back.
    round_ring = round_ring & (counts > 2)
    ends = np.cumsum(counts)
    last = np.zeros(len(chosen), bool)
    last[ends[counts > 0] - 1] = True
    begin = np.zeros(len(chosen), bool)
    begin[(ends - counts)[counts > 0]] = True
    leaves = ~last | round_ring[ring]
    following = np.arange(1, len(chosen) + 1)
    following[last] = (ends - counts)[ring[last]]
    pairs = np.stack([chosen, chosen[following % max(len(chosen), 1)]], axis=1)[leaves]
    line = np.cumsum(leaves) - 1  # that leaves a vertex, or the last one before it
    after = np.where(leaves, line, line)
    before = line - 1
    going_round = begin & round_ring[ring]
    before[going_round] = line[ends[ring[going_round]] - 1]
    before[begin & ~round_ring[ring]] = line[begin & ~round_ring[ring]]
    before[last & ~leaves] = line[last & ~leaves]
    lonely = begin & last & ~leaves
    per_ring = sums(leaves.astype(np.int64), np.concatenate([[0], ends]))
    return Outline(
        pairs, sums(per_ring, rings.shapes), chosen[~lonely], before[~lonely], after[~lonely]
    )
