"""Controls and shapes follow each other; values that differ from shape to shape are told, not changed."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QColor

from lamella import Shapes
from lamella.qt.controls.shapes import ShapesControls


@pytest.fixture
def shapes(qtbot: QtBot) -> tuple[ShapesControls, Shapes]:
    controls = ShapesControls()
    qtbot.addWidget(controls)
    layer = Shapes(np.zeros((3, 4, 2)), features={"area": [1.0, 2, 3]})
    controls.set_layer(layer)
    return controls, layer


def test_shapes_follow_their_controls(shapes: tuple[ShapesControls, Shapes]) -> None:
    controls, layer = shapes
    controls.edge_width.setValue(4)
    controls.face_color.setCurrentColor(QColor("red"))
    controls.edge_color.setCurrentColor(QColor("blue"))
    controls.opacity.setValue(0.25)
    controls.blending.setCurrentText("additive")
    assert (layer.edge_width, layer.opacity, layer.blending) == (4, 0.25, "additive")
    assert (layer.face_color, layer.edge_color) == ((1, 0, 0, 1), (0, 0, 1, 1))


def test_controls_follow_their_shapes(shapes: tuple[ShapesControls, Shapes]) -> None:
    controls, layer = shapes
    layer.update(edge_width=3, face_color="lime", edge_color="blue")
    layer.opacity = 0.5
    assert controls.edge_width.value() == 3
    assert controls.face_color.currentColor() == QColor("lime")
    assert controls.edge_color.currentColor() == QColor("blue")
    assert controls.opacity.value() == 0.5
    controls.set_layer(None)
    layer.edge_width = 7
    assert controls.edge_width.value() == 3
    assert not controls.isEnabled()


def test_values_that_differ_say_where_they_come_from(shapes: tuple[ShapesControls, Shapes]) -> None:
    controls, layer = shapes
    layer.update(face_color="area", edge_width=[1, 2, 3])
    texts = [label.text() for label in controls.findChildren(type(controls.form.labelForField(controls.opacity)))]
    assert "by area" in texts and "differs" in texts
    assert layer.column_of("face_color") == "area"
    layer.update(face_color="red", edge_width=2)
    assert controls.edge_width.value() == 2
