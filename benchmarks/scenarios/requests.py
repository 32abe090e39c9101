"""25 requests in a second, then a wait: the whole must not take much longer than the second and one slice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import SlowPlanes, planes
from benchmarks.geometry import cloud
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import COLD, one_slice
from benchmarks.scenarios.points import SIZE
from benchmarks.scenarios.slow_plane import READ_S

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

POINTS = 10**6


def script(session: Session, options: Options) -> Script:
    if options["kind"] == "slow-plane":
        session.adapter.add_array(SlowPlanes(planes(100, 1024), READ_S))
    else:
        session.adapter.add("points", cloud(POINTS), size=SIZE)
    yield from session.complete(0)
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    assert session.interaction is not None
    begin, end = session.interaction
    one = yield from one_slice(session, COLD)
    return {"total_ms": (end - begin) * 1e3, "one_slice_ms": one, "shown": session.drag_figures(steps)["shown"]}


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {kind: {"kind": kind} for kind in ("slow-plane", "points")}


SCENARIO = Scenario(
    "requests",
    f"25 requests in 1 s, then wait, on an opaque source of 50 ms a read and on {POINTS:,} points",
    _setup,
    ("lamella", "napari", "napari-sync", "ndv"),
)
