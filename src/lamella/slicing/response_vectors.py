"""What came out of slicing vectors: what is drawn, and the response around it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.model.layers.vector_style import HEAD
from lamella.slicing.line_grid import LineGrid
from lamella.slicing.primitives import Clock, PrimitivesTile
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.response_points import size_scale
from lamella.slicing.vector_shapes import half_width

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

REACH = 3.0  # canvas pixels: a vector whose middle is as near to the cursor as that is under it, if no other is


@dataclass(frozen=True, eq=False, slots=True)
class VectorsContent:
    """What a tile of vectors keeps beside its primitives. One row a vector, read-only.

    Attributes
    ----------
    indices : (n,) int64
    segments : (n, 2, displayed) float64
    alpha : (n,) float32
    color : (n, 4) uint8
    drawn : (k,) array or None
        The vectors that have both ends somewhere; None: all.
    grid : LineGrid or None
        Of these.
    """

    indices: npt.NDArray[np.int64]
    segments: Floats
    alpha: npt.NDArray[np.float32]
    color: npt.NDArray[np.uint8]
    drawn: Index | None
    grid: LineGrid | None

    @property
    def nbytes(self) -> int:
        parts = (self.indices, self.segments, self.alpha, self.color, self.drawn, self.grid)
        return sum(part.nbytes for part in parts if part is not None and 0 not in getattr(part, "strides", (1,)))


@dataclass(frozen=True, slots=True)
class VectorsSliceResponse(LayerSliceResponse):
    """A slice of vectors. The arrays have one row a vector and are read-only; without a slice yet they have no rows.

    Attributes
    ----------
    vector_style : str
    edge_width : float
        Data units.
    tiles : tuple of PrimitivesTile
        The slice, or nothing.
    errors : tuple of str
        Why it failed.
    """

    vector_style: str
    edge_width: float
    tiles: tuple[PrimitivesTile, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """Into the layer's data, ascending, (n,)."""
        return self._content.indices

    @property
    def segments(self) -> Floats:
        """Starts and ends, data coordinates in displayed order, (n, 2, displayed)."""
        return self._content.segments

    @property
    def alpha(self) -> npt.NDArray[np.float32]:
        """How much the projection leaves to be seen, (n,), 1 or from 0 to 1."""
        return self._content.alpha

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """RGBA, (n, 4), before `alpha`."""
        return self._content.color

    @property
    def thumbnail(self) -> npt.NDArray[np.uint8] | None:
        """(32, 32, 4), None without vectors."""
        return self.tiles[0].thumbnail if self.tiles else None

    @property
    def segment_span(self) -> None:
        """None: all segments are drawn."""
        return None

    @property
    def clock(self) -> Clock | None:
        """None: nothing fades with time."""
        return None

    def value_at(self, position: tuple[float, ...]) -> tuple[int] | None:
        """`value_near`, with pixels as large as they were when the slice was asked for."""
        return self.value_near(position, self.window.pixel)

    def value_near(self, position: tuple[float, ...], pixel: float) -> tuple[int] | None:
        """Index of the topmost vector that covers a place; where none does, of the one whose middle line is nearest, if
        it is within 3 canvas pixels. None if there is none.

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
        scale = size_scale(self.displayed_to_world)
        width, least = self.edge_width * scale, REACH * pixel
        widest = max(width / 2 * (HEAD if self.vector_style == "arrow" else 1), least)
        place = np.array(position)
        # However the transform shears, nothing farther than this along an axis can be under the cursor.
        reach = np.full(2, widest / float(np.linalg.svd(linear, compute_uv=False)[-1]))
        near = _near(content, place, reach)
        starts, ends = content.segments[near].swapaxes(0, 1)
        away, along = (starts - place) @ linear.T, (ends - starts) @ linear.T
        length = np.linalg.norm(along, axis=1)
        part = np.clip(-(away * along).sum(axis=1) / np.maximum(length**2, np.finfo(np.float64).tiny), 0, 1)
        distance = np.linalg.norm(away + part[:, None] * along, axis=1)
        covering = near[distance <= half_width(self.vector_style, width, part, length)]
        if len(covering):
            return (int(content.indices[covering[-1]]),)
        if not len(near) or distance.min() > least:
            return None
        return (int(content.indices[near[len(near) - 1 - int(np.argmin(distance[::-1]))]]),)

    @property
    def _content(self) -> VectorsContent:
        if not self.tiles:
            return _nothing(len(self.dims_displayed))
        content: VectorsContent = self.tiles[0].content
        return content


def _near(content: VectorsContent, place: Floats, reach: Floats) -> Index:
    """Vectors that are drawn and may come within ``reach``, along each axis, of a place, ascending."""
    if content.grid is not None:
        near = content.grid.near(place, reach)
        return near if content.drawn is None else content.drawn[near]
    near = np.arange(len(content.indices)) if content.drawn is None else content.drawn
    for axis in range(2):
        starts, ends = content.segments[near, 0, axis], content.segments[near, 1, axis]
        low, high = np.minimum(starts, ends), np.maximum(starts, ends)
        near = near[(low <= place[axis] + reach[axis]) & (high >= place[axis] - reach[axis])]
    return near


@functools.cache
def _nothing(ndisplay: int) -> VectorsContent:
    return VectorsContent(
        np.empty(0, np.int64),
        np.empty((0, 2, ndisplay)),
        np.empty(0, np.float32),
        np.empty((0, 4), np.uint8),
        None,
        None,
    )
