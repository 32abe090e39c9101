"""Emitting several signals for one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def emit_each(emissions: Iterable[Callable[[], object]]) -> None:
    """Make every emission, then raise the first error that a listener raised.

    One broken listener must not keep the listeners of other signals, slicing among them, from hearing of a change that
    has happened.
    """
    first: Exception | None = None
    for emit in emissions:
        try:
            emit()
        except Exception as error:
            first = first or error
    if first is not None:
        raise first
