"""Colours and shape of vectors: arguments that are checked at the call, and what slicing needs of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lamella.model._validate import number, one_of
from lamella.model.layers.features import Features
from lamella.model.layers.point_arguments import Parsed, color_of, color_rule, shown_of
from lamella.model.layers.point_style import Encoding, PerPoint

VECTOR_STYLES = ("line", "triangle", "arrow")
HEAD = 3.0  # times the width of an arrow's shaft is its head wide, and long

ENCODED = ("edge_color", "shown")
"""What may be one value for all vectors, one a vector, or follow from a column of features."""

_RULE = ("edge_colormap", "edge_contrast_limits", "edge_color_cycle", "edge_color_mode")
SHAPE = ("length", "edge_width", "vector_style")
STYLE = (*ENCODED, *_RULE, *SHAPE)
"""The arguments that `Vectors.update` takes beside data and features."""

_tokens = itertools.count(1)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class VectorStyle:
    """What of the look of vectors may differ from one to the other.

    Attributes
    ----------
    edge_color : Encoding
        (…, 4) uint8.
    shown : Encoding
        bool.
    token : int
        Identity in the keys of slices.
    """

    edge_color: Encoding
    shown: Encoding
    token: int = field(default_factory=lambda: next(_tokens))


def parse(given: Mapping[str, Any], fields: Iterable[str], count: int, features: Features) -> dict[str, Parsed]:
    """Check the arguments of a style, and parse those of `ENCODED` that are among ``fields``.

    Raises
    ------
    ValueError
    """
    rule = color_rule("edge", *(given[name] for name in _RULE))
    result = {}
    for name in fields:
        if name == "edge_color":
            result[name] = color_of(name, given[name], count, features, rule)
        else:
            result[name] = shown_of(name, given[name], count, features)
    return result


def checked_shape(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `SHAPE` as they should be.

    Raises
    ------
    ValueError
    """
    return {
        "length": number("length", given["length"]),
        "edge_width": number("edge_width", given["edge_width"], 0),
        "vector_style": str(one_of("vector_style", given["vector_style"], VECTOR_STYLES)),
    }


def style_of(parsed: Mapping[str, Parsed]) -> VectorStyle:
    """The style that follows from good arguments."""
    return VectorStyle(edge_color=parsed["edge_color"].encoding, shown=parsed["shown"].encoding)


def stale(
    parsed: Mapping[str, Parsed], changes: Iterable[str], other_count: bool, other_features: bool
) -> tuple[str, ...]:
    """Those of `ENCODED` that have to be parsed again after a change."""
    changed = set(changes)
    if not changed.isdisjoint(_RULE):
        changed.add("edge_color")
    for name, known in parsed.items():
        if (other_features and known.column is not None) or (other_count and isinstance(known.encoding, PerPoint)):
            changed.add(name)
    return tuple(name for name in ENCODED if name in changed)
