"""Reads of several chunks at once, put together from single ones: only so is a missing chunk seen as one."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lamella.sources.base import Box, Failed, Grid, Loaded, Missing, Outcome


def split(box: Box, grid: Grid) -> Iterator[Box]:
    """``box`` cut along the lines of ``grid``."""
    spans = [grid.span(axis, s.start, s.stop) for axis, s in enumerate(box)]
    for index in itertools.product(*spans):
        yield tuple(
            slice(max(s.start, i * c), min(s.stop, (i + 1) * c)) for s, i, c in zip(box, index, grid.chunk, strict=True)
        )


class Gather:
    """Collects the outcomes of the parts of one box, on whatever threads they come, into one outcome.

    Missing parts become the fill value; all missing is `Missing`; one failure fails the whole.
    """

    def __init__(
        self, box: Box, parts: int, dtype: np.dtype[Any], fill_value: Any, done: Callable[[Outcome], None]
    ) -> None:
        self._start = tuple(s.start for s in box)
        self._out = np.full(tuple(s.stop - s.start for s in box), fill_value, dtype)
        self._lock = threading.Lock()
        self._left = parts
        self._failed: Failed | None = None
        self._any_loaded = False
        self._done = done

    def add(self, part: Box, outcome: Outcome) -> None:
        """Take the outcome of one part; with the last one the whole is handed over."""
        if isinstance(outcome, Loaded):
            target = tuple(slice(s.start - o, s.stop - o) for s, o in zip(part, self._start, strict=True))
            self._out[target] = outcome.data
        with self._lock:
            self._left -= 1
            if isinstance(outcome, Failed) and self._failed is None:
                self._failed = outcome
            self._any_loaded |= isinstance(outcome, Loaded)
            last = self._left == 0
        if last:
            self._done(self._whole())

    def _whole(self) -> Outcome:
        if self._failed is not None:
            return self._failed
        if not self._any_loaded:
            return Missing()
        self._out.setflags(write=False)
        return Loaded(self._out)
