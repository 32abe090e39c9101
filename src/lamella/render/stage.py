"""All that the views show and what of it is uploaded: the state of a render thread, without the thread."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from lamella import trace
from lamella.render.acceptance import Acceptance, AnyTile, is_drawn, level_of
from lamella.render.atlas import Atlas
from lamella.render.backend import Backend
from lamella.render.messages import LayerDraw, Scene
from lamella.render.occlusion import seen
from lamella.render.picture import Picture
from lamella.render.visibility import AnyPlaced
from lamella.render.visual import Held, Part, Visual
from lamella.render.visuals import VISUALS
from lamella.slicing.response import LayerSliceResponse

_log = logging.getLogger(__name__)

Place = tuple[int, int]  # (view, layer)


@dataclass(slots=True)
class _Upload:
    """A tile whose parts are being written."""

    place: Place
    tile: AnyTile
    placed: AnyPlaced
    parts: tuple[Part, ...]
    written: int = 0


class Stage:
    """Scenes, accepted responses and the atlas. Owned by the render thread.

    Invariant: a draw list names only tiles that the backend has written.
    """

    def __init__(self, backend: Backend, atlas: Atlas) -> None:
        self.backend = backend
        self.atlas = atlas
        self.scenes: dict[int, Scene] = {}
        self.dirty: set[int] = set()
        """Views whose picture or acknowledgement has changed since it was drawn."""
        self._layers: dict[Place, Acceptance] = {}
        self._visuals: dict[int, Visual] = {}  # of each layer
        self._upload: _Upload | None = None  # a large tile may take several times
        self._kept: set[Hashable] | None = None  # see `_pinned`
        self._uploads = 0
        self._last_upload: dict[Place, int] = {}  # number of the newest upload of each layer
        self._moves = 0
        self._last_move: dict[Place, int] = {}  # number of the newest slice of each layer at another position
        self._points: dict[Place, tuple[float, ...]] = {}
        self._changes = 0
        self._complaints: set[str] = set()

    @property
    def interacting(self) -> bool:
        return any(scene.interacting for scene in self.scenes.values())

    def set_scene(self, scene: Scene) -> None:
        old = self.scenes.get(scene.view)
        self.scenes[scene.view] = scene
        if old is None or not scene.serial or scene.serial != old.serial:
            self.dirty.add(scene.view)
        members = {draw.layer for draw in scene.layers}
        self._drop({p for p in self._layers if p[0] == scene.view and p[1] not in members})
        for draw in scene.layers:
            place = scene.view, draw.layer
            if place not in self._layers:
                visual = self._visuals.setdefault(draw.layer, VISUALS[draw.kind])
                self._layers[place] = Acceptance(visual.placed, self.atlas.__contains__)

    def remove_view(self, view: int) -> None:
        self.scenes.pop(view, None)
        self.dirty.discard(view)
        self._drop({p for p in self._layers if p[0] == view})
        self._let_go(always=True)

    def offer(self, response: LayerSliceResponse) -> None:
        acceptance = self._layers.get((response.view, response.layer))
        if acceptance is None:
            return
        place = response.view, response.layer
        if self._points.get(place) != response.point:
            self._points[place] = response.point
            self._moves += 1
            self._last_move[place] = self._moves
        drawn = acceptance.drawn
        acceptance.offer(response)
        if acceptance.drawn is not drawn:
            self.dirty.add(response.view)

    def upload(self, enough: Callable[[], bool]) -> bool:
        """Upload parts of tiles until ``enough``, at least one. True if some are left.

        Coarse tiles go before fine ones, and layers take turns: who has waited longest goes first.
        """
        self._advance()
        self._kept = None
        queue = self._queue()
        drawn = {place for place, acceptance in self._layers.items() if not acceptance.has_candidate}
        if self._upload is not None and not any(tile.key == self._upload.tile.key for _, tile, _ in queue):
            self.atlas.discard(self._upload.tile.key)  # nobody wants it any more
            self._upload = None
        stopped = self._upload is not None and self._continue(enough)
        for place, tile, coarsest in queue:
            if stopped:
                break
            if tile.key not in self.atlas:
                stopped = self._begin(place, tile, coarsest) and self._continue(enough)
        self.dirty.update(
            place[0] for place, tile, _ in queue if place in drawn and not self._layers[place].waits(tile)
        )
        self._advance()
        self._let_go()
        return any(acceptance.wanted() for acceptance in self._layers.values())

    def is_torn(self, view: int) -> bool:
        """Whether the layers of a view would be drawn at different positions now.

        Those that do not move with the others do not count: they are slow, or they lack the axis that moves.
        """
        lately = self._moves - 2 * len(self._layers)
        places = [(view, draw.layer) for draw in self.scenes[view].layers if draw.look.visible]
        drawn = [self._layers[place].drawn for place in places if self._last_move.get(place, 0) > lately]
        return len({response.point for response in drawn if response is not None}) > 1

    def pictures(self, view: int) -> tuple[list[Picture], dict[int, LayerSliceResponse], dict[int, int]]:
        """What to draw, bottom first, the responses that this shows (hidden layers too), and how many tiles wait."""
        scene = self.scenes[view]
        pictures: list[Picture] = []
        slices: dict[int, LayerSliceResponse] = {}
        pending: dict[int, int] = {}
        for draw in scene.layers:
            acceptance = self._layers[view, draw.layer]
            if acceptance.drawn is None or not draw.look.visible:
                continue
            slices[draw.layer] = acceptance.drawn
            pending[draw.layer] = acceptance.pending
            picture = self._picture(scene, draw, acceptance, lowest=not pictures)
            if picture is not None:
                pictures.append(picture)
        return seen(pictures, scene.state), slices, pending

    def _picture(self, scene: Scene, draw: LayerDraw, layer: Acceptance, lowest: bool) -> Picture | None:
        response = layer.drawn
        if response is None or not is_drawn(response) or scene.state.ndisplay != 2:
            return None
        tiles = layer.draw_list()
        for tile in tiles:
            self.atlas.touch(tile.key, (scene.view, draw.layer))
        held = Held(response, tiles, layer.uploaded, lowest)
        return self._visuals[draw.layer].picture(draw.layer, draw.look, held, scene.state)

    def _queue(self) -> list[tuple[Place, AnyTile, bool]]:
        entries: list[tuple[int, int, Place, AnyTile]] = []
        for place, acceptance in self._layers.items():
            wanted = acceptance.wanted()
            ranks = {level: rank for rank, level in enumerate(sorted({level_of(t) for t in wanted}, reverse=True))}
            coarsest = acceptance.needs(coarsest_only=True)
            for turn, tile in enumerate(wanted):
                entries.append((0 if tile.key in coarsest else 1 + ranks[level_of(tile)], turn, place, tile))
        entries.sort(key=lambda e: (*e[:2], self._last_upload.get(e[2], 0)))
        return [(place, tile, rank == 0) for rank, _, place, tile in entries]

    def _begin(self, place: Place, tile: AnyTile, coarsest: bool) -> bool:
        """Give a tile its place. False if it gets none."""
        visual = self._visuals[place[1]]
        try:
            parts = visual.place(tile, self.atlas, place, self._pinned)
            if parts is None and coarsest:
                parts = self._place_at_any_price(place, tile, visual)
        except ValueError as error:
            self._give_up(place, tile, error)
            return False
        if parts is None:
            self._layers[place].skip(tile.key)
            if coarsest:
                self._complain(
                    f"layer {place[1]} does not fit into the {self.atlas.budget / 2**20:.0f} MB of graphics memory "
                    "that lamella may use: show less of it, or raise the setting gpu_budget"
                )
            return False
        self._upload = _Upload(place, tile, visual.placed(tile), parts)
        return True

    def _continue(self, enough: Callable[[], bool]) -> bool:
        """Write parts of the tile that has been begun. True if it is ``enough`` for this time."""
        upload = self._upload
        assert upload is not None
        try:
            while upload.written < len(upload.parts):
                self.backend.write(upload.placed, upload.tile, upload.parts[upload.written], self.atlas)
                upload.written += 1
                if upload.written < len(upload.parts) and enough():
                    return True
            self.backend.finish(upload.placed, upload.tile, upload.parts, self.atlas)
            self.atlas.finish(upload.tile.key)
            if self._kept is not None:
                self._kept.add(upload.tile.key)
            self._uploads += 1
            self._last_upload[upload.place] = self._uploads
            trace.record("uploaded", *upload.place)
        except Exception as error:
            self.atlas.discard(upload.tile.key)
            self._give_up(upload.place, upload.tile, error)
        self._upload = None
        return enough()

    def _give_up(self, place: Place, tile: AnyTile, error: Exception) -> None:
        self._layers[place].skip(tile.key)
        self._complain(f"a tile of layer {place[1]} cannot be drawn: {error}")

    def _place_at_any_price(self, place: Place, tile: AnyTile, visual: Visual) -> tuple[Part, ...] | None:
        """Room for what keeps a layer from being blank, at the cost of the finer tiles that are drawn."""
        before = {key for key in self._pinned() if key in self.atlas}
        parts = visual.place(tile, self.atlas, place, self._pinned_at_least)
        if parts is not None:
            lost = {key for key in before if key not in self.atlas}
            for (view, _), acceptance in self._layers.items():
                for key in lost:
                    acceptance.skip(key)
                self.dirty.add(view)
        return parts

    def _pinned(self) -> set[Hashable]:
        """What must not be thrown out, worked out once for all the tiles that `upload` places."""
        if self._kept is None:
            self._kept = set(itertools.chain.from_iterable(a.needs() for a in self._layers.values()))
        return self._kept

    def _pinned_at_least(self) -> set[Hashable]:
        return set(itertools.chain.from_iterable(a.needs(coarsest_only=True) for a in self._layers.values()))

    def _advance(self) -> None:
        for (view, _), acceptance in self._layers.items():
            if acceptance.advance():
                self.dirty.add(view)

    def _drop(self, places: set[Place]) -> None:
        if self._upload is not None and self._upload.place in places:
            self.atlas.discard(self._upload.tile.key)
            self._upload = None
        for place in places:
            del self._layers[place]
            for memory in (self._last_upload, self._last_move, self._points):
                memory.pop(place, None)
            self.atlas.release(place)
        if places:
            here = {layer for _, layer in self._layers}
            self._visuals = {layer: visual for layer, visual in self._visuals.items() if layer in here}
            self._let_go(always=True)

    def _let_go(self, always: bool = False) -> None:
        if always or self.atlas.changes != self._changes:
            self._changes = self.atlas.changes
            self.backend.forget(self.atlas, {layer for _, layer in self._layers}, set(self.scenes))

    def _complain(self, message: str) -> None:
        if message not in self._complaints:
            self._complaints.add(message)
            _log.warning(message)
