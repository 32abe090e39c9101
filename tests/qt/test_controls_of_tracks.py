"""Controls and tracks follow each other."""

from __future__ import annotations

import numpy as np
import pytest
from cmap import Colormap
from pytestqt.qtbot import QtBot

from lamella.model.layers.tracks import Tracks
from lamella.qt.controls.colormap import show_colormap
from lamella.qt.controls.tracks import TracksControls

DATA = np.column_stack([np.repeat([1, 2], 5), np.tile(np.arange(5), 2), np.zeros((10, 2))])


@pytest.fixture
def controls(qtbot: QtBot) -> TracksControls:
    controls = TracksControls()
    qtbot.addWidget(controls)
    return controls


def test_tracks_follow_their_controls(controls: TracksControls) -> None:
    layer = Tracks(DATA, features={"speed": np.arange(10.0)})
    controls.set_layer(layer)
    controls.tail_width.setValue(5)
    controls.tail_length.setValue(12.5)
    controls.head_length.setValue(3)
    controls.tail.setChecked(False)
    controls.graph.setChecked(False)
    controls.ids.setChecked(True)
    controls.hide_completed.setChecked(True)
    controls.color_by.setCurrentText("speed")
    controls.blending.setCurrentText("translucent")
    show_colormap(controls.colormap, Colormap("magma"))
    assert (layer.tail_width, layer.tail_length, layer.head_length) == (5, 12.5, 3)
    assert (layer.display_tail, layer.display_graph, layer.display_id) == (False, False, True)
    assert (layer.hide_completed_tracks, layer.color_by, layer.blending) == (True, "speed", "translucent")
    assert Colormap(layer.colormap) == Colormap("magma")


def test_controls_follow_their_tracks(controls: TracksControls) -> None:
    layer = Tracks(DATA, features={"speed": np.arange(10.0)}, color_by="speed", colormap="viridis", tail_length=400)
    controls.set_layer(layer)
    assert [controls.color_by.itemText(i) for i in range(controls.color_by.count())] == ["track_id", "speed"]
    assert (controls.color_by.currentText(), controls.tail_length.value()) == ("speed", 400)
    assert controls.colormap.currentColormap() == Colormap("viridis")
    layer.update(features={"mass": np.arange(10)}, color_by="mass", colormap="turbo")
    layer.tail_width, layer.head_length, layer.display_id, layer.hide_completed_tracks = 7, 2, True, True
    assert (controls.color_by.currentText(), controls.color_by.count()) == ("mass", 2)
    assert controls.colormap.currentColormap() == Colormap("turbo")
    assert (controls.tail_width.value(), controls.head_length.value()) == (7, 2)
    assert controls.ids.isChecked() and controls.hide_completed.isChecked()
    controls.set_layer(None)
    layer.tail_width = 1
    assert controls.tail_width.value() == 7


def test_a_layer_with_other_columns_takes_over_and_keeps_its_own_colours(controls: TracksControls) -> None:
    first = Tracks(DATA, features={"speed": np.arange(10.0)}, color_by="speed")
    second = Tracks(DATA)
    for layer in (first, second, first):
        controls.set_layer(layer)
    assert (first.color_by, second.color_by) == ("speed", "track_id")
