"""The parts of a viewer, how they hang together, and what comes back from the other threads."""

from __future__ import annotations

import atexit
import time
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Self

from psygnal import Signal, SignalGroup

from lamella import trace
from lamella.failures import ChunkFailed, FailureLog
from lamella.model._events import emit_each
from lamella.model.layer_list import LayerList
from lamella.model.layers.base import Layer
from lamella.model.layers.colormapped import ColormappedLayer
from lamella.model.view import View
from lamella.notifications import Notification, Notifications
from lamella.opening import Opening, Openings
from lamella.outbox import Outbox
from lamella.pictures import Pictures
from lamella.player import Player
from lamella.progress import Progress
from lamella.render.messages import Frame
from lamella.settings import Settings, get_settings, settings_changed
from lamella.slicing.engine import Engine
from lamella.slicing.layer_slicer import LayerSlicer
from lamella.slicing.response import LayerSliceResponse
from lamella.sources.base import Failed
from lamella.thumbnails import Thumbnails, ThumbnailsMade
from lamella.waiting import Waiting
from lamella.wiring import Wiring

_open_viewers: weakref.WeakSet[ViewerBase] = weakref.WeakSet()


class ViewerEvents(SignalGroup):
    """Emitted on the main thread."""

    title = Signal(str)
    status = Signal(str)
    notification = Signal(Notification)
    opening = Signal(tuple)  # names of what is being opened
    loaded = Signal(bool)
    playing = Signal(bool)  # something began or ended to play, or plays otherwise
    closed = Signal()


class ViewerBase:
    """What a viewer consists of, from its making to its end. Owned by the main thread.

    `ViewerModel` adds what users call.

    Parameters
    ----------
    title : str

    Attributes
    ----------
    events : ViewerEvents
    layers : LayerList
    """

    events: ViewerEvents
    slice_ready = Signal(View, Layer, LayerSliceResponse)
    """A response is shown: (view, layer, response)."""
    thumbnail_ready = Signal(Layer, object)
    """A thumbnail that was asked for: (layer, (32, 32, 4) uint8 array, or None where its slice shows nothing of it)."""
    frame_ready = Signal(View, Frame)
    """A frame of a view is finished. The frame is valid until the next one of that view."""

    def __init__(self, title: str) -> None:
        self.events = ViewerEvents()
        self._title = title
        self._status = ""
        self._closed = False
        self._was_loaded = True
        self._failures = FailureLog()
        self._notifications = Notifications(time.monotonic)
        self._remarked: set[tuple[int, int, str]] = set()  # layer, version of its data, topic
        self._outbox = Outbox()
        self._openings = Openings(self._outbox.put)
        self._pictures = Pictures(self._outbox)
        self.layers = LayerList()
        self._cache_size = get_settings().cache_size
        self._engine = Engine(self._pictures.deliver, self._tell, self._cache_size)
        self._waiting = Waiting(self._outbox, self._handle, self.drain, self._engine.hurry)
        self._slicer = LayerSlicer(self._engine, self.layers)
        self._progress = Progress(self.layers, self._slicer, self._pictures)
        self._wiring = Wiring(self.layers, self._engine, self._slicer, self._pictures, self._update_statuses)
        self._thumbnails = Thumbnails(self._engine.compute, self._outbox.put, lambda: self.views[0].slices)
        self._player = Player(lambda: self.events.playing.emit(self._player.playing))
        settings_changed.connect(self._on_settings_changed)
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
        return self._wiring.views

    def request_thumbnails(self, layers: Iterable[Layer]) -> None:
        """Have small pictures of what view 0 shows of ``layers`` made in a worker; `thumbnail_ready` tells of each.

        RGBA, transparent beside the layer; opacity and blending do not matter. Nothing is read for them.
        """
        self._thumbnails.want(layers)

    # The main thread's side of the other threads

    def set_wake(self, wake: Callable[[], None] | None) -> None:
        """Install what is called, on any thread, when `drain` has something to do."""
        self._outbox.set_wake(wake)

    def drain(self) -> None:
        """Take what the other threads have left: frames, failures, opened files. Main thread only."""
        self._waiting.take()
        emit_each([partial(self.events.notification.emit, told) for told in self._notifications.flush()])

    @property
    def drain_due(self) -> float | None:
        """Seconds until `drain` has something to do that nobody wakes it for; None if it has not."""
        due = self._notifications.due_at()
        return None if due is None else max(0.0, due - time.monotonic())

    def _handle(self, item: Frame | ChunkFailed | Opening | ThumbnailsMade | Settings) -> None:
        match item:
            case Frame():
                self._take_frame(item)
            case ChunkFailed():
                if self._failures.add(item, self.layers):
                    self._notify(item.source, item.message)
            case Opening():
                self._opened(item)
            case ThumbnailsMade():
                self._take_thumbnails(item)
            case Settings():
                self._slicer.request_again()  # another limit may have another level as its target
                self._update_statuses()

    def _drain_if_here(self) -> None:
        if self._waiting.here:
            self.drain()

    def _take_frame(self, frame: Frame) -> None:
        view = next((v for v in self.views if v.id == frame.view), None)
        old = self._pictures.take(frame, wanted=view is not None)
        if view is None:
            return
        view.shown_state = frame.state
        by_id = {layer.id: layer for layer in self.layers}
        shown = {by_id[i]: r for i, r in frame.slices.items() if i in by_id}
        changed = [(layer, r) for layer, r in shown.items() if view.slices.get(layer) is not r]
        view.slices = shown
        self._player.take_frame(view, frame)
        trace.record("presented", view.id, *(r.generation for r in shown.values()))
        for layer, response in changed:
            self._failures.look_at(response)
            limits = getattr(response, "auto_limits", None)
            if limits is not None and isinstance(layer, ColormappedLayer):
                layer.set_auto_limits(limits)
            self._tell_remarks(layer, response)
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

    def _tell_remarks(self, layer: Layer, response: LayerSliceResponse) -> None:
        """What a slice says of itself and no other slice of the same data has said before."""
        for remark in getattr(response, "remarks", ()):
            told = (layer.id, response.version, remark.topic)
            if told not in self._remarked:
                self._remarked.add(told)
                self._notify(layer.name, remark.message)

    def _take_thumbnails(self, made: ThumbnailsMade) -> None:
        self._thumbnails.go_on()
        here = [(layer, made.pictures[layer.id]) for layer in self.layers if layer.id in made.pictures]
        emit_each([partial(self.thumbnail_ready.emit, *pair) for pair in here])

    def _opened(self, opening: Opening) -> None:
        if self._openings.finish(opening, self.layers.append):
            if opening.error is not None:
                self._notify(opening.path, str(opening.error))
            self.events.opening.emit(self._openings.names)

    def _tell(self, layer: int, source: str, failure: Failed) -> None:
        """Slicing thread: a chunk failed for good."""
        self._outbox.put(ChunkFailed(layer, source, failure.message))

    def _on_settings_changed(self, settings: Settings) -> None:
        """Any thread."""
        if settings.cache_size != self._cache_size:
            self._cache_size = settings.cache_size
            self._engine.resize_cache(settings.cache_size)
            self._outbox.put(settings)

    def _notify(self, source: str, message: str) -> None:
        notification = self._notifications.add(source, message)
        if notification is not None:
            self.events.notification.emit(notification)

    def _missing(self) -> list[str]:
        """What is not shown yet, in words."""
        return [f"opening {name}" for name in self._openings.names] + [
            m for v in self.views for m in self._progress.missing(v)
        ]

    def _update_statuses(self) -> None:
        """Tell each layer how much of it the views show."""
        loaded = self._progress.update(self.views)
        if loaded != self._was_loaded:
            self._was_loaded = loaded
            self.events.loaded.emit(loaded)

    # The end

    def close(self) -> None:
        """Stop wanting, slicing and drawing, in this order; ends every thread of this viewer. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._player.close()
        settings_changed.disconnect(self._on_settings_changed)
        self._wiring.close()
        self._waiting.close()
        self._openings.cancel()
        self._engine.close()
        self._pictures.close()
        self._outbox.close()
        self._openings.close_sources()
        _open_viewers.discard(self)
        self.events.closed.emit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _close_all() -> None:
    for viewer in list(_open_viewers):
        viewer.close()


atexit.register(_close_all)
