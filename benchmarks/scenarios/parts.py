"""What several scenarios do: settle, drag, single steps."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

from benchmarks.measures import median
from benchmarks.scenarios import Options

if TYPE_CHECKING:
    from benchmarks.session import Session, Until

COLD = range(98, 50, -7)  # of 100 planes: none that the drag asks for, and apart from each other
EVERY_OTHER = range(98, 0, -2)  # of 100 planes


def drag_and_slices(session: Session) -> Generator[Until, None, dict[str, Any]]:
    """Of what was just added: a drag along axis 0; steps that stand alone; the slicing functions."""
    yield from session.complete(0)
    yield from session.rest(0.5)
    steps = yield from session.drag(0)
    figures = session.drag_figures(steps)
    figures["one_slice_ms"] = yield from one_slice(session, COLD)
    return figures | (yield from slices(session))


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


def slices(session: Session) -> Generator[Until, None, dict[str, Any]]:
    """Median time of the slicing functions at `EVERY_OTHER` position, ms; nothing where they cannot be called alone."""
    yield from session.rest(1.0)  # what is built beside the first slices is there
    if session.adapter.slice_s(0, 0) is None:  # prepares what the others need
        return {}
    times: list[float | None] = []
    for position in EVERY_OTHER:
        yield from session.rest(0.02)
        seconds = session.adapter.slice_s(0, position)
        times.append(None if seconds is None else seconds * 1e3)
    return {"slice_ms": median(times)}


@contextlib.contextmanager
def one_variant() -> Iterator[dict[str, Options]]:
    """For scenarios without any."""
    yield {"": {}}
