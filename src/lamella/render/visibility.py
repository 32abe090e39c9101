"""Which tiles of a layer are drawn, and in which order: pure functions of boxes."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.slicing.response import Tile

Box = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Placed:
    """A tile without its data: what drawing needs once it is uploaded.

    Attributes
    ----------
    key, level, box
        Of the `Tile`.
    shape : (rows, columns)
        Texels.
    dtype : numpy.dtype
        Of the values as stored.
    """

    key: Hashable
    level: int
    box: Box
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    @classmethod
    def of(cls, tile: Tile) -> Placed:
        rows, columns = tile.texture.shape[:2]
        return cls(tile.key, tile.level, tile.box, (rows, columns), tile.data.dtype)


EVERYWHERE: Box = ((-np.inf, -np.inf), (np.inf, np.inf))


@dataclass(frozen=True, slots=True)
class PlacedPoints:
    """The points of a slice without their data.

    Attributes
    ----------
    key : hashable
        Of the `PointsTile`.
    level : int
        0: points have one resolution.
    count : int
    origin : tuple of float
        Displayed data coordinates that the positions in the buffer are relative to.
    box : box
        Points may be anywhere: finding out where would cost more than drawing them.
    """

    key: Hashable
    level: int
    count: int
    origin: tuple[float, ...]
    box: Box = EVERYWHERE


@dataclass(frozen=True, slots=True)
class PlacedPrimitives:
    """Triangles and lines without their data.

    Attributes
    ----------
    key : hashable
        Of the `PrimitivesTile`.
    level : int
        0: they have one resolution.
    origin : tuple of float
        Displayed data coordinates that the positions in the buffers are relative to.
    box : box
        They may be anywhere.
    """

    key: Hashable
    level: int
    origin: tuple[float, ...]
    box: Box = EVERYWHERE


@dataclass(frozen=True, slots=True)
class PlacedValues:
    """The numbers of a `ValuesTile` without their data."""

    key: Hashable
    level: int = 0
    box: Box = EVERYWHERE


AnyPlaced = Placed | PlacedPoints | PlacedPrimitives | PlacedValues


def finest_first(tiles: Iterable[Placed]) -> list[Placed]:
    """By level; within a level in the order given."""
    return sorted(tiles, key=lambda t: t.level)


@functools.lru_cache(maxsize=64)  # all layers of a frame that lie alike, and the next frame
def data_to_device(state: ViewState, displayed_to_world: Affine) -> Affine:
    """Displayed data → device pixels (y, x) of a 2-D view, in float64; pixel i reaches from i to i + 1.

    The camera is subtracted before anything is scaled up, so that data far from the origin stays sharp.
    """
    ratio = state.pixel_ratio
    scale = state.zoom * ratio
    w, h = state.canvas_size
    offset = (displayed_to_world.translate - np.array(state.center[1:], dtype=np.float64)) * scale
    return Affine(displayed_to_world.linear * scale, offset + np.array([h, w], dtype=np.float64) * (ratio / 2))


@functools.lru_cache(maxsize=64)
def canvas_bounds(state: ViewState, to_device: Affine) -> npt.NDArray[np.float64]:
    """The box in displayed data coordinates around the canvas, shape (2, 2), read-only."""
    w, h = state.device_size
    bounds = to_device.inverse.bounds(np.array([[0.0, 0.0], [h, w]]))
    bounds.setflags(write=False)
    return bounds


def is_visible(box: Box, bounds: npt.NDArray[np.float64]) -> bool:
    """Do the boxes share an area?"""
    (r0, c0), (r1, c1) = box
    low, high = bounds
    return bool(r0 < high[0] and r1 > low[0] and c0 < high[1] and c1 > low[1])
