"""Runs ``lamella view URL`` and does in its window what a user does: drags sliders, zooms, changes the axes.

After each step, once all is loaded, it records what the window shows. Nothing is judged here: the test does.

Usage: drive_window.py URL FOLDER
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QImage, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

import lamella.qt.viewer  # noqa: F401  # pydantic before Qt
from lamella.cli import app
from lamella.qt import application

LOOK_MS = 10
HANG_S = 50


def drag(window: Any, axis: int, fraction: float) -> None:
    """Take the handle of the slider of ``axis`` and pull it, in several moves, to a part of its way."""
    slider = window.sliders.rows[axis].slider
    y = slider.height() // 2
    start = round(slider.width() * (slider.value() + 0.5) / (slider.maximum() + 1))
    end = round(slider.width() * fraction)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(start, y))
    for k in range(1, 11):
        QTest.mouseMove(slider, QPoint(start + (end - start) * k // 10, y))
        QApplication.processEvents()
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(end, y))


def turn_wheel(window: Any, x: float, y: float, notches: int) -> None:
    canvas = window.canvas
    for _ in range(abs(notches)):
        at = QPointF(x, y)
        turn = QPoint(0, 120 if notches > 0 else -120)
        none = Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            at,
            canvas.mapToGlobal(at),
            QPoint(),
            turn,
            Qt.MouseButton.NoButton,
            none,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, event)


def pixels_of(image: QImage) -> np.ndarray:
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def record(viewer: Any, folder: Path, name: str) -> None:
    window, view = viewer.window, viewer.views[0]
    (layer,) = viewer.layers
    response = viewer.slices[layer]
    grabbed = window.canvas.grab().toImage()
    window.grab().save(str(folder / f"{name}-window.png"))
    state = view.snapshot()
    facts = {
        "step": viewer.dims.current_step,
        "sliders": {axis: row.slider.value() for axis, row in window.sliders.rows.items()},
        "names": {axis: row.label.text() for axis, row in window.sliders.rows.items()},
        "displayed": viewer.dims.displayed,
        "level": response.level,
        "region": response.region,
        "center": state.center,
        "zoom": state.zoom,
        "scale": layer.scale,
        "limits": layer.contrast_limits,
        "status": viewer.value_at(view, grabbed.width() / 2 + 0.25, grabbed.height() / 2 + 0.25),
        "size": view.canvas_size,
    }
    (folder / f"{name}.json").write_text(json.dumps(facts))
    np.savez(folder / f"{name}.npz", plane=response.as_array(), picture=pixels_of(grabbed))


def steps(folder: Path) -> Iterator[Callable[[], bool]]:
    """What is done, one step after the other; each yields what to wait for."""
    yield lambda: bool(application.open_viewers())
    (viewer,) = application.open_viewers()
    window = viewer.window
    yield lambda: len(viewer.layers) == 1 and viewer.loaded
    record(viewer, folder, "opened")
    drag(window, 0, 0.35)
    yield lambda: viewer.loaded
    record(viewer, folder, "dragged")
    width, height = viewer.views[0].canvas_size
    turn_wheel(window, width * 0.4, height * 0.6, 8)
    yield lambda: viewer.loaded
    record(viewer, folder, "near")
    drag(window, 0, 0.6)
    yield lambda: viewer.loaded
    record(viewer, folder, "near-dragged")
    viewer.reset_view()
    turn_wheel(window, width / 2, height / 2, -10)
    yield lambda: viewer.loaded
    record(viewer, folder, "far")
    viewer.dims.roll()
    yield lambda: viewer.loaded
    drag(window, 2, 0.45)
    yield lambda: viewer.loaded
    record(viewer, folder, "rolled")
    viewer.dims.transpose()
    turn_wheel(window, width / 2, height / 2, -14)
    yield lambda: viewer.loaded
    record(viewer, folder, "rolled-far")
    window.close()


def main(url: str, folder: Path) -> int:
    application.get_app()
    script = steps(folder)
    wait = next(script)

    def look() -> None:
        nonlocal wait
        try:
            if wait():
                wait = next(script)
        except StopIteration:
            timer.stop()
        except BaseException:
            timer.stop()
            for viewer in application.open_viewers():
                viewer.close()
            raise

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(LOOK_MS)
    guard = threading.Timer(HANG_S, lambda: application.open_viewers() and QTimer.singleShot(0, application.close_all))
    guard.daemon = True
    guard.start()
    try:
        app(["view", url])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
