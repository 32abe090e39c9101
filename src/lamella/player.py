"""Plays axes: moves a view's dims to the frame that is due, and says what comes next.

It has no timer: whoever has one calls `tick` when `due_in` says so. The window does; a program without one calls
`ViewerModel.tick`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lamella.model.playback import MOST_UPCOMING, Playback

if TYPE_CHECKING:
    from lamella.model.view import View
    from lamella.render.messages import Frame


@dataclass(slots=True)
class _Played:
    view: View
    playback: Playback
    asked: int
    shown: dict[int, float] = field(default_factory=dict)  # layer → where on the axis its picture is


class Player:
    """The views that play. Owned by the main thread.

    Parameters
    ----------
    changed : callable
        Called when a view begins or ends to play, or plays at another rate.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._changed = changed
        self._clock = clock
        self._played: dict[int, _Played] = {}

    def play(self, view: View, axis: int | None, rate: float, loop: str, steps: tuple[int, int] | None) -> None:
        """Begin to play, or go on at another rate from the step that is asked for now.

        Raises
        ------
        ValueError
            Nothing has changed then.
        """
        dims = view.dims
        if axis is None:
            playable = [a for a in dims.not_displayed if dims.nsteps[a] > 1]
            axis = dims.last_used if dims.last_used in playable else next(iter(playable), None)
        if axis is None:
            raise ValueError("there is no axis to play: all are displayed or have one step")
        if not 0 <= axis < dims.ndim or axis in dims.displayed:
            raise ValueError(f"axis must be one that is not displayed, {tuple(dims.not_displayed)}, not {axis!r}")
        first, last = steps if steps is not None else (0, dims.nsteps[axis] - 1)
        if not 0 <= first <= last < dims.nsteps[axis]:
            raise ValueError(f"steps must be two from 0 to {dims.nsteps[axis] - 1}, the lower one first, not {steps!r}")
        step = dims.current_step[axis]
        at_end = loop == "once" and step == (last if rate > 0 else first)
        start = (first if rate > 0 else last) if at_end else step
        playback = Playback(axis, rate, loop, first, last, start, self._clock())
        view.playing = True
        self._played[view.id] = _Played(view, playback, playback.start)
        self._announce(self._played[view.id])
        dims.set_current_step(axis, playback.start)
        self._changed()

    def stop(self, view: View) -> None:
        """Stay where it is. Nothing happens if the view does not play."""
        if self._played.pop(view.id, None) is not None:
            view.playing, view.upcoming = False, ()
            self._changed()

    def of(self, view: View) -> Playback | None:
        """What a view plays."""
        played = self._played.get(view.id)
        return None if played is None else played.playback

    def rates(self, view: View) -> tuple[float, float] | None:
        """Frames a second that are asked for and that are reached; None if the view does not play."""
        playback = self.of(view)
        return None if playback is None else (playback.rate, playback.rate_reached(self._clock()))

    @property
    def due_in(self) -> float | None:
        """Seconds until `tick` has something to do; None if nothing plays."""
        now = self._clock()
        due = [p.playback.next_deadline(now) - now for p in self._played.values()]
        return max(min(due), 0.0) if due else None

    def tick(self) -> None:
        """Move each view to the frame that is due. A view that somebody else has moved stops."""
        now = self._clock()
        for played in list(self._played.values()):
            view, playback = played.view, played.playback
            dims = view.dims
            gone = playback.axis >= dims.ndim or playback.axis in dims.displayed
            if gone or playback.last >= dims.nsteps[playback.axis] or dims.current_step[playback.axis] != played.asked:
                self.stop(view)
                continue
            if playback.ended(now):
                self.stop(view)
                continue
            step = playback.step_of(playback.frame_at(now))
            if step != played.asked:
                played.asked = step
                self._announce(played)
                dims.set_current_step(playback.axis, step)

    def _announce(self, played: _Played) -> None:
        """Say which world points come next, before the view is moved."""
        dims, axis = played.view.dims, played.playback.axis
        start, _, width = dims.range[axis]
        point = list(dims.point)
        points = []
        for step in played.playback.upcoming(self._clock(), MOST_UPCOMING):
            point[axis] = start + step * width
            points.append(tuple(point))
        played.view.upcoming = tuple(points)

    def take_frame(self, view: View, frame: Frame) -> None:
        """A frame of a view is shown: note which layers show something new."""
        played = self._played.get(view.id)
        if played is None:
            return
        axis = played.playback.axis
        places: dict[int, float] = {}
        for layer, response in frame.slices.items():
            point: Any = response.point
            if axis < len(point):
                places[layer] = point[axis]
        now = self._clock()
        for layer, place in places.items():
            if played.shown.get(layer, place) != place:
                played.playback.shown(layer, now)
        played.playback.forget(set(places))
        played.shown = places
