"""The demo's volume: TCZYX, two channels, ten levels, more than 10¹⁵ voxels, computed where somebody looks."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lamella.demo.tissue import render

CHUNK = 128
BLOCK = 256  # a block is rendered at once, because rendering costs nearly as much for a quarter of it
BLOCKS_KEPT = 256  # 256 KB each
FULL_SCALE = 20_000  # counts for a brightness of 1

Block = tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]


@dataclass(frozen=True, slots=True)
class Volume:
    """Sizes and units; the voxels follow from them.

    Attributes
    ----------
    side : int
        Samples of level 0 along y and x: a power of 2, at least 256 · 2 ** (levels − 1).
    depth, times : int
        Planes along z and t, the same at each level.
    levels : int
    pixel, spacing : float
        µm between samples of level 0 along y and x, and between planes.
    interval : float
        Seconds between times.
    """

    side: int = 2**17
    depth: int = 512
    times: int = 64
    levels: int = 10
    pixel: float = 0.1
    spacing: float = 1.0
    interval: float = 30.0

    def __post_init__(self) -> None:
        if self.side & (self.side - 1) or self.side < BLOCK << (self.levels - 1):
            raise ValueError(f"side must be a power of 2 of at least {BLOCK << (self.levels - 1)}, not {self.side}")

    @property
    def voxels(self) -> int:
        return self.times * 2 * self.depth * self.side**2

    def shape(self, level: int) -> tuple[int, int, int, int, int]:
        return (self.times, 2, self.depth, self.side >> level, self.side >> level)

    def scale(self, level: int) -> tuple[float, ...]:
        """World units between samples of a level."""
        return (self.interval, 1.0, self.spacing, self.pixel * 2**level, self.pixel * 2**level)

    def translation(self, level: int) -> tuple[float, ...]:
        """World position of the first sample of a level: a coarse sample is in the middle of those that it covers."""
        shift = self.pixel * (2**level - 1) / 2
        return (0.0, 0.0, 0.0, shift, shift)

    def block(self, level: int, t: int, z: int, y: int, x: int) -> Block:
        """Both channels of block (y, x) of a plane, (256, 256) each."""
        sample = self.pixel * 2**level
        middle = self.side * self.pixel / 2

        def positions(number: int) -> npt.NDArray[np.float64]:
            return (np.arange(number * BLOCK, (number + 1) * BLOCK) + 0.5) * sample - middle

        height = (z - self.depth / 2) * self.spacing
        first, second = render(positions(y), positions(x), height, float(t), sample)
        return _counts(first), _counts(second)


class ChunkServer:
    """Chunks of a volume by number. Thread-safe; a block that several threads want is rendered once."""

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self._block = functools.lru_cache(BLOCKS_KEPT)(volume.block)
        self._locks: dict[tuple[int, ...], threading.Lock] = {}
        self._guard = threading.Lock()

    def chunk(self, level: int, t: int, c: int, z: int, y: int, x: int) -> npt.NDArray[np.uint16]:
        """Chunk (t, c, z, y, x) of a level, (128, 128).

        Raises
        ------
        IndexError
            There is no such chunk.
        """
        if not 0 <= level < self.volume.levels:
            raise IndexError(f"there is no level {level}")
        times, channels, depth, height, width = self.volume.shape(level)
        ends = (times, channels, depth, height // CHUNK, width // CHUNK)
        if not all(0 <= i < n for i, n in zip((t, c, z, y, x), ends, strict=True)):
            raise IndexError(f"there is no chunk {(t, c, z, y, x)} at level {level}")
        key = (level, t, z, y * CHUNK // BLOCK, x * CHUNK // BLOCK)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            block = self._block(*key)[c]
        with self._guard:
            self._locks.pop(key, None)
        row, column = y * CHUNK % BLOCK, x * CHUNK % BLOCK
        return block[row : row + CHUNK, column : column + CHUNK]


def _counts(brightness: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    return np.clip(brightness * FULL_SCALE, 0, 65_535).astype(np.uint16)
