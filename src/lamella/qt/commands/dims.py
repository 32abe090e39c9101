"""Commands that move through the axes."""

from __future__ import annotations

from typing import Any


def step(viewer: Any, steps: int) -> None:
    """Move ``steps`` along the axis that was used last, not beyond its ends."""
    dims = viewer.dims
    axis = dims.last_used
    if axis is not None:
        viewer.window.interaction.pulse()
        dims.set_current_step(axis, min(max(dims.current_step[axis] + steps, 0), dims.nsteps[axis] - 1))


def step_left(viewer: Any) -> None:
    step(viewer, -1)


def step_right(viewer: Any) -> None:
    step(viewer, 1)


def play(viewer: Any) -> None:
    """Play the axis that was used last, or stop."""
    viewer.window.playing.toggle()


def focus(viewer: Any, rows: int) -> None:
    """Let the keys move another slider, ``rows`` further down."""
    axes = list(viewer.window.sliders.rows)
    if axes:
        current = axes.index(viewer.dims.last_used) if viewer.dims.last_used in axes else 0
        viewer.dims.last_used = axes[(current + rows) % len(axes)]


def focus_up(viewer: Any) -> None:
    focus(viewer, -1)


def focus_down(viewer: Any) -> None:
    focus(viewer, 1)


def roll(viewer: Any) -> None:
    viewer.dims.roll()


def transpose(viewer: Any) -> None:
    viewer.dims.transpose()
