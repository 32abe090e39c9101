"""How each layer type is sliced: one row a type, pure functions only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lamella.slicing import image
from lamella.slicing.plan import ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest


@dataclass(frozen=True, slots=True)
class ChunkedType:
    """The pieces of a chunked layer type that the engine drives.

    `make_request` runs on the main thread and is the only one that sees a layer; `plan` and `respond` run on the
    slicing thread, `assemble`, `fill`, `contrast_limits` and `combine` in workers. `combine` puts the parts of a tile
    that is made of several chunks together.
    """

    make_request: Callable[..., LayerSliceRequest]
    plan: Callable[[LayerSliceRequest, int], Plan]
    assemble: Callable[[ChunkRead, Any], Any]
    fill: Callable[[ChunkRead], Any]
    contrast_limits: Callable[[Any], tuple[float, float]]
    respond: Callable[..., Any]
    combine: Callable[[ChunkRead, Any], Any] | None = None


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
}
