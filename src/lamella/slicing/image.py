"""Image: the request, the plan of chunks behind it, and the tiles made of them. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from lamella.model.edits import NO_EDITS, Edits
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.slicing.levels import choose_level, choose_volume_level, edges, visible_samples
from lamella.slicing.place import Place
from lamella.slicing.plan import FIRST_RUNG_CHUNKS, ChunkKey, ChunkRead, Plan
from lamella.slicing.projection import Part, Slab, combined, finished, misses, reduced, slab_range
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile, drawing_transforms
from lamella.slicing.versions import chunk_versions
from lamella.sources.base import Box, Grid, Source, nbytes
from lamella.sources.multiscale import Multiscale

if TYPE_CHECKING:
    from lamella.model.layers.image import Image

Response = TypeVar("Response", bound=ImageSliceResponse)

PLANE_READ = 64 * 2**20  # a source without chunks is read a plane at a time up to this many bytes,
BAND_READ = 16 * 2**20  # otherwise in bands of rows of this size, so that something comes soon
MAX_LAYOUTS, MAX_SPOTS = 256, 20_000  # remembered; a spot takes about 500 bytes
MAX_CHUNKS = 4096  # a plan of more chunks takes a coarser level, if there is one


@dataclass(frozen=True, slots=True)
class ImageSlice:
    """What an image request refers to. Without `edits` all of it has the version of the request's key."""

    multiscale: Multiscale
    rgb: bool
    auto_contrast: bool
    edits: Edits = NO_EDITS


def make_slice_request(
    layer: Image, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds."""
    source = layer.source
    thick = layer.projection_mode != "none"
    low, high = state.field_of_view
    width, height = state.device_size
    pixels = (height, width) if state.ndisplay == 2 else (max(width, height),) * state.ndisplay
    shown = len(place.displayed)
    return LayerSliceRequest(
        generation=generation,
        view=view,
        layer=layer.id,
        kind="image",
        key=SliceKey(
            source=source.levels[0].token,
            fixed=source.fixed,
            version=layer.version,
            point=place.point(state.point),
            margin_left=place.margin(state.margin_left) if thick else (0.0,) * len(place.hidden),
            margin_right=place.margin(state.margin_right) if thick else (0.0,) * len(place.hidden),
            displayed=place.displayed,
            projection=layer.projection_mode,
            look=layer.contrast_resets,
        ),
        window=Window(box=(low[-shown:], high[-shown:]), pixels=pixels[-shown:], level=layer.locked_data_level),
        world_to_data=place.world_to_data,
        point=state.point,
        mode=mode,
        data=ImageSlice(source, layer.rgb, layer.auto_contrast, layer.edits),
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    """A chunk of a level as far as the window decides it; the point decides the rest, the axes in `_Layout.hidden`."""

    position: tuple[int, ...]
    box: Box
    region: tuple[tuple[int, int], ...]
    edges: tuple[tuple[float, ...], tuple[float, ...]]
    tile_nbytes: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the window needs of each level, whatever the point."""

    hidden: tuple[int, ...]
    tile_axes: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    rungs: tuple[tuple[int, Grid, tuple[_Spot, ...]], ...]
    level: int
    region: tuple[tuple[int, int], ...]
    extent: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def spots(self) -> int:
        return sum(len(spots) for _, _, spots in self.rungs)


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """The chunks that a request needs, rung by rung.

    Parameters
    ----------
    request : LayerSliceRequest
    budget : int
        Bytes that the chunks and tiles of the target level may take together; if they need more, a coarser level is the
        target.
    """
    image: ImageSlice = request.data
    key = request.key
    settled = request.mode not in (Mode.INTERACTIVE, Mode.PLAYBACK)
    margins = tuple(zip(key.margin_left, key.margin_right, strict=True))
    thickness = tuple(abs(left + right) for left, right in margins)
    layout = _layout(
        image.multiscale, image.rgb, key.displayed, request.world_to_data, request.window, settled, budget, thickness
    )
    beside = any(misses(p, *m, layout.shapes[0][a]) for a, p, m in zip(layout.hidden, key.point, margins, strict=True))
    if beside or not layout.rungs:
        return Plan((), 0, layout.region, layout.extent, empty=True)
    rungs = tuple(_reads(request, layout, rung) for rung in range(len(layout.rungs)))
    return Plan(rungs, layout.level, layout.region, layout.extent, empty=False)


_layouts: OrderedDict[tuple[Hashable, ...], _Layout] = OrderedDict()  # least recently used first
_layouts_lock = threading.Lock()  # each viewer has a slicing thread


def _layout(
    multiscale: Multiscale,
    rgb: bool,
    displayed: tuple[int, ...],
    world_to_data: Affine,
    window: Window,
    settled: bool,
    budget: int,
    thickness: tuple[float, ...],
) -> _Layout:
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
) -> _Layout:
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
        return _Layout(hidden, tile_axes, shapes, (), 0, nothing, extent)

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
    return _Layout(hidden, tile_axes, shapes, tuple(rungs), target, region, extent)


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
) -> tuple[_Spot, ...]:
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
        spot = _Spot(
            position=tuple(position),
            box=grid.box(tuple(position), source.shape),
            region=tuple(region),
            edges=box,
            tile_nbytes=_tile_nbytes(region, source.dtype, rgb),
        )
        found.append((distance, spot))
    found.sort(key=lambda pair: pair[0])
    return tuple(spot for _, spot in found)


def _slab_nbytes(spot: _Spot, rgb: bool) -> int:
    """Upper bound of the bytes of a tile of a thick slice: 64-bit values and texture."""
    return math.prod(b - a for a, b in spot.region) * ((4 * 8 + 4) if rgb else 12)


def _tile_nbytes(region: Sequence[tuple[int, int]], dtype: np.dtype[Any], rgb: bool) -> int:
    """Upper bound of the bytes of a tile: data and texture."""
    samples = math.prod(b - a for a, b in region)
    if rgb:
        return samples * (4 * dtype.itemsize + 4)
    return samples * (dtype.itemsize + (0 if dtype in (np.uint8, np.uint16) else 4))


def _reads(request: LayerSliceRequest, layout: _Layout, rung: int) -> tuple[ChunkRead, ...]:
    image: ImageSlice = request.data
    multiscale, axes, shapes = image.multiscale, image.multiscale.axes, layout.shapes
    level, grid, spots = layout.rungs[rung]
    source = multiscale.levels[level]
    ranges = {axis: (plane, plane + 1) for axis, plane in multiscale.fixed}
    for place, a in enumerate(layout.hidden):
        ranges[axes[a]] = _range(request.key, place, shapes[0][a], shapes[level][a])
    thick = {axis: r for axis, r in sorted(ranges.items()) if r[1] - r[0] > 1}
    offsets = tuple((axis, r[0] % grid.chunk[axis]) for axis, r in sorted(ranges.items()) if axis not in thick)
    spans = {axis: grid.span(axis, *r) for axis, r in ranges.items()}
    stacks = [dict(zip(spans, place, strict=True)) for place in itertools.product(*spans.values())]
    positions = [
        tuple(numbers.get(axis, i) for axis, i in enumerate(spot.position)) for spot in spots for numbers in stacks
    ]
    if image.edits.latest:
        versions = chunk_versions(image.edits, multiscale, level, grid, positions)
    else:
        versions = [request.key.version] * len(positions)
    result = []
    for number, (position, version) in enumerate(zip(positions, versions, strict=True)):
        spot = spots[number // len(stacks)]
        box = list(spot.box)
        for axis, i in stacks[number % len(stacks)].items():
            box[axis] = slice(i * grid.chunk[axis], min((i + 1) * grid.chunk[axis], source.shape[axis]))
        chunk = ChunkKey(source.token, version, level, position)
        slab: Slab | None = None
        tile_key: Hashable = (chunk, offsets, layout.tile_axes, image.rgb)
        if thick:
            first = number // len(stacks) * len(stacks)
            of_tile = tuple(versions[first : first + len(stacks)])
            slab = _slab(request.key.projection, thick, box, len(stacks))
            tile_key = (
                (source.token, level, spot.position, of_tile),
                (slab.mode, *thick.items(), *offsets),
                layout.tile_axes,
                image.rgb,
            )
        result.append(
            ChunkRead(
                key=chunk,
                source=source,
                box=tuple(box),
                level=level,
                rung=rung,
                tile_key=tile_key,
                offsets=offsets,
                axes=layout.tile_axes,
                region=spot.region,
                edges=spot.edges,
                rgb=image.rgb,
                chunk_nbytes=0 if source.in_memory else nbytes(tuple(box), source.dtype),
                tile_nbytes=spot.tile_nbytes if slab is None else _slab_nbytes(spot, image.rgb),
                slab=slab,
            )
        )
    return tuple(result)


def _range(key: SliceKey, place: int, n0: int, n: int) -> tuple[int, int]:
    """The planes of a level along one axis that is not displayed."""
    factor = n0 / n
    point = min(max(key.point[place] / factor, 0), n - 1)
    left, right = key.margin_left, key.margin_right
    if not any(left) and not any(right):
        return round(point), round(point) + 1
    return slab_range(point, left[place] / factor, right[place] / factor, n)


def _slab(mode: str, thick: dict[int, tuple[int, int]], box: Sequence[slice], parts: int) -> Slab:
    """What one chunk adds to a slab."""
    cuts = tuple(
        (axis, max(low, box[axis].start) - box[axis].start, min(high, box[axis].stop) - box[axis].start)
        for axis, (low, high) in thick.items()
    )
    return Slab(mode, cuts, math.prod(high - low for low, high in thick.values()), parts)


def assemble(read: ChunkRead, chunk: npt.NDArray[Any]) -> Tile | Part:
    """Cut the tile out of a chunk: contiguous, read-only, with a texture-ready form. Runs in a worker.

    A thick slice that lies in several chunks gets what this one adds to it.
    """
    slab = read.slab
    if slab is None:
        return _tile(read, cut(read, chunk))
    taken = dict(read.offsets)
    cuts = {axis: slice(start, stop) for axis, start, stop in slab.cuts}
    plane = chunk[tuple(taken.get(a, cuts.get(a, slice(None))) for a in range(chunk.ndim))]
    left = [a for a in range(chunk.ndim) if a not in taken]
    plane = plane.transpose([left.index(a) for a in (*read.axes, *cuts)])
    inner = tuple(range(len(read.axes), plane.ndim))
    return combine(read, [reduced(slab, read.tile_key, plane, inner)])


def cut(read: ChunkRead, chunk: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The plane of a chunk, axes in displayed order, contiguous, of memory that nobody else writes to."""
    taken = dict(read.offsets)
    plane = chunk[tuple(taken.get(a, slice(None)) for a in range(chunk.ndim))]
    left = [a for a in range(chunk.ndim) if a not in taken]
    plane = plane.transpose([left.index(a) for a in read.axes])
    data = np.ascontiguousarray(plane, dtype=plane.dtype.newbyteorder("="))
    if np.may_share_memory(data, chunk) and (not chunk.flags.owndata or 2 * data.nbytes < chunk.nbytes):
        # Memory that somebody else may write to, or a tile that would keep a much larger chunk alive.
        data = data.copy()
    return data


def fill(read: ChunkRead) -> Tile | Part:
    """The tile of a chunk that the store does not have."""
    shape = tuple(b - a for a, b in read.region)
    if read.rgb:
        shape += (read.source.shape[read.axes[-1]],)
    slab = read.slab
    depth = () if slab is None else tuple(stop - start for _, start, stop in slab.cuts)
    dtype = read.source.dtype.newbyteorder("=")
    if slab is not None:
        value = np.broadcast_to(np.asarray(read.source.fill_value, dtype), shape + depth)
        return combine(read, [reduced(slab, read.tile_key, value, tuple(range(len(shape), len(shape) + len(depth))))])
    return _tile(read, np.full(shape, read.source.fill_value, dtype=dtype))


def combine(read: ChunkRead, parts: Sequence[Part]) -> Tile | Part:
    """Put parts of a thick slice together; the tile, once all are there. Runs in a worker."""
    assert read.slab is not None
    whole = combined(read.slab, parts)
    if whole.parts < read.slab.parts:
        return whole
    return _tile(read, np.ascontiguousarray(finished(read.slab, whole, read.source.dtype)))


def _tile(read: ChunkRead, data: npt.NDArray[Any]) -> Tile:
    data.setflags(write=False)
    texture = _rgba(data) if read.rgb else texture_ready(data)
    texture.setflags(write=False)
    return Tile(read.tile_key, read.level, read.region, read.edges, data, texture)


def texture_ready(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values in a dtype that every renderer takes: uint8 and uint16 as they are, bool as uint8, others float32."""
    if data.dtype in (np.uint8, np.uint16):
        return data
    if data.dtype == np.bool_:
        return data.view(np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        return data.astype(np.float32, copy=False)


def _rgba(data: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if data.dtype == np.uint8:
        colours = data
    elif data.dtype == np.bool_:
        colours = data.view(np.uint8) * np.uint8(255)
    elif data.dtype.kind in "iu":
        top = float(np.iinfo(data.dtype).max)
        colours = np.rint(np.clip(data.astype(np.float32) / top, 0, 1) * 255).astype(np.uint8)
    else:
        colours = np.rint(np.clip(np.nan_to_num(data.astype(np.float32)), 0, 1) * 255).astype(np.uint8)
    out = np.empty((*data.shape[:-1], 4), np.uint8)
    out[..., : data.shape[-1]] = colours
    if data.shape[-1] == 3:
        out[..., 3] = 255
    return out


def contrast_limits(tiles: Iterable[Tile]) -> tuple[float, float]:
    """Smallest and largest finite value; where they are equal, or there is none, a range of 1."""
    low, high = np.inf, -np.inf
    for tile in tiles:
        data = tile.data
        if data.dtype.kind == "f":
            data = data[np.isfinite(data)]
        if data.size:
            low, high = min(low, float(data.min())), max(high, float(data.max()))
    if low > high:
        return 0.0, 1.0
    return (low, high) if low < high else (low, low + 1.0)


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[Tile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
    kind: type[Response] = ImageSliceResponse,  # type: ignore[assignment]
) -> Response:
    """The response to a request with what is there so far."""
    return kind(
        generation=request.generation,
        view=request.view,
        layer=request.layer,
        kind=request.kind,
        key=request.key,
        window=request.window,
        point=request.point,
        dims_displayed=request.key.displayed,
        world_to_data=request.world_to_data,
        needed=plan.needed,
        have=have,
        failed=len(failures),
        empty=plan.empty,
        rgb=request.data.rgb,
        level=plan.level,
        region=plan.region,
        extent=plan.extent,
        tiles=tuple(sorted(tiles, key=lambda tile: -tile.level)),
        failed_boxes=tuple(read.edges for read, _ in failures),
        errors=tuple(dict.fromkeys(message for _, message in failures)),
        auto_limits=auto_limits,
    )
