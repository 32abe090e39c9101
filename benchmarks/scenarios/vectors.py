"""Vectors in 100 planes: a drag, single steps, and what the slicing functions take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.geometry import arrows
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices, one_variant

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

COUNT = 10**6


def script(session: Session, options: Options) -> Script:
    session.adapter.add("vectors", arrows(COUNT))
    return (yield from drag_and_slices(session))


SCENARIO = Scenario(
    "vectors", f"{COUNT:,} vectors in 100 planes; drag", one_variant, ("lamella", "napari", "napari-sync")
)
