"""What came out of slicing shapes: what is drawn, and the response around it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.model.layers.shape_geometry import flat_indices
from lamella.slicing.primitives import Clock, PrimitivesTile
from lamella.slicing.response import LayerSliceResponse, Remark
from lamella.slicing.response_points import size_scale
from lamella.slicing.text import TextBlock

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Colors = npt.NDArray[np.uint8]

REACH = 3.0  # canvas pixels: an edge as near to the cursor as that is under it, if nothing else is


@dataclass(frozen=True, eq=False, slots=True)
class ShapesContent:
    """What a tile of shapes keeps beside its primitives. Shapes are in the order in which they are drawn; read-only.

    Attributes
    ----------
    indices : (k,) int64
    vertices : (m, displayed) float64
    faces : (f, 3) uint32
    outline : (e, 2) uint32
    face_starts, outline_starts : (k + 1,) int64
        Where each shape begins in `faces` and `outline`, and the end.
    bounds : (2, k, displayed) float64
        Lowest and highest vertex of each shape; NaN where one is nowhere.
    face_color, edge_color : (k, 4) uint8
    edge_width : (k,) float32
        Data units.
    remarks : tuple of Remark
    text : TextBlock or None
    """

    indices: Index
    vertices: Floats
    faces: npt.NDArray[np.uint32]
    outline: npt.NDArray[np.uint32]
    face_starts: Index
    outline_starts: Index
    bounds: Floats
    face_color: Colors
    edge_color: Colors
    edge_width: npt.NDArray[np.float32]
    remarks: tuple[Remark, ...] = ()
    text: TextBlock | None = None

    @property
    def arrays(self) -> tuple[npt.NDArray[np.generic], ...]:
        """All of them."""
        lines = (self.indices, self.vertices, self.faces, self.outline, self.face_starts, self.outline_starts)
        return (*lines, self.bounds, self.face_color, self.edge_color, self.edge_width)

    @property
    def nbytes(self) -> int:
        own = sum(array.nbytes for array in self.arrays if 0 not in array.strides)
        return own if self.text is None else own + self.text.nbytes


@dataclass(frozen=True, slots=True)
class ShapesSliceResponse(LayerSliceResponse):
    """A slice of shapes. The arrays are read-only; without a slice yet they have no rows.

    Attributes
    ----------
    tiles : tuple of PrimitivesTile
        The slice, or nothing.
    errors : tuple of str
        Why it failed.
    """

    tiles: tuple[PrimitivesTile, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def indices(self) -> Index:
        """Into the layer's data, in the order in which the shapes are drawn: by z index, then ascending, (k,)."""
        return self._content.indices

    @property
    def vertices(self) -> Floats:
        """Data coordinates in displayed order, shape after shape, (m, displayed); ellipses are polygons."""
        return self._content.vertices

    @property
    def faces(self) -> npt.NDArray[np.uint32]:
        """The triangles that fill the shapes, shape after shape, (f, 3), into `vertices`."""
        return self._content.faces

    @property
    def outline(self) -> npt.NDArray[np.uint32]:
        """The lines around the shapes, shape after shape, (e, 2), into `vertices`."""
        return self._content.outline

    @property
    def face_color(self) -> Colors:
        """RGBA, one a shape, (k, 4)."""
        return self._content.face_color

    @property
    def edge_color(self) -> Colors:
        """RGBA, one a shape, (k, 4)."""
        return self._content.edge_color

    @property
    def edge_width(self) -> npt.NDArray[np.float32]:
        """Data units, one a shape, (k,)."""
        return self._content.edge_width

    @property
    def text(self) -> TextBlock | None:
        """What is written in the middle of the shapes; None for nothing."""
        return self._content.text

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Which shapes cannot be drawn as they should be."""
        return self._content.remarks

    @property
    def thumbnail(self) -> Colors | None:
        """(32, 32, 4), None where nothing is drawn."""
        return self.tiles[0].thumbnail if self.tiles else None

    @property
    def segment_span(self) -> None:
        """There are no segments to choose from,"""
        return None

    @property
    def clock(self) -> Clock | None:
        """and nothing fades with time."""
        return None

    def value_at(self, position: tuple[float, ...]) -> tuple[int] | None:
        """`value_near`, with pixels as large as they were when the slice was asked for."""
        return self.value_near(position, self.window.pixel)

    def value_near(self, position: tuple[float, ...], pixel: float) -> tuple[int] | None:
        """Index of the topmost shape of which face or edge covers a place; where none does, of the one with the nearest
        edge, if it is within 3 canvas pixels. None if there is none. What is transparent covers nothing.

        Parameters
        ----------
        position : tuple of float
            Displayed data coordinates.
        pixel : float
            World units of a canvas pixel.
        """
        content, linear = self._content, self.displayed_to_world.linear
        if len(position) != 2 or len(self.dims_displayed) != 2 or not len(content.indices):
            return None
        place, scale = np.array(position), size_scale(self.displayed_to_world)
        least = REACH * pixel
        # However the transform shears, nothing farther than this along an axis can be under the cursor.
        reach = np.maximum(content.edge_width * (scale / 2), least) / np.linalg.svd(linear, compute_uv=False)[-1]
        low, high = content.bounds
        near = np.flatnonzero(((low <= place + reach[:, None]) & (high >= place - reach[:, None])).all(axis=1))
        if not len(near):
            return None
        lined = near[(content.edge_width[near] > 0) & (content.edge_color[near, 3] > 0)]
        shapes, distance = _edges_away(content, lined, place, linear)
        covering = shapes[distance <= content.edge_width[shapes] * (scale / 2)]
        top = max(_topmost_face(content, near, place), int(covering.max(initial=-1)))
        if top < 0 and len(distance) and distance.min() <= least:
            top = int(shapes[len(shapes) - 1 - int(np.argmin(distance[::-1]))])
        return (int(content.indices[top]),) if top >= 0 else None

    @property
    def _content(self) -> ShapesContent:
        if not self.tiles:
            return _nothing(len(self.dims_displayed))
        content: ShapesContent = self.tiles[0].content
        return content


def _topmost_face(content: ShapesContent, near: Index, place: Floats) -> int:
    """The last of some shapes of which a triangle covers a place; −1 if there is none."""
    near = near[content.face_color[near, 3] > 0]
    counts = content.face_starts[near + 1] - content.face_starts[near]
    triangles = content.faces[flat_indices(content.face_starts[near], counts)]
    corners = content.vertices[triangles] - place
    following = np.roll(corners, -1, axis=1)
    side = corners[..., 0] * following[..., 1] - corners[..., 1] * following[..., 0]
    inside = ((side >= 0).all(axis=1) | (side <= 0).all(axis=1)) & (side != 0).any(axis=1)
    return int(np.repeat(near, counts)[inside].max(initial=-1))


def _edges_away(content: ShapesContent, near: Index, place: Floats, linear: Floats) -> tuple[Index, Floats]:
    """The lines of some shapes: of which shape each is, and how far from a place in the world."""
    counts = content.outline_starts[near + 1] - content.outline_starts[near]
    lines = content.outline[flat_indices(content.outline_starts[near], counts)]
    start, stop = ((content.vertices[lines[:, end]] - place) @ linear.T for end in (0, 1))
    along = stop - start
    length = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    part = np.clip(-(start * along).sum(axis=1) / length, 0, 1)
    return np.repeat(near, counts), np.linalg.norm(start + part[:, None] * along, axis=1)


@functools.cache
def _nothing(ndisplay: int) -> ShapesContent:
    none, colors = np.zeros(1, np.int64), np.empty((0, 4), np.uint8)
    return ShapesContent(
        indices=np.empty(0, np.int64),
        vertices=np.empty((0, ndisplay)),
        faces=np.empty((0, 3), np.uint32),
        outline=np.empty((0, 2), np.uint32),
        face_starts=none,
        outline_starts=none,
        bounds=np.empty((2, 0, ndisplay)),
        face_color=colors,
        edge_color=colors,
        edge_width=np.empty(0, np.float32),
    )
