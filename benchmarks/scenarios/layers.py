"""20 image layers, one of them slow: how much the others suffer from it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.data import SlowPlanes, planes
from benchmarks.scenarios import Figures, Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

FAST = 19
SLOW_READ_S = 0.5
DEPTH, SIDE = 100, 256


def script(session: Session, options: Options) -> Script:
    fast = [planes(DEPTH, SIDE, seed) for seed in range(FAST)]
    slow = [SlowPlanes(planes(DEPTH, SIDE, FAST), SLOW_READ_S)] if options["slow"] else []
    session.adapter.add_layers([*fast, *slow], watched=FAST)
    yield from session.complete(0)
    yield from session.rest(1.5)  # the slow layer has read its first plane
    steps = yield from session.drag(0)
    return session.drag_figures(steps)


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"alone": {"slow": False}, "beside": {"slow": True}}


def _ratio(of: dict[str, Figures]) -> Figures:
    return {"settle_ratio": of["beside"]["settle_ms"] / of["alone"]["settle_ms"]}


SCENARIO = Scenario(
    "layers",
    "19 image layers of 100×256² in memory, alone and beside one of 0.5 s a read; drag; figures of the 19",
    _setup,
    ("lamella", "napari", "napari-sync"),
    derive=_ratio,
)
