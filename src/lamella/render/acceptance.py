"""Which response of a (view, layer) is drawn, and which of its tiles: the rules of never blanking and never mixing.

* A shown generation never decreases.
* A response with a new key replaces the drawn one when its coarsest tiles are uploaded; until then the old picture
  stays.
* A response with the drawn key replaces it at once: tiles that are not uploaded yet are not drawn, coarser ones and
  those of the picture before stand in.
* A third key waits for the second, or a fast drag would never let any picture get ready.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from lamella.render.visibility import AnyPlaced, is_visible
from lamella.slicing.response import LayerSliceResponse, Tile

Uploaded = Callable[[Hashable], bool]

AnyTile = Any
"""What a response has in ``tiles`` and a visual uploads; it has a ``key``."""


def is_drawn(response: LayerSliceResponse) -> bool:
    """There is something to draw in a 2-D view: the slice does not miss the layer and is no volume."""
    return len(response.dims_displayed) == 2 and not response.empty


def tiles_of(response: LayerSliceResponse) -> tuple[AnyTile, ...]:
    """The tiles that a 2-D view draws, coarse first."""
    of_any_type: Any = response
    return of_any_type.tiles if is_drawn(response) else ()


def coarsest_tiles(response: LayerSliceResponse) -> list[AnyTile]:
    tiles = tiles_of(response)
    level = max((level_of(t) for t in tiles), default=0)
    return [t for t in tiles if level_of(t) == level]


def level_of(tile: AnyTile) -> int:
    """The resolution of a tile; what has but one is the finest."""
    return tile.level if isinstance(tile, Tile) else 0


class Acceptance:
    """The responses of one layer in one view. Owned by the render thread.

    Parameters
    ----------
    placed : callable
        A tile without its data, as the layer's visual draws it.
    uploaded : callable
        Whether the tile with a key can be drawn now.
    """

    def __init__(self, placed: Callable[[AnyTile], AnyPlaced], uploaded: Uploaded) -> None:
        self.drawn: LayerSliceResponse | None = None
        self.generation = -1
        self._candidate: LayerSliceResponse | None = None  # another key than drawn, newer; its coarsest tiles go up
        self._newest: LayerSliceResponse | None = None  # another key than the candidate, newer
        self._stand_ins: dict[Hashable, AnyPlaced] = {}  # of drawn's key, not among its tiles
        self._skipped: set[Hashable] = set()  # no room for them
        self._placed = placed
        self._uploaded = uploaded

    def offer(self, response: LayerSliceResponse) -> bool:
        """Take a response unless it is older than the newest one taken."""
        if response.generation < self.generation:
            return False
        self.generation = response.generation
        self._skipped.clear()
        if self.drawn is None or response.key == self.drawn.key:
            self._stand_ins = self._standing_in(response)
            self.drawn, self._candidate, self._newest = response, None, None
        elif self._candidate is None or response.key == self._candidate.key or self._nothing_yet(self._candidate):
            self._candidate, self._newest = response, None
        else:
            self._newest = response
        return True

    def advance(self) -> bool:
        """Draw the candidate if its coarsest tiles are there. True if what is drawn has changed."""
        changed = False
        while self._candidate is not None and self._ready(self._candidate):
            self.drawn, self._candidate, self._newest = (self._candidate, self._newest, None)
            self._stand_ins.clear()
            changed = True
        if self._stand_ins and self.drawn is not None and self.drawn.complete and not self._waiting(self.drawn):
            self._stand_ins.clear()
            changed = True
        return changed

    def wanted(self) -> list[AnyTile]:
        """Tiles to upload, in this order."""
        if self._candidate is not None and not self._nothing_yet(self._candidate):
            return [t for t in coarsest_tiles(self._candidate) if self.waits(t)]
        return [] if self.drawn is None else self._waiting(self.drawn)

    @property
    def has_candidate(self) -> bool:
        """A response with another key waits for its tiles; what is drawn does not change until it is ready."""
        return self._candidate is not None

    @property
    def uploaded(self) -> bool:
        """Every tile of what is drawn is there, or has been given up."""
        return self.drawn is None or not self._waiting(self.drawn)

    @property
    def pending(self) -> int:
        """How much waits before the newest response is drawn in full."""
        if self._newest is not None:
            return max(len(self._waiting(self._newest)), 1)
        if self._candidate is not None:
            return max(len(self._waiting(self._candidate)), 1)
        return 0 if self.drawn is None else len(self._waiting(self.drawn))

    def draw_list(self) -> list[AnyPlaced]:
        """What can be drawn now; every tile of it is uploaded."""
        if self.drawn is None:
            return []
        own = [self._placed(t) for t in tiles_of(self.drawn) if self._uploaded(t.key)]
        return own + [p for p in self._stand_ins.values() if self._uploaded(p.key)]

    def needs(self, coarsest_only: bool = False) -> set[Hashable]:
        """Keys that must not be thrown out: all that is drawn or about to be, or only what keeps it from blanking."""
        keys: set[Hashable] = set()
        for response in (self.drawn, self._candidate):
            if response is not None:
                keys.update(t.key for t in coarsest_tiles(response))
        if not coarsest_only:
            keys.update(p.key for p in self.draw_list())
        return keys

    def skip(self, key: Hashable) -> None:
        """There is no room for this tile: coarser ones stand in until the next response."""
        self._skipped.add(key)

    def waits(self, tile: AnyTile) -> bool:
        """The tile is neither uploaded nor given up."""
        return tile.key not in self._skipped and not self._uploaded(tile.key)

    def _waiting(self, response: LayerSliceResponse) -> list[AnyTile]:
        return [t for t in tiles_of(response) if self.waits(t)]

    def _nothing_yet(self, response: LayerSliceResponse) -> bool:
        return is_drawn(response) and not tiles_of(response) and not response.complete

    def _ready(self, response: LayerSliceResponse) -> bool:
        return not self._nothing_yet(response) and not any(self.waits(t) for t in coarsest_tiles(response))

    def _standing_in(self, response: LayerSliceResponse) -> dict[Hashable, AnyPlaced]:
        """Drawn tiles of the same key that the new response does not have, as far as its window shows them."""
        if self.drawn is None:
            return {}
        own = {t.key for t in tiles_of(response)}
        others = {p.key: p for p in self.draw_list() if p.key not in own}
        if response.window.box != self.drawn.window.box and others:
            inverse = response.world_to_displayed
            bounds = inverse.bounds(response.window.box)
            others = {k: p for k, p in others.items() if is_visible(p.box, bounds)}
        return others
