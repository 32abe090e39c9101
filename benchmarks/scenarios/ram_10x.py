"""Data ten times as large as the graphics memory that lamella may use: it fits in RAM, not in VRAM."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import planes
from benchmarks.geometry import cloud
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import one_slice
from benchmarks.scenarios.points import SIZE

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

BUDGET = 256_000_000
PLANE_BYTES = 2 * 1024**2
COUNT = 10 * BUDGET // PLANE_BYTES + 1
POINTS = 10**7
POINT_PLANES = 1000  # a picture has as many points as that of 10⁶ in 100 planes
POINT_BYTES = 36  # of a vertex
POINTS_BUDGET = POINTS * POINT_BYTES // 10


def script(session: Session, options: Options) -> Script:
    if options["kind"] == "image":
        session.adapter.add_array(planes(COUNT, 1024))
    else:
        session.adapter.add("points", cloud(POINTS, planes=POINT_PLANES), size=SIZE)
    yield from session.complete(0)
    if session.adapter.name == "lamella":  # the drag has to throw out what it replaces; the others have no budget
        for position in range(options["fill"]):
            step = session.step(0, position)
            yield from session.settled([step])
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    figures = session.drag_figures(steps)
    figures["one_slice_ms"] = yield from one_slice(session, range(300, 310))
    return figures


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {
        "image": {
            "kind": "image",
            "fill": BUDGET // PLANE_BYTES + 20,
            "_environment": {"LAMELLA_GPU_BUDGET": str(BUDGET)},
        },
        "points": {
            "kind": "points",
            "fill": POINT_PLANES // 10 + 20,
            "_environment": {"LAMELLA_GPU_BUDGET": str(POINTS_BUDGET)},
        },
    }


SCENARIO = Scenario(
    "ram-10x",
    f"{COUNT}×1024² uint16, ten times the 256 MB of graphics memory, and {POINTS:,} points, ten times "
    f"{POINTS_BUDGET / 1e6:.0f} MB; drag",
    _setup,
    ("lamella", "napari", "napari-sync"),
)
