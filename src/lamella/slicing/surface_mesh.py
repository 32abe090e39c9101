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
    place = np.full(count, -1, np.int64)
    place[rows] = np.arange(len(rows))
    moved = place.take(faces)
    return moved[(moved >= 0).all(axis=1)].astype(np.uint32)


def edges_of(faces: Faces) -> npt.NDArray[np.int64]:
    """Each edge once, (k, 2), the lower vertex first."""
    if not len(faces):
        return np.empty((0, 2), np.int64)
    pairs = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2).astype(np.int64), axis=1)
    known = np.unique(pairs[:, 0] << 32 | pairs[:, 1])
    return np.stack([known >> 32, known & 0xFFFFFFFF], axis=1)


def normals_of(places: Floats, faces: Faces, *, flat: bool) -> npt.NDArray[np.float32]:
    """Unit normals of faces, or of vertices: the sum of those of their faces, weighted by area.

    Of two axes the normal is along a third one, which is not there: (…, 0, 0) with two columns.

    Parameters
    ----------
    places : (n, 2 or 3) array
        In data coordinates.
    faces : (m, 3) array
    flat : bool
        Of faces; otherwise of vertices.
    """
    if places.shape[1] < 3:
        return np.zeros((len(faces) if flat else len(places), places.shape[1]), np.float32)
    a, b, c = (places[faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)  # as long as twice the area
    if not flat:
        sums = np.zeros_like(places)
        for axis in range(3):
            for corner in range(3):
                sums[:, axis] += np.bincount(faces[:, corner], across[:, axis], len(places))
        across = sums
    length = np.linalg.norm(across, axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(length > 0, across / length, 0).astype(np.float32)


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
