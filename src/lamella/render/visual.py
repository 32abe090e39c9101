"""How a layer kind comes into pictures: what of its slices is uploaded, and what is drawn of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas, Page
from lamella.render.picture import Picture
from lamella.render.visibility import AnyPlaced
from lamella.slicing.response import LayerSliceResponse

Pinned = Callable[[], Collection[Hashable]]


class Span(NamedTuple):
    """A piece of a buffer: elements from ``start`` to ``stop``; ``of`` names the array where a tile has several."""

    start: int
    stop: int
    of: str = ""


Part = Page | Span
"""What is uploaded at once."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the stage has of a slice that is drawn.

    Attributes
    ----------
    response : LayerSliceResponse
    tiles : list of AnyPlaced
        What of it, or of those that stand in, is uploaded.
    uploaded : bool
        That is all of it.
    lowest : bool
        No other layer is drawn beneath.
    """

    response: LayerSliceResponse
    tiles: list[AnyPlaced]
    uploaded: bool
    lowest: bool


class Visual(Protocol):
    """One row of `VISUALS`: pure functions, used on the render thread."""

    def placed(self, tile: Any) -> AnyPlaced:
        """A tile of a response without its data."""
        ...

    def place(self, tile: Any, atlas: Atlas, owner: Hashable, pinned: Pinned) -> tuple[Part, ...] | None:
        """Give a tile its place in the atlas: the parts to write, in this order, or None if there is no room.

        Raises
        ------
        ValueError
            No renderer can hold such a tile.
        """
        ...

    def picture(self, layer: int, look: Any, held: Held, state: ViewState) -> Picture:
        """What to draw of a slice that is not empty in a 2-D view."""
        ...
