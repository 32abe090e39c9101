"""An array that nobody knows anything of, 50 ms a read: what a drag shows, and how soon it settles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks import measures
from benchmarks.data import SlowPlanes, planes
from benchmarks.scenarios import Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

READ_S = 0.050


def script(session: Session, options: Options) -> Script:
    data = SlowPlanes(planes(100, 1024), READ_S)
    session.adapter.add_array(data)
    yield from session.complete(0)
    yield from session.rest(0.5)
    before = len(data.reads)
    steps = yield from session.drag(0)
    reads = data.reads[before:]
    last = steps[-1]
    return session.drag_figures(steps) | {
        "reads_per_step": len(reads) / len(steps),
        "reads_before_wanted": measures.reads_before_wanted(reads, last.called, last.position),
    }


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"": {}}


SCENARIO = Scenario(
    "slow-plane",
    "opaque source of 100×1024² uint16, 50 ms a read; drag",
    _setup,
    ("lamella", "napari", "napari-sync", "ndv"),
)
