"""A numpy array: a drag, and single steps; as planes, and as slices of five planes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import planes
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import one_slice

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

MARGIN = 2  # planes to either side
SINGLE_STEPS = 15


def script(session: Session, options: Options) -> Script:
    adapter, projection = session.adapter, options["projection"]
    changed = 0.0
    if projection is None:
        adapter.add_array(planes(100, 1024))
    else:
        adapter.add("image", planes(100, 1024), projection_mode=projection)
        yield from session.complete(0)
        changed = time.perf_counter()
        adapter.set_margins(0, MARGIN)
    yield from session.complete(changed)
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    figures = session.drag_figures(steps)
    figures["one_slice_ms"] = yield from one_slice(session, range(3, 3 + SINGLE_STEPS))
    return figures


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"plane": {"projection": None}, "mean of 5": {"projection": "mean"}, "max of 5": {"projection": "max"}}


SCENARIO = Scenario(
    "ram",
    "numpy array of 100×1024² uint16, planes and projections of five; drag",
    _setup,
    ("lamella", "napari", "napari-sync", "ndv"),
)
