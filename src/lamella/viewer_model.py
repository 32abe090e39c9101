"""The wiring: layers and views, the slicer, a renderer. No Qt, and no GL until a picture is asked for.

`ViewerModel` is what scripts, notebooks and headless programs use; the window is a `ViewerModel` with widgets on it.
"""

from __future__ import annotations

import atexit
import inspect
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal, SignalGroup

from lamella import picking, progress, trace
from lamella.model._events import emit_each
from lamella.model.camera import Camera
from lamella.model.dims import Dims
from lamella.model.layer_list import LayerList
from lamella.model.layers.base import Layer
from lamella.model.layers.image import Image
from lamella.model.view import View
from lamella.model.world import fit_dims, world_box
from lamella.notifications import Notification, Notifications
from lamella.outbox import Outbox
from lamella.pictures import Pictures, png, write_picture
from lamella.render.messages import Frame, Renderer
from lamella.settings import get_settings
from lamella.slicing.engine import Engine
from lamella.slicing.futures import gather
from lamella.slicing.layer_slicer import LayerSlicer
from lamella.slicing.response import LayerSliceResponse
from lamella.sources.base import Failed, Source

if TYPE_CHECKING:
    from lamella.opening import Opening

WAIT_STEP_S = 0.05  # how often a wait looks for Ctrl-C
MAX_FAILURES = 1000

_open_viewers: weakref.WeakSet[ViewerModel] = weakref.WeakSet()


@dataclass(frozen=True, slots=True)
class Failure:
    """A chunk that could not be read."""

    layer: str
    source: str
    message: str


class ViewerEvents(SignalGroup):
    """Emitted on the main thread."""

    title = Signal(str)
    status = Signal(str)
    notification = Signal(Notification)
    opening = Signal(tuple)  # names of what is being opened
    loaded = Signal(bool)
    closed = Signal()


class ViewerModel:
    """Layers and the views of them, sliced and drawn away from the main thread. Owned by the main thread.

    Parameters
    ----------
    title : str
    ndisplay : int
        2 or 3 displayed axes. Drawing is 2-D for now.

    Attributes
    ----------
    layers : LayerList
    views : tuple of View
        At least one.
    """

    events: ViewerEvents
    slice_ready = Signal(View, Layer, LayerSliceResponse)
    """A response is shown: (view, layer, response)."""
    frame_ready = Signal(View, Frame)
    """A frame of a view is finished. The frame is valid until the next one of that view."""

    def __init__(self, *, title: str = "lamella", ndisplay: int = 2) -> None:
        self._thread = threading.get_ident()
        self.events = ViewerEvents()
        self._title = title
        self._status = ""
        self._closed = False
        self._draining = False
        self._failures: deque[Failure] = deque(maxlen=MAX_FAILURES)
        self._notifications = Notifications(time.monotonic)
        self._outbox = Outbox()
        self._pictures = Pictures(self._outbox)
        self._openings: dict[Opening, str] = {}
        self._opened_sources: list[Source] = []
        self._had_layers = False
        self._was_loaded = True
        self.layers = LayerList()
        self._engine = Engine(self._pictures.deliver, self._tell, get_settings().cache_size)
        self._slicer = LayerSlicer(self._engine, self.layers)
        self._views: tuple[View, ...] = ()
        self.add_view(ndisplay=ndisplay)
        self.layers.events.inserted.connect(self._on_inserted)
        self.layers.events.removed.connect(self._on_removed)
        self.layers.events.reordered.connect(self._on_reordered)
        _open_viewers.add(self)

    # State

    @property
    def title(self) -> str:
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.events.title.emit(title)

    @property
    def status(self) -> str:
        """The line that the status bar shows."""
        return self._status

    @status.setter
    def status(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self.events.status.emit(status)

    @property
    def views(self) -> tuple[View, ...]:
        return self._views

    @property
    def dims(self) -> Dims:
        """Dims of the active view."""
        return self._views[0].dims

    @property
    def camera(self) -> Camera:
        """Camera of the active view."""
        return self._views[0].camera

    @property
    def slices(self) -> Mapping[Layer, LayerSliceResponse]:
        """The responses that view 0 shows now."""
        self._drain_if_headless()
        return self._views[0].slices

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Chunks that could not be read, oldest first (the last 1,000)."""
        self._drain_if_headless()
        return tuple(self._failures)

    @property
    def opening(self) -> tuple[str, ...]:
        """Names of what `open_async` is still opening."""
        return tuple(self._openings.values())

    @property
    def loaded(self) -> bool:
        """Whether every view shows all that is asked for, completely."""
        self._drain_if_headless()
        return not self._missing()

    @property
    def reads(self) -> int:
        """Chunk reads since the viewer was made."""
        return self._engine.reads_started

    @property
    def renderer_name(self) -> str:
        """What draws: ``"null"`` until a picture was asked for."""
        return self._pictures.renderer_name

    # Layers and views

    def add_view(self, ndisplay: int = 2) -> View:
        """One more view of the same layers, with dims and camera of its own."""
        view = View()
        view.dims.ndisplay = ndisplay
        view.picker = lambda x, y: picking.pick(self.layers, self._pictures.frame_of(view), x, y)
        self._views = (*self._views, view)
        if self.layers:
            fit_dims(view.dims, self.layers, first=True)
            self._fit(view)
        view.events.changed.connect(partial(self._on_view_changed, weakref.ref(view)))
        view.events.interacting.connect(partial(self._on_interacting, weakref.ref(view)))
        view.dims.events.order.connect(partial(self._on_order_changed, weakref.ref(view)))
        self._refresh_view(view)
        return view

    def remove_view(self, view: View) -> None:
        """Take a view away; the last one stays.

        Raises
        ------
        ValueError
            It is the last one, or not one of this viewer's.
        """
        if view not in self._views:
            raise ValueError("view is not one of this viewer's views")
        if len(self._views) == 1:
            raise ValueError("a viewer keeps at least one view: this is the last")
        self._views = tuple(v for v in self._views if v is not view)
        for layer in self.layers:
            self._slicer.remove(view, layer)
        self._pictures.forget(view)

    def add_layer(self, layer: Layer) -> Layer:
        """Put a layer on top."""
        self.layers.append(layer)
        return layer

    def add_image(self, data: Any, **kwargs: Any) -> Image:
        """Show an array, or a list of arrays from fine to coarse, as an image. Arguments as for `Image`."""
        layer = Image(data, **kwargs)
        self.add_layer(layer)
        return layer

    def reset_view(self) -> None:
        """Fit the camera of every view to the layers."""
        for view in self._views:
            self._fit(view)

    def _fit(self, view: View) -> None:
        box = world_box(self.layers)
        if box is not None:
            view.camera.fit(box[:, list(view.dims.displayed)], view.canvas_size)

    # Opening

    def open(self, path: str | Path, *, timeout: float = 10.0) -> list[Layer]:
        """Open a file, folder or URL and add its layers; waits until it is open.

        Raises
        ------
        lamella.io.OpenError
            One sentence says what is wrong.
        TimeoutError
        """
        opening = self.open_async(path, timeout=timeout)
        self._wait(lambda: opening not in self._openings, timeout + 1, lambda: f"opening {path}")
        if opening.error is not None:
            raise opening.error
        return list(opening.layers)

    def open_async(self, path: str | Path, *, timeout: float = 10.0) -> Opening:
        """Open a file, folder or URL in the background; its layers are added when they are known."""
        from lamella.opening import Opening

        opening = Opening(str(path), timeout, self._outbox.put)
        self._openings[opening] = opening.name
        self.events.opening.emit(self.opening)
        opening.start()
        return opening

    def _opened(self, opening: Opening) -> None:
        if self._openings.pop(opening, None) is None:
            return
        if opening.error is not None:
            self._notify(opening.path, str(opening.error))
        else:
            try:
                for data in opening.result:
                    self._opened_sources.extend(data.data.levels)
                    layer = _make_layer(data)
                    self.add_layer(layer)
                    opening.layers.append(layer)
            except (TypeError, ValueError) as error:
                opening.error = error
                self._notify(opening.path, f"{opening.path}: {error}")
        self.events.opening.emit(self.opening)

    # Slices and pictures

    def wait_until_loaded(self, timeout: float | None = 30.0) -> None:
        """Wait until every view shows all that is asked for, completely; chunks that failed count as there.

        Raises
        ------
        TimeoutError
            Names what is missing.
        RuntimeError
            Called on another thread than the viewer's, or inside a callback of the viewer.
        """
        self._wait(lambda: not self._missing(), timeout, lambda: "; ".join(self._missing()))

    def slice_layers_async(
        self, layers: Iterable[Layer] | None = None, view: View | None = None
    ) -> Future[dict[Layer, LayerSliceResponse]]:
        """Slice layers for what a view asks for now. The future completes when they are sliced, not when shown."""
        wanted = list(self.layers if layers is None else layers)
        parts = self._slicer.slice_layers_async(wanted, view or self._views[0])
        return gather(parts)

    def screenshot(
        self, path: str | Path | None = None, *, wait: bool = True, timeout: float | None = 30.0
    ) -> npt.NDArray[np.uint8]:
        """The picture of view 0.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it; the extension says the format (.png, .jpg, .tif).
        wait : bool
            Wait until everything that is asked for is in the picture. False: what is there.
        timeout : float
            Seconds.

        Returns
        -------
        (height, width, 4) uint8 array
            RGBA, device pixels.

        Raises
        ------
        TimeoutError
            Names what is missing.
        """
        self._ensure_pictures()
        view = self._views[0]
        if wait:
            self.wait_until_loaded(timeout)
        else:
            self._wait(lambda: self._pictures.rgba(view) is not None, timeout, lambda: "the first picture")
        rgba = self._pictures.rgba(view)
        assert rgba is not None
        if path is not None:
            write_picture(rgba, path)
        return rgba

    def _repr_png_(self) -> bytes:
        """The picture, for notebooks."""
        return png(self.screenshot())

    def use_renderer(self, make: Callable[[Callable[[Frame], None]], Renderer]) -> None:
        """Draw with another renderer from now on; what is shown is handed over."""
        self._pictures.use(make)
        self._hand_over()

    def _ensure_pictures(self) -> None:
        if self._pictures.need_pixels():
            self._hand_over()

    def _hand_over(self) -> None:
        for view in self._views:
            self._pictures.post(view, self.layers)
        self._engine.redeliver()

    def retry_failed(self) -> None:
        """Read again what failed."""
        self._failures.clear()
        self._engine.retry_failed()
        self._slicer.request_again()
        self._update_statuses()

    def value_at(self, view: View, x: float, y: float) -> str:
        """One line on what the shown picture has at a canvas position: coordinates, then each layer's value."""
        return picking.describe(self.layers, self._pictures.frame_of(view), x, y)

    # The main thread's side of the other threads

    def set_wake(self, wake: Callable[[], None] | None) -> None:
        """Install what is called, on any thread, when `drain` has something to do."""
        self._outbox.set_wake(wake)

    def drain(self) -> None:
        """Take what the other threads have left: frames, failures, opened files. Main thread only."""
        if self._draining or self._closed:
            return
        self._draining = True
        try:
            # One broken listener must not lose what comes after it.
            emit_each(partial(self._handle, item) for item in self._outbox.take())
        finally:
            self._draining = False

    def _handle(self, item: Frame | Failure | Opening) -> None:
        if isinstance(item, Frame):
            self._take_frame(item)
        elif isinstance(item, Failure):
            self._failures.append(item)
            self._notify(item.source, item.message)
        else:
            self._opened(item)

    def _drain_if_headless(self) -> None:
        if not self._closed and threading.get_ident() == self._thread:
            self.drain()

    def _take_frame(self, frame: Frame) -> None:
        view = next((v for v in self._views if v.id == frame.view), None)
        old = self._pictures.take(frame, wanted=view is not None)
        if view is None:
            return
        view.shown_state = frame.state
        by_id = {layer.id: layer for layer in self.layers}
        shown = {by_id[i]: r for i, r in frame.slices.items() if i in by_id}
        changed = [(layer, r) for layer, r in shown.items() if view.slices.get(layer) is not r]
        view.slices = shown
        trace.record("present", view.id, *(r.generation for r in shown.values()))
        for layer, response in changed:
            limits = getattr(response, "auto_limits", None)
            if limits is not None and isinstance(layer, Image):
                layer.set_auto_limits(limits)
        self._update_statuses()
        try:
            emit_each(
                [
                    *(partial(self.slice_ready.emit, view, layer, response) for layer, response in changed),
                    partial(self.frame_ready.emit, view, frame),
                ]
            )
        finally:
            if old is not None:
                old.release()

    def _tell(self, layer: int, source: str, failure: Failed) -> None:
        """Slicing thread: a chunk failed for good."""
        name = next((l.name for l in tuple(self.layers) if l.id == layer), "")
        self._outbox.put(Failure(name, source, failure.message))

    def _notify(self, source: str, message: str) -> None:
        notification = self._notifications.add(source, message)
        if notification is not None:
            self.events.notification.emit(notification)

    def _wait(self, done: Callable[[], bool], timeout: float | None, missing: Callable[[], str]) -> None:
        if threading.get_ident() != self._thread:
            raise RuntimeError("waiting for a viewer works only on the thread that made it")
        if self._draining:
            raise RuntimeError("waiting for a viewer inside one of its callbacks would never end")
        if self._closed:
            raise RuntimeError("the viewer is closed")
        deadline = None if timeout is None else time.monotonic() + timeout
        self._engine.hurry(True)
        try:
            while True:
                self.drain()
                if done():
                    return
                left = WAIT_STEP_S if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"not there after {timeout:g} s: {missing()}")
                self._outbox.wait(min(WAIT_STEP_S, left))
        finally:
            self._engine.hurry(False)

    def loaded_in(self, view: View) -> bool:
        """Whether the picture of ``view`` shows all that is asked for, completely."""
        return not self._missing_in(view)

    def _missing(self) -> list[str]:
        """What is not shown yet, in words."""
        return [f"opening {name}" for name in self.opening] + [m for v in self._views for m in self._missing_in(v)]

    def _missing_in(self, view: View) -> list[str]:
        picture = "" if self._pictures.is_newest(view) else "the picture of the newest camera and look"
        frame = self._pictures.frame_of(view)
        found = (progress.lacking(layer, self._slicer.requested(view, layer), frame) for layer in self.layers)
        return [text for text in (*found, picture) if text]

    def _update_statuses(self) -> None:
        """Tell each layer how much of it the views show."""
        for layer in self.layers:
            shown = [(self._slicer.requested(view, layer), self._pictures.frame_of(view)) for view in self._views]
            layer.status = progress.status(layer, shown)
        loaded = not any(layer.status.loading for layer in self.layers)
        if loaded != self._was_loaded:
            self._was_loaded = loaded
            self.events.loaded.emit(loaded)

    # Changes of the model

    def _on_inserted(self, index: int, layer: Layer) -> None:
        layer.events.extent.connect(self._on_extent_changed)
        layer.events.slicing.connect(self._on_slicing_changed)
        layer.events.look.connect(self._on_look_changed)
        self._world_changed(first=not self._had_layers)
        self._had_layers = True

    def _on_removed(self, index: int, layer: Layer) -> None:
        layer.events.extent.disconnect(self._on_extent_changed)
        layer.events.slicing.disconnect(self._on_slicing_changed)
        layer.events.look.disconnect(self._on_look_changed)
        for view in self._views:
            self._slicer.remove(view, layer)
            view.slices = {k: v for k, v in view.slices.items() if k is not layer}
        self._had_layers = bool(self.layers)
        self._world_changed(first=False)

    def _on_reordered(self) -> None:
        for view in self._views:
            self._pictures.post(view, self.layers)

    def _on_extent_changed(self) -> None:
        self._world_changed(first=False)

    def _on_slicing_changed(self) -> None:
        self._slicer.world_changed()
        for view in self._views:
            self._refresh_view(view)

    def _on_look_changed(self) -> None:
        for view in self._views:
            self._refresh_view(view)

    def _world_changed(self, first: bool) -> None:
        """Layers came, went or moved: the world has other ranges and perhaps other units."""
        self._slicer.world_changed()
        for view in self._views:
            fit_dims(view.dims, self.layers, first=first)
            if first:
                self._fit(view)
            self._refresh_view(view)

    def _on_order_changed(self, view: weakref.ref[View]) -> None:
        if (found := view()) is not None and self.layers:
            self._fit(found)

    def _on_interacting(self, view: weakref.ref[View], interacting: bool) -> None:
        if (found := view()) is not None and not interacting and not self._closed:
            self._engine.rest(found.id)

    def _on_view_changed(self, view: weakref.ref[View]) -> None:
        if (found := view()) is not None:
            self._refresh_view(found)

    def _refresh_view(self, view: View) -> None:
        """Say what the view shows now, to the renderer and to the slicer, in this order."""
        if self._closed or view not in self._views:
            return
        self._pictures.post(view, self.layers)
        self._slicer.update(view)
        self._update_statuses()

    # The end

    def close(self) -> None:
        """Stop wanting, slicing and drawing, in this order; ends every thread of this viewer. May be called twice."""
        if self._closed:
            return
        self._closed = True
        for opening in self._openings:
            opening.cancel()
        self._openings.clear()
        self._engine.close()
        self._pictures.close()
        self._outbox.close()
        for layer in self.layers:
            layer.events.extent.disconnect(self._on_extent_changed)
            layer.events.slicing.disconnect(self._on_slicing_changed)
            layer.events.look.disconnect(self._on_look_changed)
        for source in self._opened_sources:
            source.close()
        self._opened_sources.clear()
        _open_viewers.discard(self)
        self.events.closed.emit()

    def __enter__(self) -> ViewerModel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _make_layer(data: Any) -> Layer:
    kinds = {"image": Image}
    return kinds[data.kind](data.data, **data.kwargs)


def _close_all() -> None:
    for viewer in list(_open_viewers):
        viewer.close()


atexit.register(_close_all)
ViewerModel.add_image.__signature__ = inspect.signature(Image.__init__)  # type: ignore[attr-defined]
