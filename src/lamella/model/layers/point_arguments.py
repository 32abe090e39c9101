"""Arguments of a Points layer: checked at the call, and turned into encodings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lamella.model._validate import flag, number, one_of
from lamella.model.layers.colors import (
    as_rgba8,
    checked_color_array,
    cycle_of,
    is_one_color,
    lut_of,
    many_colors,
    one_color,
)
from lamella.model.layers.features import Features, plural
from lamella.model.layers.point_style import (
    SYMBOL_ALIASES,
    SYMBOLS,
    ColorRule,
    Constant,
    Encoding,
    FromFeature,
    PerPoint,
    PointStyle,
    flags_of,
    sizes_of,
    symbol_code,
    symbols_of,
)
from lamella.model.layers.snapshots import AT_THE_CALL

if TYPE_CHECKING:
    from lamella.model.layers.text import TextStyle

ENCODED = ("size", "symbol", "face_color", "border_color", "border_width", "shown")
"""What may be one value for all points, one a point, or follow from a column of features."""

_RULE = ("colormap", "contrast_limits", "color_cycle", "color_mode")
STYLE = (*ENCODED, *(f"{p}_{f}" for p in ("face", "border") for f in _RULE), "border_width_is_relative", "text")
"""The arguments that a style is made of."""

COLOR_MODES = (None, "colormap", "cycle")


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """An argument that is good.

    Attributes
    ----------
    value : object
        What the layer's property answers.
    encoding : Encoding
    column : str or None
        Of features, if it follows from one.
    largest : float
        The largest number, 0 if it is not known.
    """

    value: Any
    encoding: Encoding
    column: str | None = None
    largest: float = 0.0

    @property
    def varies(self) -> bool:
        """Each point has its own."""
        return not isinstance(self.encoding, Constant)


def parse(given: Mapping[str, Any], fields: Iterable[str], count: int, features: Features) -> dict[str, Parsed]:
    """Check the arguments of a style, and parse those of `ENCODED` that are among ``fields``.

    Parameters
    ----------
    given : mapping
        All arguments in `STYLE`.
    fields : iterable of str
    count : int
        Points.
    features : Features

    Raises
    ------
    ValueError
    """
    rules = {p: color_rule(p, *(given[f"{p}_{f}"] for f in _RULE)) for p in ("face", "border")}
    relative = flag("border_width_is_relative", given["border_width_is_relative"])
    result = {}
    for field in fields:
        value = given[field]
        if field == "size":
            result[field] = size_of(field, value, count, features)
        elif field == "border_width":
            result[field] = size_of(field, value, count, features, 1.0 if relative else math.inf)
        elif field == "symbol":
            result[field] = _symbols(field, value, count, features)
        elif field == "shown":
            result[field] = shown_of(field, value, count, features)
        else:
            result[field] = color_of(field, value, count, features, rules[field.removesuffix("_color")])
    return result


def style_of(parsed: Mapping[str, Parsed], given: Mapping[str, Any], text: TextStyle | None) -> PointStyle:
    """The style that follows from good arguments."""
    return PointStyle(
        size=parsed["size"].encoding,
        symbol=parsed["symbol"].encoding,
        face_color=parsed["face_color"].encoding,
        border_color=parsed["border_color"].encoding,
        border_width=parsed["border_width"].encoding,
        shown=parsed["shown"].encoding,
        relative=bool(given["border_width_is_relative"]),
        text=text,
    )


def stale(
    parsed: Mapping[str, Parsed], changes: Iterable[str], other_count: bool, other_features: bool
) -> tuple[str, ...]:
    """Those of `ENCODED` that have to be parsed again after a change."""
    changed = set(changes)
    if "border_width_is_relative" in changed:
        changed.add("border_width")
    changed.update(f"{p}_color" for p in ("face", "border") if not changed.isdisjoint(f"{p}_{f}" for f in _RULE))
    for field, known in parsed.items():
        if (other_features and known.column is not None) or (other_count and isinstance(known.encoding, PerPoint)):
            changed.add(field)
    return tuple(field for field in ENCODED if field in changed)


def joined_values(field: str, old: Parsed, count: int, new: Parsed, more: int) -> npt.NDArray[Any]:
    """One value a point, for ``count`` points and ``more`` after them."""
    parts = []
    for parsed, n in ((old, count), (new, more)):
        values = parsed.encoding.values(n)
        one = isinstance(parsed.encoding, Constant)
        parts.append(np.broadcast_to(values, (n, *values.shape)) if one else values)
    joined = np.concatenate(parts)
    return np.array(SYMBOLS)[joined] if field == "symbol" else joined


def size_of(name: str, value: Any, count: int, features: Features, high: float = math.inf) -> Parsed:
    """A diameter or a width: one number, one for each row of features, or a column of numbers.

    Raises
    ------
    ValueError
    """
    if isinstance(value, str) and value in features:
        if features.kind(value) == "category":
            raise ValueError(f"{name} must follow from a column of numbers, but {value!r} of features holds categories")
        return Parsed(value, FromFeature(features, value, sizes_of), column=value)
    if isinstance(value, str) or is_one(value):
        if isinstance(value, str):
            raise ValueError(
                f"{name} must be a number, one number a {features.each}, or {_columns(features)}, not {value!r}"
            )
        one = number(name, value, 0, high)
        return Parsed(one, Constant(np.array(one, np.float32)), largest=one)
    array = one_each(name, value, count, "biuf", "a number", features.each)
    low, top = (array.min(), array.max()) if array.size else (0, 0)
    if not (low >= 0 and top <= high and math.isfinite(top)):  # NaN is neither
        bound = f"from 0 to {high:g}" if math.isfinite(high) else "finite and none below 0"
        raise ValueError(
            f"{name} must be {bound} for every {features.each}, but the numbers are from {low:g} to {top:g}"
        )
    return Parsed(_given(value, array), PerPoint(_kept(array), _float32), largest=float(top))


def _symbols(name: str, value: Any, count: int, features: Features) -> Parsed:
    """A symbol: one name, one a point, or a column."""
    if isinstance(value, str):
        if value in features:
            return Parsed(value, FromFeature(features, value, symbols_of), column=value)
        code = _symbol(name, value)
        return Parsed(SYMBOLS[code], Constant(np.array(code, np.uint8)))
    array = one_each(name, value, count, "UOT", "a name", features.each)
    names, inverse = np.unique(array.astype(str), return_inverse=True)
    codes = np.array([_symbol(name, str(n)) for n in names], np.uint8)[inverse]
    return Parsed(_given(value, array), PerPoint(_frozen(codes), np.asarray))


def color_of(name: str, value: Any, count: int, features: Features, rule: ColorRule) -> Parsed:
    """A colour: one, one for each row of features, or a column.

    Raises
    ------
    ValueError
    """
    if isinstance(value, str) and value in features:
        return Parsed(value, FromFeature(features, value, rule), column=value)
    if is_one_color(value):
        try:
            color = one_color(name, value)
        except ValueError as error:
            raise ValueError(f"{error}; nor is it {_columns(features)}") if isinstance(value, str) else error from None
        return Parsed(tuple((color / 255).tolist()), Constant(_frozen(color)))
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "biuf":
        if isinstance(value, Mapping) or not hasattr(value, "__len__"):
            raise ValueError(
                f"{name} must be a colour, one colour a {features.each}, or {_columns(features)}, not {value!r}"
            )
        _check_count(name, len(value), count, "a colour", features.each)
        colors = _frozen(many_colors(name, list(value)))
        return Parsed(colors, PerPoint(colors, np.asarray))
    if array.shape == (0,):
        array = np.empty((0, 4), np.uint8)
    checked_color_array(name, array, features.each)
    _check_count(name, len(array), count, "a colour", features.each)
    return Parsed(_given(value, array), PerPoint(_kept(array), as_rgba8))


def shown_of(name: str, value: Any, count: int, features: Features) -> Parsed:
    """Shown or not: all alike, one flag for each row of features, or a column.

    Raises
    ------
    ValueError
    """
    if isinstance(value, str):
        if value not in features:
            raise ValueError(
                f"{name} must be True, False, one of them a {features.each}, or {_columns(features)}, not {value!r}"
            )
        return Parsed(value, FromFeature(features, value, flags_of), column=value)
    if is_one(value):
        return Parsed(flag(name, value), Constant(np.array(bool(value))))
    array = one_each(name, value, count, "b", "True or False", features.each)
    return Parsed(_given(value, array), PerPoint(_kept(array), np.asarray))


def color_rule(prefix: str, colormap: Any, limits: Any, cycle: Any, mode: Any) -> ColorRule:
    """How colours follow from a column of features; the names of the arguments begin with ``prefix`` and ``_``, if any.

    Raises
    ------
    ValueError
    """
    prefix = f"{prefix}_" if prefix else ""
    if limits is not None:
        pair = np.asarray(limits, dtype=object).ravel().tolist()
        try:
            low, high = (float(v) for v in pair)
        except (TypeError, ValueError):
            low = high = math.nan
        if not (low < high and math.isfinite(high - low)):
            raise ValueError(f"{prefix}contrast_limits must be two finite numbers, the lower one first, not {limits!r}")
        limits = (low, high)
    one_of(f"{prefix}color_mode", mode, COLOR_MODES)
    return ColorRule(
        lut=lut_of(f"{prefix}colormap", colormap),
        limits=limits,
        cycle=cycle_of(f"{prefix}color_cycle", cycle),
        continuous=None if mode is None else mode == "colormap",
    )


def _symbol(name: str, value: str) -> int:
    code = symbol_code(value)
    if code is None:
        known = ", ".join(map(repr, SYMBOLS))
        raise ValueError(
            f"{name} must be one of {known}, one of the short forms {' '.join(SYMBOL_ALIASES)}, or the name of a "
            f"column of features, not {value!r}"
        )
    return code


def one_each(name: str, value: Any, count: int, kinds: str, what: str, each: str) -> npt.NDArray[Any]:
    """An array of one value of a row of features, of one of these kinds of dtype, as it is.

    Raises
    ------
    ValueError
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be one value a {each}, not lists of different lengths") from None
    if array.size == 0 and array.ndim == 1 and count == 0:
        return array
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name} must be {what}, or an array of one a {each}, not an array of {array.dtype}")
    if array.ndim != 1:
        raise ValueError(
            f"{name} must have one value for each of the {count} {plural(each)}, not the shape {array.shape}"
        )
    _check_count(name, len(array), count, what, each)
    return array


def _check_count(name: str, given: int, count: int, what: str, each: str) -> None:
    if given != count:
        raise ValueError(
            f"{name} has {given} values for {count} {plural(each)}: give {what} for all of them, or one each"
        )


def is_one(value: Any) -> bool:
    """Whether a value is meant for all."""
    return value.ndim == 0 if isinstance(value, np.ndarray) else not hasattr(value, "__len__")


def _columns(features: Features) -> str:
    names = ", ".join(map(repr, features.names[:8]))
    return (
        f"the name of a column of features ({names})" if names else "the name of a column of features (there are none)"
    )


def _kept(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself if it is large: a worker copies it."""
    return _frozen(array.copy()) if array.nbytes <= AT_THE_CALL else array


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.setflags(write=False)
    return array


def _given(value: Any, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What was given as an array: the user's own if it is one, so that it can be edited in place."""
    return value if isinstance(value, np.ndarray) else array


def _float32(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return array.astype(np.float32)
