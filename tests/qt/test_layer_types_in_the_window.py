"""A layer of every type in the real window: its row, its controls and its picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lamella import Viewer
from lamella.slicing.types import TYPES

CASES: dict[str, Callable[[Viewer], Any]] = {
    "image": lambda viewer: viewer.add_image(np.arange(5 * 40 * 40, dtype=np.uint16).reshape(5, 40, 40)),
    "labels": lambda viewer: viewer.add_labels(np.arange(5 * 40 * 40, dtype=np.uint16).reshape(5, 40, 40) // 800),
    "points": lambda viewer: viewer.add_points([[2, 20, 20], [2, 30, 10], [3, 5, 5]]),
    "vectors": lambda viewer: viewer.add_vectors([[[2, 20, 5], [0, 0, 30]], [[3, 5, 5], [0, 9, 9]]], edge_width=4),
    "shapes": lambda viewer: viewer.add_shapes([[[2, 5, 5], [2, 30, 30]], [[3, 5, 5], [3, 9, 9]]]),
    "surface": lambda viewer: viewer.add_surface(([[2, 5, 5], [2, 5, 30], [2, 30, 30]], [[0, 1, 2]], [1, 2, 3])),
    "tracks": lambda viewer: viewer.add_tracks([[1, 0, 5, 5], [1, 2, 30, 35], [2, 1, 30, 5], [2, 3, 5, 35]]),
}


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    viewer = Viewer(show=False)
    yield viewer
    viewer.close()


def test_there_is_a_case_for_every_type() -> None:
    assert set(CASES) == set(TYPES)


@pytest.mark.parametrize("kind", CASES)
def test_a_layer_has_its_row_its_controls_and_its_picture(viewer: Viewer, kind: str) -> None:
    layer = CASES[kind](viewer)
    assert layer.kind == kind
    viewer.dims.set_current_step(0, 2)
    picture = viewer.screenshot()
    assert len(np.unique(picture.reshape(-1, 4), axis=0)) > 1, "there is nothing to see"
    window = viewer.window
    rows = window.layer_list.rows
    assert rows.layers == [layer]
    assert not window.grab().toImage().isNull()
    assert window.controls.controls.layer is layer
    layer.visible = False
    layer.opacity = 0.5
    viewer.layers.clear()
    assert rows.layers == []
