"""How far the pictures are behind what is asked for, as pure questions about a frame and the newest requests."""

from __future__ import annotations

from collections.abc import Sequence

from lamella.model.layers.base import Layer, LayerStatus
from lamella.render.messages import Frame
from lamella.slicing.request import LayerSliceRequest


def lacking(layer: Layer, request: LayerSliceRequest | None, frame: Frame | None) -> str:
    """What the frame lacks of a layer, in words; empty if it shows all that is asked for."""
    if request is None:
        return ""
    response = frame.slices.get(layer.id) if frame is not None else None
    if frame is None or response is None or response.generation < request.generation:
        return f"layer {layer.name!r}: the slice at {request.point}"
    if not response.complete:
        left = response.needed - response.have - response.failed
        return f"layer {layer.name!r}: {left} of {response.needed} chunks"
    if frame.pending.get(layer.id, 0):
        return f"layer {layer.name!r}: {frame.pending[layer.id]} tiles to upload"
    return ""


def status(layer: Layer, shown: Sequence[tuple[LayerSliceRequest | None, Frame | None]]) -> LayerStatus:
    """How much of a layer its views show: (newest request, frame) of each."""
    loading, needed, have, failed = False, 0, 0, 0
    errors: dict[str, None] = {}
    for request, frame in shown:
        if request is None:
            continue
        loading = loading or bool(lacking(layer, request, frame))
        response = frame.slices.get(layer.id) if frame is not None else None
        if response is not None:
            needed += response.needed
            have += response.have
            failed += response.failed
            errors.update(dict.fromkeys(getattr(response, "errors", ())))
    return LayerStatus(loading=loading, needed=needed, have=have, failed=failed, errors=tuple(errors))
