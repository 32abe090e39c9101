"""Labels: planned and read as images, drawn as exact ids. Pure functions, any thread.

`make_slice_request` is the only one that sees a layer, on the main thread. Rules: "Labels" of the semantics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lamella.model.label_ids import id32
from lamella.model.view_state import ViewState
from lamella.slicing import image
from lamella.slicing.image import ImageSlice
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile
from lamella.sources.base import nbytes

if TYPE_CHECKING:
    from lamella.model.layers.labels import Labels


Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class LabelsSliceResponse(ImageSliceResponse):
    """The ids of a slice: `Tile.data` as they are stored, `Tile.texture` as `id_texture` has them, contours applied."""


def make_slice_request(
    layer: Labels, state: ViewState, place: Place, generation: int, view: int, mode: Mode
) -> LayerSliceRequest:
    """Freeze what slicing needs. Main thread; costs microseconds."""
    source = layer.source
    low, high = state.field_of_view
    width, height = state.device_size
    pixels = (height, width) if state.ndisplay == 2 else (max(width, height),) * state.ndisplay
    shown = len(place.displayed)
    nothing = (0.0,) * len(place.hidden)  # margins are ignored: a mean of ids is no id
    return LayerSliceRequest(
        generation=generation,
        view=view,
        layer=layer.id,
        kind="labels",
        key=SliceKey(
            source=source.levels[0].token,
            fixed=source.fixed,
            version=layer.version,
            point=place.point(state.point),
            margin_left=nothing,
            margin_right=nothing,
            displayed=place.displayed,
            projection="none",
            look=layer.contour if shown == 2 else 0,
        ),
        window=Window(box=(low[-shown:], high[-shown:]), pixels=pixels[-shown:], level=layer.locked_data_level),
        world_to_data=place.world_to_data,
        point=state.point,
        mode=mode,
        data=ImageSlice(source, False, False, layer.edits),
    )


def plan(request: LayerSliceRequest, budget: int) -> Plan:
    """The chunks that a request needs, as for an image; with contours each with a rim of its neighbours."""
    found = image.plan(request, budget)
    contour: int = request.key.look  # type: ignore[assignment]
    if not contour:
        return found
    rungs = tuple(tuple(_with_rim(read, max(1, contour), contour) for read in rung) for rung in found.rungs)
    return replace(found, rungs=rungs)


def _with_rim(read: ChunkRead, rim: int, contour: int) -> ChunkRead:
    """The read of a chunk with ``rim`` more samples on each displayed side, as far as the array goes.

    Stores that are read by tensorstore answer the neighbours' part from its own small cache, so that they are not
    fetched once more.
    """
    box = list(read.box)
    for axis in read.axes:
        n = read.source.shape[axis]
        box[axis] = slice(max(box[axis].start - rim, 0), min(box[axis].stop + rim, n))
    key = ChunkKey(read.key.source, read.key.version, read.key.level, (*read.key.position, -1 - rim))
    size = nbytes(tuple(box), read.source.dtype)
    return replace(
        read,
        key=key,
        box=tuple(box),
        tile_key=(*_parts(read.tile_key), "contour", contour),
        chunk_nbytes=0 if read.source.in_memory else size,
    )


def _parts(tile_key: Any) -> tuple[Any, ...]:
    return tuple(tile_key)


def assemble(read: ChunkRead, chunk: Array) -> Tile:
    """Cut the tile out of a chunk. Runs in a worker."""
    return _tile(read, image.cut(read, chunk))


def fill(read: ChunkRead) -> Tile:
    """The tile of a chunk that the store does not have."""
    shape = tuple(read.box[axis].stop - read.box[axis].start for axis in read.axes)
    return _tile(read, np.full(shape, read.source.fill_value, dtype=read.source.dtype.newbyteorder("=")))


def _tile(read: ChunkRead, ids: Array) -> Tile:
    data, drawn = ids, ids
    contour = _contour_of(read)
    if contour:
        inside = tuple(
            slice(start - read.box[axis].start, stop - read.box[axis].start)
            for axis, (start, stop) in zip(read.axes, read.region, strict=True)
        )
        drawn = contours(ids, contour)[inside]
        data = np.ascontiguousarray(ids[inside])
    if data is ids and data.base is not None:
        data = data.copy()
    texture = id_texture(drawn)
    data.setflags(write=False)
    texture.setflags(write=False)
    return Tile(read.tile_key, read.level, read.region, read.edges, data, texture)


def _contour_of(read: ChunkRead) -> int:
    key: Any = read.tile_key
    return int(key[-1]) if len(key) > 2 and key[-2] == "contour" else 0


def contours(ids: Array, thickness: int) -> Array:
    """Ids near others, 0 elsewhere: kept iff ``dilate(cross) != erode(cross, thickness)``, as napari's contours.

    Parameters
    ----------
    ids : (h, w) array
        At its border the ids mirror, so that there is no contour. The outermost ``max(1, thickness)`` pixels of a part
        of a picture are not right.
    thickness : int
        At least 1.
    """
    pad = max(1, thickness)
    padded = np.pad(ids, pad, mode="symmetric")
    dilated = _cross(padded, np.maximum)
    eroded = padded
    for _ in range(thickness):
        eroded = _cross(eroded, np.minimum)
    trim = pad - 1
    grown = dilated[trim : dilated.shape[0] - trim, trim : dilated.shape[1] - trim]
    shrunk = eroded[tuple(slice(pad - thickness, n - (pad - thickness)) for n in eroded.shape)]
    return np.where(grown != shrunk, ids, ids.dtype.type(0))


def _cross(ids: Array, better: Any) -> Array:
    """The best of each pixel and its four neighbours; one pixel less on each side."""
    best: Array = ids[1:-1, 1:-1]
    for other in (ids[:-2, 1:-1], ids[2:, 1:-1], ids[1:-1, :-2], ids[1:-1, 2:]):
        best = better(best, other)
    return best


def id_texture(ids: Array) -> npt.NDArray[np.uint8]:
    """Ids as the four bytes of their little-endian `id32`, for textures without integers: shape (…, 4)."""
    return np.ascontiguousarray(id32(ids).astype("<u4", copy=False))[..., None].view(np.uint8)


def contrast_limits(tiles: Iterable[Tile]) -> tuple[float, float]:
    """Ids have no contrast."""
    return 0.0, 1.0


def respond(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[Tile],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    auto_limits: tuple[float, float] | None,
) -> LabelsSliceResponse:
    """The response to a request with what is there so far."""
    return image.respond(request, plan, tiles, have, failures, auto_limits, LabelsSliceResponse)
