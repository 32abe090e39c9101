"""Tracks: a drag through time, single steps, and what the slicing functions take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.geometry import paths
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices, one_variant

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

VERTICES = 10**6
TRACKS = 10_000


def script(session: Session, options: Options) -> Script:
    session.adapter.add("tracks", paths(VERTICES, TRACKS))
    return (yield from drag_and_slices(session))


SCENARIO = Scenario(
    "tracks",
    f"{VERTICES:,} vertices in {TRACKS:,} tracks of {VERTICES // TRACKS} times; drag through time",
    one_variant,
    ("lamella", "napari", "napari-sync"),
)
