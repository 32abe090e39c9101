"""The pyramids that `remote` and `scale` serve: sizes, metadata, and which chunks a view needs. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FIRST_RUNG_CHUNKS = 4  # DESIGN: the first rung is the finest level that needs at most this many
_CHUNK_PATH = re.compile(r"(?:^|/)s(\d+)/c/(\d+)/(\d+)/(\d+)$")

Box = Sequence[Sequence[float]]  # ((row, column) low, (row, column) high), samples of level 0
Chunk = tuple[int, int, int, int]  # level, z, row, column


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A (z, y, x) image whose levels halve y and x, in chunks of (1, chunk, chunk).

    Attributes
    ----------
    depth, side, levels, chunk : int
        ``side`` is a power of 2 of at least ``2 ** (levels − 1)``.
    """

    depth: int
    side: int
    levels: int
    chunk: int = 256

    @property
    def voxels(self) -> int:
        return self.depth * self.side**2

    def shape(self, level: int) -> tuple[int, int, int]:
        return (self.depth, self.side >> level, self.side >> level)

    def chunks_in_view(self, box: Box, level: int) -> set[tuple[int, int]]:
        """(row, column) of the chunks of a level that touch ``box``, where sample i reaches from i − ½ to i + ½."""
        spans = []
        for low, high in zip(*box, strict=True):
            n = self.side >> level
            start = max(math.floor((low + 0.5) / 2**level), 0)
            stop = min(math.ceil((high + 0.5) / 2**level), n)
            spans.append(range(start // self.chunk, (stop - 1) // self.chunk + 1) if stop > start else range(0))
        return {(row, column) for row in spans[0] for column in spans[1]}

    def first_rung(self, box: Box, target: int) -> int:
        """The level that comes first: the finest, from the target on, that needs few chunks."""
        few = (l for l in range(target, self.levels) if len(self.chunks_in_view(box, l)) <= FIRST_RUNG_CHUNKS)
        return next(few, self.levels - 1)

    def ladder(self, box: Box, target: int) -> tuple[int, int]:
        """Chunks of the first rung, and of it and the target level together."""
        first = self.first_rung(box, target)
        coarse = len(self.chunks_in_view(box, first))
        return coarse, coarse if first == target else coarse + len(self.chunks_in_view(box, target))

    def metadata(self, codecs: Sequence[dict[str, Any]]) -> dict[str, bytes]:
        """Keys and values of the OME-Zarr 0.5 metadata."""
        keys = {"zarr.json": self._group()}
        for level in range(self.levels):
            keys[f"s{level}/zarr.json"] = {
                "zarr_format": 3,
                "node_type": "array",
                "shape": self.shape(level),
                "data_type": "uint16",
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": (1, self.chunk, self.chunk)}},
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
                "codecs": list(codecs),
                "fill_value": 0,
                "dimension_names": ["z", "y", "x"],
                "attributes": {},
            }
        return {key: json.dumps(value).encode() for key, value in keys.items()}

    def _group(self) -> dict[str, Any]:
        datasets = [
            {
                "path": f"s{level}",
                "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0, 2.0**level, 2.0**level]},
                    {"type": "translation", "translation": [0.0, (2**level - 1) / 2, (2**level - 1) / 2]},
                ],
            }
            for level in range(self.levels)
        ]
        axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
        ome = {"version": "0.5", "multiscales": [{"name": "bench", "axes": axes, "datasets": datasets}]}
        return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}


def chunk_of(path: str) -> Chunk | None:
    """The chunk that a request path names, None if it names something else."""
    match = _CHUNK_PATH.search(path)
    if match is None:
        return None
    level, z, row, column = map(int, match.groups())
    return level, z, row, column


def chunk_path(chunk: Chunk) -> str:
    level, z, row, column = chunk
    return f"s{level}/c/{z}/{row}/{column}"


def reads_not_needed(pyramid: Pyramid, reads: Sequence[Chunk], boxes: Sequence[Box], planes: set[int]) -> int:
    """Reads that no view of ``boxes`` at any of ``planes`` needs, at whatever level."""
    needed = {
        level: set().union(*(pyramid.chunks_in_view(box, level) for box in boxes)) for level in range(pyramid.levels)
    }
    return sum(z not in planes or (row, column) not in needed.get(level, ()) for level, z, row, column in reads)
