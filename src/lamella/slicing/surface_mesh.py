"""Faces of some of the vertices, their edges and normals, and how light they are. Pure functions of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lamella.model.layers.colors import as_rgba8

AMBIENT = 0.35  # how light a face is that is seen from its edge; one that is seen from in front is 1

Floats = npt.NDArray[np.float64]
Faces = npt.NDArray[np.uint32]
Colors = npt.NDArray[np.uint8]


def kept_faces(faces: Faces, rows: npt.NDArray[np.int64], count: int) -> Faces:
    """The faces of which all vertices are among ``rows``, of ``count``, as indices into ``rows``; in their order."""
    inside = np.zeros(count, bool)
    inside[rows] = True
    kept = np.flatnonzero(inside.take(faces[:, 0]))  # corner after corner: most faces are out with the first
    for corner in (1, 2):
        kept = kept[inside.take(faces[kept, corner])]
    place = np.empty(count, np.uint32)
    place[rows] = np.arange(len(rows), dtype=np.uint32)
    return place.take(faces[kept])


def edges_of(faces: Faces) -> npt.NDArray[np.int64]:
    """Each edge once, (k, 2), the lower vertex first; ascending."""
    # As single numbers: rows of two take thirty times as long to sort.
    numbers = np.empty((3, len(faces)), np.int64)
    a, b, c = (np.ascontiguousarray(faces[:, corner], np.int64) for corner in range(3))
    for number, (one, other) in zip(numbers, ((a, b), (b, c), (c, a)), strict=True):
        number[:] = np.minimum(one, other) << 32 | np.maximum(one, other)
    ordered = numbers.ravel()
    ordered.sort()
    edges = ordered[np.diff(ordered, prepend=-1) != 0]
    return np.stack([edges >> 32, edges & 0xFFFFFFFF], axis=1)


def normals_of(places: Floats, faces: Faces, *, flat: bool) -> npt.NDArray[np.float32]:
    """Unit normals of faces, or of vertices: the sum of those of their faces, weighted by area.

    Of two axes the normal is along a third one, which is not there: (…, 0, 0) with two columns.

    Parameters
    ----------
    places : (2 or 3, n) array
        In data coordinates, one row an axis.
    faces : (m, 3) array
    flat : bool
        Of faces; otherwise of vertices.
    """
    count = len(faces) if flat else places.shape[1]
    if len(places) < 3:
        return np.zeros((count, len(places)), np.float32)
    corners = [np.ascontiguousarray(faces[:, corner], np.intp) for corner in range(3)]
    one, other = np.empty((3, len(faces))), np.empty((3, len(faces)))
    for axis, column in enumerate(places):
        start = column.take(corners[0])
        one[axis], other[axis] = column.take(corners[1]) - start, column.take(corners[2]) - start
    normals = np.zeros((count, 3), np.float32)
    across = np.empty((3, count))  # as long as twice the area
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        of_faces = one[u] * other[v] - one[v] * other[u]
        if flat:
            across[axis] = of_faces
        else:
            across[axis] = np.sum([np.bincount(corner, of_faces, count) for corner in corners], axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", across, across))
    known = length > 0
    for axis in range(3):
        np.divide(across[axis], length, out=normals[:, axis], where=known, casting="same_kind")
    return normals


def shades(normals: npt.NDArray[np.float32], hidden: Sequence[bool]) -> npt.NDArray[np.float32] | None:
    """How light each normal is, for a light beside the viewer, who looks along the axis that is not displayed.

    None, for all are as light, unless exactly one of three axes is hidden.
    """
    if normals.shape[1] != 3 or sum(hidden) != 1:
        return None
    turned: npt.NDArray[np.float32] = np.abs(normals[:, list(hidden).index(True)])
    return AMBIENT + (1 - AMBIENT) * turned


def colors_of_corners(
    colors: npt.NDArray[np.generic] | None,
    shade: npt.NDArray[np.float32] | None,
    expanded: Faces | None,
    count: int,
) -> Colors:
    """RGBA of each corner: colours of vertices, white without, darkened by the shade of the vertex or the face.

    Parameters
    ----------
    colors : (n, 3 or 4) array or None
    shade : (n,) or, with ``expanded``, (m,) array or None
    expanded : (3 m,) array or None
        The vertex of each corner; None: the corners are the vertices.
    count : int
        Vertices.
    """
    rgba = np.full((count, 4), 255, np.uint8) if colors is None else as_rgba8(colors)
    if expanded is not None:
        rgba = rgba[expanded]
    if shade is not None:
        light = shade if expanded is None else np.repeat(shade, 3)
        rgba[:, :3] = np.rint(rgba[:, :3] * light[:, None])
    return rgba
