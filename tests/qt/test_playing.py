"""The play buttons: they play their axis, say how fast it really is, and stop."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from lamella.qt.playing import PlayPopup
from lamella.qt.viewer import Viewer


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[Viewer]:
    viewer = Viewer()
    viewer.add_image(np.zeros((4, 20, 16, 16), np.uint8))
    yield viewer
    viewer.close()


def test_the_button_plays_its_axis_and_stops_it(viewer: Viewer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    row = viewer.window.sliders.rows[1]
    began, width = viewer.dims.current_step[1], row.play.width()
    assert row.play.text() == "10/s"
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    assert viewer.playback().axis == 1
    qtbot.waitUntil(lambda: viewer.dims.current_step[1] not in (began, began + 1))
    assert viewer.dims.current_step[0] == 1
    assert row.play.plays
    assert row.play.text() == "…/s", "too early to say"
    with monkeypatch.context() as patch:
        patch.setattr(viewer, "playback_rate", lambda: (10.0, 9.94))
        viewer.window.playing._teller.timeout.emit()
    assert row.play.text() == "9.9/s"
    assert "reached" in row.play.toolTip()
    assert row.play.width() == width, "the slider does not change under the mouse"
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    assert viewer.playback() is None
    assert row.play.text() == "10/s"
    assert not viewer.window.playing._timer.isActive()
    assert not viewer.window.playing._teller.isActive()


def test_another_axis_takes_over(viewer: Viewer) -> None:
    rows = viewer.window.sliders.rows
    QTest.mouseClick(rows[0].play, Qt.MouseButton.LeftButton)
    QTest.mouseClick(rows[1].play, Qt.MouseButton.LeftButton)
    assert viewer.playback().axis == 1
    assert [row.play.plays for row in rows.values()] == [False, True]


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


def test_the_popup_shows_how_it_plays_and_keeps_the_steps(viewer: Viewer) -> None:
    viewer.play(1, 25, loop="once", steps=(3, 12))
    popup = viewer.window.sliders.rows[1].play.ask()
    assert isinstance(popup, PlayPopup)
    assert (popup.rate.value(), popup.loop.currentText()) == (25, "once")
    popup.loop.setCurrentText("loop")
    playback = viewer.playback()
    assert (playback.rate, playback.loop, playback.first, playback.last) == (25, "loop", 3, 12)
    popup.close()


def test_how_an_axis_is_played_stays_with_it_when_others_come(viewer: Viewer) -> None:
    viewer.window.playing.set_wish(1, rate=33, loop="once")
    viewer.add_image(np.zeros((3, 4, 20, 16, 16), np.uint8))
    assert viewer.window.playing.wish(2).rate == 33
    assert viewer.window.playing.wish(1).rate == 10
    assert viewer.window.sliders.rows[2].play.text() == "33/s"


def test_moving_the_slider_stops_it(viewer: Viewer, qtbot: QtBot) -> None:
    row = viewer.window.sliders.rows[1]
    QTest.mouseClick(row.play, Qt.MouseButton.LeftButton)
    row.slider.setValue(0)
    assert viewer.playback() is None
    assert viewer.dims.current_step[1] == 0
    assert not viewer.window.playing._timer.isActive()


def test_taking_hold_of_the_slider_or_of_the_number_stops_it(viewer: Viewer) -> None:
    row = viewer.window.sliders.rows[1]
    viewer.play(1)
    row.slider.sliderPressed.emit()
    row.slider.sliderReleased.emit()
    assert viewer.playback() is None
    viewer.play(1)
    row.box.entered.emit()
    assert viewer.playback() is None
    viewer.play(1)
    viewer.window.sliders.rows[0].box.entered.emit()
    assert viewer.playback() is not None, "the number of another axis"


def test_an_arrow_key_stops_the_axis_that_it_moves(viewer: Viewer) -> None:
    viewer.play(1)
    viewer.window.canvas.setFocus()
    QTest.keyClick(viewer.window.canvas, Qt.Key.Key_Right)
    assert viewer.playback() is None


def test_where_it_falls_short_the_status_bar_says_so(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    bar, playing = viewer.window.status_bar.playback, viewer.window.playing
    viewer.play(1)
    for reached, line in ((None, ""), (9.9, ""), (8.34, "10.0 frames/s asked, 8.3 reached")):
        monkeypatch.setattr(viewer, "playback_rate", lambda reached=reached: (10.0, reached))
        playing._teller.timeout.emit()
        assert bar.text() == line
    assert "8.3 reached" in viewer.window.sliders.rows[1].play.toolTip()
    monkeypatch.undo()
    viewer.stop()
    assert bar.text() == ""


def test_a_broken_listener_stops_it_and_the_button_says_so(viewer: Viewer, qtbot: QtBot) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    row = viewer.window.sliders.rows[1]
    viewer.play(1, 100)
    viewer.dims.events.point.connect(broken)
    with qtbot.captureExceptions() as raised:
        qtbot.waitUntil(lambda: viewer.playback() is None)
    assert len(raised) == 1
    assert not row.play.plays
    assert not viewer.window.playing._timer.isActive()


def test_the_key_plays_the_axis_that_was_used_last(viewer: Viewer) -> None:
    viewer.dims.last_used = 0
    ctrl_alt = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    viewer.window.activateWindow()
    viewer.window.canvas.setFocus()
    QTest.keyClick(viewer.window.canvas, Qt.Key.Key_P, ctrl_alt)
    assert viewer.playback().axis == 0
    QTest.keyClick(viewer.window.canvas, Qt.Key.Key_P, ctrl_alt)
    assert viewer.playback() is None
    viewer.layers.clear()
    QTest.keyClick(viewer.window.canvas, Qt.Key.Key_P, ctrl_alt)
    assert viewer.playback() is None


def test_closing_the_window_while_it_plays(qtbot: QtBot) -> None:
    viewer = Viewer()
    viewer.add_image(np.zeros((20, 16, 16), np.uint8))
    viewer.play(0, 100)
    qtbot.waitUntil(lambda: viewer.dims.current_step[0] not in (9, 10))
    timers = viewer.window.playing._timer, viewer.window.playing._teller
    viewer.window.close()
    assert not any(timer.isActive() for timer in timers)
    assert not viewer.playing
    QApplication.processEvents()
