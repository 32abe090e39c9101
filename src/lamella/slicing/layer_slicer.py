"""The one door between the model and the engine: turns changes of views and layers into requests.

Owned by the main thread; the only place there that knows about generations.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from lamella.model.view_state import ViewState
from lamella.model.world import data_to_world, layer_axes, world_units
from lamella.slicing.engine import Engine
from lamella.slicing.place import Place
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.types import TYPES

if TYPE_CHECKING:
    from lamella.model.layer_list import LayerList
    from lamella.model.layers.base import Layer
    from lamella.model.view import View


class LayerSlicer:
    """Requests slices when, and only when, something that they depend on has changed.

    Parameters
    ----------
    engine : Engine
    layers : LayerList
    """

    def __init__(self, engine: Engine, layers: LayerList) -> None:
        self._engine = engine
        self._layers = layers
        self._requested: dict[tuple[int, int], LayerSliceRequest] = {}
        self._generations: dict[tuple[int, int], int] = {}  # goes on counting where a hidden layer comes back
        self._places: dict[tuple[int, tuple[int, ...], int], Place] = {}
        self._former: dict[tuple[int, tuple[int, ...], int], Place] = {}  # before the world changed last
        self._units: list[tuple[str, ...] | None] = []  # of the world, worked out once for all layers
        self._warned: set[int] = set()

    def requested(self, view: View, layer: Layer) -> LayerSliceRequest | None:
        """The newest request, None if the layer is not wanted in the view (it is invisible)."""
        return self._requested.get((view.id, layer.id))

    def update(self, view: View, layers: Iterable[Layer] | None = None) -> None:
        """Request what ``view`` now needs of ``layers`` (all, if not given). Unchanged requests are not repeated."""
        state = view.snapshot()
        for layer in self._layers if layers is None else layers:
            self._update_layer(view, state, layer)

    def _update_layer(self, view: View, state: ViewState, layer: Layer) -> None:
        slot = (view.id, layer.id)
        last = self._requested.get(slot)
        if not layer.visible:
            if last is not None:
                self.remove(view, layer)
            return
        mode = Mode.SETTLED if last is None else Mode.PLAYBACK if view.playing else Mode.INTERACTIVE
        request = self._make_request(view, state, layer, self._generations.get(slot, 0) + 1, mode)
        if last is not None and _same(request, last, windowed=TYPES[layer.kind].windowed):
            return
        if view.playing:
            place = self._place(state, layer)
            request = replace(request, upcoming=tuple(place.point(world) for world in view.upcoming))
        self._requested[slot] = request
        self._generations[slot] = request.generation
        self._engine.want(request)

    def _make_request(
        self, view: View, state: ViewState, layer: Layer, generation: int, mode: Mode
    ) -> LayerSliceRequest:
        return TYPES[layer.kind].make_request(layer, state, self._place(state, layer), generation, view.id, mode)

    def _place(self, state: ViewState, layer: Layer) -> Place:
        key = (layer.id, state.order, state.ndisplay)
        place = self._places.get(key)
        if place is None:
            if not self._units:
                self._units = [world_units(self._layers)]
            world_to_data = data_to_world(layer, self._units[0]).inverse
            axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
            place = Place(world_to_data, *axes)
            former = self._former.get(key)
            if former is not None and former.displayed == place.displayed and former.world_to_data == world_to_data:
                place = former  # the same transform is compared by identity from now on
            self._places[key] = place
            if place.oblique and layer.id not in self._warned:
                self._warned.add(layer.id)
                warnings.warn(
                    f"non-orthogonal slicing: the transform of layer {layer.name!r} couples displayed axes with "
                    "others; the coupling is ignored",
                    stacklevel=2,
                )
        return place

    def slice_layers_async(self, layers: Iterable[Layer], view: View) -> dict[Layer, Future[LayerSliceResponse]]:
        """Slice ``layers`` for what ``view`` asks for now, as demands that newer requests do not overwrite."""
        state = view.snapshot()
        return {layer: self._engine.slice(self._make_request(view, state, layer, 1, Mode.SYNC)) for layer in layers}

    def request_again(self) -> None:
        """Request everything once more: what could not be had before may be there now."""
        for slot, last in self._requested.items():
            request = replace(last, generation=last.generation + 1, mode=Mode.SETTLED)
            self._requested[slot] = request
            self._generations[slot] = request.generation
            self._engine.want(request)

    def world_changed(self) -> None:
        """Layers came, went or moved: the common world may have other units."""
        if self._places:
            self._former, self._places = self._places, {}
        self._units.clear()

    def remove(self, view: View, layer: Layer) -> None:
        """Want nothing of ``layer`` in ``view`` any more."""
        if self._requested.pop((view.id, layer.id), None) is not None:
            self._engine.remove(view.id, layer.id)


def _same(a: LayerSliceRequest, b: LayerSliceRequest, *, windowed: bool) -> bool:
    """Whether two requests ask for the same. The world point counts only as far as the key has it, and the window only
    where the slice depends on it."""
    return (
        a.key == b.key
        and (not windowed or a.window == b.window)
        and (a.world_to_data is b.world_to_data or a.world_to_data == b.world_to_data)
    )
