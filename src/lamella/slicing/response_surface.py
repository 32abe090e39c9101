"""What came out of slicing a surface: what is drawn, and the response around it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.colors import map_numbers
from lamella.model.layers.look import PrimitivesLook
from lamella.slicing.line_grid import LineGrid
from lamella.slicing.primitives import Clock, PrimitivesTile, ValuesTile
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.surface_selection import MeshSelection
from lamella.slicing.thumbnail import MOST, of_points

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class SurfaceContent:
    """What a tile of a surface keeps beside its primitives. Read-only.

    Attributes
    ----------
    selection : MeshSelection
    vertices : (n, displayed) float64
    normals : (n, k), (m, k) or (0, 0) float32
        Of vertices or of faces, on the last k axes of the vertices, at most three; none without shading.
    expanded : (3 m,) uint32 or None
        Which of `vertices` each corner of the tile is; None: they are the same.
    grid : LineGrid or None
        Of the boxes of faces; None where looking at all of them is as quick.
    """

    selection: MeshSelection
    vertices: Floats
    normals: npt.NDArray[np.float32]
    expanded: npt.NDArray[np.uint32] | None
    grid: LineGrid | None

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Vertices in the slice, ascending, (n,)."""
        return self.selection.rows

    @property
    def faces(self) -> npt.NDArray[np.uint32]:
        """Into `vertices`, (m, 3)."""
        return self.selection.faces

    @property
    def nbytes(self) -> int:
        parts = (self.selection, self.vertices, self.normals, self.expanded, self.grid)
        return sum(part.nbytes for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class SurfaceSliceResponse(LayerSliceResponse):
    """A slice of a surface. Read-only arrays; without a slice yet they have no rows.

    Attributes
    ----------
    tiles : tuple
        The `PrimitivesTile` and, where colours follow from values, the `ValuesTile`, as far as they are there.
    errors : tuple of str
        Why it failed.
    """

    tiles: tuple[PrimitivesTile | ValuesTile, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def vertices(self) -> Floats:
        """Data coordinates in displayed order, (n, displayed): also of vertices that no face of the slice has."""
        return self._content.vertices

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """The vertices in the layer's data, ascending, (n,)."""
        return self._content.rows

    @property
    def faces(self) -> npt.NDArray[np.uint32]:
        """Into `vertices`, (m, 3)."""
        return self._content.faces

    @property
    def normals(self) -> npt.NDArray[np.float32]:
        """Of the vertices with smooth shading, of the faces with flat shading, of nothing without."""
        return self._content.normals

    @property
    def auto_limits(self) -> tuple[float, float] | None:
        """Contrast limits that the values suggest, of the whole layer; None without values."""
        return next((t.limits for t in self.tiles if isinstance(t, ValuesTile)), None)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """One number for each of the vertices, (n,); none where colours follow from none."""
        tile = next((t for t in self.tiles if isinstance(t, ValuesTile)), None)
        if tile is None:
            return np.empty(0, np.float32)
        expanded = self._content.expanded
        if expanded is None:
            return tile.values
        values = np.full(len(self._content.rows), np.nan, np.float32)
        values[expanded] = tile.values
        return values

    @property
    def thumbnail(self) -> npt.NDArray[np.uint8] | None:
        """(32, 32, 4), None without faces."""
        return next((t.thumbnail for t in self.tiles if isinstance(t, PrimitivesTile)), None)

    def thumbnail_in(self, look: PrimitivesLook) -> npt.NDArray[np.uint8] | None:
        """The same in the colours of the values."""
        tile = next((t for t in self.tiles if isinstance(t, ValuesTile)), None)
        if tile is None or look.lut is None or not len(self.faces):
            return self.thumbnail
        low, high = look.limits or tile.limits or (0.0, 1.0)
        some = slice(None, None, max(1, len(self.vertices) // MOST))
        values = self.values[some].astype(np.float64)
        colors = map_numbers(values, look.lut, (low, high if high > low else low + 1.0))
        return of_points(self.vertices[some], colors)

    @property
    def segment_span(self) -> None:
        """All edges are drawn,"""
        return None

    @property
    def clock(self) -> Clock | None:
        """and none fades with time."""
        return None

    def value_at(self, position: tuple[float, ...]) -> tuple[Any, int] | None:
        """The value between the corners of the topmost face at a displayed data position, and the face; without values
        the face twice. None beside all faces."""
        if len(position) != 2 or len(self.dims_displayed) != 2:
            return None
        content = self._content
        place = np.array(position)
        near = _boxes_around(content, place)
        if not len(near):
            return None
        a, b, c = content.vertices[content.faces[near]].swapaxes(0, 1)
        area = _cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = np.stack([_cross(c - b, place - b), _cross(a - c, place - c), _cross(b - a, place - a)]) / area
        inside = np.flatnonzero((weights >= 0).all(axis=0))
        if not len(inside):
            return None
        face = int(near[inside[-1]])
        values = next((t for t in self.tiles if isinstance(t, ValuesTile)), None)
        if values is None:
            return face, face
        corners = content.faces[face] if content.expanded is None else np.arange(3) + 3 * face
        return float(values.values[corners].astype(np.float64) @ weights[:, inside[-1]]), face

    @property
    def _content(self) -> SurfaceContent:
        tile = next((t for t in self.tiles if isinstance(t, PrimitivesTile)), None)
        if tile is None:
            return _nothing(len(self.dims_displayed))
        content: SurfaceContent = tile.content
        return content


def _boxes_around(content: SurfaceContent, place: Floats) -> Index:
    """Faces of which the box has a place in it, ascending."""
    near = np.arange(len(content.faces)) if content.grid is None else content.grid.near(place, np.zeros(2))
    for axis in range(2):
        corners = content.vertices[:, axis][content.faces[near]]
        near = near[(corners.min(axis=1) <= place[axis]) & (corners.max(axis=1) >= place[axis])]
    return near


def _cross(a: Floats, b: Floats) -> Floats:
    result: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return result


@functools.cache
def _nothing(ndisplay: int) -> SurfaceContent:
    none = np.empty((0, 3), np.uint32)
    nothing = MeshSelection(np.empty(0, np.int64), none, none)
    return SurfaceContent(nothing, np.empty((0, ndisplay)), np.empty((0, 0), np.float32), None, None)
