"""A renderer that draws nothing and acknowledges everything: for models without a window, and for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable

from lamella.render.messages import Frame, Scene
from lamella.slicing.response import LayerSliceResponse


class NullRenderer:
    """Frames without pixels, delivered on the caller's thread, that say every newest response is shown.

    Thread-safe. `on_frame` is called without the lock.
    """

    name = "null"

    def __init__(self, on_frame: Callable[[Frame], None]) -> None:
        self._on_frame = on_frame
        self._lock = threading.Lock()
        self._scenes: dict[int, Scene] = {}
        self._slices: dict[int, dict[int, LayerSliceResponse]] = {}  # of members of the view's scene only
        self._dirty: set[int] = set()
        self._undelivered: set[int] = set()
        self._closed = False

    def set_scene(self, scene: Scene) -> None:
        with self._lock:
            if self._closed:
                return
            old = self._scenes.get(scene.view)
            self._scenes[scene.view] = scene
            members = {draw.layer for draw in scene.layers}
            held = self._slices.get(scene.view, {})
            self._slices[scene.view] = {layer: r for layer, r in held.items() if layer in members}
            if old is None or not scene.serial or scene.serial != old.serial:
                self._dirty.add(scene.view)
        self._deliver(scene.view)

    def set_slice(self, response: LayerSliceResponse) -> None:
        view, layer = response.view, response.layer
        with self._lock:
            if self._closed or view not in self._scenes:
                return
            if layer not in {draw.layer for draw in self._scenes[view].layers}:
                return
            held = self._slices[view].get(layer)
            if held is not None and response.generation < held.generation:
                return
            self._slices[view][layer] = response
            self._dirty.add(view)
        self._deliver(view)

    def rehearse(self) -> None:
        """Nothing is drawn."""

    def frame_taken(self, view: int) -> None:
        with self._lock:
            self._undelivered.discard(view)
        self._deliver(view)

    def remove_view(self, view: int) -> None:
        with self._lock:
            self._scenes.pop(view, None)
            self._slices.pop(view, None)
            self._dirty.discard(view)
            self._undelivered.discard(view)

    def close(self, timeout: float = 5.0) -> None:
        with self._lock:
            self._closed = True
            self._scenes.clear()
            self._slices.clear()
            self._dirty.clear()

    def _deliver(self, view: int) -> None:
        with self._lock:
            if view not in self._dirty or view in self._undelivered:
                return
            self._dirty.discard(view)
            self._undelivered.add(view)
            scene = self._scenes[view]
            shown = {draw.layer for draw in scene.layers if draw.look.visible}
            slices = {layer: r for layer, r in self._slices[view].items() if layer in shown}
        self._on_frame(Frame(view, scene.state, None, slices, dict.fromkeys(slices, 0), scene.serial))
