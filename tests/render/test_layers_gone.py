"""A slice holds all that is needed to draw it: the layer, its data and the viewer may be gone."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lamella import ViewerModel
from lamella.render import VISUALS
from tests.render.scenes import state
from tests.render.stands import Stand

ADD: dict[str, Callable[[ViewerModel], Any]] = {
    "image": lambda viewer: viewer.add_image(np.full((3, 40, 40), 99, np.uint8), contrast_limits=(0, 255)),
    "labels": lambda viewer: viewer.add_labels(np.full((3, 40, 40), 2**40 + 7, np.uint64)),
    "points": lambda viewer: viewer.add_points(np.array([[1.0, 19.5, 19.5]]), size=20),
    "vectors": lambda viewer: viewer.add_vectors([[[1.0, 19.5, 5], [0, 0, 30]]], edge_width=9),
    "shapes": lambda viewer: viewer.add_shapes([[[1.0, 5.3, 5.3], [1, 30.4, 30.4]]], edge_width=4),
    "surface": lambda viewer: viewer.add_surface(
        ([[1.0, 2.2, 2.2], [1, 2.2, 60.1], [1, 60.1, 30.3]], [[0, 1, 2]], [1.0, 2, 3])
    ),
    "tracks": lambda viewer: viewer.add_tracks([[1, 0, 19.5, 0], [1, 2, 19.5, 40]], tail_width=9),
}


def test_there_is_one_of_each_kind():
    assert ADD.keys() == VISUALS.keys()


@pytest.mark.parametrize("kind", ADD)
def test_a_slice_is_drawn_after_its_layer_is_gone(make, kind):
    with ViewerModel() as viewer:
        layer = ADD[kind](viewer)
        viewer.dims.set_point(0, 1)
        viewer.wait_until_loaded()
        response, look_of_it = replace(viewer.slices[layer], view=0), layer.look()
        ghost, viewer_ghost = weakref.ref(layer), weakref.ref(viewer)
        viewer.layers.remove(layer)
    del layer, viewer
    gc.collect()
    assert ghost() is None and viewer_ghost() is None
    pictures = []
    for name in ("gl", "reference"):
        stand: Stand = make(name)
        picture = stand.draw(state((40, 40), (19.5, 19.5)), response, looks={response.layer: look_of_it})
        assert picture[20, 20, :3].any()
        pictures.append(picture.astype(int))
    assert np.abs(pictures[0] - pictures[1]).mean() < 1
