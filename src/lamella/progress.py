"""How far the pictures are behind what is asked for: questions about frames and the newest requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lamella.model.layer_list import LayerList
from lamella.model.layers.base import Layer, LayerStatus
from lamella.model.view import View
from lamella.pictures import Pictures
from lamella.render.messages import Frame
from lamella.slicing.layer_slicer import LayerSlicer
from lamella.slicing.request import LayerSliceRequest


class Progress:
    """Of all layers in all views. Owned by the main thread.

    Parameters
    ----------
    layers : LayerList
    slicer : LayerSlicer
    pictures : Pictures
    """

    def __init__(self, layers: LayerList, slicer: LayerSlicer, pictures: Pictures) -> None:
        self._layers = layers
        self._slicer = slicer
        self._pictures = pictures

    def missing(self, view: View) -> list[str]:
        """What the picture of a view lacks, in words; empty if it shows all that is asked for."""
        picture = "" if self._pictures.is_newest(view) else "the picture of the newest camera and look"
        frame = self._pictures.frame_of(view)
        found = (lacking(layer, self._slicer.requested(view, layer), frame) for layer in self._layers)
        return [text for text in (*found, picture) if text]

    def failed(self, views: Iterable[View]) -> list[tuple[Layer, int, tuple[str, ...]]]:
        """Layers of which chunks failed in what is shown: how many, counted once a view, and the distinct messages."""
        found = [(layer, status(layer, self._shown(layer, views))) for layer in self._layers]
        return [(layer, of_layer.failed, of_layer.errors) for layer, of_layer in found if of_layer.failed]

    def update(self, views: Iterable[View]) -> bool:
        """Tell each layer how much of it the views show. True if nothing of any layer is on its way."""
        for layer in self._layers:
            layer.status = status(layer, self._shown(layer, views))
        return not any(layer.status.loading for layer in self._layers)

    def _shown(self, layer: Layer, views: Iterable[View]) -> list[tuple[LayerSliceRequest | None, Frame | None]]:
        return [(self._slicer.requested(view, layer), self._pictures.frame_of(view)) for view in views]


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
