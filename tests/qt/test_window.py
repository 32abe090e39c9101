"""The whole window: keys, menus, docks, titles, closing."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QMimeData, Qt, QUrl
from qtpy.QtGui import QAction, QGuiApplication, QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog

from lamella.model.layers.base import LayerStatus
from lamella.notifications import Notification
from lamella.qt import application
from lamella.qt.actions import COMMANDS
from lamella.qt.canvas import Canvas
from lamella.qt.keys import KEYS
from lamella.qt.viewer import Viewer
from tests.qt.conftest import QuietViewer
from tests.qt.fakes import frame_of

NO, CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def press(viewer: Viewer, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO) -> None:
    """A key while the canvas has the focus."""
    viewer.window.canvas.setFocus()
    QTest.keyClick(viewer.window.canvas, key, modifiers)


def volume(viewer: Viewer) -> None:
    viewer.add_image(np.zeros((5, 7, 40, 50), np.uint8), name="a", axis_labels=("t", "z", "y", "x"))
    viewer.dims.current_step = (2, 3, 0, 0)


def menu_action(viewer: Viewer, command: str) -> QAction:
    for menu in viewer.window.menuBar().actions():
        for action in menu.menu().actions():
            if action.objectName() == command:
                return action
    raise LookupError(command)


def dialogs(viewer: Viewer) -> list[QDialog]:
    return [dialog for dialog in viewer.window.findChildren(QDialog) if dialog.isVisible()]


# ---- keys ------------------------------------------------------------------------------------------------------------


def test_left_and_right_step_along_the_slider_used_last(viewer: QuietViewer) -> None:
    volume(viewer)
    viewer.dims.last_used = 1
    press(viewer, Qt.Key.Key_Right)
    assert viewer.dims.current_step[:2] == (2, 4)
    press(viewer, Qt.Key.Key_Left)
    press(viewer, Qt.Key.Key_Left)
    assert viewer.dims.current_step[:2] == (2, 2)
    viewer.dims.set_current_step(1, 6)
    press(viewer, Qt.Key.Key_Right)
    assert viewer.dims.current_step[:2] == (2, 6)


def test_alt_up_and_down_go_to_another_slider(viewer: QuietViewer) -> None:
    volume(viewer)
    viewer.dims.last_used = 0
    press(viewer, Qt.Key.Key_Down, ALT)
    assert viewer.dims.last_used == 1
    press(viewer, Qt.Key.Key_Down, ALT)
    assert viewer.dims.last_used == 0
    press(viewer, Qt.Key.Key_Up, ALT)
    assert viewer.dims.last_used == 1


def test_ctrl_e_rolls_and_ctrl_t_transposes(viewer: QuietViewer) -> None:
    volume(viewer)
    press(viewer, Qt.Key.Key_T, CTRL)
    assert viewer.dims.order == (0, 1, 3, 2)
    press(viewer, Qt.Key.Key_T, CTRL)
    press(viewer, Qt.Key.Key_E, CTRL)
    assert sorted(viewer.dims.order) == [0, 1, 2, 3] and viewer.dims.order != (0, 1, 2, 3)
    assert list(viewer.window.sliders.rows) == sorted(viewer.dims.not_displayed)


def test_ctrl_r_resets_the_camera(viewer: QuietViewer) -> None:
    volume(viewer)
    fitted = viewer.camera.zoom
    viewer.camera.zoom = fitted * 7
    press(viewer, Qt.Key.Key_R, CTRL)
    assert viewer.camera.zoom == pytest.approx(fitted)


def test_v_hides_and_shows_the_selected(viewer: QuietViewer) -> None:
    a, b = (viewer.add_image(np.zeros((4, 4), np.uint8), name=n) for n in "ab")
    viewer.layers.selection.active = a
    press(viewer, Qt.Key.Key_V)
    assert (a.visible, b.visible) == (False, True)
    viewer.layers.selection.replace([a, b])
    press(viewer, Qt.Key.Key_V)
    assert (a.visible, b.visible) == (True, True)


def test_ctrl_up_and_down_select_and_ctrl_delete_removes(viewer: QuietViewer) -> None:
    a, b, c = (viewer.add_image(np.zeros((4, 4), np.uint8), name=n) for n in "abc")
    press(viewer, Qt.Key.Key_Down, CTRL)
    assert viewer.layers.selection.active is b
    press(viewer, Qt.Key.Key_Up, CTRL)
    press(viewer, Qt.Key.Key_Up, CTRL)
    assert viewer.layers.selection.active is c
    press(viewer, Qt.Key.Key_Delete, CTRL)
    assert list(viewer.layers) == [a, b]


def test_letters_typed_into_a_field_are_no_commands(viewer: QuietViewer) -> None:
    volume(viewer)
    label = viewer.window.sliders.rows[0].label
    label.setFocus()
    label.selectAll()
    QTest.keyClicks(label, "v")
    QTest.keyClick(label, Qt.Key.Key_Left)
    QTest.keyClick(label, Qt.Key.Key_Return)
    assert viewer.layers[0].visible
    assert viewer.dims.current_step[:2] == (2, 3)
    assert viewer.dims.axis_labels[0] == "v"


def test_keys_without_layers_do_no_harm(viewer: QuietViewer) -> None:
    for key, modifiers in (
        (Qt.Key.Key_Left, NO), (Qt.Key.Key_V, NO), (Qt.Key.Key_Down, ALT), (Qt.Key.Key_Up, CTRL), (Qt.Key.Key_E, CTRL),
        (Qt.Key.Key_T, CTRL), (Qt.Key.Key_R, CTRL), (Qt.Key.Key_Delete, CTRL), (Qt.Key.Key_S, ALT),
    ):  # fmt: skip
        press(viewer, key, modifiers)
    assert not viewer.layers


def test_every_key_belongs_to_a_command_and_to_one_only() -> None:
    assert set(KEYS) <= {command.id for command in COMMANDS}
    assert len(set(KEYS.values())) == len(KEYS)


# ---- menus -----------------------------------------------------------------------------------------------------------


def test_every_command_is_in_a_menu_with_its_key(viewer: QuietViewer) -> None:
    for command in COMMANDS:
        action = menu_action(viewer, command.id)
        assert bool(action.shortcut().toString()) == (command.id in KEYS), command.id


def test_3d_is_greyed_until_it_can_be_drawn(viewer: QuietViewer) -> None:
    assert not menu_action(viewer, "view.ndisplay").isEnabled()
    press(viewer, Qt.Key.Key_Y, CTRL)
    assert viewer.dims.ndisplay == 2


def test_menus_of_two_windows_are_their_own(viewer: QuietViewer, qtbot: QtBot) -> None:
    other = QuietViewer()
    volume(viewer)
    volume(other)
    menu_action(other, "view.transpose").trigger()
    assert (viewer.dims.order, other.dims.order) == ((0, 1, 2, 3), (0, 1, 3, 2))
    other.close()
    qtbot.waitUntil(lambda: other.window not in QApplication.topLevelWidgets() or not other.window.isVisible())
    menu_action(viewer, "view.transpose").trigger()
    assert viewer.dims.order == (0, 1, 3, 2)


def test_open_asks_without_waiting_and_opens_what_was_chosen(
    viewer: QuietViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(viewer, "open_async", opened.append)
    for command in ("file.open", "file.open_folder"):
        menu_action(viewer, command).trigger()  # returns: nothing waits for the dialog
        [dialog] = dialogs(viewer)
        assert isinstance(dialog, QFileDialog)
        dialog.filesSelected.emit([f"/{command}"])
        dialog.reject()
    menu_action(viewer, "file.open_url").trigger()
    [dialog] = dialogs(viewer)
    assert isinstance(dialog, QInputDialog)
    dialog.setTextValue(" https://host/a.zarr ")
    dialog.accept()
    assert opened == ["/file.open", "/file.open_folder", "https://host/a.zarr"]


def test_a_url_in_the_clipboard_is_suggested(viewer: QuietViewer) -> None:
    QGuiApplication.clipboard().setText("https://host/b.zarr")
    menu_action(viewer, "file.open_url").trigger()
    [dialog] = dialogs(viewer)
    assert isinstance(dialog, QInputDialog) and dialog.textValue() == "https://host/b.zarr"
    dialog.reject()


def test_a_screenshot_is_written_in_the_background(viewer: QuietViewer, qtbot: QtBot, tmp_path: Path) -> None:
    view = viewer.views[0]
    menu_action(viewer, "file.screenshot").trigger()
    assert "no picture" in viewer.window.status_bar.notification.text()
    viewer.frame_ready.emit(view, frame_of(view, (10, 20, 30)))
    menu_action(viewer, "file.screenshot").trigger()
    [dialog] = dialogs(viewer)
    assert isinstance(dialog, QFileDialog)
    path = tmp_path / "picture.png"
    with qtbot.waitSignal(viewer.window.pictures.written):
        dialog.fileSelected.emit(str(path))
    dialog.reject()
    image = QImage(str(path))
    assert (image.width(), image.height()) == view.snapshot().device_size
    assert image.pixelColor(3, 3).getRgb()[:3] == (10, 20, 30)
    assert viewer.window.status_bar.notification.text() == f"Saved {path}"


def test_help_tells_the_keys_and_the_version(viewer: QuietViewer) -> None:
    for command in ("help.keys", "help.about"):
        menu_action(viewer, command).trigger()
        [dialog] = dialogs(viewer)
        dialog.reject()


def test_the_theme_can_be_changed(viewer: QuietViewer) -> None:
    dark = viewer.window.grab().toImage().pixelColor(3, 200).lightness()
    menu_action(viewer, "view.theme").trigger()
    try:
        assert viewer.window.grab().toImage().pixelColor(3, 200).lightness() > dark + 100
    finally:
        application.apply_theme("dark")


def test_the_panel_can_be_hidden(viewer: QuietViewer) -> None:
    menu_action(viewer, "view.panel").trigger()
    assert viewer.window.panel.isHidden()
    menu_action(viewer, "view.panel").trigger()
    assert not viewer.window.panel.isHidden()


# ---- what the window shows -------------------------------------------------------------------------------------------


def test_the_title_follows(viewer: QuietViewer) -> None:
    viewer.title = "cells"
    assert viewer.window.windowTitle() == "cells"


def test_sliders_write_world_positions_with_their_units(viewer: QuietViewer) -> None:
    layer = viewer.add_image(np.zeros((9, 40, 50), np.uint8), scale=(2, 1, 1), units=("micrometer",) * 3)
    viewer.dims.set_current_step(0, 3)
    assert viewer.window.sliders.rows[0].world.text() == "6 µm"
    layer.units = "pixel"
    assert viewer.window.sliders.rows[0].world.text() == "6"


def test_the_status_bar_tells_value_loading_and_the_last_notification(viewer: QuietViewer, qtbot: QtBot) -> None:
    bar = viewer.window.status_bar
    viewer.status = "[1 2 3]   a: 7"
    assert bar.under_cursor.text() == "[1 2 3]   a: 7"
    viewer.events.notification.emit(Notification("host", "HTTP 500", 12))
    assert bar.notification.text() == "host: HTTP 500 (12 times)"
    assert not bar.notification.isHidden()
    layer = viewer.add_image(np.zeros((4, 4), np.uint8))
    layer.status = LayerStatus(loading=True, needed=64, have=12)
    bar.show_loading()
    assert bar.loading.text() == "loading 12/64"
    layer.status = LayerStatus(needed=64, have=64)
    assert bar.loading.text() == ""


def test_files_dropped_anywhere_are_opened(viewer: QuietViewer, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(viewer, "open_async", opened.append)
    mime = QMimeData()
    mime.setUrls([QUrl("https://host/b.zarr")])

    class Drop:
        def mimeData(self) -> QMimeData:
            return mime

        def acceptProposedAction(self) -> None: ...

    viewer.window.dragEnterEvent(Drop())
    viewer.window.dropEvent(Drop())
    assert opened == ["https://host/b.zarr"]


# ---- the end ---------------------------------------------------------------------------------------------------------


def lamella_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread is not threading.main_thread()}


def test_closing_the_window_ends_every_thread(qtbot: QtBot) -> None:
    before = lamella_threads()
    viewer = Viewer()
    viewer.add_image(np.zeros((5, 400, 500), np.uint16))
    viewer.dims.set_current_step(0, 4)
    viewer.wait_until_loaded(60)
    assert lamella_threads() > before
    viewer.window.close()
    assert lamella_threads() <= before
    assert viewer not in application.open_viewers()
    viewer.close()  # twice is once
    with pytest.raises(RuntimeError, match="closed"):
        viewer.show()


def test_closing_in_the_middle_of_everything_is_quiet(qtbot: QtBot) -> None:
    viewer = Viewer()
    viewer.add_image(np.zeros((50, 2000, 2000), np.uint16))
    for step in range(10):
        viewer.dims.set_current_step(0, step)
        QApplication.processEvents()
    viewer.close()
    QApplication.processEvents()
    viewer.layers.clear()  # nobody of the window listens any more
    viewer.status = "x"


def test_a_closed_viewer_is_forgotten(qtbot: QtBot) -> None:
    viewer = QuietViewer()
    gone = weakref.ref(viewer)
    viewer.add_image(np.zeros((40, 50), np.uint8))
    viewer.close()
    window = viewer.window
    with qtbot.waitSignal(window.destroyed):
        pass
    del viewer, window
    gc.collect()
    assert gone() is None


def test_a_viewer_that_nobody_refers_to_keeps_its_window(qtbot: QtBot) -> None:
    window = QuietViewer().window
    gc.collect()
    assert window.isVisible()
    window.close()
    assert window._viewer() is None or window._viewer() not in application.open_viewers()


# ---- the whole road --------------------------------------------------------------------------------------------------


def test_the_slider_leads_to_the_picture_in_the_window(qtbot: QtBot) -> None:
    data = np.zeros((4, 60, 80), np.uint8)
    for plane in range(4):
        data[plane] = 60 * plane
    viewer = Viewer()
    try:
        viewer.add_image(data, contrast_limits=(0, 255))
        canvas: Canvas = viewer.window.canvas

        def middle() -> int:
            image = canvas.grab().toImage()
            return image.pixelColor(image.width() // 2, image.height() // 2).red()

        for plane in (3, 0, 2):
            viewer.window.sliders.rows[0].slider.setValue(plane)
            qtbot.waitUntil(lambda plane=plane: middle() == 60 * plane, timeout=60_000)
        QTest.mouseMove(canvas, canvas.rect().center())
        qtbot.waitUntil(lambda: "120" in viewer.window.status_bar.under_cursor.text())
    finally:
        viewer.close()
