"""What a request needs, as a value: the ordered chunks, split into rungs from coarse to fine."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

from lamella.slicing.projection import Slab
from lamella.sources.base import Box, Source

FIRST_RUNG_CHUNKS = 4  # a rung of at most this many chunks comes back in one round trip and few bytes


class ChunkKey(NamedTuple):
    """Identity of a chunk: a chunk wanted by several views or layers has one key, and is read once.

    `position` is that in the grid of the level; for layers that are sliced as a whole all that tells slices apart.
    """

    source: int
    version: int
    level: int
    position: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ChunkRead:
    """One chunk that a plan needs, and the tile that is made of it.

    Attributes
    ----------
    key : ChunkKey
    source : Source
    box : Box
        What to read, in the axes of the source.
    level, rung : int
    tile_key : hashable
        Identity of the tile: the chunk and the plane that is cut out of it.
    offsets : tuple of (axis, int)
        Source axes that the tile does not have, with the sample of the chunk to take.
    axes : tuple of int
        Source axes of the tile, in displayed order, the colour axis of RGB data last.
    region, edges
        `Tile.region` and `Tile.box`.
    rgb : bool
    chunk_nbytes : int
        Bytes of the decoded chunk in the cache; 0 for arrays in memory, which are not cached.
    tile_nbytes : int
        Upper bound of the bytes of the tile: data and texture. For what is computed a guess.
    computed : bool
        The chunk is the tile, and how large it is shows when it is there.
    slab : Slab, optional
        Thick slices: what is reduced. The reads of one tile have one `tile_key`.
    """

    key: ChunkKey
    source: Source
    box: Box
    level: int
    rung: int
    tile_key: Hashable
    offsets: tuple[tuple[int, int], ...]
    axes: tuple[int, ...]
    region: tuple[tuple[int, int], ...]
    edges: tuple[tuple[float, ...], tuple[float, ...]]
    rgb: bool
    chunk_nbytes: int
    tile_nbytes: int
    slab: Slab | None = None
    computed: bool = False

    @property
    def parts(self) -> int:
        """How many reads one tile is made of."""
        return 1 if self.slab is None else self.slab.parts


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a request needs.

    Attributes
    ----------
    rungs : tuple of tuple of ChunkRead
        Coarse to fine; within a rung in the order of wanting, centre first. The last rung is the target level.
    level : int
    region, extent
        `ImageSliceResponse.region` and `extent`.
    empty : bool
        The slice misses the layer, or the field of view does.
    """

    rungs: tuple[tuple[ChunkRead, ...], ...]
    level: int
    region: tuple[tuple[int, int], ...]
    extent: tuple[tuple[float, ...], tuple[float, ...]]
    empty: bool

    @property
    def needed(self) -> int:
        return len(self.rungs[-1]) if self.rungs else 0
