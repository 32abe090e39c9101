"""How a row of the layer list is painted, and what a click on its eye does."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractItemModel, QEvent, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QMouseEvent, QPainter
from qtpy.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lamella.qt.icons import paint_eye, paint_spinner, paint_warning, turn_of
from lamella.qt.layer_rows import Index, LayerListModel
from lamella.qt.style import DARK

THUMBNAIL = 32  # logical pixels, as many as a thumbnail has
ROW_HEIGHT = THUMBNAIL + 8


class LayerDelegate(QStyledItemDelegate):
    """Paints a row: thumbnail, eye, colours, name, and at the right a ring while it loads or a warning sign.

    Attributes
    ----------
    theme : Theme
    painted : QRect
        What the view is painting. New thumbnails come all the time during a drag: the rest of a row takes much longer.
    """

    def __init__(self, model: LayerListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.theme = DARK
        self.painted = QRect()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_HEIGHT)

    @staticmethod
    def thumbnail_rect(row: QRect) -> QRect:
        return QRect(row.left() + 6, row.top() + (row.height() - THUMBNAIL) // 2, THUMBNAIL, THUMBNAIL)

    @staticmethod
    def eye_rect(row: QRect) -> QRect:
        return QRect(row.left() + 45, row.center().y() - 9, 20, 20)

    @staticmethod
    def swatch_rect(row: QRect) -> QRect:
        return QRect(row.left() + 71, row.center().y() - 12, 5, 26)

    @staticmethod
    def sign_rect(row: QRect) -> QRect:
        return QRect(row.right() - 25, row.center().y() - 8, 17, 17)

    @staticmethod
    def name_rect(row: QRect) -> QRect:
        return row.adjusted(84, 0, -30, 0)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: Index) -> None:
        if painter is None:
            return
        theme, row = self.theme, QRect(option.rect)
        layer = self._model.layer_at(index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QRectF(row).adjusted(2, 1.5, -2, -1.5)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mixed(theme.accent, theme.panel, 0.32) if selected else QColor(theme.hover))
            painter.drawRoundedRect(plate, 5, 5)
        text, muted = QColor(theme.text), QColor(theme.muted)
        turn = turn_of(monotonic() * 1000)
        sign = QRectF(self.sign_rect(row))
        if layer is None:
            paint_spinner(painter, sign, QColor(theme.accent), QColor(theme.border), turn, 0)
            font = option.font
            font.setItalic(True)
            painter.setFont(font)
            painter.setPen(muted)
        else:
            thumbnail = self.thumbnail_rect(row)
            self._paint_thumbnail(painter, thumbnail, layer)
            if self.painted.right() <= thumbnail.right():
                painter.restore()
                return
            paint_eye(painter, QRectF(self.eye_rect(row)), text if layer.visible else muted, shut=not layer.visible)
            self._paint_swatch(painter, self.swatch_rect(row), layer)
            status = layer.status
            if status.failed:
                paint_warning(painter, sign, QColor(theme.warning))
            elif self._model.cue(layer):
                done = status.have / status.needed if status.needed else 0
                paint_spinner(painter, sign, QColor(theme.accent), QColor(theme.border), turn, done)
            painter.setPen(text if layer.visible else muted)
        area = self.name_rect(row) if layer is not None else row.adjusted(12, 0, -30, 0)
        name = str(index.data() or "")
        elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
        painter.restore()

    def _paint_thumbnail(self, painter: QPainter, area: QRect, layer: Any) -> None:
        """The layer's thumbnail over the canvas's colour; an empty frame while there is none."""
        image = self._model.thumbnails.of(layer)
        painter.setOpacity(1.0 if layer.visible else 0.4)
        painter.fillRect(area, QColor(self.theme.field if image is None else self.theme.canvas))
        if image is not None:
            painter.drawImage(area, image)
        painter.setOpacity(1.0)
        painter.setPen(QColor(self.theme.border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(area).adjusted(-0.5, -0.5, 0.5, 0.5))

    def _paint_swatch(self, painter: QPainter, area: QRect, layer: Any) -> None:
        """The layer's colormap from bottom to top, if it has one."""
        lut = getattr(layer.look(), "lut", None)
        if lut is None or getattr(layer, "rgb", False):
            return
        painter.setOpacity(1.0 if layer.visible else 0.4)
        upwards = np.ascontiguousarray(lut[::-1])
        painter.drawImage(area, QImage(upwards.data, 1, len(lut), 4, QImage.Format.Format_RGBA8888))
        painter.setOpacity(1.0)
        painter.setPen(QColor(self.theme.border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(area).adjusted(-0.5, -0.5, 0.5, 0.5))

    def editorEvent(
        self,
        event: QEvent | None,
        model: QAbstractItemModel | None,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        layer = self._model.layer_at(index)
        if layer is None or not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return False
        if not self.eye_rect(option.rect).adjusted(-4, -4, 4, 4).contains(event.position().toPoint()):
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                show_only(self._model.layers, layer)
            else:
                layer.visible = not layer.visible
        return True  # no double click on the eye starts an edit

    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: Index) -> QWidget:
        return QLineEdit(parent)

    def updateEditorGeometry(self, editor: QWidget | None, option: QStyleOptionViewItem, index: Index) -> None:
        if editor is not None:
            editor.setGeometry(self.name_rect(option.rect).adjusted(-5, 3, 0, -3))


def show_only(layers: Iterable[Any], layer: Any) -> None:
    """Show one layer and hide the others; show all if it is the only one that is shown already."""
    everything = list(layers)
    alone = layer.visible and not any(other.visible for other in everything if other is not layer)
    for other in everything:
        other.visible = alone or other is layer


def mixed(colour: str, other: str, amount: float) -> QColor:
    """``amount`` of ``colour`` in ``other``."""
    a, b = QColor(colour), QColor(other)
    parts = [
        x * amount + y * (1 - amount)
        for x, y in zip((a.redF(), a.greenF(), a.blueF()), (b.redF(), b.greenF(), b.blueF()), strict=True)
    ]
    return QColor.fromRgbF(*parts)
