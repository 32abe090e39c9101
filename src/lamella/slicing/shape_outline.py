"""The edges of shapes: which vertices they join, and the triangles that make them as wide as they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.primitives import CORNER
from lamella.slicing.shape_rings import Rings, rows_all, sums

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

MITER_LIMIT = 4.0  # widths that a pointed corner may be long; one that would be longer is cut off, as in SVG
_BEVELLED = 2 / MITER_LIMIT**2 - 1  # cosine between the directions of lines that meet in such a corner
_ALONG = 1e-6  # sine between a line and the normal of its shape, from which on the normal is of no use


@dataclass(frozen=True, eq=False, slots=True)
class Outline:
    """The lines around the shapes of a slice, shape after shape.

    Attributes
    ----------
    vertices : (v,) int64
        Where lines meet or end: not the second of two that follow each other at one place.
    lines : (e, 2) int64
        Into `vertices`: what each line joins.
    before, after : (v,) int64
        Into `lines`: the one that comes to a vertex and the one that leaves it; at the ends of a path the same.
    vertex_counts, counts : (k,) int64
        How many vertices and lines each shape has.
    """

    vertices: Index
    lines: Index
    before: Index
    after: Index
    vertex_counts: Index
    counts: Index

    @property
    def pairs(self) -> Index:
        """Which vertices of the slice each line joins, (e, 2)."""
        return self.vertices[self.lines]

    def take(self, which: Flags) -> Outline:
        """The lines of some of the shapes, the others without any."""
        if which.all():
            return self
        shapes = np.arange(len(which))
        of_vertex = which[np.repeat(shapes, self.vertex_counts)]
        of_line = which[np.repeat(shapes, self.counts)]
        vertex, line = np.cumsum(of_vertex) - 1, np.cumsum(of_line) - 1
        return Outline(
            self.vertices[of_vertex],
            vertex[self.lines[of_line]],
            line[self.before[of_vertex]],
            line[self.after[of_vertex]],
            np.where(which, self.vertex_counts, 0),
            np.where(which, self.counts, 0),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Band:
    """Edges with a width.

    Attributes
    ----------
    corners : (c,) of `corner_dtype`
        Relative to an origin, without colour.
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


def outline_of(rings: Rings, known: Flags) -> Outline:
    """The lines of shapes: round those that have a face, along the others. Shapes that are not ``known`` have none."""
    vertices, starts = rings.vertices, rings.rings[:-1]
    closed = rings.filled[rings.shape_of_ring]
    former = np.arange(-1, len(vertices) - 1)
    former[starts] = rings.rings[1:] - 1
    kept = ~rows_all(vertices == vertices[former])
    kept[starts[~closed]] = True  # nothing comes before the first vertex of a path
    kept &= known[rings.shape_of_vertex]
    counts = sums(kept.astype(np.int64), rings.rings)
    ring = rings.ring_of_vertex[kept]
    met = counts[ring] > 1
    chosen, ring, counts = np.flatnonzero(kept)[met], ring[met], np.where(counts > 1, counts, 0)

    lines = np.where(closed & (counts > 2), counts, np.maximum(counts - 1, 0))  # between two places there is but one
    first_vertex, first_line = np.cumsum(counts) - counts, np.cumsum(lines) - lines
    place, of_ring = np.arange(len(chosen)) - first_vertex[ring], lines[ring]
    leaving = np.flatnonzero(place < of_ring)
    ends = first_vertex[ring] + (place + 1) % np.maximum(counts[ring], 1)
    comes = np.where(place > 0, place - 1, np.where(of_ring == counts[ring], of_ring - 1, 0))
    return Outline(
        vertices=chosen,
        lines=np.stack([leaving, ends[leaving]], axis=1),
        before=first_line[ring] + comes,
        after=first_line[ring] + np.minimum(place, of_ring - 1),
        vertex_counts=sums(counts, rings.shapes),
        counts=sums(lines, rings.shapes),
    )


def band_of(rings: Rings, outline: Outline, widths: Floats, metric: Floats, origin: Floats) -> Band:
    """Edges of these widths: corners are pointed, or cut off where they would reach too far.

    Parameters
    ----------
    rings : Rings
    outline : Outline
    widths : (k,) float64
        Data units.
    metric : (displayed, displayed) float64
        How the displayed axes measure, see `lamella.slicing.vector_shapes.metric_of`.
    origin : (displayed,) float64
    """
    root = _root(metric)
    with np.errstate(invalid="ignore", over="ignore"):  # of shapes without lines
        near = rings.vertices.T - origin[:, None]  # one row an axis from here on: contiguous along the vertices
        measured = root.T @ near
    along = _directions(measured, outline)
    sides = _sides(replace(rings, vertices=measured.T), outline, along)
    incoming, outgoing = sides.take(outline.before, axis=1), sides.take(outline.after, axis=1)
    cosine = (incoming * outgoing).sum(axis=0)
    bevelled = np.flatnonzero(cosine < _BEVELLED)
    cosine[bevelled] = 0
    offsets = (incoming + outgoing) / (1 + cosine)
    offsets[:, bevelled] = incoming[:, bevelled]
    shapes = np.repeat(np.arange(len(widths)), outline.vertex_counts)
    width, back = widths[shapes], np.linalg.inv(root).T / 2
    corners = _corners(near[:, outline.vertices], back @ offsets * width, width, bevelled, back @ outgoing[:, bevelled])

    count, more = offsets.shape[1], len(bevelled)
    left = 2 * np.arange(count, dtype=np.uint32)
    leaving = np.stack([left, left + np.uint32(1)])
    leaving[:, bevelled] = 2 * count + np.arange(2 * more).reshape(2, more)
    start, stop = outline.lines.T
    triangles, counts = np.empty((2 * len(start), 3), np.uint32), 2 * outline.counts
    triangles[0::2, 0] = triangles[1::2, 0] = leaving[0, start]
    triangles[0::2, 1], triangles[1::2, 2] = leaving[1, start], left[stop]
    triangles[0::2, 2] = triangles[1::2, 1] = left[stop] + 1
    if more:
        outside = ((along[:, outline.after[bevelled]] * incoming[:, bevelled]).sum(axis=0) > 0).astype(np.uint32)
        middle = 2 * (count + more) + np.arange(more, dtype=np.uint32)
        cuts = np.stack([left[bevelled] + outside, leaving[outside, bevelled], middle], axis=1, dtype=np.uint32)
        of_triangle = np.concatenate([np.repeat(np.arange(len(widths)), counts), shapes[bevelled]])
        triangles = np.concatenate([triangles, cuts])[np.argsort(of_triangle, kind="stable")]
        counts = counts + np.bincount(shapes[bevelled], minlength=len(widths))
    return Band(corners, np.concatenate([np.repeat(shapes, 2), np.tile(shapes[bevelled], 3)]), triangles, counts)


def _corners(places: Floats, offsets: Floats, width: Floats, bevelled: Index, away: Floats) -> npt.NDArray[Any]:
    """Of each vertex the left and the right corner; then, of those that are cut off, the left ones of the lines that
    leave them, the right ones, and the vertices themselves.

    Parameters
    ----------
    places, offsets : (displayed, v) float64
    width : (v,) float64
    bevelled : (b,) int64
        Vertices that are cut off.
    away : (displayed, b) float64
        Half across the lines that leave these, a unit wide.
    """
    ndisplay, count = places.shape
    more = len(bevelled)
    dtype = CORNER[ndisplay]
    corners = np.zeros(2 * count + 3 * more, dtype)
    # Every field is made of words of 4 bytes, and columns of words are quicker to write than fields.
    numbers = corners.view(np.float32).reshape(len(corners), dtype.itemsize // 4)
    assert dtype.fields is not None
    place = {name: field[1] // 4 for name, field in dtype.fields.items()}
    of_both, cut = numbers[: 2 * count], numbers[2 * count :]
    for side in range(2):
        of_both[side::2, place["width"]] = width
    cut[:, place["width"]] = np.tile(width[bevelled], 3)
    for axis in range(ndisplay):
        position, offset = place["position"] + axis, place["offset"] + axis
        of_both[0::2, position] = of_both[1::2, position] = places[axis]
        of_both[0::2, offset], of_both[1::2, offset] = offsets[axis], -offsets[axis]
        cut[:, position] = np.tile(places[axis, bevelled], 3)
        cut[:more, offset] = away[axis] * width[bevelled]
        cut[more : 2 * more, offset] = -cut[:more, offset]
    return corners


def _root(metric: Floats) -> Floats:
    """The matrix that takes data vectors to such as measure alike on all axes."""
    try:
        root: npt.NDArray[Any] = np.linalg.cholesky(metric)
        return root
    except np.linalg.LinAlgError:  # the axes lie on each other as far as floats can tell
        return np.eye(len(metric))


def _directions(vertices: Floats, outline: Outline) -> Floats:
    """Along each line, of length 1: (d, m) → (d, e)."""
    start, stop = outline.pairs.T
    along: Floats = vertices.take(stop, axis=1) - vertices.take(start, axis=1)
    along /= np.maximum(np.sqrt((along * along).sum(axis=0)), np.finfo(np.float64).tiny)
    return along


def _sides(rings: Rings, outline: Outline, along: Floats) -> Floats:
    """Across each line, of length 1, in the plane of its shape; (d, e)."""
    if len(along) == 2:
        return np.stack([-along[1], along[0]])
    normals = rings.normals()
    length = np.linalg.norm(normals, axis=1)
    flat = length > 0
    normals[flat] /= length[flat, None]
    normals[~flat] = [1, 0, 0]
    sides = np.cross(np.repeat(normals, outline.counts, axis=0), along.T)
    length = np.linalg.norm(sides, axis=1)
    lost = length < _ALONG
    if lost.any():
        other = np.eye(3)[np.abs(along[:, lost]).argmin(axis=0)]
        sides[lost] = np.cross(other, along[:, lost].T)
        length[lost] = np.linalg.norm(sides[lost], axis=1)
    result: Floats = sides.T / length
    return result
