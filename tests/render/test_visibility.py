"""Visibility, and the geometry that follows from it."""

from __future__ import annotations

import numpy as np

from lamella.model.transforms import Affine
from lamella.render.visibility import Placed, canvas_bounds, data_to_device, finest_first, is_visible
from tests.render.scenes import state


def placed(level: int, key: object = None) -> Placed:
    return Placed(key, level, ((0.0, 0.0), (1.0, 1.0)), (1, 1), np.dtype(np.uint8))


def test_finest_first_keeps_the_order_within_a_level():
    tiles = [placed(2, "a"), placed(0, "b"), placed(2, "c"), placed(0, "d")]
    assert [t.key for t in finest_first(tiles)] == ["b", "d", "a", "c"]


def test_the_centre_of_the_camera_is_the_centre_of_the_canvas():
    view = state((80, 60), (12.0, 34.0), 3.0, 2.0)
    to_device = data_to_device(view, Affine.identity(2))
    assert to_device([12.0, 34.0]).tolist() == [60.0, 80.0]
    assert to_device([13.0, 34.0]).tolist() == [66.0, 80.0]


def test_device_pixels_agree_with_the_view():
    view = state((81, 63), (1e7, -1e7), 2.5)
    x, y = view.world_to_canvas(1e7 + 3, -1e7 - 4)
    assert np.allclose(data_to_device(view, Affine.identity(2))([1e7 + 3, -1e7 - 4]), [y, x], atol=1e-6)


def test_the_bounds_of_a_turned_layer_hold_the_whole_canvas():
    angle = np.deg2rad(30)
    turn = Affine([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], [5.0, 6.0])
    view = state((100, 50), (3.0, 4.0), 2.0)
    to_device = data_to_device(view, turn)
    low, high = canvas_bounds(view, to_device)
    for corner in ([0, 0], [0, 100], [50, 0], [50, 100]):
        data = to_device.inverse(corner)
        assert (data >= low - 1e-9).all() and (data <= high + 1e-9).all()


def test_boxes_that_only_touch_the_canvas_are_not_drawn():
    bounds = np.array([[0.0, 0.0], [10.0, 10.0]])
    assert is_visible(((9.0, 9.0), (12.0, 12.0)), bounds)
    assert is_visible(((-5.0, -5.0), (50.0, 50.0)), bounds)
    assert not is_visible(((10.0, 0.0), (12.0, 5.0)), bounds)
    assert not is_visible(((0.0, -4.0), (5.0, 0.0)), bounds)
