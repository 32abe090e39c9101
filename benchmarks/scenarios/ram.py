"""A numpy array: a drag, and single steps."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from benchmarks.data import planes
from benchmarks.measures import median
from benchmarks.scenarios import Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session, Until

SINGLE_STEPS = 15


def script(session: Session, options: Options) -> Script:
    data = planes(100, 1024)
    session.adapter.add_array(data)
    yield from session.complete(0)
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    figures = session.drag_figures(steps)
    figures["one_slice_ms"] = yield from one_slice(session, range(3, 3 + SINGLE_STEPS))
    return figures


def one_slice(session: Session, positions: range) -> Generator[Until, None, float | None]:
    """Median time from the call to the complete picture on screen of steps that stand alone, ms."""
    times: list[float | None] = []
    for position in positions:
        yield from session.rest(0.1)
        first = len(session.paints)
        step = session.step(0, position)
        yield from session.settled([step])
        shown = next(p for p in session.paints[first:] if p.position == position and p.complete)
        times.append((shown.time - step.called) * 1e3)
    return median(times)


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"": {}}


SCENARIO = Scenario("ram", "numpy array of 100×1024² uint16; drag", _setup, ("lamella", "napari", "napari-sync", "ndv"))
