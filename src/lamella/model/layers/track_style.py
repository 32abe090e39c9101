"""Colours of tracks: by their ids, or by a column of features."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lamella.model.layers.features import Features
from lamella.model.layers.point_arguments import color_rule
from lamella.model.layers.point_style import ColorRule, Encoding, FromFeature

BY_TRACK = "track_id"
RULE = ("colormap", "contrast_limits", "color_cycle", "color_mode")
STYLE = ("color_by", *RULE)
"""The arguments that a style is made of."""

_tokens = itertools.count(1)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class TrackStyle:
    """How the colours of tracks follow.

    Attributes
    ----------
    color : Encoding or None
        (n, 4) uint8, one a vertex. None: `rule` of the track ids.
    rule : ColorRule
    token : int
        Identity in the keys of slices.
    """

    color: Encoding | None
    rule: ColorRule
    token: int = field(default_factory=lambda: next(_tokens))


def style_of(given: Mapping[str, Any], features: Features) -> TrackStyle:
    """The style of arguments in `STYLE`.

    Raises
    ------
    ValueError
    """
    rule = color_rule("", *(given[field] for field in RULE))
    column = given["color_by"]
    if isinstance(column, str) and column == BY_TRACK:
        return TrackStyle(None, replace(rule, continuous=rule.continuous is not False))  # ids, however few, are a scale
    if column not in features:
        names = ", ".join(map(repr, (BY_TRACK, *features.names[:8])))
        raise ValueError(
            f"color_by must be 'track_id' or the name of a column of features, one of {names}, not {column!r}"
        )
    return TrackStyle(FromFeature(features, column, rule), rule)
