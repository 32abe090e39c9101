"""A mesh of which the values change with time: a drag through time, single steps, the slicing functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.geometry import PLANES, mesh, waves
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices, one_variant

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

FACES = 10**6


def script(session: Session, options: Options) -> Script:
    vertices, faces = mesh(FACES)
    session.adapter.add("surface", (vertices, faces, waves(vertices)))
    return (yield from drag_and_slices(session))


SCENARIO = Scenario(
    "surface",
    f"mesh of {FACES:,} faces in the plane with values at {PLANES} times; drag through time",
    one_variant,
    ("lamella", "napari", "napari-sync"),
)
