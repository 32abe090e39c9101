"""Image: the request, the plan of chunks behind it, and the tiles made of them. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from lamella.model.edits import NO_EDITS, Edits
from lamella.model.view_state import ViewState
from lamella.slicing.image_layout import Layout, Spot, layout_of
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.projection import Part, Slab, combined, finished, misses, reduced, slab_range
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile
from lamella.slicing.textures import rgba, texture_ready
from lamella.slicing.versions import chunk_versions
from lamella.sources.base import nbytes
from lamella.sources.multiscale import Multiscale

if TYPE_CHECKING:
    from lamella.model.layers.image import Image

Response = TypeVar("Response", bound=ImageSliceResponse)


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
    layout = layout_of(
        image.multiscale, image.rgb, key.displayed, request.world_to_data, request.window, settled, budget, thickness
    )
    beside = any(misses(p, *m, layout.shapes[0][a]) for a, p, m in zip(layout.hidden, key.point, margins, strict=True))
    if beside or not layout.rungs:
        return Plan((), 0, layout.region, layout.extent, empty=True)
    rungs = tuple(_reads(request, layout, rung) for rung in range(len(layout.rungs)))
    return Plan(rungs, layout.level, layout.region, layout.extent, empty=False)


def _slab_nbytes(spot: Spot, rgb: bool) -> int:
    """Upper bound of the bytes of a tile of a thick slice: 64-bit values and texture."""
    return math.prod(b - a for a, b in spot.region) * ((4 * 8 + 4) if rgb else 12)


def _reads(request: LayerSliceRequest, layout: Layout, rung: int) -> tuple[ChunkRead, ...]:
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
    texture = rgba(data) if read.rgb else texture_ready(data)
    texture.setflags(write=False)
    return Tile(read.tile_key, read.level, read.region, read.edges, data, texture)


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
