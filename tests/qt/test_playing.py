"""The play buttons: they play their axis, say how fast it really is, and stop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from lamella.qt.playing import PlayPopup
from lamella.qt.viewer import Viewer


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[Viewer]:
    viewer = Viewer()
    viewer.add_image(np.zeros((4, 20, 16, 16), np.uint8))
    yield viewer
    viewer.close()


def test_the_button_plays_its_axis_and_stops_it(viewer: Viewer, qtbot: QtBot) -> None:
    row = viewer.window.sliders.rows[1]
    began = viewer.dims.current_step[1]
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    assert viewer.playback().axis == 1
    qtbot.waitUntil(lambda: viewer.dims.current_step[1] not in (began, began + 1))
    assert viewer.dims.current_step[0] == 1
    qtbot.waitUntil(lambda: "/s" in row.play.text())
    assert "reached" in row.play.toolTip()
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    assert viewer.playback() is None
    assert row.play.text() == ""
    assert not viewer.window.playing._timer.isActive()
    assert not viewer.window.playing._teller.isActive()


def test_another_axis_takes_over(viewer: Viewer) -> None:
    rows = viewer.window.sliders.rows
    QTest.mouseClick(rows[0].play, Qt.MouseButton.LeftButton)
    QTest.mouseClick(rows[1].play, Qt.MouseButton.LeftButton)
    assert viewer.playback().axis == 1
    assert rows[0].play.text() == ""


def test_the_popup_asks_how_and_what_plays_follows_at_once(viewer: Viewer, qtbot: QtBot) -> None:
    row = viewer.window.sliders.rows[1]
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    popup = row.play.ask()
    assert isinstance(popup, PlayPopup)
    popup.rate.setValue(-40)
    popup.loop.setCurrentText("back and forth")
    playback = viewer.playback()
    assert (playback.rate, playback.loop) == (-40, "back and forth")
    popup.rate.setValue(0)
    assert viewer.playback().rate == -40, "no frame a second is no rate"
    popup.close()


def test_moving_the_slider_stops_it(viewer: Viewer, qtbot: QtBot) -> None:
    row = viewer.window.sliders.rows[1]
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    row.slider.setValue(0)
    qtbot.waitUntil(lambda: viewer.playback() is None)
    assert viewer.dims.current_step[1] == 0


def test_the_key_plays_the_axis_that_was_used_last(viewer: Viewer) -> None:
    viewer.dims.last_used = 0
    viewer.window.playing.toggle()
    assert viewer.playback().axis == 0
    viewer.window.playing.toggle()
    assert viewer.playback() is None


def test_closing_the_window_while_it_plays(qtbot: QtBot) -> None:
    viewer = Viewer()
    viewer.add_image(np.zeros((20, 16, 16), np.uint8))
    viewer.play(0, 100)
    viewer.close()
