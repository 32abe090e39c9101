"""Points in 100 planes: a drag, single steps, and what the slicing functions take."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.geometry import cloud
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

COUNTS = {"1e6": 10**6, "1e7": 10**7}
SIZE = 4  # so that 10⁴ points of a plane do not cover it


def script(session: Session, options: Options) -> Script:
    session.adapter.add("points", cloud(options["count"]), size=SIZE)
    return (yield from drag_and_slices(session))


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {name: {"count": count} for name, count in COUNTS.items()}


SCENARIO = Scenario("points", "points in 100 planes; drag", _setup, ("lamella", "napari", "napari-sync"))
