"""The views of a viewer, and the way of a change: from the model to whatever draws and to the slicer."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial

from lamella.model.layer_list import LayerList
from lamella.model.layers.base import Layer
from lamella.model.view import View
from lamella.model.world import fit_dims, world_box
from lamella.pictures import Pictures
from lamella.slicing.engine import Engine
from lamella.slicing.layer_slicer import LayerSlicer


class Wiring:
    """Keeps pictures and slices after the model. Owned by the main thread.

    Parameters
    ----------
    layers : LayerList
    engine : Engine
    slicer : LayerSlicer
    pictures : Pictures
    changed : callable
        Called after each change, when the renderer and the slicer know of it.

    Attributes
    ----------
    views : tuple of View
    """

    def __init__(
        self,
        layers: LayerList,
        engine: Engine,
        slicer: LayerSlicer,
        pictures: Pictures,
        changed: Callable[[], None],
    ) -> None:
        self.views: tuple[View, ...] = ()
        self._layers = layers
        self._engine = engine
        self._slicer = slicer
        self._pictures = pictures
        self._changed = changed
        self._had_layers = False
        self._closed = False
        layers.events.inserted.connect(self._on_inserted)
        layers.events.removed.connect(self._on_removed)
        layers.events.reordered.connect(self.post)

    # Views

    def add_view(self, ndisplay: int) -> View:
        view = View()
        view.dims.ndisplay = ndisplay
        self.views = (*self.views, view)
        if self._layers:
            fit_dims(view.dims, self._layers, first=True)
            self._fit(view)
        view.events.changed.connect(partial(self._on_view_changed, weakref.ref(view)))
        view.events.interacting.connect(partial(self._on_interacting, weakref.ref(view)))
        view.dims.events.order.connect(partial(self._on_order_changed, weakref.ref(view)))
        self._refresh(view)
        return view

    def remove_view(self, view: View) -> None:
        """Take a view away; the last one stays.

        Raises
        ------
        ValueError
        """
        if view not in self.views:
            raise ValueError("view is not one of this viewer's views")
        if len(self.views) == 1:
            raise ValueError("a viewer keeps at least one view: this is the last")
        self.views = tuple(v for v in self.views if v is not view)
        for layer in self._layers:
            self._slicer.remove(view, layer)
        self._pictures.forget(view)

    def fit(self) -> None:
        """Fit the camera of every view to the layers."""
        for view in self.views:
            self._fit(view)

    def _fit(self, view: View) -> None:
        box = world_box(self._layers)
        if box is not None:
            view.camera.fit(box[:, list(view.dims.displayed)], view.canvas_size)

    # The way of a change

    def post(self) -> None:
        """Say what each view shows now to the renderer; what is sliced has not changed."""
        for view in self.views:
            self._pictures.post(view, self._layers)

    def _refresh(self, view: View) -> None:
        """Say what the view shows now, to the renderer and to the slicer, in this order."""
        if self._closed or view not in self.views:
            return
        self._pictures.post(view, self._layers)
        self._slicer.update(view)
        self._changed()

    def _refresh_all(self) -> None:
        for view in self.views:
            self._refresh(view)

    def _world_changed(self, first: bool = False) -> None:
        """Layers came, went or moved: the world has other ranges and perhaps other units."""
        self._slicer.world_changed()
        for view in self.views:
            fit_dims(view.dims, self._layers, first=first)
            if first:
                self._fit(view)
            self._refresh(view)

    # Listeners

    def _on_inserted(self, index: int, layer: Layer) -> None:
        layer.events.extent.connect(self._on_extent_changed)
        layer.events.slicing.connect(self._on_slicing_changed)
        layer.events.look.connect(self._on_look_changed)
        self._world_changed(first=not self._had_layers)
        self._had_layers = True

    def _on_removed(self, index: int, layer: Layer) -> None:
        self._let_go(layer)
        for view in self.views:
            self._slicer.remove(view, layer)
            view.slices = {k: v for k, v in view.slices.items() if k is not layer}
        self._had_layers = bool(self._layers)
        self._world_changed()

    def _on_extent_changed(self) -> None:
        self._world_changed()

    def _on_slicing_changed(self) -> None:
        self._slicer.world_changed()
        self._refresh_all()

    def _on_look_changed(self) -> None:
        self._refresh_all()

    def _on_order_changed(self, view: weakref.ref[View]) -> None:
        if (found := view()) is not None and self._layers:
            self._fit(found)

    def _on_interacting(self, view: weakref.ref[View], interacting: bool) -> None:
        if (found := view()) is not None and not interacting and not self._closed:
            self._engine.rest(found.id)

    def _on_view_changed(self, view: weakref.ref[View]) -> None:
        if (found := view()) is not None:
            self._refresh(found)

    # The end

    def close(self) -> None:
        """Hear of no change any more."""
        self._closed = True
        for layer in self._layers:
            self._let_go(layer)

    def _let_go(self, layer: Layer) -> None:
        layer.events.extent.disconnect(self._on_extent_changed)
        layer.events.slicing.disconnect(self._on_slicing_changed)
        layer.events.look.disconnect(self._on_look_changed)
