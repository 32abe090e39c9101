"""Colours, widths and order of shapes: arguments that are checked at the call, and what slicing needs of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lamella.model._validate import integer
from lamella.model.layers.features import Features
from lamella.model.layers.point_arguments import Parsed, color_of, color_rule, is_one, one_each, size_of
from lamella.model.layers.point_style import Constant, Encoding, PerPoint
from lamella.model.layers.text import TextStyle

ENCODED = ("edge_width", "edge_color", "face_color", "z_index")
"""What may be one value for all shapes or one a shape; all but the last may follow from a column of features."""

_RULE = ("colormap", "contrast_limits", "color_cycle", "color_mode")
STYLE = (*ENCODED, *(f"{prefix}_{rule}" for prefix in ("edge", "face") for rule in _RULE), "text")
"""The arguments that a style is made of."""

_MOST = 2**63

_tokens = itertools.count(1)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class ShapeStyle:
    """All that decides how shapes look in a slice.

    Attributes
    ----------
    edge_width : Encoding
        float32, data units.
    edge_color, face_color : Encoding
        (…, 4) uint8.
    z_index : Encoding
        int64; shapes with a larger one are drawn over the others.
    text : TextStyle or None
    token : int
        Identity in the keys of slices.
    """

    edge_width: Encoding
    edge_color: Encoding
    face_color: Encoding
    z_index: Encoding
    text: TextStyle | None
    token: int = field(default_factory=lambda: next(_tokens))


def parse(given: Mapping[str, Any], fields: Iterable[str], count: int, features: Features) -> dict[str, Parsed]:
    """Check the arguments of a style, and parse those of `ENCODED` that are among ``fields``.

    Raises
    ------
    ValueError
    """
    rules = {prefix: color_rule(prefix, *(given[f"{prefix}_{rule}"] for rule in _RULE)) for prefix in ("edge", "face")}
    result = {}
    for name in fields:
        value = given[name]
        if name == "edge_width":
            result[name] = size_of(name, value, count, features)
        elif name == "z_index":
            result[name] = _order(name, value, count, features)
        else:
            result[name] = color_of(name, value, count, features, rules[name.removesuffix("_color")])
    return result


def style_of(parsed: Mapping[str, Parsed], text: TextStyle | None) -> ShapeStyle:
    """The style that follows from good arguments."""
    return ShapeStyle(
        edge_width=parsed["edge_width"].encoding,
        edge_color=parsed["edge_color"].encoding,
        face_color=parsed["face_color"].encoding,
        z_index=parsed["z_index"].encoding,
        text=text,
    )


def stale(
    parsed: Mapping[str, Parsed], changes: Iterable[str], other_count: bool, other_features: bool
) -> tuple[str, ...]:
    """Those of `ENCODED` that have to be parsed again after a change."""
    changed = set(changes)
    changed.update(f"{p}_color" for p in ("edge", "face") if not changed.isdisjoint(f"{p}_{rule}" for rule in _RULE))
    for name, known in parsed.items():
        if (other_features and known.column is not None) or (other_count and isinstance(known.encoding, PerPoint)):
            changed.add(name)
    return tuple(name for name in ENCODED if name in changed)


def _order(name: str, value: Any, count: int, features: Features) -> Parsed:
    """An integer: one, or one a shape."""
    if isinstance(value, str) or is_one(value):
        one = integer(name, value.item() if isinstance(value, np.ndarray) else value)
        if abs(one) >= _MOST:
            raise ValueError(f"{name} must be an integer of 64 bits, not {value!r}")
        return Parsed(one, Constant(np.array(one, np.int64)))
    array = one_each(name, value, count, "iu", "an integer", features.each)
    order = array.astype(np.int64)
    order.setflags(write=False)
    return Parsed(value if isinstance(value, np.ndarray) else order, PerPoint(order, np.asarray))
