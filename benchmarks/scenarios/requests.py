"""25 requests in a second, then a wait: the whole must not take much longer than the second and one slice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import SlowPlanes, planes
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.ram import one_slice
from benchmarks.scenarios.slow_plane import READ_S

if TYPE_CHECKING:
    from benchmarks.session import Script, Session


def script(session: Session, options: Options) -> Script:
    session.adapter.add_array(SlowPlanes(planes(100, 1024), READ_S))
    yield from session.complete(0)
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    assert session.interaction is not None
    begin, end = session.interaction
    # Planes that the drag did not ask for, apart from each other: nothing of them has been read.
    one = yield from one_slice(session, range(98, 50, -7))
    return {"total_ms": (end - begin) * 1e3, "one_slice_ms": one, "shown": session.drag_figures(steps)["shown"]}


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"": {}}


SCENARIO = Scenario(
    "requests",
    "25 requests in 1 s, then wait, on an opaque source of 50 ms a read",
    _setup,
    ("lamella", "napari", "napari-sync", "ndv"),
)
