"""Commands on the layer list."""

from __future__ import annotations

from typing import Any

from lamella.qt.layer_list import remove_layers


def toggle_visible(viewer: Any) -> None:
    """Hide the selected layers, or show them if any of them is hidden."""
    selected = list(viewer.layers.selection)
    show = not all(layer.visible for layer in selected)
    for layer in selected:
        layer.visible = show


def select_neighbour(viewer: Any, up: int) -> None:
    """Select the layer ``up`` places above the uppermost (or below the lowest) of the selected ones."""
    layers = viewer.layers
    if not len(layers):
        return
    places = sorted(layers.index(layer) for layer in layers.selection)
    if not places:
        layers.selection.active = layers[len(layers) - 1]
        return
    place = (places[-1] if up > 0 else places[0]) + up
    layers.selection.active = layers[min(max(place, 0), len(layers) - 1)]


def select_above(viewer: Any) -> None:
    select_neighbour(viewer, 1)


def select_below(viewer: Any) -> None:
    select_neighbour(viewer, -1)


def delete_selected(viewer: Any) -> None:
    remove_layers(viewer.layers, viewer.layers.selection)


def retry_failed(viewer: Any) -> None:
    viewer.retry_failed()
