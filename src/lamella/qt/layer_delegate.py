"""How a row of the layer list is painted, and what a click on its eye does."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from qtpy.QtCore import QAbstractItemModel, QEvent, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QImage, QMouseEvent, QPainter, QRegion
from qtpy.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from lamella.qt.icons import paint_eye, paint_warning, ring, turn_of
from lamella.qt.layer_rows import Index, LayerListModel
from lamella.qt.style import DARK


class Parts(NamedTuple):
    """Which columns of the rows are painted."""

    thumbnails: bool = True
    rest: bool = True
    signs: bool = True


THUMBNAIL = 32  # logical pixels, as many as a thumbnail has
ROW_HEIGHT = THUMBNAIL + 8


class LayerDelegate(QStyledItemDelegate):
    """Paints a row: thumbnail, eye, colours, name, and at the right a ring while it loads or a warning sign.

    Attributes
    ----------
    theme : Theme
    """

    def __init__(self, model: LayerListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.theme = DARK
        self._paints = Parts()

    def prepare(self, region: QRegion, viewport: QRect) -> None:
        """Say what the view is going to paint: the other parts of its rows are left out.

        During a drag thumbnails come and rings turn all the time, and a whole row takes half a millisecond.
        """
        rest = QRect(self.eye_rect(viewport).topLeft(), self.name_rect(viewport).bottomRight())
        parts = (self.thumbnail_rect(viewport), rest, self.sign_rect(viewport))
        self._paints = Parts(*(region.intersects(column(viewport, part)) for part in parts))

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
        visible = layer is not None and layer.visible
        color = QColor(theme.text if visible else theme.muted)
        if self._paints.signs:
            self._paint_sign(painter, self.sign_rect(row), layer)
        if layer is None:
            font = option.font
            font.setItalic(True)
            painter.setFont(font)
            self._paint_name(painter, row.adjusted(12, 0, -30, 0), index, color)
        else:
            if self._paints.thumbnails:
                self._paint_thumbnail(painter, self.thumbnail_rect(row), layer)
            if self._paints.rest:
                paint_eye(painter, QRectF(self.eye_rect(row)), color, shut=not visible)
                self._paint_swatch(painter, self.swatch_rect(row), layer)
                self._paint_name(painter, self.name_rect(row), index, color)
        painter.restore()

    @staticmethod
    def _paint_name(painter: QPainter, area: QRect, index: Index, color: QColor) -> None:
        painter.setPen(color)
        name = painter.fontMetrics().elidedText(str(index.data() or ""), Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    def _paint_sign(self, painter: QPainter, area: QRect, layer: Any) -> None:
        """A ring that turns while something loads, a warning sign where something failed."""
        if layer is not None and layer.status.failed:
            paint_warning(painter, QRectF(area), QColor(self.theme.warning))
        elif layer is None or self._model.cue(layer):
            status = None if layer is None else layer.status
            done = status.have / status.needed if status is not None and status.needed else 0.0
            ratio = painter.device().devicePixelRatioF()
            turn = turn_of(monotonic() * 1000)
            painter.drawImage(area, ring(area.width(), ratio, self.theme.accent, self.theme.border, turn, done))

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


def column(viewport: QRect, part: QRect) -> QRect:
    """The column of the view that a part of its rows is in; lines are wider than their shapes."""
    return QRect(part.left() - 2, viewport.top(), part.width() + 4, viewport.height())


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
