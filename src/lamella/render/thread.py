"""The render thread: the loop that gl and reference share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from lamella.render.atlas import DEFAULT_BUDGET, Atlas
from lamella.render.backend import Backend
from lamella.render.buffers import FrameBuffers
from lamella.render.gathering import Gathering
from lamella.render.mailbox import Mail, Mailbox
from lamella.render.messages import Frame, Scene
from lamella.render.rehearsal import rehearse
from lamella.render.stage import Stage
from lamella.slicing.response import LayerSliceResponse

_log = logging.getLogger(__name__)

UPLOAD_INTERACTING = 0.004  # seconds a loop: keeps 60 frames a second with 12 ms for drawing
UPLOAD_RESTING = 0.008


class RenderThread:
    """A renderer that draws on a thread of its own.

    Everything but the mailbox and the buffers belongs to that thread.

    Parameters
    ----------
    open_backend : callable
        Makes the backend; called on the render thread.
    on_frame : callable
        Takes each finished frame, on the render thread.
    budget : int
        Bytes of texture memory.
    clock : callable
        Seconds, for the upload budget.
    """

    def __init__(
        self,
        open_backend: Callable[[], Backend],
        on_frame: Callable[[Frame], None],
        *,
        budget: int = DEFAULT_BUDGET,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._open_backend = open_backend
        self._on_frame = on_frame
        self._budget = budget
        self._clock = clock
        self._mailbox = Mailbox()
        self._opened = threading.Event()
        self._error: BaseException | None = None
        self._name = ""
        self._buffers: dict[int, FrameBuffers] = {}
        self._undelivered: set[int] = set()
        self._complaints: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="lamella-render", daemon=True)
        self._thread.start()

    # Any thread

    @property
    def name(self) -> str:
        """What draws. Waits until the thread has opened it."""
        self.wait_open()
        return self._name

    def wait_open(self) -> None:
        """Wait until the backend is there.

        Raises
        ------
        Exception
            Whatever kept it from opening.
        """
        self._opened.wait()
        if self._error is not None:
            raise self._error

    def set_scene(self, scene: Scene) -> None:
        self._mailbox.put_scene(scene)

    def set_slice(self, response: LayerSliceResponse) -> None:
        self._mailbox.put_slice(response)

    def frame_taken(self, view: int) -> None:
        self._mailbox.put_taken(view)

    def remove_view(self, view: int) -> None:
        self._mailbox.remove_view(view)

    def rehearse(self) -> None:
        self._mailbox.put_rehearse()

    def close(self, timeout: float = 5.0) -> None:
        self._mailbox.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
            if self._thread.is_alive():
                _log.warning("the render thread did not end within %g s: a frame is still being drawn", timeout)

    # Render thread

    def _run(self) -> None:
        try:
            backend = self._open_backend()
        except BaseException as error:
            self._error = error
            self._opened.set()
            return
        self._name = backend.name
        self._opened.set()
        try:
            self._loop(Stage(backend, Atlas(self._budget)))
        finally:
            backend.close()

    def _loop(self, stage: Stage) -> None:
        more = False
        rehearsal: Iterator[None] | None = None
        gathering = Gathering(self._clock)
        while True:
            mail = self._mailbox.collect(0 if more or rehearsal is not None else gathering.left)
            if mail.closed:
                return
            if mail.rehearse:
                rehearsal = rehearse(stage)
            if not mail and not more and rehearsal is not None:
                rehearsal = self._go_on(rehearsal)
                continue
            try:
                self._sort(mail, stage)
                gathering.note({view for view, _ in mail.slices})
                more = stage.upload(self._deadline(UPLOAD_INTERACTING if stage.interacting else UPLOAD_RESTING))
            except Exception as error:
                more = False
                self._complain("preparing a picture failed", error)
            dirty = [view for view in stage.dirty if view not in self._undelivered]
            for view in gathering.ready(dirty, stage.is_torn, uploading=more):
                self._draw(stage, view)

    def _deadline(self, seconds: float) -> Callable[[], bool]:
        end = self._clock() + seconds
        return lambda: self._clock() >= end

    def _sort(self, mail: Mail, stage: Stage) -> None:
        for view in mail.removed:
            stage.remove_view(view)
            self._undelivered.discard(view)
            self._buffers.pop(view, None)
        for scene in mail.scenes.values():
            stage.set_scene(scene)
        for response in mail.slices.values():
            stage.offer(response)
        self._undelivered -= mail.taken

    def _draw(self, stage: Stage, view: int) -> None:
        scene = stage.scenes[view]
        if view not in self._buffers:
            self._buffers[view] = FrameBuffers(self._mailbox.wake)
        buffer = self._buffers[view].take(*scene.state.device_size)
        if buffer is None:
            return  # stays dirty: a release wakes the loop
        stage.dirty.discard(view)
        pixels, release = buffer
        try:
            pictures, slices, pending = stage.pictures(view)
            stage.backend.draw(view, scene.state, scene.background, pictures, pixels)
        except Exception as error:
            release()
            self._complain("drawing failed", error)
            return
        self._undelivered.add(view)
        try:
            self._on_frame(Frame(view, scene.state, pixels, slices, pending, scene.serial, release))
        except Exception as error:
            release()
            self._undelivered.discard(view)
            self._complain("a frame could not be delivered", error)

    def _go_on(self, rehearsal: Iterator[None]) -> Iterator[None] | None:
        """A step of what nobody waits for. None when it has ended."""
        try:
            next(rehearsal)
        except StopIteration:
            return None
        except Exception as error:
            self._complain("drawing an image that nobody sees failed", error)
            return None
        return rehearsal

    def _complain(self, what: str, error: Exception) -> None:
        """Once per kind of error: a picture that cannot be drawn is tried again with each change."""
        text = f"{what}: {type(error).__name__}: {error}"
        if text not in self._complaints:
            self._complaints.add(text)
            _log.error(text, exc_info=error)
