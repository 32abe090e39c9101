"""Controls and vectors follow each other."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QColor

from lamella.model.layers.vectors import Vectors
from lamella.qt.controls.vectors import VectorsControls


@pytest.fixture
def controls(qtbot: QtBot) -> VectorsControls:
    controls = VectorsControls()
    qtbot.addWidget(controls)
    return controls


@pytest.fixture
def layer(controls: VectorsControls) -> Vectors:
    layer = Vectors(np.zeros((5, 2, 2)), features={"speed": [1.0, 2, 3, 4, 5]})
    controls.set_layer(layer)
    return layer


def test_vectors_follow_their_controls(controls: VectorsControls, layer: Vectors) -> None:
    controls.opacity.setValue(0.25)
    controls.blending.setCurrentText("additive")
    controls.length.setValue(-2.5)
    controls.edge_width.setValue(4)
    controls.vector_style.setCurrentText("arrow")
    controls.edge_color.setCurrentColor(QColor("blue"))
    controls.projection_mode.setCurrentText("fade")
    assert (layer.opacity, layer.blending) == (0.25, "additive")
    assert (layer.length, layer.edge_width, layer.vector_style) == (-2.5, 4, "arrow")
    assert tuple(layer.edge_color)[:3] == (0, 0, 1)
    assert layer.projection_mode == "fade"


def test_controls_follow_their_vectors(controls: VectorsControls, layer: Vectors) -> None:
    layer.length, layer.edge_width, layer.vector_style = 3, 0.5, "line"
    layer.edge_color = "#12ab56"
    assert (controls.length.value(), controls.edge_width.value()) == (3, 0.5)
    assert controls.vector_style.currentText() == "line"
    assert controls.edge_color.currentColor().name() == "#12ab56"
    controls.set_layer(None)
    layer.length = 5
    assert controls.length.value() == 3
    assert not controls.isEnabled()


def test_what_differs_from_vector_to_vector_says_where_it_comes_from(controls: VectorsControls, layer: Vectors) -> None:
    layer.edge_color = "speed"
    assert controls.edge_color.parent().currentWidget().text() == "by speed"
    layer.edge_color = ["red"] * 5
    assert controls.edge_color.parent().currentWidget().text() == "differs"
    layer.edge_color = "red"
    assert controls.edge_color.parent().currentWidget() is controls.edge_color


def test_what_the_box_rounds_stays_as_it_is(controls: VectorsControls, layer: Vectors) -> None:
    layer.length = 1 / 3
    layer.edge_width = 1e-5
    assert (layer.length, layer.edge_width) == (1 / 3, 1e-5)
