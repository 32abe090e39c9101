"""Text beside points and shapes: the ``text`` argument, checked at the call.

A `TextStyle` is frozen and crosses threads; the strings of a slice are made in a worker (`lamella.slicing.text`).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.model._validate import flag, number, one_of
from lamella.model.layers.features import Features, as_plain, is_missing, plural
from lamella.model.layers.point_arguments import color_of, color_rule, one_each
from lamella.model.layers.point_style import Encoding, FromFeature, PerPoint

ANCHORS = ("center", "upper_left", "upper_right", "lower_left", "lower_right")
"""Which point of a text is at its position."""

LARGEST = 256  # canvas pixels

_DEFAULTS: dict[str, Any] = {
    "string": None,
    "color": "white",
    "size": 12.0,
    "anchor": "center",
    "rotation": 0.0,
    "translation": 0.0,
    "visible": True,
}
_CONVERSIONS: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A piece of a text: what is written for every row, and then the value of a column.

    Attributes
    ----------
    before : str
    column : Encoding or None
        Of values of any type; None after the last one.
    spec : str
        As in ``format(value, spec)``.
    conversion : str or None
        ``"r"``, ``"s"`` or ``"a"``.
    """

    before: str
    column: Encoding | None = None
    spec: str = ""
    conversion: str | None = None

    def text_of(self, value: Any) -> str:
        """A value as it is written: where its format does not fit, as it is; a float without a format in 6 digits."""
        try:
            if type(value) is float and not self.spec and self.conversion is None:
                return f"{self.before}{value:g}"
            return self.before + self.formatted(value)
        except (TypeError, ValueError):
            return f"{self.before}{value}"

    def formatted(self, value: Any) -> str:
        """A value in the format.

        Raises
        ------
        TypeError, ValueError
            It does not fit.
        """
        return format(value if self.conversion is None else _CONVERSIONS[self.conversion](value), self.spec)


@dataclass(frozen=True, slots=True, eq=False)
class TextStyle:
    """All that decides which texts a slice has.

    Attributes
    ----------
    parts : tuple of Part
        Of each text, in this order.
    color : Encoding
        (…, 4) uint8.
    size : float
        Of the font, in canvas pixels.
    anchor : one of `ANCHORS`
    rotation : float
        Degrees around the position, counterclockwise on the canvas.
    translation : tuple of float
        From the row's position, data units of each axis of the layer.
    visible : bool
    """

    parts: tuple[Part, ...]
    color: Encoding
    size: float
    anchor: str
    rotation: float
    translation: tuple[float, ...]
    visible: bool

    @property
    def own_strings(self) -> bool:
        """There is one string a row, which does not follow from features."""
        return any(isinstance(part.column, PerPoint) for part in self.parts)


def text_style(value: Any, count: int, ndim: int, features: Features) -> TextStyle | None:
    """Check a ``text`` argument. None: there is no text.

    Parameters
    ----------
    value : None, str, sequence of str, or mapping
        The name of a column of features; a format string such as ``"{name}: {area:.1f}"``; one string a row; or a
        mapping with one of these as ``string``, and any of ``color``, ``size``, ``anchor``, ``rotation``,
        ``translation`` and ``visible``.
    count : int
        Rows.
    ndim : int
        Axes of the layer.
    features : Features

    Raises
    ------
    TypeError, ValueError
        One sentence.
    """
    given = _given(value)
    size = number("text size", given["size"], 1, LARGEST)
    anchor = str(one_of("text anchor", given["anchor"], ANCHORS))
    rotation = number("text rotation", given["rotation"])
    translation = _translation(given["translation"], ndim)
    visible = flag("text visible", given["visible"])
    rule = color_rule("", "viridis", None, "tab10", None)
    color = color_of("text color", given["color"], count, features, rule).encoding
    parts = _parts(given["string"], count, features)
    return TextStyle(parts, color, size, anchor, rotation, translation, visible) if parts else None


def text_with_more(style: TextStyle | None, value: Any, more: Any, each: str) -> dict[str, Any]:
    """What changes about a ``text`` argument with new rows: their strings, where each row has its own.

    Raises
    ------
    ValueError
        ``more``, the strings of the new rows, are missing, or there is no place for them.
    """
    if style is None or not style.own_strings:
        if more is not None:
            raise ValueError(
                f"text of the new {plural(each)} can be given only where the layer has one string a {each}"
            )
        return {}
    if isinstance(more, str) or not hasattr(more, "__len__"):
        raise ValueError(f"text has one string a {each}: give one for each of the new {plural(each)} too")
    return {"text": joined_text(value, more)}


def joined_text(value: Any, more: Sequence[str]) -> Any:
    """A ``text`` argument of one string a row, with those of further rows."""
    if not isinstance(value, Mapping):
        return (*value, *more)
    return {**value, "string": (*value["string"], *more)}


def _given(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {**_DEFAULTS, "string": value}
    unknown = set(value) - set(_DEFAULTS)
    if unknown:
        raise ValueError(f"text takes {', '.join(_DEFAULTS)}; not {', '.join(sorted(map(repr, unknown)))}")
    return {**_DEFAULTS, **value}


def _translation(value: Any, ndim: int) -> tuple[float, ...]:
    """One number an axis; fewer are those of the last axes."""
    if np.ndim(value) == 0 and not isinstance(value, str):
        return (number("text translation", value),) * ndim
    if isinstance(value, str) or np.ndim(value) > 1 or len(value) > ndim:
        raise ValueError(f"text translation must be a number or at most {ndim} numbers, one an axis, not {value!r}")
    return (0.0,) * (ndim - len(value)) + tuple(number("text translation", v) for v in value)


def _parts(value: Any, count: int, features: Features) -> tuple[Part, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        if value in features:
            return (_column("", value, "", None, features),)
        if "{" not in value and "}" not in value:
            raise ValueError(
                f"text must be {_columns(features)}, a format string such as '{{area:.1f}}', or one string a "
                f"{features.each}, not {value!r}"
            )
        return _parsed(value, features)
    if not hasattr(value, "__len__") or isinstance(value, Mapping):
        raise TypeError(
            f"text must be {_columns(features)}, a format string such as '{{area:.1f}}', one string a "
            f"{features.each}, or a mapping with such a string, not {value!r}"
        )
    strings = one_each("text", value, count, "UOT", "a format string", features.each)
    if strings.dtype.kind == "O" and not all(isinstance(s, str) or is_missing(s) for s in strings):
        raise ValueError(f"text must be one string a {features.each}, but not all that is given are strings")
    strings = strings.copy()  # however large: each of them is looked at anyway
    strings.setflags(write=False)
    return (Part("", PerPoint(strings, np.asarray)),)


def _parsed(template: str, features: Features) -> tuple[Part, ...]:
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"text {template!r} is no format string: {error}") from None
    parts = []
    for before, field, spec, conversion in pieces:
        if field is None:
            parts.append(Part(before))
            continue
        if field not in features:
            what = f"the column {field!r}" if field else "a column without a name"
            raise ValueError(f"text {template!r} has {what}, but must have {_columns(features)} between braces")
        if conversion is not None and conversion not in _CONVERSIONS:
            raise ValueError(f"text {template!r} has the conversion '!{conversion}', which is none of !r, !s and !a")
        parts.append(_column(before, field, spec or "", conversion, features))
    return tuple(parts)


def _column(before: str, name: str, spec: str, conversion: str | None, features: Features) -> Part:
    """The value of a column, whose format has been tried on the first row."""
    part = Part(before, FromFeature(features, name, Features.values), spec, conversion)
    for first in as_plain(features.head(name)):
        try:
            if not is_missing(first):
                part.formatted(first)
        except (TypeError, ValueError) as error:
            raise ValueError(f"text has a format that does not fit the column {name!r} of features: {error}") from None
    return part


def _columns(features: Features) -> str:
    names = ", ".join(map(repr, features.names[:8]))
    return f"the name of a column of features ({names or 'there are none'})"
