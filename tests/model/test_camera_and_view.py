"""Camera and View: atomic changes, nothing refused half-way, snapshots that are what the view is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.camera import Camera
from lamella.model.view import View

coordinate = st.floats(-1e6, 1e6)


def record(events, *fields):
    log = []
    for field in fields:
        events.signals[field].connect(lambda value, field=field: log.append((field, value)))
    return log


# ---- camera ----------------------------------------------------------------------------------------------------------


def test_fitting_shows_the_whole_box_in_the_middle_with_a_margin():
    camera = Camera()
    camera.fit([[0, 0], [100, 400]], (800, 600))
    assert camera.center == (0, 50, 200)
    assert camera.zoom == pytest.approx(800 / 400 * 0.95)


def test_fitting_in_3d_leaves_room_for_the_longest_side_however_it_turns():
    camera = Camera()
    camera.fit([[0, 0, 0], [10, 40, 20]], (800, 600), margin=0)
    assert camera.center == (5, 20, 10)
    assert camera.zoom == 600 / 40


@given(st.tuples(coordinate, coordinate), st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_what_is_fitted_lies_inside_the_canvas(corner, height, width):
    view = View()
    view.canvas_size = (700, 500)
    view.camera.fit([corner, np.add(corner, (height, width))], view.canvas_size)
    low, high = view.snapshot().field_of_view
    assert (np.array(low) <= np.array(corner) + 1e-6).all()
    assert (np.array(high) >= np.add(corner, (height, width)) - 1e-6).all()


def test_a_box_without_extent_can_be_fitted():
    camera = Camera()
    camera.fit([[3, 4], [3, 4]], (800, 600))
    assert camera.center == (0, 3, 4)
    assert camera.zoom > 0


@given(st.floats(0.1, 10), coordinate, coordinate, st.floats(1e-2, 1e2))
def test_zooming_at_a_position_leaves_it_where_it_is(factor, row, column, zoom):
    view = View()
    view.camera.center, view.camera.zoom = (0, 5, -7), zoom
    x, y = view.snapshot().world_to_canvas(row, column)
    view.camera.zoom_at(factor, (row, column))
    assert view.camera.zoom == pytest.approx(zoom * factor)
    scale = max(abs(x), abs(y), 1)
    assert np.allclose(view.snapshot().world_to_canvas(row, column), (x, y), atol=1e-6 * scale)


def test_zoom_stays_finite_and_positive_however_often_it_is_changed():
    camera = Camera()
    for factor in (1e200, 1e-200):
        for _ in range(4):
            camera.zoom_at(factor, (0, 0))
            assert math.isfinite(camera.zoom)
            assert camera.zoom > 0


def test_panning_moves_the_centre():
    camera = Camera()
    camera.pan((1, 2))
    camera.pan((5, 1, 1))
    assert camera.center == (5, 2, 3)


def test_a_change_of_several_fields_is_one_change():
    camera = Camera()
    log = record(camera.events, "center", "zoom", "angles", "changed")
    camera.fit([[0, 0], [100, 400]], (800, 600))
    assert [field for field, _ in log] == ["center", "zoom", "changed"]
    log.clear()
    camera.fit([[0, 0], [100, 400]], (800, 600))
    camera.center, camera.zoom, camera.angles = camera.center, camera.zoom, camera.angles
    camera.pan((0, 0))
    camera.zoom_at(1, (3, 3))
    assert log == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: setattr(c, "zoom", 0), "zoom must be above 0, not 0"),
        (lambda c: setattr(c, "zoom", math.inf), "zoom must be a finite number"),
        (lambda c: setattr(c, "zoom", "big"), "zoom must be a finite number, not 'big'"),
        (lambda c: setattr(c, "center", (1, 2)), "center must be 3 finite numbers"),
        (lambda c: setattr(c, "center", (1, 2, math.nan)), "center must be 3 finite numbers"),
        (lambda c: setattr(c, "angles", None), "angles must be 3 finite numbers"),
        (lambda c: c.zoom_at(-1, (0, 0)), "factor must be above 0"),
        (lambda c: c.zoom_at(2, (0,)), "world_position must be 2 finite numbers"),
        (lambda c: c.pan((math.inf, 0)), "delta_world must be 2 finite numbers"),
        (lambda c: c.fit([[0, 0], [math.nan, 1]], (8, 6)), "box must be a low and a high corner"),
        (lambda c: c.fit([[1, 1], [0, 0]], (8, 6)), "box must be a low and a high corner"),
        (lambda c: c.fit("box", (8, 6)), "box must be a low and a high corner"),
        (lambda c: c.fit([[0, 0], [1, 1]], (8,)), "canvas_size must be 2"),
        (lambda c: c.fit([[0, 0], [1, 1]], (8, 6), margin=1), "margin must be a number from 0 to 0.99"),
    ],
)
def test_a_bad_camera_is_refused_before_anything_changes(change, says):
    camera = Camera()
    log = record(camera.events, "changed")
    with pytest.raises(ValueError, match=says):
        change(camera)
    assert (camera.center, camera.zoom, camera.angles) == ((0, 0, 0), 1, (0, 0, 0))
    assert log == []


# ---- view ------------------------------------------------------------------------------------------------------------


def test_each_change_of_dims_camera_or_canvas_changes_the_view_once():
    view = View()
    log = record(view.events, "changed")
    changes = [
        lambda: view.dims.set_point(0, 1.5),
        lambda: view.dims.fit_to([(0, 9, 1)] * 4, first=True),
        lambda: setattr(view.dims, "thickness", (1, 0, 0, 0)),
        lambda: view.camera.fit([[0, 0], [10, 10]], (100, 100)),
        lambda: setattr(view, "canvas_size", (100, 50)),
        lambda: setattr(view, "pixel_ratio", 2),
    ]
    for number, change in enumerate(changes, start=1):
        change()
        assert len(log) == number
        change()
        assert len(log) == number


def test_a_snapshot_is_what_the_view_is_even_within_an_event():
    view = View()
    view.dims.fit_to([(0, 9, 1)] * 4, first=True)
    seen = []
    view.dims.events.point.connect(lambda point: seen.append((point, view.snapshot().point)))
    view.dims.set_point(0, 7)
    assert seen == [((7, 4, 4, 4), (7, 4, 4, 4))]
    state = view.snapshot()
    assert (state.order, state.ndisplay, state.canvas_size) == ((0, 1, 2, 3), 2, (800, 600))
    assert (state.center, state.zoom, state.pixel_ratio) == ((0, 0, 0), 1, 1)
    assert state.margin_left == state.margin_right == (0, 0, 0, 0)


def test_a_snapshot_is_the_same_object_until_something_changes():
    view = View()
    first = view.snapshot()
    view.dims.set_axis_label(0, "z")
    assert view.snapshot() is first
    view.camera.pan((1, 1))
    assert view.snapshot() is not first


def test_interacting_is_told_but_is_no_change_of_what_is_looked_at():
    view = View()
    log = record(view.events, "changed", "interacting")
    view.interacting = True
    view.interacting = True
    view.interacting = False
    assert log == [("interacting", True), ("interacting", False)]


def test_views_are_told_apart_by_identity():
    a, b = View(), View()
    assert a != b
    assert a.id != b.id
    assert {a: 1, b: 2}[b] == 2
    assert a.pick(3, 4) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("canvas_size", (0, 5)),
        ("canvas_size", (5.5, 5)),
        ("canvas_size", (5,)),
        ("canvas_size", "big"),
        ("pixel_ratio", 0),
        ("pixel_ratio", math.nan),
        ("interacting", 1),
    ],
)
def test_a_bad_canvas_is_refused_before_anything_changes(field, value):
    view = View()
    before = view.snapshot()
    with pytest.raises(ValueError, match=f"{field} must be"):
        setattr(view, field, value)
    assert view.snapshot() is before
