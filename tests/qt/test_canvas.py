"""The canvas paints the newest frame, moved while the camera is ahead, and turns gestures into camera and dims."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QColor, QDropEvent, QImage, QWheelEvent
from qtpy.QtTest import QTest

from lamella.model.view_state import ViewState
from lamella.qt.canvas import Canvas, frame_rect, paths_in
from tests.qt.fakes import FakeViewer, frame_of, set_steps

RED, GREEN, BLACK = (200, 0, 0), (0, 200, 0), (0, 0, 0)


@pytest.fixture
def viewer() -> FakeViewer:
    viewer = FakeViewer()
    viewer.add("a", (7, 40, 50))
    set_steps(viewer.dims, 7, 40, 50)
    return viewer


@pytest.fixture
def canvas(viewer: FakeViewer, qtbot: QtBot) -> Canvas:
    canvas = Canvas(viewer, viewer.views[0])
    qtbot.addWidget(canvas)
    canvas.resize(200, 100)
    canvas.show()
    return canvas


def show(viewer: FakeViewer, colour: tuple[int, int, int] = RED, **changes: object) -> None:
    viewer.frame_ready.emit(viewer.views[0], frame_of(viewer.views[0], colour, **changes))


def colours(canvas: Canvas) -> np.ndarray:
    """(height, width, 3) of what is painted."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return pixels[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def white(canvas: Canvas) -> tuple[int, int]:
    """(row, column) of the one white pixel."""
    rows, columns = np.nonzero((colours(canvas) == 255).all(axis=2))
    assert len(rows) == 1
    return int(rows[0]), int(columns[0])


def test_a_frame_is_painted_pixel_by_pixel(viewer: FakeViewer, canvas: Canvas) -> None:
    view = viewer.views[0]
    frame = frame_of(view)
    frame.pixels[...] = np.random.default_rng(0).integers(0, 255, frame.pixels.shape, np.uint8)
    viewer.frame_ready.emit(view, frame)
    assert np.array_equal(colours(canvas), frame.pixels[..., 2::-1])


def test_frames_of_other_views_are_not_painted(viewer: FakeViewer, canvas: Canvas) -> None:
    other = FakeViewer().views[0]
    viewer.frame_ready.emit(other, frame_of(other, GREEN, canvas_size=(200, 100)))
    assert canvas.frame is None


def test_a_pan_moves_the_last_frame_at_once(viewer: FakeViewer, canvas: Canvas) -> None:
    show(viewer)
    assert white(canvas) == (50, 100)
    viewer.views[0].camera.pan((-10, 30))  # the centre goes up and to the right: the picture down and to the left
    assert white(canvas) == (60, 70)
    painted = colours(canvas)
    assert tuple(painted[5, 5]) == BLACK  # uncovered
    assert tuple(painted[60, 20]) == RED


def test_a_zoom_scales_the_last_frame_at_once(viewer: FakeViewer, canvas: Canvas) -> None:
    show(viewer)
    viewer.views[0].camera.zoom = 0.5
    painted = colours(canvas)
    assert tuple(painted[10, 100]) == BLACK
    assert tuple(painted[30, 60]) == RED


def test_a_frame_that_has_arrived_is_painted_where_it_belongs(viewer: FakeViewer, canvas: Canvas) -> None:
    show(viewer)
    viewer.views[0].camera.pan((0, 30))
    show(viewer, GREEN)
    assert white(canvas) == (50, 100)
    assert tuple(colours(canvas)[5, 5]) == GREEN


STATE = ViewState(
    point=(0.0, 0.0, 0.0),
    margin_left=(0.0,) * 3,
    margin_right=(0.0,) * 3,
    order=(0, 1, 2),
    ndisplay=2,
    center=(0.0, 10.0, 20.0),
    zoom=2.0,
    angles=(0.0, 0.0, 0.0),
    canvas_size=(200, 100),
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (0, 0, 200, 100)),
        ({"center": (0.0, 13.0, 15.0)}, (10, -6, 200, 100)),
        ({"center": (0.0, 13.2, 15.0)}, (10, -6, 200, 100)),  # whole pixels: still sharp
        ({"zoom": 4.0}, (-100, -50, 400, 200)),
        ({"canvas_size": (300, 120)}, (50, 10, 200, 100)),
        ({"pixel_ratio": 2.0}, (0, 0, 400, 200)),
        ({"order": (1, 0, 2), "zoom": 9.0}, (0, 0, 200, 100)),  # other axes: not moved
        ({"ndisplay": 3}, (0, 0, 200, 100)),
    ],
)
def test_where_a_frame_belongs(changes: dict[str, object], expected: tuple[float, ...]) -> None:
    assert frame_rect(STATE, replace(STATE, **changes)) == pytest.approx(expected)


def test_the_view_learns_the_size_of_the_canvas(viewer: FakeViewer, canvas: Canvas) -> None:
    assert viewer.views[0].canvas_size == (200, 100)
    canvas.resize(321, 123)
    assert viewer.views[0].canvas_size == (321, 123)
    assert viewer.views[0].pixel_ratio == canvas.devicePixelRatioF()


def test_a_camera_that_shows_all_goes_on_doing_so_when_the_size_changes(viewer: FakeViewer, canvas: Canvas) -> None:
    view = viewer.views[0]
    view.camera.fit([(-0.5, -0.5), (39.5, 49.5)], view.canvas_size)
    canvas.resize(300, 200)
    assert viewer.resets == 1
    view.camera.zoom = 3
    canvas.resize(400, 200)
    assert viewer.resets == 1  # the user's own camera stays


HIDPI = """
import numpy as np
from qtpy.QtWidgets import QApplication
app = QApplication([])
from lamella.qt.canvas import Canvas
from tests.qt.fakes import FakeViewer, frame_of
viewer = FakeViewer()
viewer.add()
view = viewer.views[0]
canvas = Canvas(viewer, view)
canvas.resize(100, 80)
canvas.show()
assert view.pixel_ratio == {ratio}, view.pixel_ratio
frame = frame_of(view)
assert frame.pixels.shape[:2] == ({height}, {width}), frame.pixels.shape
frame.pixels[...] = np.random.default_rng(0).integers(0, 255, frame.pixels.shape, np.uint8)
viewer.frame_ready.emit(view, frame)
image = canvas.grab().toImage()
assert (image.width(), image.height()) == ({width}, {height})
for row, column in ((0, 0), (7, 9), ({height} - 1, {width} - 1)):
    blue, green, red, _ = frame.pixels[row, column]
    assert image.pixelColor(column, row).getRgb()[:3] == (red, green, blue), (row, column)
"""


@pytest.mark.parametrize(("ratio", "width", "height"), [(2.0, 200, 160), (1.5, 150, 120)])
def test_a_frame_is_sharp_on_a_hidpi_screen(ratio: float, width: int, height: int) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(ratio)}
    code = HIDPI.format(ratio=ratio, width=width, height=height)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


def test_an_empty_viewer_says_what_to_do(qtbot: QtBot) -> None:
    viewer = FakeViewer()
    canvas = Canvas(viewer, viewer.views[0])
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    empty = colours(canvas)
    assert empty.any()
    viewer.say_opening("https://host/cells.zarr")
    assert not np.array_equal(colours(canvas), empty)
    viewer.add()
    assert not colours(canvas).any()


def test_a_drag_pans_and_is_an_interaction(viewer: FakeViewer, canvas: Canvas) -> None:
    view = viewer.views[0]
    view.camera.zoom = 2
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    assert view.interacting
    QTest.mouseMove(canvas, QPoint(70, 40))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(70, 40))
    assert view.camera.center == pytest.approx((0, 5, -10))
    assert not view.interacting
    QTest.mouseMove(canvas, QPoint(10, 10))
    assert view.camera.center == pytest.approx((0, 5, -10))


def wheel(canvas: Canvas, turned: int, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
    canvas.wheelEvent(
        QWheelEvent(
            at, at, QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False
        )
    )


def test_the_wheel_zooms_at_the_cursor(viewer: FakeViewer, canvas: Canvas) -> None:
    view = viewer.views[0]
    at = QPointF(150, 20)
    before = view.snapshot().canvas_to_world(at.x(), at.y())
    wheel(canvas, 120, at, Qt.KeyboardModifier.NoModifier)
    assert view.camera.zoom == pytest.approx(1.2, abs=0.01)
    assert view.snapshot().canvas_to_world(at.x(), at.y()) == pytest.approx(before)
    wheel(canvas, -120, at, Qt.KeyboardModifier.NoModifier)
    assert view.camera.zoom == pytest.approx(1)
    assert view.camera.center == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_double_click_zooms_in_and_with_alt_out(viewer: FakeViewer, canvas: Canvas) -> None:
    view = viewer.views[0]
    before = view.snapshot().canvas_to_world(30, 30)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    assert view.camera.zoom == pytest.approx(2)
    assert view.snapshot().canvas_to_world(30, 30) == pytest.approx(before)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, QPoint(30, 30))
    assert view.camera.zoom == pytest.approx(1)


def test_the_wheel_with_ctrl_steps_along_the_slider_used_last(viewer: FakeViewer, canvas: Canvas) -> None:
    at, ctrl = QPointF(50, 50), Qt.KeyboardModifier.ControlModifier
    wheel(canvas, 240, at, ctrl)
    assert viewer.dims.current_step[0] == 2
    for _ in range(4):
        wheel(canvas, -30, at, ctrl)  # a fine wheel: four of these make a notch
    assert viewer.dims.current_step[0] == 1
    assert viewer.views[0].camera.zoom == 1


def test_the_status_says_what_is_under_the_cursor(viewer: FakeViewer, canvas: Canvas, qtbot: QtBot) -> None:
    QTest.mouseMove(canvas, QPoint(20, 30))
    assert viewer.status == "at 20 30"
    viewer.status = ""
    show(viewer)  # another picture under a cursor that rests
    qtbot.waitUntil(lambda: viewer.status == "at 20 30")
    canvas.leaveEvent(QEvent(QEvent.Type.Leave))
    assert viewer.status == ""


def test_dropped_files_and_links_are_opened(viewer: FakeViewer, canvas: Canvas) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/data/a.npy"), QUrl("https://host/b.zarr")])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    canvas.dropEvent(event)
    assert viewer.opened == ["/data/a.npy", "https://host/b.zarr"]


def test_dropped_text_counts_if_it_is_a_url() -> None:
    mime = QMimeData()
    mime.setText("https://host/b.zarr\nhello\n")
    assert paths_in(mime) == ["https://host/b.zarr"]
    assert paths_in(None) == []


def test_a_closed_canvas_holds_no_frame(viewer: FakeViewer, canvas: Canvas) -> None:
    show(viewer)
    canvas.close_canvas()
    assert canvas.frame is None
    show(viewer)
    assert canvas.frame is None
    assert QColor(canvas.grab().toImage().pixel(3, 3)).getRgb()[:3] == BLACK
