"""How a layer lies in a view, worked out once for all points: world → data on the axes that are not shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lamella.model.transforms import Affine

OBLIQUE = 1e-8  # a displayed axis that moves a not-displayed one by more than this makes the slice oblique

Vector = tuple[float, ...]


class Place:
    """Immutable. Plain numbers rather than arrays: a request is made for each layer at each move of a slider.

    Parameters
    ----------
    world_to_data : Affine
        Of the layer's axes.
    displayed, hidden : sequence of int
        The layer's axes that are shown, in drawing order, and the others, ascending.
    """

    __slots__ = ("_matrix", "_offset", "displayed", "hidden", "oblique", "world_to_data")

    def __init__(self, world_to_data: Affine, displayed: Sequence[int], hidden: Sequence[int]) -> None:
        self.world_to_data = world_to_data
        self.displayed = tuple(displayed)
        self.hidden = tuple(hidden)
        rows = world_to_data.linear[list(hidden)]
        self._matrix: list[Vector] = [tuple(row) for row in rows[:, list(hidden)].tolist()]
        self._offset: list[float] = world_to_data.translate[list(hidden)].tolist()
        self.oblique = bool((np.abs(rows[:, list(displayed)]) > OBLIQUE).any())

    def point(self, world: Vector) -> Vector:
        """Data coordinates on the hidden axes of a world point of all world axes (SEMANTICS, "World → data")."""
        return tuple(m + t for m, t in zip(self.margin(world), self._offset, strict=True))

    def margin(self, world: Vector) -> Vector:
        """The same for a margin: the linear part only."""
        if not any(world):  # margins mostly are
            return (0.0,) * len(self.hidden)
        first = len(world) - self.world_to_data.ndim
        values = [world[first + a] for a in self.hidden]
        values = [v if v == v else 0.0 for v in values]  # NaN → 0
        return tuple(sum(m * v for m, v in zip(row, values, strict=True)) for row in self._matrix)
