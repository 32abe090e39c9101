"""Which version of the data a chunk holds, where parts of them were edited."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lamella.model.edits import Edits, Region
from lamella.sources.base import Grid
from lamella.sources.multiscale import Multiscale


def chunk_versions(
    edits: Edits, multiscale: Multiscale, level: int, grid: Grid, positions: Sequence[tuple[int, ...]]
) -> list[int]:
    """The version of each chunk: that of the newest edit that touches it.

    Parameters
    ----------
    grid : Grid
        Of the level.
    positions : sequence of tuple of int
        Chunk numbers along each axis of the source.
    """
    places = np.array(positions, np.int64).reshape(len(positions), -1)
    versions = np.full(len(positions), edits.base, np.int64)
    axes = list(multiscale.axes)
    chunk = np.array([grid.chunk[a] for a in axes])
    for edit in edits.latest:
        region = np.array(region_at_level(edit.region, multiscale.shape, multiscale.shape_of(level)))
        first, last = region[:, 0] // chunk, (region[:, 1] - 1) // chunk
        touched = ((places[:, axes] >= first) & (places[:, axes] <= last)).all(axis=1)
        versions[touched] = edit.version
    result: list[int] = versions.tolist()
    return result


def region_at_level(region: Region, finest: Sequence[int], shape: Sequence[int]) -> Region:
    """The samples of a level that may follow from a region of level 0.

    Rounded outward, and one sample more where the level is coarser: pyramids are often smoothed.
    """
    result = []
    for (start, stop), n0, n in zip(region, finest, shape, strict=True):
        more = int(n < n0)
        result.append((max(start * n // n0 - more, 0), min(-(-stop * n // n0) + more, n)))
    return tuple(result)
