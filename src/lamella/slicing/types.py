"""How each layer type is sliced: one row a type, pure functions only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lamella.slicing import image, labels, points, shapes, surface, tracks, vectors, whole
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest


@dataclass(frozen=True, slots=True)
class ChunkedType:
    """The pieces of a chunked layer type that the engine drives.

    `make_request` runs on the main thread and is the only one that sees a layer; `plan` and `respond` run on the
    slicing thread, `assemble`, `fill`, `contrast_limits` and `combine` in workers. `combine` puts the parts of a tile
    that is made of several chunks together. Where `windowed` is False a slice does not depend on the window: moving the
    camera asks for nothing.
    """

    make_request: Callable[..., LayerSliceRequest]
    plan: Callable[[LayerSliceRequest, int], Plan]
    assemble: Callable[[ChunkRead, Any], Any]
    fill: Callable[[ChunkRead], Any]
    contrast_limits: Callable[[Any], tuple[float, float]]
    respond: Callable[..., Any]
    combine: Callable[[ChunkRead, Any], Any] | None = None
    windowed: bool = True


def _whole(kind: Any) -> ChunkedType:
    """A type that is sliced as a whole, by the functions of its module."""
    computed = (whole.assemble, whole.fill, whole.contrast_limits)
    return ChunkedType(kind.make_slice_request, kind.plan, *computed, kind.respond, windowed=False)


TYPES: dict[str, ChunkedType] = {
    "image": ChunkedType(
        image.make_slice_request,
        image.plan,
        image.assemble,
        image.fill,
        image.contrast_limits,
        image.respond,
        image.combine,
    ),
    "labels": ChunkedType(
        labels.make_slice_request,
        labels.plan,
        labels.assemble,
        labels.fill,
        labels.contrast_limits,
        labels.respond,
    ),
    "points": _whole(points),
    "vectors": _whole(vectors),
    "shapes": _whole(shapes),
    "surface": _whole(surface),
    "tracks": _whole(tracks),
}
