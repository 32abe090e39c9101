"""Which track is near the cursor, without looking at all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.slicing.primitives import Clock

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


def alpha_at(times: Floats, ends: Floats, clock: Clock | None) -> Floats:
    """How much is seen of places of tracks (SEMANTICS, "Tracks").

    Parameters
    ----------
    times, ends : (n,) float64
        Of each place, and the last one of its track, relative to the same origin as ``clock.now``.
    clock : Clock or None
        None: everything is seen.
    """
    if clock is None:
        return np.ones(len(times))
    alpha: Floats
    if clock.tail + clock.head == 0:
        alpha = (times == clock.now).astype(np.float64)
    else:
        alpha = np.clip(1 - (clock.head + clock.now - times) / (clock.tail + clock.head), 0, 1)
        alpha[times > clock.now + clock.head] = 0
    if clock.hide_completed:
        alpha[ends < clock.now] = 0
    return alpha


def nearest(
    segments: npt.NDArray[Any],
    among: Index,
    place: Floats,
    linear: Floats,
    reach: float,
    clock: Clock | None,
) -> int | None:
    """The visible segment that comes nearest to a place, of equally near ones the last; None if none is near.

    Parameters
    ----------
    segments : (n,) of `segment_dtype`
    among : (k,) array
        The segments to look at, ascending.
    place : (displayed,) float64
        Relative to the same origin as the segments.
    linear : (displayed, displayed) float64
        Data → world.
    reach : float
        World units.
    clock : Clock or None
    """
    if clock is not None:
        clock = replace(clock, now=float(np.float32(clock.now)))  # as the times of segments are
    lines = segments[among]
    away = (lines["start"] - place) @ linear.T
    along = (lines["stop"] - place) @ linear.T - away
    length = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    part = np.clip(-(away * along).sum(axis=1) / length, 0, 1)
    distance = np.linalg.norm(away + part[:, None] * along, axis=1)
    first, second = lines["times"].astype(np.float64).T
    times = np.where(part < 1, first + part * (second - first), second)
    seen = (distance <= reach) & (alpha_at(times, lines["end"].astype(np.float64), clock) > 0)
    if not seen.any():
        return None
    distance[~seen] = np.inf
    return int(among[len(among) - 1 - int(np.argmin(distance[::-1]))])
