"""What Dims promises: SEMANTICS "Dims" and one event a change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.dims import Dims, RangeTuple

FIELDS = (
    "ndim",
    "ndisplay",
    "range",
    "order",
    "point",
    "current_step",
    "margin_left",
    "margin_right",
    "axis_labels",
    "rollable",
    "last_used",
)


def record(dims):
    """A list that fills with (field, value) as dims emits."""
    log = []
    for field in (*FIELDS, "changed"):
        dims.events.signals[field].connect(lambda value, field=field: log.append((field, value)))
    return log


def dims_of(*nsteps, ndisplay=2, first=False):
    dims = Dims(ndisplay=ndisplay)
    dims.fit_to([(0, n - 1, 1) for n in nsteps], first=first)
    return dims


steps = st.floats(1e-3, 1e3)
ranges = st.builds(
    lambda start, n, step: RangeTuple(start, start + (n - 1) * step, step),
    st.floats(-1e4, 1e4),
    st.integers(1, 1000),
    steps,
)


# ---- the point -------------------------------------------------------------------------------------------------------


def test_without_layers_there_are_two_axes_at_point_zero():
    dims = Dims()
    assert dims.range == ((0, 2, 1), (0, 2, 1))
    assert dims.point == (0, 0)
    assert dims.order == (0, 1)
    assert dims.axis_labels == ("0", "1")


def test_rounding_does_not_lose_the_last_plane():
    dims = Dims()
    dims.fit_to([(-2.2, -2.2 + 7 * 0.65, 0.65), (0, 1, 1)])
    assert dims.nsteps == (8, 2)


@given(ranges)
def test_a_range_of_n_samples_has_n_steps(r):
    dims = Dims()
    dims.fit_to([r, (0, 0, 1)])
    assert dims.nsteps[0] == round((r.stop - r.start) / r.step) + 1


@given(ranges, st.data())
def test_current_step_reads_back_as_it_was_set(r, data):
    dims = Dims()
    dims.fit_to([r, (0, 0, 1)])
    step = data.draw(st.integers(0, dims.nsteps[0] - 1))
    dims.set_current_step(0, step)
    assert dims.current_step[0] == step
    assert math.isclose(dims.point[0], r.start + step * r.step, rel_tol=1e-9, abs_tol=1e-6)


@given(ranges, st.floats(allow_nan=False, allow_infinity=False))
def test_the_point_is_clipped_and_not_snapped(r, value):
    dims = Dims()
    dims.fit_to([r, (0, 0, 1)])
    dims.set_point(0, value)
    assert dims.point[0] == min(max(value, r.start), r.stop)


@given(st.integers(-(10**400), 10**400))
def test_any_step_lands_inside_the_range(step):
    dims = dims_of(5, 4, 4)
    dims.set_current_step(0, step)
    assert dims.current_step[0] == min(max(step, 0), 4)


def test_several_axes_are_set_at_once_and_axes_count_from_the_end_too():
    dims = dims_of(9, 9, 9, 9)
    dims.set_current_step((0, -3), (3, 5))
    assert dims.current_step == (3, 5, 0, 0)
    dims.set_point([0, 1], [1.5, 2.5])
    assert dims.point == (1.5, 2.5, 0, 0)
    dims.current_step = (8, 0, 1, 2)
    assert dims.point == (8, 0, 1, 2)


def test_a_new_range_clips_the_point():
    dims = dims_of(9, 4, 4)
    dims.set_current_step(0, 8)
    dims.range = ((0, 5, 1), (0, 3, 1), (0, 3, 1))
    assert dims.point[0] == 5


# ---- events ----------------------------------------------------------------------------------------------------------


def test_one_change_of_point_emits_point_once_and_current_step_once():
    dims = dims_of(9, 4, 4)
    dims.set_current_step(0, 1)
    log = record(dims)
    dims.set_current_step(0, 3)
    assert log == [("point", (3, 0, 0)), ("current_step", (3, 0, 0)), ("changed", dims)]


def test_a_move_of_less_than_a_step_emits_point_and_current_step_too():
    dims = dims_of(9, 4, 4)
    dims.set_point(0, 1)
    log = record(dims)
    dims.set_point(0, 1.25)
    assert [field for field, _ in log] == ["point", "current_step", "changed"]


def test_an_equal_value_emits_nothing():
    dims = dims_of(9, 4, 4)
    dims.set_point(0, 2)
    log = record(dims)
    dims.point = dims.point
    dims.set_current_step(0, 2)
    dims.order = list(dims.order)
    dims.ndisplay = 2
    dims.range = dims.range
    dims.margin_left = (0, 0, 0)
    dims.thickness = (0, 0, 0)
    dims.axis_labels = dims.axis_labels
    dims.rollable = dims.rollable
    dims.last_used = 0
    dims.fit_to(dims.range)
    dims.set_point(0, 2)
    assert log == []


def test_every_event_carries_the_value_that_the_field_then_has():
    dims = dims_of(9, 4, 4)
    log = record(dims)
    dims.order = (1, 0, 2)
    dims.thickness = (2, 0, 0)
    dims.set_axis_label(0, "z")
    dims.fit_to([(0, 5, 1)] * 4)
    last = {field: value for field, value in log if field != "changed"}
    assert {field: getattr(dims, field) for field in last} == last
    assert sum(field == "changed" for field, _ in log) == 4


def test_a_listener_that_moves_dims_is_never_followed_by_the_older_position():
    dims = dims_of(9, 4, 4)
    heard = []
    dims.events.point.connect(lambda point: dims.set_point(0, 7) if point[0] == 3 else None)
    dims.events.point.connect(lambda point: heard.append(point[0]))
    dims.set_point(0, 3)
    assert heard == [7]


def test_a_listener_that_fails_does_not_hide_the_change_from_others():
    dims = dims_of(9, 4, 4)
    heard = []

    def fail(_):
        raise RuntimeError("broken plugin")

    dims.events.point.connect(fail)
    dims.events.changed.connect(lambda d: heard.append(d.point))
    with pytest.raises(Exception, match="broken plugin"):
        dims.set_point(0, 3)
    assert heard == [(3, 0, 0)]
    assert dims.point == (3, 0, 0)


# ---- margins ---------------------------------------------------------------------------------------------------------


def test_thickness_sets_both_margins_to_half():
    dims = dims_of(9, 4, 4)
    dims.thickness = (3, 0, 1)
    assert dims.margin_left == dims.margin_right == (1.5, 0, 0.5)
    assert dims.thickness == (3, 0, 1)


def test_three_steps_of_thickness_read_back_as_two():
    dims = Dims()
    dims.fit_to([(0, 8, 2), (0, 3, 1)])
    dims.thickness_step = (3, 0)
    assert dims.margin_left == dims.margin_right == (2, 0)
    assert dims.thickness_step == (2, 0)


# ---- order and displayed axes ----------------------------------------------------------------------------------------


def test_the_last_axes_of_the_order_are_displayed():
    dims = dims_of(5, 5, 5, 5)
    dims.order = (2, 0, 3, 1)
    assert (dims.displayed, dims.not_displayed) == ((3, 1), (2, 0))
    dims.ndisplay = 3
    assert (dims.displayed, dims.not_displayed) == ((0, 3, 1), (2,))


@given(st.permutations(range(4)))
def test_transposing_twice_changes_nothing(order):
    dims = dims_of(5, 5, 5, 5)
    dims.order = order
    dims.transpose()
    assert dims.order == (*order[:2], order[3], order[2])
    dims.transpose()
    assert dims.order == tuple(order)


@given(st.integers(2, 5), st.data())
def test_rolling_once_for_each_axis_that_rolls_changes_nothing(ndim, data):
    dims = dims_of(*data.draw(st.lists(st.integers(1, 3), min_size=ndim, max_size=ndim)))
    dims.order = data.draw(st.permutations(range(ndim)))
    dims.rollable = data.draw(st.lists(st.booleans(), min_size=ndim, max_size=ndim))
    rolls = [a for a in range(ndim) if dims.rollable[a] and dims.nsteps[a] > 1]
    before = dims.order
    for _ in rolls:
        dims.roll()
        assert [a for a in dims.order if a not in rolls] == [a for a in before if a not in rolls]
        assert all(dims.order[k] == a for k, a in enumerate(before) if a not in rolls)
    assert dims.order == before


def test_rolling_brings_the_last_axis_to_the_front():
    dims = dims_of(5, 5, 5)
    dims.roll()
    assert dims.order == (2, 0, 1)
    dims.rollable = (True, False, True)
    dims.roll()
    assert dims.order == (0, 2, 1)


@given(st.integers(2, 5), st.data())
def test_changing_ndisplay_there_and_back_changes_nothing_else(ndim, data):
    dims = dims_of(*[9] * ndim, first=True)
    dims.order = data.draw(st.permutations(range(ndim)))
    dims.thickness = (1,) * ndim
    before = (dims.point, dims.order, dims.range, dims.margin_left, dims.axis_labels)
    dims.ndisplay = 3
    assert len(dims.displayed) == 3
    assert dims.point[-ndim:] == before[0]
    dims.ndisplay = 2
    assert (dims.point, dims.order, dims.range, dims.margin_left, dims.axis_labels) == before


def test_an_axis_that_only_three_displayed_axes_ask_for_has_one_step():
    dims = Dims()
    dims.ndisplay = 3
    assert dims.ndim == 3
    assert dims.nsteps == (1, 3, 3)
    assert Dims(ndisplay=3).nsteps == (1, 3, 3)


# ---- layers come and go ----------------------------------------------------------------------------------------------


def test_the_first_layer_puts_each_axis_at_its_middle_step():
    dims = Dims()
    dims.fit_to([(0, 9, 1), (-4, 4, 2), (0, 0, 1)], first=True)
    assert dims.current_step == (4, 2, 0)
    assert dims.point == (4, 0, 0)


def test_later_layers_keep_the_point():
    dims = dims_of(9, 9, 9)
    dims.set_point(0, 7)
    dims.fit_to([(0, 20, 1)] * 3)
    assert dims.point == (7, 0, 0)


def test_new_axes_are_prepended_with_no_margin_at_zero_clipped():
    dims = dims_of(5, 5)
    dims.order = (1, 0)
    dims.thickness = (1, 1)
    dims.set_axis_label(0, "y")
    dims.fit_to([(3, 8, 1), (0, 4, 1), (0, 4, 1), (0, 4, 1)])
    assert dims.order == (0, 1, 3, 2)
    assert dims.point == (3, 0, 0, 0)
    assert dims.margin_left == (0, 0, 0.5, 0.5)
    assert dims.axis_labels == ("0", "1", "y", "3")


def test_removing_axes_keeps_the_last_ones_and_re_ranks_their_order():
    dims = dims_of(5, 5, 5, 5)
    dims.order = (2, 0, 3, 1)
    dims.current_step = (1, 2, 3, 4)
    dims.thickness = (1, 2, 3, 4)
    dims.fit_to([(0, 4, 1), (0, 4, 1)])
    assert dims.order == (1, 0)
    assert dims.point == (3, 4)
    assert dims.thickness == (3, 4)


@given(st.integers(2, 6), st.integers(2, 6), st.data())
def test_axes_that_go_and_come_leave_a_valid_order_and_the_rest_alone(many, few, data):
    few, many = sorted((few, many))
    dims = dims_of(*[7] * few)
    dims.order = order = tuple(data.draw(st.permutations(range(few))))
    dims.point = point = tuple(data.draw(st.lists(st.floats(0, 6), min_size=few, max_size=few)))
    dims.fit_to([(0, 6, 1)] * many)
    assert sorted(dims.order) == list(range(many))
    assert dims.order[many - few :] == tuple(o + many - few for o in order)
    dims.fit_to([(0, 6, 1)] * few)
    assert (dims.order, dims.point) == (order, point)


def test_one_fit_is_one_change():
    dims = Dims()
    log = record(dims)
    dims.fit_to([(0, 9, 1)] * 4, first=True, labels=("t", None, "y", "x"))
    fields = [field for field, _ in log]
    assert fields.count("changed") == 1
    assert len(fields) == len(set(fields))
    assert dims.axis_labels == ("t", "1", "y", "x")


def test_after_the_last_layer_dims_start_afresh():
    dims = dims_of(5, 5, 5, first=True)
    dims.order = (2, 1, 0)
    dims.set_axis_label(0, "z")
    dims.reset()
    assert (dims.range, dims.point, dims.order, dims.axis_labels) == (
        ((0, 2, 1), (0, 2, 1)),
        (0, 0),
        (0, 1),
        ("0", "1"),
    )


# ---- labels and the last used axis -----------------------------------------------------------------------------------


def test_an_axis_without_a_name_shows_its_number():
    dims = dims_of(5, 5, 5)
    dims.axis_labels = ("t", "1", "")
    assert dims.axis_labels == ("t", "1", "2")
    dims.fit_to([(0, 4, 1)] * 4)
    assert dims.axis_labels == ("0", "t", "2", "3")
    dims.set_axis_label(1, "")
    assert dims.axis_labels == ("0", "1", "2", "3")


def test_last_used_is_the_slider_that_was_moved_last_as_long_as_there_is_one():
    dims = dims_of(5, 5, 1, 5, 5)
    assert dims.last_used == 0
    dims.set_current_step(1, 3)
    assert dims.last_used == 1
    dims.set_current_step(3, 3)  # a displayed axis has no slider
    assert dims.last_used == 1
    dims.fit_to([(0, 4, 1)] * 6)
    assert dims.last_used == 2
    dims.order = (0, 1, 3, 4, 2, 5)
    assert dims.last_used == 0
    dims.fit_to([(0, 4, 1)] * 2)
    assert dims.last_used is None


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: setattr(d, "point", (1, 2)), "point must be 3 finite numbers"),
        (lambda d: setattr(d, "point", (1, math.nan, 0)), "point must be 3 finite numbers"),
        (lambda d: setattr(d, "point", "123"), "point must be 3 finite numbers"),
        (lambda d: setattr(d, "order", (0, 0, 1)), "order must hold each axis from 0 to 2 once"),
        (lambda d: setattr(d, "order", None), "order must hold each axis"),
        (lambda d: setattr(d, "ndisplay", 4), "ndisplay must be one of 2, 3, not 4"),
        (lambda d: setattr(d, "ndisplay", True), "ndisplay must be one of 2, 3"),
        (lambda d: setattr(d, "ndim", 1), "ndim must be from 2"),
        (lambda d: setattr(d, "ndim", 10**9), "ndim must be from 2"),
        (lambda d: setattr(d, "range", ((0, 1, 1),)), "range must have 3 entries"),
        (lambda d: setattr(d, "range", ((0, 1, 1), (2, 1, 1), (0, 1, 1))), "range of axis 1 must have start <= stop"),
        (lambda d: setattr(d, "range", ((0, 1, 0), (0, 1, 1), (0, 1, 1))), "range of axis 0 .* step > 0"),
        (lambda d: setattr(d, "margin_left", (0, -1, 0)), "margin_left must be 3 finite numbers, none below 0"),
        (lambda d: setattr(d, "thickness", (0, 0)), "thickness must be 3"),
        (lambda d: setattr(d, "thickness_step", (0, 0, math.inf)), "thickness_step must be 3"),
        (lambda d: setattr(d, "axis_labels", ("a", "b")), "axis_labels must be 3 strings"),
        (lambda d: setattr(d, "axis_labels", "abc"), "axis_labels must be 3 strings"),
        (lambda d: setattr(d, "axis_labels", ("a", "b", 3)), "label must be a string"),
        (lambda d: setattr(d, "rollable", (True, 1, True)), "rollable must be True or False"),
        (lambda d: setattr(d, "rollable", (True,)), "rollable must have 3"),
        (lambda d: setattr(d, "last_used", 3), "axis must be from -3 to 2"),
        (lambda d: d.set_point(3, 0), "axis must be from -3 to 2"),
        (lambda d: d.set_point(0, math.inf), "value must be a finite number"),
        (lambda d: d.set_point((0, 1), (1,)), "value must have 2 entries"),
        (lambda d: d.set_point((0, 1), 1), "value must have 2 entries"),
        (lambda d: d.set_current_step(0, 1.5), "step must be an integer"),
        (lambda d: d.set_current_step(0.5, 1), "axis must be an integer"),
        (lambda d: d.fit_to([]), "call reset"),
        (lambda d: d.fit_to([(0, math.nan, 1)]), "range of axis 0"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_before_anything_changes(change, says):
    dims = dims_of(5, 5, 5)
    before, log = dims._state, record(dims)
    with pytest.raises(ValueError, match=says) as error:
        change(dims)
    assert "\n" not in str(error.value)
    assert dims._state == before
    assert log == []
