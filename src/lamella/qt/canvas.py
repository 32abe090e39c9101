"""The canvas: paints the newest frame of one view, and turns mouse, wheel and drops into camera, dims and files.

Painting is one drawImage of a finished picture: it does not grow with the data, and copies no pixels in Python.
"""

from __future__ import annotations

import math
from typing import Any

from qtpy.QtCore import QEvent, QMimeData, QPointF, QRectF, Qt, QTimer
from qtpy.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QImage,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from lamella.model.camera import Camera
from lamella.model.view_state import ViewState
from lamella.model.world import world_box
from lamella.qt.icons import paint_drop_sign, resized_font
from lamella.qt.interaction import Interaction
from lamella.qt.style import DARK, Theme
from lamella.qt.text import source_name
from lamella.render.messages import Frame

WHEEL_ZOOM = 1.0015  # to the power of Qt's eighths of a degree: a notch (120) is ×1.2
DOUBLE_CLICK_ZOOM = 2.0
STATUS_MS = 50  # the value under a cursor that rests: often enough while slices go by
NOTCH = 120  # eighths of a degree of one wheel click


def frame_rect(shown: ViewState, now: ViewState) -> tuple[float, float, float, float]:
    """Where a frame that shows ``shown`` belongs on a canvas in state ``now``: (x, y, width, height), device pixels.

    Both states are 2-D with the same displayed axes, or the frame stays where it is. A frame that is only moved comes
    out on whole device pixels, so it stays sharp.
    """
    frame_width, frame_height = shown.device_size
    if shown.ndisplay != 2 or now.ndisplay != 2 or shown.displayed != now.displayed:
        return 0.0, 0.0, float(frame_width), float(frame_height)
    device_zoom = now.zoom * now.pixel_ratio
    scale = device_zoom / (shown.zoom * shown.pixel_ratio)
    centre_x = (shown.center[2] - now.center[2]) * device_zoom + now.canvas_size[0] * now.pixel_ratio / 2
    centre_y = (shown.center[1] - now.center[1]) * device_zoom + now.canvas_size[1] * now.pixel_ratio / 2
    x = centre_x - scale * shown.canvas_size[0] * shown.pixel_ratio / 2
    y = centre_y - scale * shown.canvas_size[1] * shown.pixel_ratio / 2
    if math.isclose(scale, 1, rel_tol=1e-9):
        return float(round(x)), float(round(y)), float(frame_width), float(frame_height)
    return x, y, scale * frame_width, scale * frame_height


class Canvas(QWidget):
    """Shows one view. Owned by the main thread.

    Attributes
    ----------
    frame : Frame or None
        The frame that is painted. Invariant: the viewer has not released it: it does so after `frame_ready` of the
        next one, and when it closes, after `close_canvas`.
    """

    def __init__(
        self, viewer: Any, view: Any, interaction: Interaction | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._view = view
        self._interaction = interaction or Interaction(view, self)
        self._theme = DARK
        self._image: QImage | None = None
        self._drag_from: QPointF | None = None
        self._cursor: QPointF | None = None
        self._notches = 0.0
        self._status_timer = QTimer(self)
        self._status_timer.setSingleShot(True)
        self._status_timer.setInterval(STATUS_MS)
        self._status_timer.timeout.connect(self._tell_status)
        self.frame: Frame | None = None

        self.setObjectName("canvas")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(64, 64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

        viewer.frame_ready.connect(self._on_frame)
        viewer.events.opening.connect(self._repaint)
        viewer.layers.events.inserted.connect(self._repaint)
        viewer.layers.events.removed.connect(self._repaint)
        view.camera.events.changed.connect(self._repaint)

    def close_canvas(self) -> None:
        """Let go of the model and of the last frame."""
        self._viewer.frame_ready.disconnect(self._on_frame, missing_ok=True)
        self._viewer.events.opening.disconnect(self._repaint, missing_ok=True)
        self._viewer.layers.events.inserted.disconnect(self._repaint, missing_ok=True)
        self._viewer.layers.events.removed.disconnect(self._repaint, missing_ok=True)
        self._view.camera.events.changed.disconnect(self._repaint, missing_ok=True)
        self._interaction.close()
        self._take(None)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    # ---- frames --------------------------------------------------------------------------------------------------

    def _on_frame(self, view: Any, frame: Frame) -> None:
        if view is self._view:
            self._take(frame)
            self.update()
            if self._cursor is not None and not self._status_timer.isActive():
                self._status_timer.start()

    def _take(self, frame: Frame | None) -> None:
        self.frame = frame
        self._image = None if frame is None else _as_image(frame)

    def _repaint(self) -> None:
        self.update()

    def image(self) -> QImage | None:
        """A copy of the picture that is shown, in device pixels; None if there is none yet."""
        return None if self._image is None else self._image.copy()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        background = QColor(self._theme.canvas)
        if self._image is None or self.frame is None or not len(self._viewer.layers):
            painter.fillRect(self.rect(), background)
            self._paint_hint(painter)
            painter.end()
            return
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)  # device pixels: a frame is painted pixel by pixel
        width, height = math.ceil(self.width() * ratio), math.ceil(self.height() * ratio)
        x, y, w, h = frame_rect(self.frame.state, self._view.snapshot())
        if x > 0 or y > 0 or x + w < width or y + h < height:
            painter.fillRect(0, 0, width, height, background)
        if (w, h) == (self._image.width(), self._image.height()):
            painter.drawImage(QPointF(x, y), self._image)
        else:
            painter.drawImage(QRectF(x, y, w, h), self._image)
        painter.end()

    def _paint_hint(self, painter: QPainter) -> None:
        opening = list(self._viewer.opening)
        if len(self._viewer.layers):
            return  # its first picture is on its way: the layer list says so
        colour = QColor(self._theme.canvas_text)
        area = QRectF(self.rect())
        centre = area.center()
        size = min(84.0, area.width() / 4, area.height() / 4)
        paint_drop_sign(painter, QRectF(centre.x() - size / 2, centre.y() - size * 1.25, size, size), colour)
        painter.setPen(colour)
        painter.setFont(resized_font(self.font(), 3))
        line = painter.fontMetrics().height()
        if opening:
            title, rest = f"Opening {source_name(opening[0])} …", ""
        else:
            title, rest = "Drop files or URLs here", "or File ▸ Open"
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(QRectF(area.left(), centre.y() + 8, area.width(), line), flags, title)
        painter.setFont(resized_font(self.font(), 0))
        painter.drawText(QRectF(area.left(), centre.y() + 14 + line, area.width(), line), flags, rest)

    # ---- size ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_size()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DevicePixelRatioChange, QEvent.Type.ScreenChangeInternal):
            self._tell_size()
        elif isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        return super().event(event)

    def _tell_size(self) -> None:
        fitted = self._shows_all()
        self._view.canvas_size = (max(self.width(), 1), max(self.height(), 1))
        self._view.pixel_ratio = self.devicePixelRatioF()
        if fitted:
            self._viewer.reset_view()

    def _shows_all(self) -> bool:
        """Whether the camera is where a fit puts it: then it follows the size of the window."""
        view = self._view
        box = world_box(self._viewer.layers) if len(self._viewer.layers) else None
        if box is None or view.dims.ndisplay != 2:
            return False
        fit = Camera()
        fit.fit(box[:, list(view.dims.displayed)], view.canvas_size)
        camera = view.camera
        reach = 1e-6 / camera.zoom  # a millionth of a pixel
        return math.isclose(fit.zoom, camera.zoom, rel_tol=1e-6) and all(
            math.isclose(a, b, rel_tol=1e-9, abs_tol=reach)
            for a, b in zip(fit.center[1:], camera.center[1:], strict=True)
        )

    # ---- mouse ---------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            super().mousePressEvent(event)
            return
        self._drag_from = event.position()
        self._interaction.hold()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if self._drag_from is not None:
            step = event.position() - self._drag_from
            self._drag_from = event.position()
            camera = self._view.camera
            depth, row, column = camera.center
            camera.center = (depth, row - step.y() / camera.zoom, column - step.x() / camera.zoom)
        self._tell_status()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag_from is None:
            super().mouseReleaseEvent(event)
            return
        self._drag_from = None
        self._interaction.let_go()
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseDoubleClickEvent(event)
            return
        out = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        self._zoom(1 / DOUBLE_CLICK_ZOOM if out else DOUBLE_CLICK_ZOOM, event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()  # Alt turns the wheel sideways on some desktops
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._step_by_wheel(turned)
        elif turned:
            self._zoom(WHEEL_ZOOM**turned, event.position())
        event.accept()

    def _step_by_wheel(self, turned: float) -> None:
        dims = self._view.dims
        self._notches += turned / NOTCH
        steps = math.trunc(self._notches)
        if steps and dims.last_used is not None:
            self._notches -= steps
            self._interaction.pulse()
            dims.set_current_step(dims.last_used, dims.current_step[dims.last_used] + steps)

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._zoom(max(1 + event.value(), 0.1), event.position())
        return True

    def _zoom(self, factor: float, at: QPointF) -> None:
        self._interaction.pulse()
        row, column = self._view.snapshot().canvas_to_world(at.x(), at.y())
        camera = self._view.camera
        camera.zoom_at(factor, (camera.center[0], row, column))
        self._tell_status()

    # ---- status --------------------------------------------------------------------------------------------------

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._cursor = event.position()
        self._tell_status()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor = None
        self._tell_status()

    def _tell_status(self) -> None:
        """What is under the cursor, of the picture that is shown."""
        if self._cursor is None:
            self._viewer.status = ""
        else:
            self._viewer.status = self._viewer.value_at(self._view, self._cursor.x(), self._cursor.y())

    # ---- drops ---------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = paths_in(event.mimeData())
        for path in paths:
            self._viewer.open_async(path)
        if paths:
            event.acceptProposedAction()


def paths_in(mime: QMimeData | None) -> list[str]:
    """Paths and URLs in what is dragged or pasted: files, links, or lines of text that are URLs."""
    if mime is None:
        return []
    if mime.hasUrls():
        return [url.toLocalFile() if url.isLocalFile() else url.toString() for url in mime.urls()]
    lines = [line.strip() for line in mime.text().splitlines()] if mime.hasText() else []
    return [line for line in lines if "://" in line]


def _as_image(frame: Frame) -> QImage | None:
    """The pixels of ``frame`` as an image, not copied: valid until the frame is released."""
    pixels = frame.pixels
    if pixels is None:
        return None
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)
