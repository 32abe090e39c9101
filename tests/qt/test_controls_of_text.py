"""Texts are hidden and shown by the controls of their layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from lamella import Points, Shapes
from lamella.qt.controls.form import FormControls
from lamella.qt.controls.points import PointsControls
from lamella.qt.controls.shapes import ShapesControls


def points(text: Any) -> Points:
    return Points(np.zeros((2, 2)), features={"name": ["a", "b"]}, text=text)


def shapes(text: Any) -> Shapes:
    return Shapes(np.zeros((2, 4, 2)), features={"name": ["a", "b"]}, text=text)


@pytest.fixture(params=[(PointsControls, points), (ShapesControls, shapes)], ids=["points", "shapes"])
def kind(request: pytest.FixtureRequest, qtbot: QtBot) -> tuple[FormControls, Any]:
    controls = request.param[0]()
    qtbot.addWidget(controls)
    return controls, request.param[1]


def test_texts_are_hidden_and_shown_and_keep_all_else(kind: tuple[Any, Any]) -> None:
    controls, make = kind
    layer = make({"string": "{name}", "size": 20})
    controls.set_layer(layer)
    assert controls.text.isChecked()
    controls.text.setChecked(False)
    assert layer.text == {"string": "{name}", "size": 20, "visible": False}
    controls.text.setChecked(True)
    assert layer.text == {"string": "{name}", "size": 20, "visible": True}


def test_a_text_that_is_a_string_is_hidden_too(kind: tuple[Any, Any]) -> None:
    controls, make = kind
    layer = make("name")
    controls.set_layer(layer)
    controls.text.setChecked(False)
    assert layer.text == {"string": "name", "visible": False}
    layer.text = "name"
    assert controls.text.isChecked()


def test_layers_without_texts_have_no_row_for_them(kind: tuple[Any, Any]) -> None:
    controls, make = kind
    layer = make(None)
    controls.set_layer(layer)
    assert not controls.form.isRowVisible(controls.text)
    layer.text = "name"
    assert controls.form.isRowVisible(controls.text)
