"""Controls of points: size, symbol, colours, border, and which points a slice shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QStackedWidget, QWidget
from superqt import QColorComboBox

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.point_style import SYMBOLS
from lamella.model.layers.points import PROJECTION_MODES
from lamella.qt.controls.form import FormControls

COLORS = ("white", "black", "red", "green", "blue", "cyan", "magenta", "yellow", "orange", "gray", "dimgray")


class PointsControls(FormControls):
    """Changes how one points layer looks. Owned by the main thread.

    What differs from point to point is not changed here: it says where it comes from.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.point_size = self._number("size", 1e6)
        self.symbol = QComboBox()
        self.symbol.addItems(list(SYMBOLS))
        self.symbol.currentTextChanged.connect(lambda text: self.set("symbol", text))
        self._field_row("symbol", self.symbol, lambda value: self.symbol.setCurrentText(str(value)))
        self.face_color = self._color("face_color")
        self.border_color = self._color("border_color")
        self.border_width = self._number("border_width", 1e6)
        self.projection_mode = self.choice_row("projection_mode", PROJECTION_MODES)
        self.out_of_slice = QCheckBox("out of slice")
        self.out_of_slice.toggled.connect(lambda on: self.set("out_of_slice_display", bool(on)))
        self.row(
            "",
            self.out_of_slice,
            lambda layer: self.out_of_slice.setChecked(layer.out_of_slice_display),
            "Show points as spheres that the slice cuts",
        )

    def _number(self, name: str, high: float) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(0, high)
        box.setDecimals(3)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(lambda value: self.set(name, float(value)))
        self._field_row(name, box, lambda value: box.setValue(float(value)))
        return box

    def _color(self, name: str) -> QColorComboBox:
        combo = QColorComboBox(allow_user_colors=True)
        combo.addColors(list(COLORS))
        combo.currentColorChanged.connect(lambda color: self.set(name, color.name()))
        self._field_row(name, combo, lambda value: combo.setCurrentColor(_qcolor(value)))
        return combo

    def _field_row(self, name: str, widget: QWidget, show: Any) -> None:
        """A row for a value that may differ from point to point."""
        told = QLabel()
        told.setObjectName("muted")
        stack = QStackedWidget()
        stack.addWidget(widget)
        stack.addWidget(told)
        stack.setMaximumHeight(widget.sizeHint().height())

        def fill(layer: Any) -> None:
            column = layer.column_of(name)
            if column is not None:
                told.setText(f"by {column}")
            elif layer.varies(name):
                told.setText("differs")
            else:
                show(getattr(layer, name))
                stack.setCurrentWidget(widget)
                return
            stack.setCurrentWidget(told)

        self.row(name.replace("_", " "), stack, fill)


def _qcolor(value: Any) -> QColor:
    rgba = np.asarray(value, dtype=np.float64).ravel()
    scale = 1.0 if rgba.max(initial=0) <= 1 else 255.0
    return QColor.fromRgbF(*(float(v) / scale for v in rgba[:4]))
