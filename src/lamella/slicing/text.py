"""Text beside what a slice shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.model.layers.features import as_plain, is_missing
from lamella.model.layers.text import ANCHORS, Part, TextStyle
from lamella.slicing.point_table import values_of, values_of_rows

__all__ = ["ANCHORS", "MOST_TEXTS", "TextBlock", "evenly", "text_of"]

MOST_TEXTS = 20_000  # of a slice: no canvas has room for more, and these take a worker some 30 ms

LONGEST = 200  # letters of a text
_NEVER_MISSING = (str, int, bool)
_A_STRING = 64  # bytes of a Python string without its letters, and of the reference to it


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class TextBlock:
    """Short texts at places of a slice, drawn after the rest of it. Read-only arrays, one row a text.

    Attributes
    ----------
    strings : tuple of str
        May have several lines.
    positions : (n, displayed) float64
        Data coordinates in displayed order.
    colors : (n, 4) uint8
        RGBA, not premultiplied.
    size : float
        Of the font, in canvas pixels.
    anchor : one of `ANCHORS`
        Which point of the text is at its position.
    rotation : float
        Degrees around the position, counterclockwise on the canvas.
    offset : (displayed,) float64
        Added to the positions, data units.
    """

    strings: tuple[str, ...]
    positions: npt.NDArray[np.float64]
    colors: npt.NDArray[np.uint8]
    size: float
    anchor: str
    rotation: float
    offset: npt.NDArray[np.float64]

    @property
    def nbytes(self) -> int:
        """What it takes, about."""
        return self.positions.nbytes + self.colors.nbytes + sum(_A_STRING + len(s) for s in self.strings)


def text_of(
    style: TextStyle | None,
    count: int,
    rows: npt.NDArray[np.int64],
    positions: npt.NDArray[np.float64],
    displayed: Sequence[int],
    drawn: npt.NDArray[np.bool_] | None = None,
) -> TextBlock | None:
    """The texts of these rows, in their order; None without any. Runs in a worker.

    A row has none if it is not drawn or has no position, if a value of one of the columns is missing, and if it would
    be empty or transparent. Of more than `MOST_TEXTS` rows an even selection is made. A text ends after `LONGEST`
    letters.

    Parameters
    ----------
    style : TextStyle or None
    count : int
        Rows of the layer.
    rows : (n,) int64
        Of the slice, ascending.
    positions : (n, displayed) float64
        Data coordinates in displayed order.
    displayed : sequence of int
        The layer's axes that these are of.
    drawn : (n,) bool, optional
    """
    if style is None or not style.visible:
        return None
    placed = np.isfinite(positions).all(axis=1)
    known = evenly(np.flatnonzero(placed if drawn is None else placed & drawn))
    texts = _texts(style.parts, count, rows[known])
    colors = values_of_rows(style.color, count, rows[known])
    seen = np.flatnonzero(np.array([bool(text) for text in texts], np.bool_) & (colors[:, 3] > 0))
    if not len(seen):
        return None
    places, colors = positions[known[seen]], colors[seen]
    offset = np.array([style.translation[axis] for axis in displayed])
    for array in (places, colors, offset):
        array.setflags(write=False)
    strings = tuple(texts[i] for i in seen)
    return TextBlock(strings, places, colors, style.size, style.anchor, style.rotation, offset)


def evenly(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """At most `MOST_TEXTS` of these, every second, third, and so on."""
    return rows[:: max(1, -(-len(rows) // MOST_TEXTS))]


def _texts(parts: Sequence[Part], count: int, rows: npt.NDArray[np.int64]) -> list[str]:
    """One a row; empty where a value is missing."""
    texts: Iterable[str] = ("",) * len(rows)
    missing = np.zeros(len(rows), np.bool_)
    for part in parts:
        if part.column is None:
            texts = [text + part.before for text in texts]
            continue
        values = as_plain(values_of(part.column, count).take(rows))
        if not all(type(value) in _NEVER_MISSING for value in values):
            missing |= np.fromiter(map(is_missing, values), np.bool_, len(values))
        texts = [text + part.text_of(value) for text, value in zip(texts, values, strict=True)]
    return ["" if gone else text.strip()[:LONGEST] for text, gone in zip(texts, missing.tolist(), strict=True)]
