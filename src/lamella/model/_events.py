"""Emitting several signals for one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar

_emissions: ContextVar[int] = ContextVar("lamella_emissions", default=0)  # of this thread, one inside the other


def emit_each(emissions: Iterable[Callable[[], object]]) -> None:
    """Make every emission, then raise the first error that a listener raised.

    One broken listener must not keep the listeners of other signals, slicing among them, from hearing of a change that
    has happened.
    """
    first: Exception | None = None
    outside = _emissions.set(_emissions.get() + 1)
    try:
        for emit in emissions:
            try:
                emit()
            except Exception as error:
                first = first or error
    finally:
        _emissions.reset(outside)
    if first is not None:
        raise first


def emitting() -> bool:
    """Whether this is called by a listener: a change is under way that not everybody has heard of."""
    return _emissions.get() > 0
