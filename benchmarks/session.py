"""One viewer at work in this process: a heartbeat, a log of what came on screen, and a script played beside the loop.

A script is a generator: it acts, then yields `Until` a condition holds, and is continued by the heartbeat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer

from benchmarks import measures
from benchmarks.adapters import Adapter
from benchmarks.measures import STEP_S, Paint, Step, drag_positions

HEARTBEAT_MS = 2
PATIENCE_S = 90.0


class GaveUp(Exception):
    """Something that the script waits for did not happen."""


@dataclass(frozen=True, slots=True)
class Until:
    """What a script waits for."""

    done: Callable[[], object]
    what: str
    patience: float = PATIENCE_S


Script = Generator[Until, None, dict[str, Any]]


class Session:
    """Owned by the main thread.

    Parameters
    ----------
    adapter : Adapter
        With its window open.
    began : float
        When the process was started.
    """

    def __init__(self, adapter: Adapter, began: float) -> None:
        self.adapter = adapter
        self.began = began
        self.beats: list[float] = []
        self.paints: list[Paint] = []
        self.interaction: tuple[float, float] | None = None  # of the drag, for the witness
        self._result: dict[str, Any] = {}
        self._error: BaseException | None = None
        self._owner = QObject()
        adapter.on_paint = self._painted

    def play(self, script: Script) -> dict[str, Any]:
        """Run the event loop until the script ends and return its figures."""
        self._script = script
        self._wait = Until(lambda: True, "the loop")
        self._deadline = time.perf_counter() + PATIENCE_S
        heartbeat = QTimer(self._owner)
        heartbeat.setTimerType(Qt.TimerType.PreciseTimer)
        heartbeat.timeout.connect(self._beat)
        heartbeat.start(HEARTBEAT_MS)
        self.adapter.run()
        heartbeat.stop()
        if self._error is not None:
            raise self._error
        return self._result

    def _painted(self, position: int | None, complete: bool) -> None:
        self.paints.append(Paint(time.perf_counter(), position, complete))

    def _beat(self) -> None:
        now = time.perf_counter()
        self.beats.append(now)
        try:
            if self._wait.done():
                self._wait = next(self._script)
                self._deadline = now + self._wait.patience
            elif now > self._deadline:
                raise GaveUp(f"{self._wait.what}: not after {self._wait.patience:g} s")
        except StopIteration as end:
            self._end(end.value or {})
        except BaseException as error:
            self._error = error
            self._end({})

    def _end(self, result: dict[str, Any]) -> None:
        self._result = result
        self._wait = Until(lambda: False, "the end")
        self._deadline = float("inf")
        self.adapter.quit()

    # What scripts are made of

    def complete_since(self, since: float) -> bool:
        """Whether a complete picture came on screen after ``since``."""
        return measures.first(self.paints[-200:], since, complete=True) is not None

    def complete(self, since: float) -> Iterator[Until]:
        yield Until(lambda: self.complete_since(since), "a complete picture")

    def rest(self, seconds: float) -> Iterator[Until]:
        end = time.perf_counter() + seconds
        yield Until(lambda: time.perf_counter() >= end, "a rest")

    def step(self, axis: int, position: int) -> Step:
        """Move the slider once."""
        called = time.perf_counter()
        self.adapter.set_step(axis, position)
        return Step(position, called, time.perf_counter())

    def settled(self, steps: list[Step]) -> Iterator[Until]:
        seen = len(self.paints)  # looks at each paint once
        found = False

        def done() -> bool:
            nonlocal seen, found
            found = found or measures.settle(steps, self.paints[seen:]) is not None
            seen = len(self.paints)
            return found

        if measures.settle(steps, self.paints) is None:
            yield Until(done, f"the complete picture of position {steps[-1].position}")

    def drag(self, axis: int) -> Generator[Until, None, list[Step]]:
        """25 positions, one per 40 ms, none left out; then until the last one is on screen, completely."""
        left = drag_positions(self.adapter.nsteps(axis))
        steps: list[Step] = []
        begin = time.perf_counter()
        timer = QTimer(self._owner)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setSingleShot(True)

        def next_step() -> None:
            if len(left) == 1:
                # Released with the last position: what a viewer leaves for rest may begin.
                step = self.step(axis, left.pop(0))
                self.adapter.end_drag(axis)
                steps.append(step)
                return
            steps.append(self.step(axis, left.pop(0)))
            due = begin + len(steps) * STEP_S - time.perf_counter()
            timer.start(max(0, round(due * 1e3)))

        timer.timeout.connect(next_step)
        self.adapter.begin_drag(axis)
        timer.start(0)
        yield Until(lambda: not left, "the end of the drag")
        yield from self.settled(steps)
        end = measures.settle(steps, self.paints)
        assert end is not None
        self.interaction = (steps[0].called, end)
        yield from self.rest(0.05)  # so that the heartbeat after the last picture is there
        return steps

    def drag_figures(self, steps: list[Step]) -> dict[str, Any]:
        """What BENCHMARKS asks of each drag, times in ms."""
        assert self.interaction is not None
        begin, end = self.interaction
        stall = measures.stall(self.beats, begin, end)
        news = measures.shown(steps, self.paints)
        calls = [(s.returned - s.called) * 1e3 for s in steps]
        without = measures.longest_without_new(steps, news)
        return {
            "stall_ms": stall.longest * 1e3,
            "stall_above_frame_ms": stall.above_frame * 1e3,
            "shown": len(news),
            "asked": len({s.position for s in steps}),
            "without_new_ms": None if without is None else without * 1e3,
            "settle_ms": (end - steps[-1].called) * 1e3,
            "drag_s": steps[-1].returned - steps[0].called,
            "call_ms": max(calls),
            "call_median_ms": measures.median(calls),
        }


def peak_memory_mb() -> float:
    """The most resident memory of this process so far. Not ru_maxrss: a child inherits that from its parent."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0
