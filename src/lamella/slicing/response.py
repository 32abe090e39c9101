"""The answer: what came out of slicing one layer for one view, frozen and ready to draw.

Responses are cumulative: each holds all that is there so far, so only the newest one matters.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.slicing.request import SliceKey, Window

if TYPE_CHECKING:
    from lamella.slicing.text import TextBlock


class Remark(NamedTuple):
    """What a slice has to say that harms nothing. The user is told once for each layer, state of its data and topic."""

    topic: str
    message: str


@functools.lru_cache(maxsize=256)
def drawing_transforms(world_to_data: Affine, displayed: tuple[int, ...]) -> tuple[Affine, Affine]:
    """Displayed data → displayed world, by the submatrix of the forward transform, and its inverse."""
    forward = world_to_data.inverse.on_axes(displayed)
    return forward, forward.inverse


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle (2-D) or block (3-D) of one level of an image slice.

    Attributes
    ----------
    key : hashable
        Equal keys mean equal contents: the drawn tiles are cached by it.
    level : int
    region : ((start, stop), ...)
        Samples of the level along each displayed axis.
    box : ((float, ...), (float, ...))
        Low and high edges in displayed data coordinates of level 0, whose sample i reaches from i − 0.5 to i + 0.5.
    data : array
        The values as stored, native byte order, axes in displayed order, RGB last; read-only.
    texture : array
        The same, ready for upload: uint8, uint16 or float32 of the same shape; RGB as uint8 (…, 4). May be `data`.
    """

    key: Hashable
    level: int
    region: tuple[tuple[int, int], ...]
    box: tuple[tuple[float, ...], tuple[float, ...]]
    data: npt.NDArray[Any]
    texture: npt.NDArray[Any]

    @property
    def nbytes(self) -> int:
        return self.data.nbytes + (0 if self.texture is self.data else self.texture.nbytes)


@dataclass(frozen=True, slots=True)
class LayerSliceResponse:
    """What every layer type's response has.

    Attributes
    ----------
    generation, key, window
        Of the request that it answers.
    point : tuple of float
        World point that it shows.
    dims_displayed : tuple of int
        The layer's displayed axes.
    world_to_data : Affine
        n-D, layer axes.
    needed, have, failed : int
        Chunks of the target level; a missing chunk counts as had.
    empty : bool
        The slice misses the layer: nothing is drawn.
    """

    generation: int
    view: int
    layer: int
    kind: str
    key: SliceKey
    window: Window
    point: tuple[float, ...]
    dims_displayed: tuple[int, ...]
    world_to_data: Affine
    needed: int
    have: int
    failed: int
    empty: bool

    @property
    def version(self) -> int:
        return self.key.version

    @property
    def complete(self) -> bool:
        return self.have + self.failed == self.needed

    @property
    def text(self) -> TextBlock | None:
        """What is written beside what the slice shows; None for nothing."""
        return None

    @property
    def data_to_world(self) -> Affine:
        return self.world_to_data.inverse

    @property
    def displayed_to_world(self) -> Affine:
        """Displayed data coordinates of level 0 → displayed world: what drawing uses."""
        return drawing_transforms(self.world_to_data, self.dims_displayed)[0]

    @property
    def world_to_displayed(self) -> Affine:
        """The inverse of `displayed_to_world`."""
        return drawing_transforms(self.world_to_data, self.dims_displayed)[1]


@dataclass(frozen=True, slots=True)
class ImageSliceResponse(LayerSliceResponse):
    """An image slice.

    Attributes
    ----------
    rgb : bool
    level : int
        The target level; coarser tiles stand in where its own are not there yet.
    region : ((start, stop), ...)
        Samples of the target level that the window needs, along each displayed axis.
    extent : ((float, ...), (float, ...))
        Edges of the whole layer in displayed data coordinates of level 0.
    tiles : tuple of Tile
        Coarse first; within a level centre first.
    failed_boxes : tuple of ((float, ...), (float, ...))
        Where chunks of the target level failed, like `Tile.box`.
    errors : tuple of str
        Distinct messages of the failed chunks.
    auto_limits : (float, float) or None
        Contrast limits from the complete coarse rung of the layer's first slice, once they are known.
    """

    rgb: bool
    level: int
    region: tuple[tuple[int, int], ...]
    extent: tuple[tuple[float, ...], tuple[float, ...]]
    tiles: tuple[Tile, ...]
    failed_boxes: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    errors: tuple[str, ...] = ()
    auto_limits: tuple[float, float] | None = None

    def value_at(self, position: tuple[float, ...]) -> tuple[Any, int] | None:
        """The value shown at a displayed data position of level 0, and its level; None where nothing is shown.

        The sharpest tile there counts, as in the picture.
        """
        for tile in reversed(self.tiles):
            low, high = tile.box
            if all(a <= p < b for a, p, b in zip(low, position, high, strict=True)):
                n = tile.data.shape
                index = tuple(
                    min(int((p - a) / (b - a) * k), k - 1) for a, p, b, k in zip(low, position, high, n, strict=False)
                )
                return tile.data[index], tile.level
        return None

    def as_array(self) -> npt.NDArray[Any]:
        """The region of the target level as one array, axes in displayed order (RGB last), dtype as stored.

        Raises
        ------
        RuntimeError
            The slice is incomplete, has failed chunks or is empty.
        """
        if self.empty:
            raise RuntimeError("the slice is empty: it misses the layer")
        if not self.complete or self.failed:
            raise RuntimeError(
                f"the slice is incomplete: {self.have} of {self.needed} chunks are there, {self.failed} failed"
            )
        tiles = [t for t in self.tiles if t.level == self.level]
        shape = tuple(b - a for a, b in self.region)
        out = np.empty(shape + tiles[0].data.shape[len(shape) :], tiles[0].data.dtype)
        for tile in tiles:
            target, part = [], []
            for (a, b), (start, stop) in zip(tile.region, self.region, strict=True):
                low, high = max(a, start), min(b, stop)
                target.append(slice(low - start, max(high, low) - start))
                part.append(slice(low - a, max(high, low) - a))
            out[tuple(target)] = tile.data[tuple(part)]
        out.setflags(write=False)
        return out
