"""The sliders and the dims always agree, for axes of any length."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest

from lamella.model.view import View
from lamella.qt.dims_sliders import SLIDER_MAX, DimsSliders, position_of, step_of
from lamella.qt.interaction import Interaction
from tests.qt.fakes import set_steps


@pytest.fixture
def view() -> View:
    view = View()
    set_steps(view.dims, 5, 100, 40, 50)
    return view


@pytest.fixture
def sliders(view: View, qtbot: QtBot) -> DimsSliders:
    widget = DimsSliders(view.dims, Interaction(view), lambda axis: "µm" if axis == 1 else "")
    qtbot.addWidget(widget)
    widget.resize(600, 80)
    widget.show()
    return widget


def test_there_is_a_slider_for_each_axis_that_is_not_displayed_and_has_steps(view: View, sliders: DimsSliders) -> None:
    assert list(sliders.rows) == [0, 1]
    view.dims.order = (2, 3, 0, 1)
    assert list(sliders.rows) == [2, 3]
    set_steps(view.dims, 1, 1, 1, 1)
    assert list(sliders.rows) == []
    assert sliders.isHidden()


def test_a_moved_slider_moves_the_dims_once(view: View, sliders: DimsSliders) -> None:
    heard: list[object] = []
    view.dims.events.current_step.connect(heard.append)
    sliders.rows[1].slider.setValue(42)
    assert view.dims.current_step[1] == 42
    assert len(heard) == 1
    assert sliders.rows[1].box.value() == 42
    assert sliders.rows[1].world.text() == "42 µm"


def test_moved_dims_move_the_slider_and_nothing_comes_back(view: View, sliders: DimsSliders) -> None:
    view.dims.set_point(1, 17.4)
    assert sliders.rows[1].slider.value() == 17
    assert view.dims.point[1] == 17.4  # the slider has not snapped it


def test_a_slider_of_a_huge_axis_reaches_both_ends(view: View, sliders: DimsSliders) -> None:
    n = 10**12
    set_steps(view.dims, 5, n, 40, 50)
    row = sliders.rows[1]
    row.slider.setValue(row.slider.maximum())
    assert view.dims.current_step[1] == n - 1
    row.slider.setValue(0)
    assert view.dims.current_step[1] == 0
    row.box.setValue(123_456_789_012)
    assert view.dims.current_step[1] == 123_456_789_012
    assert row.slider.value() == position_of(123_456_789_012, n)
    assert row.total.text() == f"/ {n - 1}"


@pytest.mark.parametrize("nsteps", [1, 2, 100, SLIDER_MAX, SLIDER_MAX + 2, 2**40 + 3, 10**18])
def test_slider_positions_map_back_to_themselves(nsteps: int) -> None:
    top = position_of(nsteps - 1, nsteps)
    assert top <= SLIDER_MAX
    for position in {0, top // 3, top // 2, top}:
        assert position_of(step_of(position, nsteps), nsteps) == position
    assert step_of(top, nsteps) == nsteps - 1


def test_a_name_can_be_edited(view: View, sliders: DimsSliders, qtbot: QtBot) -> None:
    label = sliders.rows[0].label
    label.setFocus()
    label.selectAll()
    QTest.keyClicks(label, "time")
    QTest.keyClick(label, Qt.Key.Key_Return)
    assert view.dims.axis_labels[0] == "time"
    view.dims.set_axis_label(0, "t")
    assert label.text() == "t"


def test_a_step_and_a_world_position_can_be_typed(view: View, sliders: DimsSliders) -> None:
    row = sliders.rows[1]
    row.box.setFocus()
    row.box.selectAll()
    QTest.keyClicks(row.box, "33")
    assert view.dims.current_step[1] == 0  # not while it is being typed
    QTest.keyClick(row.box, Qt.Key.Key_Return)
    assert view.dims.current_step[1] == 33
    row.world.setFocus()
    row.world.selectAll()
    QTest.keyClicks(row.world, "12.5 um")
    QTest.keyClick(row.world, Qt.Key.Key_Return)
    assert view.dims.point[1] == 12.5
    row.world.selectAll()
    QTest.keyClicks(row.world, "nonsense")
    QTest.keyClick(row.world, Qt.Key.Key_Return)
    assert view.dims.point[1] == 12.5
    row.world.clearFocus()


def test_a_click_jumps_and_a_held_button_is_an_interaction(view: View, sliders: DimsSliders) -> None:
    slider = sliders.rows[1].slider
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert abs(view.dims.current_step[1] - 50) <= 2
    assert view.interacting
    QTest.mouseMove(slider, QPoint(slider.width() - 1, slider.height() // 2))
    assert view.dims.current_step[1] > 90
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton)
    assert not view.interacting


def test_a_wheel_notch_is_one_step_and_stops_at_the_ends(view: View, sliders: DimsSliders, qtbot: QtBot) -> None:
    slider = sliders.rows[0].slider

    def turn(notches: int) -> None:
        at = QPointF(5, 5)
        slider.wheelEvent(
            QWheelEvent(
                at, at, QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase, False,
            )
        )  # fmt: skip

    turn(1)
    assert view.dims.current_step[0] == 1
    turn(-3)
    assert view.dims.current_step[0] == 0


def test_the_axis_used_last_is_marked(view: View, sliders: DimsSliders) -> None:
    view.dims.last_used = 1
    assert [row.label.property("lastUsed") for row in sliders.rows.values()] == [False, True]
    sliders.rows[0].slider.setValue(2)
    assert [row.label.property("lastUsed") for row in sliders.rows.values()] == [True, False]


def test_closed_sliders_hear_nothing(view: View, sliders: DimsSliders) -> None:
    sliders.close_sliders()
    view.dims.set_current_step(1, 60)
    assert sliders.rows[1].slider.value() == 0
