"""Reads that wait for their outcome."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lamella.sources.base import Box, Loaded, Outcome, Source

TIMEOUT = 30  # seconds until a test gives up


class Reading:
    """One read in flight. Counts how often it was answered."""

    def __init__(self, source: Source, box: Box) -> None:
        self.outcomes: list[Outcome] = []
        self._answered = threading.Event()
        source.read(box, self._done)

    def _done(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._answered.set()

    def outcome(self) -> Outcome:
        assert self._answered.wait(TIMEOUT), "the read was never answered"
        (outcome,) = self.outcomes
        return outcome


def box_of(*bounds: tuple[int, int]) -> Box:
    return tuple(slice(a, b) for a, b in bounds)


def read(source: Source, box: Box) -> Outcome:
    return Reading(source, box).outcome()


def read_array(source: Source, box: Box | None = None) -> np.ndarray[Any, Any]:
    outcome = read(source, box or tuple(slice(0, n) for n in source.shape))
    assert isinstance(outcome, Loaded), outcome
    assert not outcome.data.flags.writeable
    return outcome.data


def boxes(shape: tuple[int, ...]) -> st.SearchStrategy[Box]:
    """Boxes inside an array, at least one sample long on each axis."""

    def along(n: int) -> st.SearchStrategy[slice]:
        return st.integers(0, n - 1).flatmap(lambda a: st.integers(a + 1, n).map(lambda b: slice(a, b)))

    return st.tuples(*map(along, shape))
