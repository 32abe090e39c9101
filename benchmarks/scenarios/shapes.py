"""Polygons in 100 planes: a drag, single steps, and what the slicing functions take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.geometry import polygons
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

COUNTS = {"2,000": 2_000, "20,000": 20_000}


def script(session: Session, options: Options) -> Script:
    session.adapter.add("shapes", list(polygons(options["count"])), shape_type="polygon")
    return (yield from drag_and_slices(session))


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {name: {"count": count} for name, count in COUNTS.items()}


SCENARIO = Scenario("shapes", "polygons of 8 corners in 100 planes; drag", _setup, ("lamella", "napari", "napari-sync"))
