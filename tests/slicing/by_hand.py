"""Slicing by hand: what the engine does with a layer of any type, step by step, without engine or threads."""

from __future__ import annotations

from typing import Any

from lamella.model.view import View
from lamella.model.world import data_to_common_world, fit_dims, layer_axes, world_box
from lamella.slicing.place import Place
from lamella.slicing.projection import Part
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.types import TYPES
from lamella.sources.base import Failed, Loaded, Outcome


def view_of(*layers: Any, ndisplay: int = 2, order: tuple[int, ...] | None = None) -> View:
    """A view that sees all of the layers, at the middle of their axes."""
    view = View()
    view.dims.ndisplay = ndisplay
    fit_dims(view.dims, layers, first=True)
    if order is not None:
        view.dims.order = order
    box = world_box(layers)
    assert box is not None
    view.camera.fit(box[:, list(view.dims.displayed)], view.canvas_size)
    return view


def request_of(layer: Any, view: View) -> LayerSliceRequest:
    state = view.snapshot()
    axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
    place = Place(data_to_common_world(layer, [layer]).inverse, *axes)
    return TYPES[layer.kind].make_request(layer, state, place, 1, view.id, Mode.SYNC)


def sliced(request: LayerSliceRequest, rung: int | None = None) -> Any:
    """The response with everything that was planned, or with one rung of it."""
    pieces = TYPES[request.kind]
    plan = pieces.plan(request, 10**9)
    rungs = plan.rungs if rung is None else plan.rungs[rung : rung + 1]
    tiles: dict[Any, Any] = {}
    parts: dict[Any, list[Part]] = {}
    for read in [read for reads in rungs for read in reads]:
        outcomes: list[Outcome] = []
        read.source.read(read.box, outcomes.append)
        (outcome,) = outcomes
        assert not isinstance(outcome, Failed), outcome
        made = pieces.assemble(read, outcome.data) if isinstance(outcome, Loaded) else pieces.fill(read)
        if isinstance(made, Part):
            assert pieces.combine is not None
            together = parts.setdefault(read.tile_key, [])
            together.append(made)
            if len(together) == read.parts:
                tiles[read.tile_key] = pieces.combine(read, together)
        else:
            tiles[read.tile_key] = made
    measured = tiles and getattr(request.data, "auto_contrast", False)
    limits = pieces.contrast_limits(list(tiles.values())) if measured else None
    have = plan.needed if rung is None else 0
    return pieces.respond(request, plan, list(tiles.values()), have, [], limits)
