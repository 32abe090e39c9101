"""Text of layers: which of it is shown, so that none lies over another, and where."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.picture import Picture
from lamella.render.typeface import Raster, Rasters, Typeface, turn, turned_sizes
from lamella.render.visibility import data_to_device
from lamella.slicing.text import TextBlock

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

CELL = 4  # canvas pixels: texts in the same cell count as overlapping;
CELLS = 150  # on large canvases as many cells along each side: thousands of texts cannot be read and would take long
HALO = 0.6  # of the letters' alpha
_FIRST = 256  # texts looked at in one go, then twice as many, and so on

_PLACES = {
    "center": (0.5, 0.5),
    "upper_left": (0, 0),
    "upper_right": (0, 1),
    "lower_left": (1, 0),
    "lower_right": (1, 1),
}


class Label(NamedTuple):
    """A text that is drawn.

    Attributes
    ----------
    key : hashable
        Of the raster.
    raster : Raster
    top, left : int
        Device pixels; it may reach beyond the canvas.
    color : (4,) uint8
        Of the letters, RGBA, not premultiplied.
    halo : int
        Grey level of what is around them.
    """

    key: Hashable
    raster: Raster
    top: int
    left: int
    color: npt.NDArray[np.uint8]
    halo: int


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of a block is shown, as long as nothing has moved."""

    where: tuple[object, ...]
    labels: list[Label]


class TextLayout:
    """The labels of pictures. Owned by the render thread."""

    def __init__(self) -> None:
        self._rasters = Rasters()
        self._sizes: WeakKeyDictionary[TextBlock, tuple[Typeface, Ints]] = WeakKeyDictionary()
        self._shown: WeakKeyDictionary[TextBlock, _Shown] = WeakKeyDictionary()

    def labels(self, picture: Picture, state: ViewState) -> list[Label]:
        """What is drawn of the text of a picture; no two labels share a pixel."""
        block = picture.text
        if block is None:
            return []
        to_device = data_to_device(state, picture.transform)
        where = (to_device.linear.tobytes(), to_device.translate.tobytes(), state.device_size, state.pixel_ratio)
        shown = self._shown.get(block)
        if shown is None or shown.where != where:
            shown = self._shown[block] = _Shown(where, self._labels(block, to_device, state))
        return shown.labels

    def _labels(self, block: TextBlock, to_device: Affine, state: ViewState) -> list[Label]:
        how = block.size, state.pixel_ratio, block.rotation
        labels = []
        for row, (top, left) in zip(*self._placed(block, to_device, state), strict=True):
            key, raster = self._rasters.get(block.strings[row], *how)
            color = block.colors[row]
            labels.append(Label(key, raster, top, left, color, _halo(color)))
        return labels

    def _placed(self, block: TextBlock, to_device: Affine, state: ViewState) -> tuple[list[int], list[tuple[int, int]]]:
        """The rows that are shown, and top and left of each in device pixels."""
        typeface = self._rasters.typeface(block.size, state.pixel_ratio)
        known = self._sizes.get(block)
        if known is None or known[0] is not typeface:
            known = self._sizes[block] = typeface, typeface.sizes(block.strings)
        straight = known[1]
        sizes = turned_sizes(straight, block.rotation)
        with np.errstate(over="ignore", invalid="ignore"):
            moved = (block.positions + block.offset) @ to_device.linear.T - _anchors(block, straight, sizes, typeface)
            corners = moved + to_device.translate
        width, height = state.device_size
        seen = np.flatnonzero(((corners + sizes > 0) & (corners < (height, width))).all(axis=1))
        cell = max(1.0, CELL * state.pixel_ratio, (width * height) ** 0.5 / CELLS)
        kept = seen[thinned(moved[seen], sizes[seen], cell)]
        whole = np.floor(corners[kept] + 0.5).astype(np.intp).tolist()
        return kept.tolist(), [(top, left) for top, left in whole]


def _anchors(block: TextBlock, straight: Ints, sizes: Ints, typeface: Typeface) -> Floats:
    """From the upper left corner of the turned raster to the place that is anchored, (n, 2)."""
    # The letters without what may reach above and below them: numbers come to lie around their position.
    low = np.array([typeface.pad + typeface.ascent - typeface.cap, typeface.pad])
    high = straight - [typeface.pad + typeface.line - typeface.ascent, typeface.pad]
    at = low + (high - low) * _PLACES[block.anchor]
    from_middle: Floats = sizes / 2 + (at - straight / 2) @ turn(block.rotation).T
    return from_middle


def thinned(corners: Floats, sizes: Ints, cell: float) -> Ints:
    """The rectangles that are kept, ascending: each that overlaps none that is kept before it.

    They are counted in cells which move with the corners, so that what is kept stays the same while one pans. 20,000
    rectangles take some 10 ms.

    Parameters
    ----------
    corners : (n, 2) float64
        Top and left, in any unit.
    sizes : (n, 2)
        Height and width.
    cell : float
        Rectangles that come as near to one another as that may count as overlapping.
    """
    if not len(corners):
        return np.empty(0, np.intp)
    low = np.floor((corners - 0.5) / cell)  # corners will be rounded
    first = low.min(axis=0)
    high = (np.ceil((corners + sizes + 0.5) / cell) - first).astype(np.intp)
    low = (low - first).astype(np.intp)
    taken = np.zeros(high.max(axis=0), np.bool_)
    kept: list[int] = []
    start, count = 0, _FIRST
    while start < len(corners):
        (r0, c0), (r1, c1) = low[start : start + count].T, high[start : start + count].T - 1
        free = ~(taken[r0, c0] | taken[r0, c1] | taken[r1, c0] | taken[r1, c1])  # most of those that overlap end here
        among = np.flatnonzero(free) + start
        for i, top, left, bottom, right in np.column_stack([among, low[among], high[among]]).tolist():
            part = taken[top:bottom, left:right]
            if not part.any():
                part[:] = True
                kept.append(i)
        start, count = start + count, 2 * count
    return np.array(kept, np.intp)


def _halo(color: npt.NDArray[np.uint8]) -> int:
    """Black around light letters, white around dark ones."""
    red, green, blue = color[:3].tolist()
    return 0 if 0.299 * red + 0.587 * green + 0.114 * blue > 127 else 255
