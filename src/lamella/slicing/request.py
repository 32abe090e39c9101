"""The question: everything needed to slice one layer for one view, frozen.

`SliceKey` says *what* slice, `Window` how much of it is looked at and how finely. A layer's picture never mixes keys;
a new window of the same key keeps the tiles it has.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from lamella.model.transforms import Affine


class Mode(Enum):
    """Why a request is made; it decides how many rungs and how many reads at once."""

    INTERACTIVE = "interactive"  # the user is moving: the coarse rung, then the target
    SETTLED = "settled"  # the view rests: one more rung may stand between them
    PLAYBACK = "playback"  # a player is moving: as INTERACTIVE, and what comes next is known
    SYNC = "sync"  # somebody waits for the complete slice


@dataclass(frozen=True, slots=True)
class SliceKey:
    """What is sliced. Requests with an equal key have the same picture, wherever the camera stands.

    Attributes
    ----------
    source : int
        Token of the finest level's source, with `fixed` its identity.
    fixed : tuple of (axis, index)
    version : int
        Of the data; a refresh bumps it.
    point, margin_left, margin_right : tuple of float
        Data coordinates of level 0 on the layer's not-displayed axes, in the order of the axes.
    displayed : tuple of int
        The layer's displayed axes, in drawing order.
    projection : str
    look : hashable
        What else of the layer's look decides what the slice holds.
    """

    source: int
    fixed: tuple[tuple[int, int], ...]
    version: int
    point: tuple[float, ...]
    margin_left: tuple[float, ...]
    margin_right: tuple[float, ...]
    displayed: tuple[int, ...]
    projection: str = "mean"
    look: Hashable = ()


@dataclass(frozen=True, slots=True)
class Window:
    """How much of the slice is looked at.

    Attributes
    ----------
    box : ((float, ...), (float, ...))
        Low and high corner of the field of view in displayed world coordinates.
    pixels : tuple of int
        Device pixels of the canvas along each displayed axis.
    level : int or None
        Locked data level.
    """

    box: tuple[tuple[float, ...], tuple[float, ...]]
    pixels: tuple[int, ...]
    level: int | None = None

    @property
    def pixel(self) -> float:
        """World units of a device pixel; 0 without any."""
        low, high = self.box
        sizes = [(b - a) / n for a, b, n in zip(low, high, self.pixels, strict=True) if n]
        return max(sizes, default=0.0)


@dataclass(frozen=True, slots=True)
class LayerSliceRequest:
    """One layer, one view, one moment. A layer type adds what it needs in `data`.

    Attributes
    ----------
    generation : int
        Counter of requests of this (view, layer).
    view, layer : int
        Identities; messages never refer to the objects.
    kind : str
        Layer type, the key of `slicing.TYPES`.
    key : SliceKey
    window : Window
    world_to_data : Affine
        Full n-D transform of the layer's axes, colour axis left out.
    point : tuple of float
        The world point that was asked for, of all world axes.
    mode : Mode
    data : object
        What the layer type refers to: `ImageSlice` for images.
    upcoming : tuple of tuple of float
        Points, as in `SliceKey.point`, that a player will ask for next, in the order of their deadlines.
    """

    generation: int
    view: int
    layer: int
    kind: str
    key: SliceKey
    window: Window
    world_to_data: Affine
    point: tuple[float, ...]
    mode: Mode
    data: Any
    upcoming: tuple[tuple[float, ...], ...] = ()
