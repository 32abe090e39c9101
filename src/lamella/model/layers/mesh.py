"""The triangles of a surface and the numbers and colours on its vertices: arrays that slicing refers to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.colors import as_rgba8, checked_color_array
from lamella.model.layers.point_cloud import PointCloud, as_numbers
from lamella.model.layers.snapshots import AT_THE_CALL, is_writable, snapshot
from lamella.sources.base import new_token

Faces = npt.NDArray[Any]

MAX_TEXTURE = 8192  # pixels along a side: what every GL can hold


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Mesh:
    """Vertices and faces. Made by `Mesh.of`, on any thread: then handing them to a layer costs nothing.

    Attributes
    ----------
    cloud : PointCloud
        The vertices.
    faces : (m, 3) integer array
        Of three vertices each; a copy up to 1 MiB, otherwise the array that was given.
    token : int
        Identity in the keys of slices.
    """

    cloud: PointCloud
    faces: Faces
    token: int = field(default_factory=new_token)

    @classmethod
    def of(cls, vertices: Any, faces: Any) -> Mesh:
        """Check a mesh.

        Parameters
        ----------
        vertices : (n, d) array
        faces : (m, 3) integer array

        Raises
        ------
        TypeError
            Vertices that are no numbers, faces that are no integers.
        ValueError
            Another shape, or faces of vertices that are not there.
        """
        vertices = as_numbers(vertices, "vertex", "one row a vertex and one column an axis")
        if vertices.ndim != 2 or vertices.shape[1] < 2:
            raise ValueError(
                f"vertices must have the shape (vertices, axes) with at least two axes, not {vertices.shape}"
            )
        cloud = PointCloud.of(vertices)
        array = np.asarray(faces)
        if array.size == 0:
            array = np.empty((0, 3), np.int64)
        if array.dtype.kind not in "iu":
            raise TypeError(f"faces must be integers, three vertices each, not an array of {array.dtype}")
        if array.ndim != 2 or array.shape[1] != 3:
            raise ValueError(f"faces must have the shape (faces, 3), not {array.shape}")
        if len(array):
            low, high = int(array.min()), int(array.max())
            if low < 0 or high >= cloud.count:
                which = high if high >= cloud.count else low
                raise ValueError(f"faces must name vertices from 0 to {cloud.count - 1}, but there is {which}")
        if array.nbytes <= AT_THE_CALL and is_writable(array):
            array = snapshot(array) if len(array) else array
        return cls(cloud, array)

    @property
    def count(self) -> int:
        """Vertices."""
        return self.cloud.count

    @property
    def ndim(self) -> int:
        return self.cloud.ndim


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class OnVertices:
    """Something for each vertex, perhaps for each place on leading axes too.

    Attributes
    ----------
    array : (…, n) or (…, n, k) array
        The user's own, or one that nobody writes to.
    leading : tuple of int
        Lengths of the leading axes.
    token : int
    """

    array: npt.NDArray[Any]
    leading: tuple[int, ...]
    token: int = field(default_factory=new_token)


def values_on(mesh: Mesh, values: Any) -> OnVertices | None:
    """Numbers, (…, n); one for all vertices as None is given.

    Raises
    ------
    TypeError, ValueError
    """
    if values is None:
        return None
    array = as_numbers(values, "vertex", "numbers")
    if array.ndim < 1 or array.shape[-1] != mesh.count:
        raise ValueError(
            f"values must have one number for each of the {mesh.count} vertices on their last axis, not the shape "
            f"{array.shape}"
        )
    if 0 in array.shape[:-1]:
        raise ValueError(f"values must not be empty on their leading axes, but have the shape {array.shape}")
    return OnVertices(_own(array), array.shape[:-1])


def colors_on(mesh: Mesh, colors: Any) -> OnVertices | None:
    """RGB or RGBA, (…, n, 3 or 4), of uint8 or of numbers from 0 to 1.

    Raises
    ------
    TypeError, ValueError
    """
    if colors is None:
        return None
    array = as_numbers(colors, "vertex", "colours")
    if array.ndim < 2 or array.shape[-1] not in (3, 4) or array.shape[-2] != mesh.count or 0 in array.shape[:-2]:
        raise ValueError(
            f"vertex_colors must have 3 or 4 numbers for each of the {mesh.count} vertices, not the shape {array.shape}"
        )
    checked_color_array("vertex_colors", array.reshape(-1, array.shape[-1]), "vertex")
    return OnVertices(_own(array), array.shape[:-2])


def texture_of(texture: Any) -> npt.NDArray[np.uint8] | None:
    """A picture as (rows, columns, 4) uint8, read-only.

    Raises
    ------
    ValueError
        It is no picture, or too large.
    """
    if texture is None:
        return None
    array = np.asarray(texture)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    if array.ndim != 3 or array.shape[2] not in (3, 4) or 0 in array.shape:
        raise ValueError(f"texture must be a picture of shape (rows, columns[, 3 or 4]), not {array.shape}")
    if max(array.shape[:2]) > MAX_TEXTURE:
        raise ValueError(f"texture must have at most {MAX_TEXTURE} pixels along a side, not {array.shape[:2]}")
    flat = checked_color_array("texture", array.reshape(-1, array.shape[2]), "pixel")
    rgba = as_rgba8(flat).reshape(*array.shape[:2], 4)
    rgba.setflags(write=False)
    return rgba


def texcoords_of(mesh: Mesh, texcoords: Any) -> npt.NDArray[np.float32] | None:
    """Places in the texture, (n, 2) from 0 to 1, read-only.

    Raises
    ------
    TypeError, ValueError
    """
    if texcoords is None:
        return None
    array = as_numbers(texcoords, "vertex", "two numbers, x and y in the texture")
    if array.shape != (mesh.count, 2):
        raise ValueError(f"texcoords must have the shape ({mesh.count}, 2), x and y for each vertex, not {array.shape}")
    places = array.astype(np.float32)
    places.setflags(write=False)
    return places


def _own(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A copy of what is small and may be written to."""
    if array.nbytes <= AT_THE_CALL and is_writable(array):
        array = array.copy()
        array.setflags(write=False)
    return array
