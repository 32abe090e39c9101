"""A drag of a slider by script, measured from inside: what the demo prints where nobody sees the window."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

from qtpy.QtCore import Qt, QTimer

from lamella.model.view import View
from lamella.qt.viewer import Viewer
from lamella.render.messages import Frame

HEARTBEAT_MS = 2
POSITIONS = 25
STEP_MS = 40  # 25 positions in one second
GIVE_UP_S = 120


class ScriptedDrag:
    """Opens a URL in a viewer, drags its longest slider, writes the picture and closes the window.

    Owned by the main thread. A heartbeat timer of 2 ms shows for how long the main thread was not free.

    Parameters
    ----------
    viewer : Viewer
    url : str
    output : Path
        Where the picture goes.
    """

    def __init__(self, viewer: Viewer, url: str, output: Path) -> None:
        self.error = ""
        self._viewer = viewer
        self._output = output
        self._began = time.perf_counter()
        self._first_coarse: float | None = None
        self._first_full: float | None = None
        self._axis = 0
        self._asked: list[int] = []
        self._shown: list[tuple[float, int]] = []  # when, and the position that came on screen
        self._released: float | None = None
        self._settled: float | None = None
        self._reads = (0, 0)
        self._beats: list[float] = []
        self._opening = viewer.open_async(url)
        viewer.frame_ready.connect(self._on_frame)
        self._heartbeat = QTimer()
        self._heartbeat.setTimerType(Qt.TimerType.PreciseTimer)
        self._heartbeat.timeout.connect(self._beat)
        self._heartbeat.start(HEARTBEAT_MS)
        self._stepper = QTimer()
        self._stepper.setTimerType(Qt.TimerType.PreciseTimer)
        self._stepper.timeout.connect(self._step)

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._asked and self._settled is None:
            self._beats.append(now)
        if self._opening.error is not None:
            self._end(str(self._opening.error))
        elif now - self._began > GIVE_UP_S:
            self._end(f"the demo was not complete after {GIVE_UP_S} s")

    def _on_frame(self, view: View, frame: Frame) -> None:
        now = time.perf_counter()
        responses = list(frame.slices.values())
        if not responses:
            return
        if self._first_coarse is None and all(r.tiles for r in responses):  # type: ignore[attr-defined]
            self._first_coarse = now
        full = self._viewer.loaded_in(view)
        if self._first_full is None and full:
            self._first_full = now
            self._start_drag()
        if self._asked:
            start, _, step = self._viewer.dims.range[self._axis]
            position = round((responses[0].point[self._axis] - start) / step)
            if position in self._asked and (not self._shown or self._shown[-1][1] != position):
                self._shown.append((now, position))
        if self._released is not None and self._settled is None and full:
            self._settled = now
            self._end("")

    def _start_drag(self) -> None:
        dims = self._viewer.dims
        self._axis = max(dims.not_displayed, key=lambda a: dims.nsteps[a])
        n = dims.nsteps[self._axis] - 1
        self._asked = [round(n * (0.05 + 0.9 * i / (POSITIONS - 1))) for i in range(POSITIONS)]
        self._reads = (self._viewer.reads, self._viewer.reads)
        self._left = list(self._asked)
        self._viewer.views[0].interacting = True
        self._stepper.start(STEP_MS)

    def _step(self) -> None:
        if not self._left:
            self._stepper.stop()
            return
        step = self._left.pop(0)
        if not self._left:
            self._released = time.perf_counter()
        self._viewer.dims.set_current_step(self._axis, step)
        self._viewer.views[0].interacting = bool(self._left)

    def _end(self, error: str) -> None:
        self._heartbeat.stop()
        self._stepper.stop()
        self.error = error
        self._reads = (self._reads[0], self._viewer.reads)
        self._viewer.frame_ready.disconnect(self._on_frame)
        QTimer.singleShot(0, self._finish)

    def _finish(self) -> None:
        if not self.error:
            try:
                self._viewer.screenshot(self._output)
            except (OSError, ValueError, TimeoutError) as error:
                self.error = str(error)
        self._viewer.close()

    def report(self) -> str:
        """What was measured, a line each."""
        assert self._first_coarse and self._first_full and self._settled and self._released
        positions = {p for _, p in self._shown}
        gaps = [b - a for a, b in pairwise(self._beats)] or [0.0]
        long_ms = sum(g for g in gaps if g > 16.7e-3) * 1e3
        waits = [b - a for (a, _), (b, _) in pairwise(self._shown)] or [0.0]
        return "\n".join(
            [
                f"first coarse picture   {(self._first_coarse - self._began) * 1e3:7.0f} ms",
                f"first full picture     {(self._first_full - self._began) * 1e3:7.0f} ms",
                f"longest stall          {max(gaps) * 1e3:7.1f} ms of a {HEARTBEAT_MS} ms timer on the main thread "
                f"({long_ms:.0f} ms in all above 16.7)",
                f"positions shown        {len(positions):7d} of {POSITIONS} asked for in "
                f"{POSITIONS * STEP_MS / 1e3:g} s; at most {max(waits) * 1e3:.0f} ms without a new one",
                f"settled after          {(self._settled - self._released) * 1e3:7.0f} ms",
                f"chunks read            {self._reads[1] - self._reads[0]:7d} during the drag",
                f"picture                {self._output}",
            ]
        )
