"""The levels of one image, finest first, each a source: what an Image layer refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lamella.sources.base import Source


@dataclass(frozen=True, slots=True)
class Multiscale:
    """An n-D image at one or more resolutions.

    Attributes
    ----------
    levels : tuple of Source
        Finest first. All have the same number of axes and the same dtype; each is as large as or smaller than the one
        before on every axis, by any factor.
    fixed : tuple of (axis, index)
        Axes of the sources that are held at one index and are not axes of the image, ascending: one channel of a
        multi-channel store. Images that differ only here share sources, and so every chunk they have in common.
    """

    levels: tuple[Source, ...]
    fixed: tuple[tuple[int, int], ...] = ()

    @property
    def axes(self) -> tuple[int, ...]:
        """For each axis of the image (the colour axis of RGB data included), the axis of the sources."""
        taken = {axis for axis, _ in self.fixed}
        return tuple(a for a in range(len(self.levels[0].shape)) if a not in taken)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the finest level, fixed axes left out."""
        return self.shape_of(0)

    def shape_of(self, level: int) -> tuple[int, ...]:
        shape = self.levels[level].shape
        return tuple(shape[a] for a in self.axes)

    @property
    def ndim(self) -> int:
        return len(self.axes)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.levels[0].dtype

    @property
    def isolation(self) -> str:
        """What the first level says of where it is read, see `OpaqueSource`; empty for stores and arrays in memory."""
        return next((text for level in self.levels if (text := getattr(level, "isolation", ""))), "")

    @property
    def name(self) -> str:
        return self.levels[0].name


def usable_levels(shapes: Sequence[tuple[int, ...]], dtypes: Sequence[Any]) -> list[int]:
    """Which levels belong together: those like the first, each as large as or smaller than the one before."""
    kept = [0]
    for number in range(1, len(shapes)):
        last = shapes[kept[-1]]
        same_kind = len(shapes[number]) == len(last) and dtypes[number] == dtypes[0]
        if same_kind and all(n <= m for n, m in zip(shapes[number], last, strict=True)):
            kept.append(number)
    return kept
