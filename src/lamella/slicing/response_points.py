"""What came out of slicing points: the tile that is drawn, and the response around it."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_style import SYMBOLS
from lamella.model.transforms import Affine
from lamella.slicing.pick_grid import WORTH_A_GRID, PickGrid
from lamella.slicing.point_index import PIECE
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.symbols import covers
from lamella.slicing.text import TextBlock
from lamella.slicing.thumbnail import of_points

Floats = npt.NDArray[np.float64]

_CORNER = 0.75  # of its size: no corner of a symbol is farther from the point


def vertex_dtype(ndisplay: int) -> np.dtype[Any]:
    """One vertex a point, every field at a multiple of 4 bytes: ready for upload as it is.

    ======== =========== ====================================================================================
    field    type        meaning
    ======== =========== ====================================================================================
    position ndisplay f4 displayed data coordinates − `PointsTile.origin`, displayed order
    residual ndisplay f4 what float32 leaves of the position: position + residual is exact to 48 bits
    size     f4          diameter in data units; 0: not drawn
    border   f4          width of the border inside the symbol's edge, in data units
    face     4 u1        RGBA, not premultiplied
    edge     4 u1        RGBA of the border, not premultiplied
    symbol   f4          index into `lamella.model.layers.point_style.SYMBOLS`
    ======== =========== ====================================================================================
    """
    return np.dtype(
        [
            ("position", "<f4", (ndisplay,)),
            ("residual", "<f4", (ndisplay,)),
            ("size", "<f4"),
            ("border", "<f4"),
            ("face", "u1", (4,)),
            ("edge", "u1", (4,)),
            ("symbol", "<f4"),
        ]
    )


POINT_VERTEX = {n: vertex_dtype(n) for n in (2, 3)}


def size_scale(displayed_to_world: Affine) -> float:
    """World units per data unit for sizes: a disc stays a disc, as long as the shortest displayed data axis."""
    return float(np.linalg.norm(displayed_to_world.linear, axis=0).min())


@dataclass(frozen=True, eq=False, slots=True)
class PointsTile:
    """The points of one slice, ready to draw. All arrays are read-only and have one row a point.

    Attributes
    ----------
    key : hashable
        Equal keys mean equal contents.
    nbytes : int
    indices : (n,) int64
        Into the layer's data, ascending.
    coordinates : (n, displayed) float64
        Data coordinates in displayed order.
    size, border_width : (n,) float32
        Data units.
    symbol : (n,) uint8
        Indices into `SYMBOLS`.
    face_color, border_color : (n, 4) uint8
    vertices : (n,) of `vertex_dtype`
        Drawn in this order.
    origin : (displayed,) float64
        What the positions of `vertices` are relative to.
    largest : float
        Of the sizes; 0 without points.
    grid : PickGrid or None
        Of two axes; None where looking at all points is as quick.
    thumbnail : (32, 32, 4) uint8 or None
    text : TextBlock or None
    """

    key: Hashable
    nbytes: int
    indices: npt.NDArray[np.int64]
    coordinates: Floats
    size: npt.NDArray[np.float32]
    symbol: npt.NDArray[np.uint8]
    face_color: npt.NDArray[np.uint8]
    border_color: npt.NDArray[np.uint8]
    border_width: npt.NDArray[np.float32]
    vertices: npt.NDArray[Any]
    origin: Floats
    largest: float
    grid: PickGrid | None
    thumbnail: npt.NDArray[np.uint8] | None
    text: TextBlock | None = None


@dataclass(frozen=True, slots=True)
class PointsSliceResponse(LayerSliceResponse):
    """A slice of points. The arrays have one row a point and are read-only; without a slice yet they have no rows.

    Attributes
    ----------
    tiles : tuple of PointsTile
        The slice, or nothing.
    errors : tuple of str
        Why it failed.
    """

    tiles: tuple[PointsTile, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def tile(self) -> PointsTile:
        """The slice; one without points where there is none."""
        return self.tiles[0] if self.tiles else _nothing(len(self.dims_displayed))

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """Into the layer's data, ascending, (n,)."""
        return self.tile.indices

    @property
    def coordinates(self) -> Floats:
        """Data coordinates in displayed order, (n, displayed)."""
        return self.tile.coordinates

    @property
    def size(self) -> npt.NDArray[np.float32]:
        """Diameters in data units, (n,), as the projection leaves them."""
        return self.tile.size

    @property
    def symbol(self) -> npt.NDArray[np.uint8]:
        """Indices into `SYMBOLS`, (n,)."""
        return self.tile.symbol

    @property
    def face_color(self) -> npt.NDArray[np.uint8]:
        """RGBA, (n, 4)."""
        return self.tile.face_color

    @property
    def border_color(self) -> npt.NDArray[np.uint8]:
        """RGBA, (n, 4)."""
        return self.tile.border_color

    @property
    def border_width(self) -> npt.NDArray[np.float32]:
        """Data units, (n,)."""
        return self.tile.border_width

    @property
    def thumbnail(self) -> npt.NDArray[np.uint8] | None:
        """(32, 32, 4), None without points."""
        return self.tile.thumbnail

    @property
    def text(self) -> TextBlock | None:
        """What is written beside the points; None for nothing."""
        return self.tile.text

    def value_at(self, position: tuple[float, ...]) -> tuple[int] | None:
        """Index of the topmost point of which the symbol covers a displayed data position; None where there is none."""
        tile, linear = self.tile, self.displayed_to_world.linear
        scale = size_scale(self.displayed_to_world)
        if not len(tile.indices) or len(position) != 2:
            return None
        place = np.array(position)
        # However the transform shears, nothing farther than this along an axis can be under the cursor.
        reach = np.full(2, _CORNER * tile.largest * scale / float(np.linalg.svd(linear, compute_uv=False)[-1]))
        if tile.grid is not None:
            near = tile.grid.near(place, reach)
        else:
            near = np.flatnonzero(np.abs(tile.coordinates[:, 0] - place[0]) <= reach[0])
        away = (place - tile.coordinates[near]) @ linear.T
        size = tile.size[near] * scale
        close = np.linalg.norm(away, axis=1) <= _CORNER * size
        near, away, size, symbols = near[close], away[close], size[close], tile.symbol[near[close]]
        top = -1
        with np.errstate(divide="ignore", invalid="ignore"):
            for symbol in np.unique(symbols):
                of_it = symbols == symbol
                y, x = (away[of_it] / size[of_it, None]).T
                hits = near[of_it][covers(SYMBOLS[symbol], x, y, 1.0)]
                top = max(top, int(hits.max(initial=-1)))
        return (int(tile.indices[top]),) if top >= 0 else None


def tile_of(
    key: Hashable,
    rows: npt.NDArray[np.int64],
    coordinates: Floats,
    size: npt.NDArray[np.float32],
    symbol: npt.NDArray[np.uint8],
    face: npt.NDArray[np.uint8],
    edge: npt.NDArray[np.uint8],
    border: npt.NDArray[np.float32],
    text: TextBlock | None = None,
) -> PointsTile:
    """The tile of the points with these values, one each."""
    vertices, origin = _vertices(coordinates, size, symbol, face, edge, border)
    arrays = (rows, coordinates, size, symbol, face, edge, border, vertices, origin)
    for array in arrays:
        array.setflags(write=False)
    picture = of_points(coordinates, face)
    grid = PickGrid.of(coordinates) if len(rows) > WORTH_A_GRID and coordinates.shape[1] == 2 else None
    kept = [a for a in arrays if 0 not in a.strides]  # one value for all points takes no memory
    nbytes = sum(part.nbytes for part in (*kept, grid, picture, text) if part is not None)
    largest = float(size.max(initial=0))
    values = (rows, coordinates, size, symbol, face, edge, border)
    return PointsTile(key, nbytes, *values, vertices, origin, largest, grid, picture, text)


def _vertices(
    coordinates: Floats,
    size: npt.NDArray[np.float32],
    symbol: npt.NDArray[np.uint8],
    face: npt.NDArray[np.uint8],
    edge: npt.NDArray[np.uint8],
    border: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[Any], Floats]:
    """Field by field within a piece: the memory of one piece stays in the processor's cache for all of them."""
    count, ndisplay = coordinates.shape
    vertices = np.empty(count, vertex_dtype(ndisplay))
    origin = np.array([middle_of(coordinates[:, i]) for i in range(ndisplay)])
    # Every field is made of words of 4 bytes, and columns of words are quicker to write than fields of 4 bytes each.
    words = vertices.view(np.uint32).reshape(count, vertices.itemsize // 4)
    numbers = words.view(np.float32)
    place = {name: vertices.dtype.fields[name][1] // 4 for name in vertices.dtype.names or ()}
    with np.errstate(over="ignore", invalid="ignore"):
        for piece in pieces_of(count):
            part = numbers[piece]
            part[:, place["size"]], part[:, place["border"]] = size[piece], border[piece]
            part[:, place["symbol"]] = symbol[piece]
            words[piece, place["face"]], words[piece, place["edge"]] = _as_words(face[piece]), _as_words(edge[piece])
            for i in range(ndisplay):
                relative = coordinates[piece, i] - origin[i]
                known = np.isfinite(relative)
                if not known.all():
                    relative[~known] = 0
                    part[~known, place["size"]] = 0
                near = relative.astype(np.float32)
                part[:, place["position"] + i] = near
                part[:, place["residual"] + i] = relative - near
    return vertices, origin


def _as_words(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """(n, 4) bytes as (n,) words; one word where all are the same."""
    one = colors[:1] if colors.strides[0] == 0 else colors
    return np.ascontiguousarray(one).view(np.uint32)[:, 0]


def middle_of(column: Floats) -> float:
    """Between the smallest and the largest finite number, 0 if there is none."""
    low, high = (column.min(), column.max()) if len(column) else (0.0, 0.0)
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = column[np.isfinite(column)]
        low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    return float(low / 2 + high / 2)


def pieces_of(count: int) -> Iterator[slice]:
    """Rows that are worked on in one go, see `PIECE`."""
    return (slice(start, start + PIECE) for start in range(0, count, PIECE))


@functools.cache
def _nothing(ndisplay: int) -> PointsTile:
    flat, colors = np.empty(0, np.float32), np.empty((0, 4), np.uint8)
    symbols = np.empty(0, np.uint8)
    return tile_of((), np.empty(0, np.int64), np.empty((0, ndisplay)), flat, symbols, colors, colors, flat)
