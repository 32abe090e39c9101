"""Small signs, painted: they follow the theme and need no files."""

from __future__ import annotations

import functools
import math

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QIcon, QImage, QPainter, QPainterPath, QPen, QPixmap

_STEPS = 16


def paint_eye(painter: QPainter, rect: QRectF, colour: QColor, shut: bool = False) -> None:
    """An eye in ``rect``; struck through if ``shut``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre, w, h = rect.center(), rect.width() * 0.46, rect.height() * 0.34
    lid = QPainterPath(QPointF(centre.x() - w, centre.y()))
    lid.quadTo(QPointF(centre.x(), centre.y() - 2 * h), QPointF(centre.x() + w, centre.y()))
    lid.quadTo(QPointF(centre.x(), centre.y() + 2 * h), QPointF(centre.x() - w, centre.y()))
    painter.setPen(QPen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(lid)
    if shut:
        d = rect.width() * 0.34
        painter.drawLine(QPointF(centre.x() - d, centre.y() + d), QPointF(centre.x() + d, centre.y() - d))
    else:
        painter.setBrush(colour)
        painter.drawEllipse(centre, h * 0.55, h * 0.55)
    painter.restore()


def paint_warning(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A triangle with an exclamation mark."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, y, w, h = rect.x(), rect.y(), rect.width(), rect.height()
    path = QPainterPath(QPointF(x + w / 2, y + h * 0.08))
    path.lineTo(x + w * 0.97, y + h * 0.9)
    path.lineTo(x + w * 0.03, y + h * 0.9)
    path.closeSubpath()
    pen = QPen(colour, 1.4)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPath(path)
    painter.drawLine(QPointF(x + w / 2, y + h * 0.36), QPointF(x + w / 2, y + h * 0.62))
    painter.drawPoint(QPointF(x + w / 2, y + h * 0.76))
    painter.restore()


def ring(size: int, ratio: float, colour: str, track: str, turn: float, done: float) -> QImage:
    """A ring of ``size`` logical pixels: ``done`` (0 … 1) of it is full, an arc from ``turn`` (in turns) on.

    Many rings turn at once, so pictures of them are kept: sixteen of a turn, sixteen of what is done.
    """
    return _ring(size, ratio, colour, track, round(turn * _STEPS) % _STEPS, round(done * _STEPS))


@functools.lru_cache(maxsize=2 * _STEPS**2)
def _ring(size: int, ratio: float, colour: str, track: str, turn: int, done: int) -> QImage:
    image = QImage(math.ceil(size * ratio), math.ceil(size * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QRectF(0, 0, size, size).adjusted(1.5, 1.5, -1.5, -1.5)
    painter.setPen(QPen(QColor(track), 2))
    painter.drawEllipse(circle)
    pen = QPen(QColor(colour), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    span = min(max(done / _STEPS, 0.18), 0.97)
    painter.drawArc(circle, round((90 - 360 * turn / _STEPS) * 16), -round(360 * 16 * span))
    painter.end()
    return image


def paint_drop_sign(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """Three stacked slices: the sign of an empty viewer."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    cx, w, h = rect.center().x(), rect.width() / 2, rect.height() / 5
    for i in range(3):
        cy = rect.top() + h * (1.2 + 1.3 * i)
        path = QPainterPath(QPointF(cx, cy - h))
        path.lineTo(cx + w, cy)
        path.lineTo(cx, cy + h)
        path.lineTo(cx - w, cy)
        path.closeSubpath()
        fill = QColor(colour)
        fill.setAlphaF(0.10 + 0.14 * (2 - i))
        pen = QPen(colour, 1.6)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(fill)
        painter.drawPath(path)
    painter.restore()


def app_icon(colour: str = "#4aa8d8", size: int = 128) -> QIcon:
    """The icon of lamella's windows."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_drop_sign(painter, QRectF(size * 0.08, size * 0.1, size * 0.84, size * 0.8), QColor(colour))
    painter.end()
    return QIcon(pixmap)


def bin_icon(colour: QColor, size: int = 32) -> QIcon:
    """A dustbin."""
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, size * 0.07)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    s = size
    painter.drawLine(QPointF(s * 0.2, s * 0.27), QPointF(s * 0.8, s * 0.27))
    painter.drawPolyline([QPointF(s * 0.4, s * 0.27), QPointF(s * 0.43, s * 0.16), QPointF(s * 0.57, s * 0.16),
                          QPointF(s * 0.6, s * 0.27)])  # fmt: skip
    painter.drawPolyline([QPointF(s * 0.27, s * 0.27), QPointF(s * 0.32, s * 0.84), QPointF(s * 0.68, s * 0.84),
                          QPointF(s * 0.73, s * 0.27)])  # fmt: skip
    for x in (0.43, 0.57):
        painter.drawLine(QPointF(s * x, s * 0.42), QPointF(s * x, s * 0.7))
    painter.end()
    return QIcon(pixmap)


def resized_font(font: QFont, points: float) -> QFont:
    """``font`` with its size changed by ``points``."""
    result = QFont(font)
    result.setPointSizeF(max(font.pointSizeF() + points, 5))
    return result


def turn_of(milliseconds: float, period_ms: float = 1100) -> float:
    """Where a spinner stands at a time, in turns."""
    return math.fmod(milliseconds, period_ms) / period_ms
