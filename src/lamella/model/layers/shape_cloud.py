"""What shapes there are: flat arrays that slicing refers to, frozen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_cloud import extent_of
from lamella.model.layers.shape_geometry import SHAPE_TYPES, Geometry, geometry_of, joined
from lamella.sources.base import new_token

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class ShapeCloud:
    """Shapes. Made by `ShapeCloud.of`, on any thread: then handing them to a layer costs nothing.

    Attributes
    ----------
    geometry : Geometry
        A copy of what was given.
    extent : (2, ndim) array or None
        Smallest and largest finite coordinate of the vertices, of ellipses those of the corners around them; NaN on an
        axis without any. None without shapes.
    token : int
        Identity in the keys of slices.
    """

    geometry: Geometry
    extent: Array | None
    token: int = field(default_factory=new_token)

    @classmethod
    def of(cls, data: Any, shape_type: str | Sequence[str] = "rectangle", ndim: int | None = None) -> ShapeCloud:
        """Check shapes and copy them: some 10 ms for 20,000 polygons that are arrays, ten times as long for lists.

        Parameters
        ----------
        data, shape_type, ndim
            As for `lamella.model.layers.shapes.Shapes`.

        Raises
        ------
        TypeError, ValueError
        """
        return cls.with_geometry(geometry_of(data, ndim, shape_type))

    @classmethod
    def with_geometry(cls, geometry: Geometry) -> ShapeCloud:
        """Shapes that have been checked."""
        return cls(geometry, extent_of(geometry.vertices))

    def with_more(self, more: Geometry) -> ShapeCloud:
        """These shapes with others after them."""
        return self.with_geometry(joined(self.geometry, more))

    @property
    def count(self) -> int:
        return len(self.geometry.kinds)

    @property
    def ndim(self) -> int:
        return int(self.geometry.vertices.shape[1])

    @property
    def data(self) -> VertexLists:
        """The vertices of each shape."""
        return VertexLists(self.geometry)

    @property
    def types(self) -> list[str]:
        """The type of each shape."""
        return [SHAPE_TYPES[kind] for kind in self.geometry.kinds.tolist()]


class VertexLists(Sequence[Any]):
    """The vertices of each shape, (v, ndim); of polygons with holes a list of these, one a ring. Read-only.

    Parameters
    ----------
    geometry : Geometry
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry

    def __len__(self) -> int:
        return len(self._geometry.kinds)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        geometry, shape = self._geometry, range(len(self))[index]
        rings = geometry.rings[geometry.shapes[shape] : geometry.shapes[shape + 1] + 1].tolist()
        found = [geometry.vertices[a:b] for a, b in itertools.pairwise(rings)]
        return found[0] if len(found) == 1 else found
