"""Controls and layer follow each other; values that differ from point to point are told, not changed."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QColor

from lamella import Labels, Points
from lamella.qt.controls.labels import LabelsControls
from lamella.qt.controls.points import PointsControls


@pytest.fixture
def labels(qtbot: QtBot) -> tuple[LabelsControls, Labels]:
    controls = LabelsControls()
    qtbot.addWidget(controls)
    layer = Labels(np.ones((8, 8), np.uint8))
    controls.set_layer(layer)
    return controls, layer


@pytest.fixture
def points(qtbot: QtBot) -> tuple[PointsControls, Points]:
    controls = PointsControls()
    qtbot.addWidget(controls)
    layer = Points(np.zeros((5, 2)), features={"area": [1.0, 2, 3, 4, 5]})
    controls.set_layer(layer)
    return controls, layer


def test_labels_follow_their_controls(labels: tuple[LabelsControls, Labels]) -> None:
    controls, layer = labels
    controls.contour.setValue(3)
    controls.selected.setValue(7)
    controls.only.setChecked(True)
    controls.opacity.setValue(0.25)
    controls.blending.setCurrentText("additive")
    assert (layer.contour, layer.selected_label, layer.show_selected_label) == (3, 7, True)
    assert (layer.opacity, layer.blending) == (0.25, "additive")
    before = layer.look().colors
    controls.shuffle.click()
    assert not np.array_equal(layer.look().colors, before)


def test_controls_follow_their_labels(labels: tuple[LabelsControls, Labels]) -> None:
    controls, layer = labels
    layer.contour, layer.selected_label, layer.show_selected_label = 2, 200, True
    assert (controls.contour.value(), controls.selected.value(), controls.only.isChecked()) == (2, 200, True)
    assert controls.selected.maximum() == 255
    controls.set_layer(None)
    layer.contour = 5
    assert controls.contour.value() == 2
    assert not controls.isEnabled()


def test_points_follow_their_controls(points: tuple[PointsControls, Points]) -> None:
    controls, layer = points
    controls.point_size.setValue(4)
    controls.symbol.setCurrentText("star")
    controls.face_color.setCurrentColor(QColor("red"))
    controls.projection_mode.setCurrentText("rescale_linear")
    controls.out_of_slice.setChecked(True)
    assert (layer.size, layer.symbol, layer.projection_mode) == (4, "star", "rescale_linear")
    assert tuple(layer.face_color)[:3] == (1, 0, 0)
    assert layer.out_of_slice_display


def test_what_differs_from_point_to_point_says_where_it_comes_from(points: tuple[PointsControls, Points]) -> None:
    controls, layer = points
    layer.size = "area"
    told = controls.point_size.parent().currentWidget()
    assert told.text() == "by area"
    layer.size = [1, 2, 3, 4, 5]
    assert controls.point_size.parent().currentWidget().text() == "differs"
    layer.size = 3
    assert controls.point_size.parent().currentWidget() is controls.point_size
    assert controls.point_size.value() == 3
