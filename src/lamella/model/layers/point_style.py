"""Sizes, symbols and colours of points: how each is given, and the values that follow, one a point.

An `Encoding` is frozen and crosses threads; `values` may take long and runs in a worker.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from lamella.model.layers.colors import NOTHING, Colors, map_numbers
from lamella.model.layers.features import Features
from lamella.model.layers.snapshots import Convert, snapshot

if TYPE_CHECKING:
    from lamella.model.layers.text import TextStyle

Values = npt.NDArray[Any]

SYMBOLS = (
    "disc", "square", "diamond", "cross", "x", "ring", "star", "triangle_up", "triangle_down", "clobber", "arrow",
    "hbar", "vbar", "tailed_arrow",
)  # fmt: skip
SYMBOL_ALIASES = {
    "o": "disc", "s": "square", "D": "diamond", "+": "cross", "*": "star", "^": "triangle_up", "v": "triangle_down",
    ">": "arrow", "-": "hbar", "|": "vbar", "->": "tailed_arrow",
}  # fmt: skip

MOST_INTEGER_CATEGORIES = 16  # a column of integers with more different values than these is a scale

_tokens = itertools.count(1)


class Encoding(Protocol):
    """How one property of all points is given. Hashes by identity."""

    def values(self, count: int) -> Values:
        """One value for all, without the first axis, or one for each of ``count`` points; read-only."""
        ...


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Constant:
    """The same for all points."""

    value: Values

    def values(self, count: int) -> Values:
        return self.value


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class PerPoint:
    """One value a point, in an array of the user's or in a copy of it."""

    array: Values
    convert: Convert

    def values(self, count: int) -> Values:
        return snapshot(self.array, self.convert)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class FromFeature:
    """What a column of features says."""

    features: Features
    column: str
    rule: Callable[[Features, str], Values]

    def values(self, count: int) -> Values:
        values = self.rule(self.features, self.column)
        values.setflags(write=False)
        return values


@dataclass(frozen=True, eq=False, slots=True)
class ColorRule:
    """Colours of a column: by a colormap where it is a scale, by a cycle where its values are categories.

    Attributes
    ----------
    lut : (256, 4) uint8
    limits : (float, float) or None
        Numbers drawn as the first and the last colour; None: the smallest and the largest of the column.
    cycle : (k, 4) uint8
    continuous : bool or None
        None: floats are a scale, and so are integers of more than 16 different values.
    """

    lut: Colors
    limits: tuple[float, float] | None
    cycle: Colors
    continuous: bool | None

    def __call__(self, features: Features, column: str) -> Values:
        continuous = self.continuous
        kind = features.kind(column)
        if continuous is None and kind == "integer":
            continuous = len(np.unique(features.numbers(column))) > MOST_INTEGER_CATEGORIES
        elif continuous is None:
            continuous = kind == "number"
        if continuous:
            numbers = features.numbers(column)
            return map_numbers(numbers, self.lut, self.limits or _limits(numbers))
        codes, _ = features.categories(column)
        colors: Values = self.cycle[codes % len(self.cycle)]
        colors[codes < 0] = NOTHING
        return colors


def sizes_of(features: Features, column: str) -> Values:
    """The numbers of a column as sizes or widths; 0 where they are none, or negative."""
    numbers = features.numbers(column)
    with np.errstate(invalid="ignore", over="ignore"):
        sizes: npt.NDArray[np.float32] = np.maximum(numbers, 0).astype(np.float32)
    sizes[~np.isfinite(sizes)] = 0
    return sizes


def symbols_of(features: Features, column: str) -> Values:
    """Codes of symbols: of their names, or else each different value has the next symbol."""
    codes, values = features.categories(column)
    named = [symbol_code(value) for value in values]
    if any(code is None for code in named):
        named = [i % len(SYMBOLS) for i in range(len(values))]
    table: Values = np.array([*named, 0], np.uint8)  # the last one is that of a missing value
    return table.take(codes)


def flags_of(features: Features, column: str) -> Values:
    """The truth of a column; a missing value is none."""
    numbers = features.numbers(column)
    flags: npt.NDArray[np.bool_] = (numbers != 0) & ~np.isnan(numbers)
    return flags


def symbol_code(value: Any) -> int | None:
    """Index into `SYMBOLS` of a name or its alias; None if there is none of that name."""
    name = SYMBOL_ALIASES.get(value, value) if isinstance(value, str) else value
    return SYMBOLS.index(name) if name in SYMBOLS else None


def _limits(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low, low + 1.0)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class PointStyle:
    """All that decides how points look in a slice.

    Attributes
    ----------
    size, border_width : Encoding
        float32, data units; the width is a share of the size if ``relative``.
    symbol : Encoding
        uint8, index into `SYMBOLS`.
    face_color, border_color : Encoding
        (…, 4) uint8.
    shown : Encoding
        bool.
    relative : bool
    text : TextStyle or None
    token : int
        Identity in the keys of slices.
    """

    size: Encoding
    symbol: Encoding
    face_color: Encoding
    border_color: Encoding
    border_width: Encoding
    shown: Encoding
    relative: bool
    text: TextStyle | None = None
    token: int = field(default_factory=lambda: next(_tokens))
