"""A numpy array ten times as large as the graphics memory that lamella may use: it fits in RAM, not in VRAM."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import planes
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.ram import one_slice

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

BUDGET = 256_000_000
PLANE_BYTES = 2 * 1024**2
COUNT = 10 * BUDGET // PLANE_BYTES + 1
FILL = BUDGET // PLANE_BYTES + 20  # steps that fill the budget, so that the drag has to throw out what it replaces


def script(session: Session, options: Options) -> Script:
    data = planes(COUNT, 1024)
    session.adapter.add_array(data)
    yield from session.complete(0)
    for position in range(FILL):
        step = session.step(0, position)
        yield from session.settled([step])
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    figures = session.drag_figures(steps)
    figures["one_slice_ms"] = yield from one_slice(session, range(300, 310))
    return figures


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"": {}}


SCENARIO = Scenario(
    "ram-10x",
    f"numpy array of {COUNT}×1024² uint16, ten times the 256 MB of graphics memory; drag",
    _setup,
    ("lamella", "napari", "napari-sync"),
    environment=(("LAMELLA_GPU_BUDGET", str(BUDGET)),),
)
