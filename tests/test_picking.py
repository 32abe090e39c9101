"""Picking: the value of each layer under the cursor, of the picture that is shown, whatever the layer type."""

from __future__ import annotations

import numpy as np
import pytest

from lamella import ViewerModel


@pytest.fixture
def viewer():
    with ViewerModel() as model:
        model.views[0].canvas_size = (200, 200)
        yield model


def pick(viewer: ViewerModel, *world: float):
    """What is picked at a displayed world position."""
    viewer.wait_until_loaded()
    view = viewer.views[0]
    return view.pick(*view.snapshot().world_to_canvas(*world))


def test_layers_of_all_types_are_picked_top_first(viewer):
    image = viewer.add_image(np.arange(100.0).reshape(10, 10))
    labels = viewer.add_labels(np.arange(100, dtype=np.uint64).reshape(10, 10) + np.uint64(2**60))
    points = viewer.add_points([[2.0, 3.0], [7.0, 7.0]], size=2)
    found = [(layer, value) for layer, value, _ in pick(viewer, 7.0, 7.0)]
    assert found == [(points, 1), (labels, 2**60 + 77), (image, 77)]
    assert [(layer, value) for layer, value, _ in pick(viewer, 4.0, 5.0)] == [(labels, 2**60 + 45), (image, 45)]


def test_the_topmost_of_points_that_overlap_is_picked(viewer):
    viewer.add_points([[5.0, 5.0], [5.0, 5.0], [9.0, 9.0]], size=[4, 2, 1])
    assert pick(viewer, 5.5, 5.0)[0][1] == 1
    assert pick(viewer, 6.5, 5.0)[0][1] == 0


def test_a_picked_point_is_that_of_the_data_and_of_the_shown_slice(viewer):
    points = viewer.add_points([[0.0, 5.0, 5.0], [3.0, 5.0, 5.0], [3.0, 1.0, 1.0]], size=2)
    for plane, index in ((0, 0), (3, 1)):
        viewer.dims.set_point(0, plane)
        layer, value, position = pick(viewer, 5.0, 5.0)[0]
        assert (layer, value, position) == (points, index, (plane, 5.0, 5.0))
    viewer.dims.set_point(0, 2)
    assert pick(viewer, 5.0, 5.0) == []


def test_the_picture_that_is_shown_is_picked_not_the_one_that_is_asked_for(viewer):
    viewer.add_points([[0.0, 5.0, 5.0], [3.0, 5.0, 5.0]], size=2)
    viewer.dims.set_point(0, 0)
    assert pick(viewer, 5.0, 5.0)[0][1] == 0
    viewer.dims.set_point(0, 3)
    view = viewer.views[0]
    assert view.pick(*view.snapshot().world_to_canvas(5.0, 5.0))[0][1] == 0


def test_points_of_a_turned_and_stretched_layer_are_picked_where_they_are_drawn(viewer):
    points = viewer.add_points([[0.0, 0.0], [4.0, 9.0]], size=2, scale=(1, 3), rotate=30, translate=(50, -20))
    y, x = points.transform([4.0, 9.0])
    assert pick(viewer, y, x)[0][1] == 1
    assert pick(viewer, y + 0.9, x)[0][1] == 1  # a disc as wide as the shortest axis says
    assert pick(viewer, y, x + 1.5) == []


def test_hidden_layers_are_not_picked(viewer):
    viewer.add_image(np.zeros((10, 10)))
    points = viewer.add_points([[5.0, 5.0]], size=4)
    points.visible = False
    assert points not in [layer for layer, _, _ in pick(viewer, 5.0, 5.0)]


def test_the_status_names_the_point_under_the_cursor(viewer):
    viewer.add_points([[2.0, 3.0], [7.0, 7.0]], size=2, name="cells")
    viewer.wait_until_loaded()
    view = viewer.views[0]
    assert viewer.value_at(view, *view.snapshot().world_to_canvas(7.0, 7.0)).endswith("cells: 1")
