"""Commands that ask or tell in a dialog. All dialogs are opened, never waited for."""

from __future__ import annotations

import sys
from typing import Any
from weakref import ref

from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)


def open_files(viewer: Any) -> None:
    """Ask for files and open them."""
    dialog = QFileDialog(viewer.window, "Open")
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    _open_dialog(viewer, dialog)


def open_folder(viewer: Any) -> None:
    """Ask for a folder, such as a zarr store, and open it."""
    dialog = QFileDialog(viewer.window, "Open Folder")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    _open_dialog(viewer, dialog)


def _open_dialog(viewer: Any, dialog: QFileDialog) -> None:
    target = ref(viewer)

    def chosen(paths: list[str]) -> None:
        found = target()
        if found is not None:
            for path in paths:
                found.open_async(path)

    dialog.filesSelected.connect(chosen)
    show_dialog(dialog)


def open_url(viewer: Any) -> None:
    """Ask for a URL and open it; one in the clipboard is suggested."""
    dialog = QInputDialog(viewer.window)
    dialog.setWindowTitle("Open URL")
    dialog.setLabelText("URL of an OME-Zarr image or a zarr array:")
    dialog.resize(560, dialog.height())
    clipboard = QGuiApplication.clipboard().text().strip()
    dialog.setTextValue(clipboard if "://" in clipboard and "\n" not in clipboard else "https://")
    target = ref(viewer)

    def chosen(url: str) -> None:
        found = target()
        if found is not None and url.strip():
            found.open_async(url.strip())

    dialog.textValueSelected.connect(chosen)
    show_dialog(dialog)


def save_screenshot(viewer: Any) -> None:
    """Ask for a file and write the picture that is shown now, in the background."""
    image = viewer.window.canvas.image()
    if image is None:
        viewer.window.status_bar.tell("There is no picture to save yet")
        return
    dialog = QFileDialog(viewer.window, "Save Screenshot")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["PNG (*.png)", "JPEG (*.jpg)", "TIFF (*.tif)"])
    dialog.setDefaultSuffix("png")
    dialog.selectFile("screenshot.png")
    target = ref(viewer)

    def chosen(path: str) -> None:
        found = target()
        if found is not None:
            found.window.write_picture(image, path)

    dialog.fileSelected.connect(chosen)
    show_dialog(dialog)


def show_keys(viewer: Any) -> None:
    """A table of all keys."""
    from lamella.qt.actions import COMMANDS
    from lamella.qt.keys import KEYS

    rows = [(key_text(KEYS[command.id]), command.title) for command in COMMANDS if command.id in KEYS]
    rows += [
        ("Drag", "Move the picture"),
        ("Wheel", "Zoom at the cursor"),
        ("Double click", "Zoom in; with Alt, out"),
        (("⌘" if sys.platform == "darwin" else "Ctrl+") + "Wheel", "Step along the slider used last"),
    ]
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels(["Key", "What it does"])
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            table.setItem(place, column, QTableWidgetItem(text))
    table.resizeColumnToContents(0)
    table.horizontalHeader().setStretchLastSection(True)
    dialog = _closable(viewer.window, "Keyboard Shortcuts", table)
    dialog.resize(460, 600)
    show_dialog(dialog, modal=False)


def about(viewer: Any) -> None:
    """Version, and what draws."""
    from lamella import __version__

    text = QLabel(
        f"<h3>lamella {__version__}</h3>"
        "<p>An n-D viewer whose window never freezes.</p>"
        f"<p>Drawn by {viewer.renderer_name}</p>"
    )
    text.setTextFormat(Qt.TextFormat.RichText)
    show_dialog(_closable(viewer.window, "About lamella", text), modal=False)


def _closable(parent: QWidget, title: str, content: QWidget) -> QDialog:
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    layout = QVBoxLayout(dialog)
    layout.addWidget(content)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout.addWidget(buttons)
    return dialog


def show_dialog(dialog: QDialog, modal: bool = True) -> None:
    """Show it, return at once, and delete it when it is closed."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal if modal else Qt.WindowModality.NonModal)
    dialog.show()


def key_text(binding: int) -> str:
    """A key combination as this desktop writes it."""
    from app_model.backends.qt import QKeyBindingSequence
    from app_model.types import KeyBinding

    return QKeyBindingSequence(KeyBinding.from_int(binding)).toString(QKeySequence.SequenceFormat.NativeText)
