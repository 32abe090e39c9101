"""Where the chunks of an image lie that a window shows, rung by rung, whatever the point.

Pure functions of the sources' shapes and the window. What they find is remembered: for all positions of a slider, and
for all channels of an image that lie alike.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.slicing.levels import choose_level, choose_volume_level, edges, visible_samples
from lamella.slicing.plan import FIRST_RUNG_CHUNKS
from lamella.slicing.request import Window
from lamella.slicing.response import drawing_transforms
from lamella.sources.base import Box, Grid, Source
from lamella.sources.multiscale import Multiscale

PLANE_READ = 64 * 2**20  # a source without chunks is read a plane at a time up to this many bytes,
BAND_READ = 16 * 2**20  # otherwise in bands of rows of this size, so that something comes soon
MAX_LAYOUTS, MAX_SPOTS = 256, 20_000  # remembered; a spot takes about 500 bytes
MAX_CHUNKS = 4096  # a plan of more chunks takes a coarser level, if there is one


@dataclass(frozen=True, slots=True)
class Spot:
    """A chunk of a level as far as the window decides it; the point decides the rest, the axes in `Layout.hidden`."""

    position: tuple[int, ...]
    box: Box
    region: tuple[tuple[int, int], ...]
    edges: tuple[tuple[float, ...], tuple[float, ...]]
    tile_nbytes: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the window needs of each level, whatever the point."""

    hidden: tuple[int, ...]
    tile_axes: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    rungs: tuple[tuple[int, Grid, tuple[Spot, ...]], ...]
    level: int
    region: tuple[tuple[int, int], ...]
    extent: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def spots(self) -> int:
        return sum(len(spots) for _, _, spots in self.rungs)


_layouts: OrderedDict[tuple[Hashable, ...], Layout] = OrderedDict()  # least recently used first
_layouts_lock = threading.Lock()  # each viewer has a slicing thread


def layout_of(
    multiscale: Multiscale,
    rgb: bool,
    displayed: tuple[int, ...],
    world_to_data: Affine,
    window: Window,
    settled: bool,
    budget: int,
    thickness: tuple[float, ...],
) -> Layout:
    """Worked out once for all positions of a slider, and for all channels of an image that lie alike.

    What is remembered names sources by their tokens: it must keep no data alive.
    """
    tokens = tuple(source.token for source in multiscale.levels)
    key = (tokens, multiscale.fixed, rgb, displayed, world_to_data, window, settled, budget, thickness)
    with _layouts_lock:
        layout = _layouts.pop(key, None)
        if layout is not None:
            _layouts[key] = layout
            return layout
    layout = _lay_out(multiscale, rgb, displayed, world_to_data, window, settled, budget, thickness)
    with _layouts_lock:
        _layouts[key] = layout
        spots = sum(l.spots for l in _layouts.values())
        while len(_layouts) > 1 and (len(_layouts) > MAX_LAYOUTS or spots > MAX_SPOTS):
            spots -= _layouts.popitem(last=False)[1].spots
    return layout


def _lay_out(
    multiscale: Multiscale,
    rgb: bool,
    displayed: tuple[int, ...],
    world_to_data: Affine,
    window: Window,
    settled: bool,
    budget: int,
    thickness: tuple[float, ...],
) -> Layout:
    hidden = tuple(a for a in range(multiscale.ndim - rgb) if a not in displayed)
    shapes = tuple(multiscale.shape_of(level) for level in range(len(multiscale.levels)))
    shown = [tuple(s[a] for a in displayed) for s in shapes]
    full = tuple((0, n) for n in shown[0])
    extent = edges(full, shown[0], shown[0])
    tile_axes = tuple(multiscale.axes[a] for a in displayed) + (multiscale.axes[-1:] if rgb else ())

    _, to_data = drawing_transforms(world_to_data, displayed)
    data_box = to_data.bounds(np.array(window.box))
    regions = [visible_samples(data_box, shown[0], s) for s in shown]
    if any(start == stop for start, stop in regions[0]):
        nothing = tuple((0, 0) for _ in displayed)
        return Layout(hidden, tile_axes, shapes, (), 0, nothing, extent)

    grids = [_grid(multiscale, rgb, level, displayed) for level in range(len(shapes))]
    spans = [_spans(g, multiscale, displayed, r) for g, r in zip(grids, regions, strict=True)]
    depths = [_depth(g, multiscale, hidden, thickness, shapes[0], s) for g, s in zip(grids, shapes, strict=True)]
    counts = [math.prod(len(s) for s in span) * depth for span, depth in zip(spans, depths, strict=True)]
    costs = [_cost(multiscale.levels[i], grids[i], counts[i] // depths[i]) for i in range(len(shapes))]
    target = _target_level(window, len(displayed), data_box, shown, costs, counts, budget)
    rungs = []
    for level in _ladder(settled, target, counts):
        spots = _spots(multiscale, rgb, displayed, level, grids[level], spans[level], shown, data_box)
        rungs.append((level, grids[level], spots))
    region = _whole_chunks(grids[target], multiscale, displayed, spans[target], shown[target])
    return Layout(hidden, tile_axes, shapes, tuple(rungs), target, region, extent)


def _target_level(
    window: Window,
    ndisplay: int,
    data_box: npt.NDArray[np.float64],
    shown: Sequence[tuple[int, ...]],
    costs: Sequence[int],
    counts: Sequence[int],
    budget: int,
) -> int:
    last = len(shown) - 1
    if window.level is not None:
        level = min(max(window.level, 0), last)
    elif ndisplay == 2:
        level = choose_level(data_box, window.pixels, shown)
    else:
        level = choose_volume_level(costs)
    while level < last and (costs[level] > budget or counts[level] > MAX_CHUNKS):
        level += 1
    return level


def _ladder(settled: bool, target: int, counts: Sequence[int]) -> list[int]:
    """Levels of the rungs: the finest with few chunks, at most one between when settled, the target."""
    first = next((k for k in range(target, len(counts)) if counts[k] <= FIRST_RUNG_CHUNKS), len(counts) - 1)
    if first == target:
        return [target]
    between = (first + target + 1) // 2
    if settled and target < between < first:
        return [first, between, target]
    return [first, target]


def _grid(multiscale: Multiscale, rgb: bool, level: int, displayed: tuple[int, ...]) -> Grid:
    """The grid of a level in the axes of its source; the colour axis is never split."""
    source = multiscale.levels[level]
    axes = tuple(multiscale.axes[a] for a in displayed)
    grid = source.grid(axes)
    chunk = list(grid.chunk) if grid is not None else _plane_chunk(source, axes, multiscale, rgb)
    if rgb:
        chunk[multiscale.axes[-1]] = source.shape[multiscale.axes[-1]]
    return Grid(tuple(max(min(c, n), 1) for c, n in zip(chunk, source.shape, strict=True)))


def _plane_chunk(source: Source, axes: tuple[int, ...], multiscale: Multiscale, rgb: bool) -> list[int]:
    chunk = [1] * len(source.shape)
    for a in (*axes, multiscale.axes[-1]) if rgb else axes:
        chunk[a] = source.shape[a]
    size = int(np.prod(chunk, dtype=object)) * source.dtype.itemsize
    if size > PLANE_READ:
        slowest = min(axes)
        chunk[slowest] = max(1, BAND_READ * chunk[slowest] // size)
    return chunk


def _spans(
    grid: Grid, multiscale: Multiscale, displayed: tuple[int, ...], region: Sequence[tuple[int, int]]
) -> list[range]:
    return [grid.span(multiscale.axes[a], *r) for a, r in zip(displayed, region, strict=True)]


def _depth(
    grid: Grid,
    multiscale: Multiscale,
    hidden: tuple[int, ...],
    thickness: tuple[float, ...],
    finest: tuple[int, ...],
    shape: tuple[int, ...],
) -> int:
    """About how many chunks deep a slab is at a level."""
    depth = 1
    for a, thick in zip(hidden, thickness, strict=True):
        planes = min(thick * shape[a] / finest[a], shape[a])
        depth *= math.ceil(planes / grid.chunk[multiscale.axes[a]]) or 1
    return depth


def _cost(source: Source, grid: Grid, count: int) -> int:
    per_chunk = int(np.prod(grid.chunk, dtype=object)) * source.dtype.itemsize
    return count * per_chunk * (1 if source.in_memory else 2)


def _whole_chunks(
    grid: Grid,
    multiscale: Multiscale,
    displayed: tuple[int, ...],
    spans: Sequence[range],
    shape: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:
    result = []
    for a, span, n in zip(displayed, spans, shape, strict=True):
        c = grid.chunk[multiscale.axes[a]]
        result.append((span.start * c, min(span.stop * c, n)))
    return tuple(result)


def _spots(
    multiscale: Multiscale,
    rgb: bool,
    displayed: tuple[int, ...],
    level: int,
    grid: Grid,
    spans: Sequence[range],
    shown: Sequence[tuple[int, ...]],
    data_box: npt.NDArray[np.float64],
) -> tuple[Spot, ...]:
    """The chunks of a level that the window touches, those at its centre first."""
    source, axes = multiscale.levels[level], multiscale.axes
    centre = data_box.mean(axis=0).tolist()
    found = []
    for place in itertools.product(*spans):
        position = [0] * len(source.shape)
        region = []
        for a, i, n in zip(displayed, place, shown[level], strict=True):
            c = grid.chunk[axes[a]]
            position[axes[a]] = i
            region.append((i * c, min((i + 1) * c, n)))
        box = edges(region, shown[0], shown[level])
        distance = sum(((low + high) / 2 - m) ** 2 for low, high, m in zip(*box, centre, strict=True))
        spot = Spot(
            position=tuple(position),
            box=grid.box(tuple(position), source.shape),
            region=tuple(region),
            edges=box,
            tile_nbytes=_tile_nbytes(region, source.dtype, rgb),
        )
        found.append((distance, spot))
    found.sort(key=lambda pair: pair[0])
    return tuple(spot for _, spot in found)


def _tile_nbytes(region: Sequence[tuple[int, int]], dtype: np.dtype[Any], rgb: bool) -> int:
    """Upper bound of the bytes of a tile: data and texture."""
    samples = math.prod(b - a for a, b in region)
    if rgb:
        return samples * (4 * dtype.itemsize + 4)
    return samples * (dtype.itemsize + (0 if dtype in (np.uint8, np.uint16) else 4))
