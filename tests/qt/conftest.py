"""Windows that do not draw: fast, and with no thread but the slicing thread's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from lamella.qt.viewer import Viewer


class QuietViewer(Viewer):
    """Keeps the null renderer."""

    def _start_drawing(self) -> None: ...


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[QuietViewer]:
    viewer = QuietViewer()
    qtbot.waitExposed(viewer.window)
    viewer.window.activateWindow()
    yield viewer
    viewer.close()
