"""Plays axes: moves a view's dims to the frame that is due, and says what comes next.

It has no timer: whoever has one calls `tick` when `due_in` says so. The window does; a program without one calls
`ViewerModel.tick`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lamella.model._events import emit_each
from lamella.model._validate import axis_index, integer
from lamella.model.playback import MOST_UPCOMING, REACHED_OVER_S, Playback, Reached, checked_rate

if TYPE_CHECKING:
    from lamella.model.dims import Dims
    from lamella.model.view import View
    from lamella.render.messages import Frame
    from lamella.slicing.response import LayerSliceResponse

LEAST_TICK_S = 1 / 120  # no screen shows more, and the main thread has other things to do


class Player:
    """The views that play. Owned by the main thread.

    Parameters
    ----------
    changed : callable
        Called when a view begins or ends to play, or plays otherwise.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, changed: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._changed = changed
        self._clock = clock
        self._played: dict[int, _Played] = {}
        self._ticked = clock()

    def play(self, view: View, axis: int | None, rate: float, loop: str, steps: Iterable[int] | None) -> None:
        """Begin to play; if the view plays this axis already, go on in another way without a jump.

        Raises
        ------
        ValueError
            Nothing has changed then.
        """
        dims, now = view.dims, self._clock()
        axis = _checked_axis(dims, axis)
        first, last = _checked_steps(dims, axis, steps)
        old = self._played.get(view.id)
        if old is not None and old.playback.axis == axis:
            playback = old.playback.played_on(now, rate=rate, loop=loop, first=first, last=last)
        else:
            end, begin = (last, first) if checked_rate(rate) > 0 else (first, last)
            step = dims.current_step[axis]
            start = begin if loop == "once" and step == end else step
            playback = Playback(axis, rate, loop, first, last, start, now)
        if old is not None:
            old.let_go()
        played = self._played[view.id] = _Played(view, playback, steps is None, self._clock, self.stop)
        dims.last_used = axis
        self._move(played, now)
        self._changed()

    def stop(self, view: View) -> None:
        """Stay where it is. Nothing happens if the view does not play."""
        played = self._played.pop(view.id, None)
        if played is not None:
            played.let_go()
            self._changed()

    def close(self) -> None:
        """Stop all that plays."""
        emit_each([partial(self.stop, played.view) for played in self._played.values()])

    def of(self, view: View) -> Playback | None:
        """What a view plays."""
        played = self._played.get(view.id)
        return None if played is None else played.playback

    def rates(self, view: View) -> tuple[float, float | None] | None:
        """Frames a second that are asked for and that are reached, which is None as long as it is too early to say;
        None if the view does not play.
        """
        played = self._played.get(view.id)
        return None if played is None else (played.playback.rate, played.rate_reached(self._clock()))

    @property
    def playing(self) -> bool:
        """Whether any view plays."""
        return bool(self._played)

    @property
    def due_in(self) -> float | None:
        """Seconds until `tick` has something to do; None if nothing plays."""
        now = self._clock()
        due = [p.playback.next_deadline(now) for p in self._played.values()]
        return max(min(due), self._ticked + LEAST_TICK_S) - now if due else None

    def tick(self) -> None:
        """Move each view to the frame that is due."""
        now = self._ticked = self._clock()
        emit_each([partial(self._tick, played, now) for played in self._played.values()])

    def _tick(self, played: _Played, now: float) -> None:
        if self._played.get(played.view.id) is not played:
            return  # a listener has stopped it meanwhile
        if played.playback.ended(now):
            self.stop(played.view)
        else:
            self._move(played, now)

    def _move(self, played: _Played, now: float) -> None:
        try:
            played.move(now)
        except BaseException:
            self.stop(played.view)  # a listener is broken: tell of it once, not with every frame
            raise

    def take_frame(self, view: View, frame: Frame) -> None:
        """A frame of a view is shown: note which layers show something new."""
        if (played := self._played.get(view.id)) is not None:
            played.take_frame(frame, self._clock())


class _Played:
    """One view that plays. Owned by the main thread.

    Hears of the dims before slicing does, so that a slice that the user asks for by hand is no longer one of playback.
    """

    def __init__(
        self, view: View, playback: Playback, whole: bool, clock: Callable[[], float], stop: Callable[[View], None]
    ) -> None:
        self.view = view
        self.playback = playback
        self._whole = whole  # all steps are played, however many there come to be
        self._clock = clock
        self._stop = stop
        self._moving = False
        self._remember_place()
        self._begin_to_count()
        self._heard = [view.dims.events.signals[name] for name in ("ndim", "ndisplay", "range", "order", "point")]
        for signal in self._heard:
            signal.connect(self._follow)
        view.playing = True

    def let_go(self) -> None:
        """It plays no more."""
        for signal in self._heard:
            signal.disconnect(self._follow, missing_ok=True)
        self.view.playing, self.view.upcoming = False, ()

    def _remember_place(self) -> None:
        dims, axis = self.view.dims, self.playback.axis
        self._ndim, self._range, self._position = dims.ndim, dims.range[axis], dims.point[axis]

    def move(self, now: float) -> None:
        """Say what comes next, then ask for the frame that is due."""
        dims, axis = self.view.dims, self.playback.axis
        start, _, width = dims.range[axis]
        point = list(dims.point)
        upcoming = []
        for step in self.playback.upcoming(now, MOST_UPCOMING):
            point[axis] = start + step * width
            upcoming.append(tuple(point))
        self.view.upcoming = tuple(upcoming)
        step = self.playback.step_at(now)
        if step != dims.current_step[axis]:
            self._moving = True
            try:
                dims.set_current_step(axis, step)
            finally:
                self._moving = False
            if dims.ndim == self._ndim and dims.current_step[axis] == step:
                self._remember_place()
            else:
                self._follow()  # a listener has moved it elsewhere

    def _follow(self) -> None:
        """Somebody else has changed the dims."""
        if self._moving:
            return
        dims, playback = self.view.dims, self.playback
        axis = playback.axis + dims.ndim - self._ndim  # axes come and go at the front
        if axis not in dims.not_displayed or dims.nsteps[axis] < 2:
            self._stop(self.view)
        elif dims.range[axis] != self._range:
            self._play_what_is_left(axis)
        elif dims.point[axis] != self._position:
            self._stop(self.view)
        elif axis != playback.axis:
            self.playback = replace(playback, axis=axis)
            self._remember_place()

    def _play_what_is_left(self, axis: int) -> None:
        """The axis has become longer or shorter, and the point may have been clipped."""
        dims, playback = self.view.dims, self.playback
        end = dims.nsteps[axis] - 1
        first, last = (0, end) if self._whole else (playback.first, min(playback.last, end))
        if first > last:
            self._stop(self.view)
            return
        playback = playback.played_on(self._clock(), rate=playback.rate, loop=playback.loop, first=first, last=last)
        self.playback = replace(playback, axis=axis, start=dims.current_step[axis])
        self._remember_place()

    # ---- the rate that is reached --------------------------------------------------------------------------------

    def _begin_to_count(self) -> None:
        self._began = self._clock()
        self._shown = self._places({layer.id: response for layer, response in self.view.slices.items()})
        self._reached: dict[int, Reached] = {}

    def _places(self, slices: Mapping[int, LayerSliceResponse]) -> dict[int, float]:
        """Where on the axis the picture of each layer is that has the axis: layers have the last axes of the world."""
        axis = self.playback.axis
        return {
            layer: response.point[axis]
            for layer, response in slices.items()
            if len(response.point) - response.world_to_data.ndim <= axis < len(response.point)
        }

    @property
    def _patience(self) -> float:
        return max(REACHED_OVER_S, 2 / abs(self.playback.rate))

    def take_frame(self, frame: Frame, now: float) -> None:
        """Count the layers that show something new."""
        shown = self._places(frame.slices)
        self._reached = {
            layer: self._reached.get(layer) or Reached(now if self._reached else self._began, self._patience)
            for layer in shown
        }
        for layer, place in shown.items():
            if self._shown.get(layer, place) != place:
                self._reached[layer].shown(now)
        self._shown = shown

    def rate_reached(self, now: float) -> float | None:
        """Frames a second that really came on screen lately, of the slowest layer that has the axis."""
        rates = [reached.rate(now) for reached in self._reached.values()]
        known = [rate for rate in rates if rate is not None]
        if known or now - self._began <= self._patience:
            return min(known, default=None)
        return 0.0 if not rates else None


def _checked_axis(dims: Dims, axis: int | None) -> int:
    if axis is None:
        if dims.last_used is None:
            raise ValueError("there is no axis to play: all are displayed or have one step")
        return dims.last_used
    index = axis_index(axis, dims.ndim)
    if index in dims.displayed:
        raise ValueError(f"axis must be one that is not displayed, {tuple(dims.not_displayed)}, not {axis!r}")
    if dims.nsteps[index] < 2:
        raise ValueError(f"axis {axis!r} has one step only: there is nothing to play")
    return index


def _checked_steps(dims: Dims, axis: int, steps: Iterable[int] | None) -> tuple[int, int]:
    count = dims.nsteps[axis]
    if steps is None:
        return 0, count - 1
    try:
        first, last = (integer("steps", step) for step in steps)
    except (TypeError, ValueError):
        first, last = 0, -1
    if not 0 <= first <= last < count:
        raise ValueError(f"steps must be two integers from 0 to {count - 1}, the lower one first, not {steps!r}")
    return first, last
