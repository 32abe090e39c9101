"""Units of length and time, as far as a viewer needs them: which is smaller, and by what factor.

Sources: prefixes from the SI brochure, 9th edition; names from OME-Zarr 0.4, ``axes.unit``, with their symbols.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

PIXEL = "pixel"
"""The unit of axes without one: a dimension of its own."""


class Unit(NamedTuple):
    """``dimension`` is ``"length"``, ``"time"`` or, for units that are not known, their name; ``size`` in m or s."""

    dimension: str
    size: Fraction


_PREFIXES = {
    "y": ("yocto", -24),
    "z": ("zepto", -21),
    "a": ("atto", -18),
    "f": ("femto", -15),
    "p": ("pico", -12),
    "n": ("nano", -9),
    "u": ("micro", -6),
    "\u00b5": ("micro", -6),  # micro sign
    "\u03bc": ("micro", -6),  # Greek mu
    "m": ("milli", -3),
    "c": ("centi", -2),
    "d": ("deci", -1),
    "": ("", 0),
    "k": ("kilo", 3),
    "M": ("mega", 6),
}


def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for symbol, (prefix, exponent) in _PREFIXES.items():
        size = Fraction(10) ** exponent
        for name in (symbol + "m", prefix + "meter", prefix + "metre", prefix + "meters", prefix + "metres"):
            table[name] = Unit("length", size)
        for name in (symbol + "s", prefix + "second", prefix + "seconds"):
            table[name] = Unit("time", size)
    lengths = {
        ("\u00c5", "\u212b", "angstrom", "Angstrom", "angstroms"): Fraction(1, 10**10),
        ("inch", "inches", "in"): Fraction(254, 10_000),
        ("foot", "feet", "ft"): Fraction(3048, 10_000),
        ("yard", "yards", "yd"): Fraction(9144, 10_000),
        ("mile", "miles", "mi"): Fraction(1_609_344, 1000),
        ("micron", "microns"): Fraction(1, 10**6),
    }
    times = {
        ("sec",): Fraction(1),
        ("minute", "minutes", "min"): Fraction(60),
        ("hour", "hours", "h", "hr"): Fraction(3600),
        ("day", "days", "d"): Fraction(86_400),
    }
    for dimension, group in (("length", lengths), ("time", times)):
        for names, size in group.items():
            table.update(dict.fromkeys(names, Unit(dimension, size)))
    table.update(dict.fromkeys(("pixel", "pixels", "px", ""), Unit(PIXEL, Fraction(1))))
    return table


_UNITS = _table()


def parse_unit(name: str) -> Unit:
    """The unit that ``name`` stands for. A name that is not known is a dimension of its own and converts to nothing."""
    return _UNITS.get(name) or _UNITS.get(name.strip()) or Unit(name, Fraction(1))


@lru_cache(maxsize=1024)
def factor(of: str, to: str) -> float:
    """How many ``to`` one ``of`` is.

    Raises
    ------
    ValueError
        They are of different dimensions.
    """
    a, b = parse_unit(of), parse_unit(to)
    if a.dimension != b.dimension:
        raise ValueError(f"{of!r} cannot be converted to {to!r}: one is {a.dimension}, the other {b.dimension}")
    return float(a.size / b.size)
