"""What the controls of layer types share: a form whose widgets and layer follow each other without loops."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from superqt import QColorComboBox, QLabeledDoubleSlider

SAME = 1e-9
COLORS = ("white", "black", "red", "green", "blue", "cyan", "magenta", "yellow", "orange", "gray", "dimgray")


class FormControls(QWidget):
    """One row a property. Owned by the main thread.

    A row knows how to read the layer's value into its widget; what the widget tells is set on the layer, unless it is
    the layer's value already. A value that the layer refuses is told in `refused` and taken back.

    Attributes
    ----------
    layer : Layer or None
    """

    refused = Signal(str)

    def __init__(self, events: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer: Any = None
        self._events = events
        self._fill: list[Callable[[Any], None]] = []
        self.form = QFormLayout()
        self.form.setContentsMargins(10, 4, 10, 8)
        self.form.setHorizontalSpacing(10)
        self.form.setVerticalSpacing(5)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self.form)
        whole.addStretch(1)
        self.setEnabled(False)

    def set_layer(self, layer: Any) -> None:
        """Show and change ``layer`` from now on; None lets go of it."""
        if layer is self.layer:
            return
        if self.layer is not None:
            for event in self._events:
                self.layer.events.signals[event].disconnect(self.follow, missing_ok=True)
        self.layer = layer
        if layer is not None:
            self.follow()
            for event in self._events:
                layer.events.signals[event].connect(self.follow, max_args=0)
        self.setEnabled(layer is not None)

    def follow(self) -> None:
        """Layer → widgets."""
        layer, self.layer = self.layer, None  # what the widgets tell while they are filled is nobody's wish
        try:
            if layer is not None:
                for fill in self._fill:
                    fill(layer)
        finally:
            self.layer = layer

    def row(self, name: str, widget: QWidget, fill: Callable[[Any], None], tip: str = "") -> None:
        """Add a row; ``fill`` shows the layer's value in its widget."""
        label = QLabel(name)
        label.setObjectName("muted")
        widget.setToolTip(tip)
        self.form.addRow(label, widget)
        self._fill.append(fill)

    def set(self, name: str, value: Any) -> None:
        """Widgets → layer."""
        layer = self.layer
        if layer is None or _same(getattr(layer, name), value):
            return
        try:
            setattr(layer, name, value)
        except (TypeError, ValueError) as error:
            self.refused.emit(str(error))
            self.follow()

    # ---- rows of usual kinds -------------------------------------------------------------------------------------

    def slider_row(self, name: str, low: float, high: float, tip: str = "") -> QLabeledDoubleSlider:
        """A number with a slider."""
        slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setDecimals(2)
        slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        def fill(layer: Any) -> None:
            value = getattr(layer, name)
            slider.setRange(min(low, value), max(high, value))
            if not _same(slider.value(), value):
                slider.setValue(value)

        slider.valueChanged.connect(lambda value: self.set(name, float(value)))
        self.row(name.replace("_", " "), slider, fill, tip)
        return slider

    def choice_row(self, name: str, choices: tuple[str, ...], tip: str = "") -> QComboBox:
        """One of several names."""
        combo = QComboBox()
        combo.addItems(list(choices))
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        def fill(layer: Any) -> None:
            if combo.currentText() != getattr(layer, name):
                combo.setCurrentText(getattr(layer, name))

        combo.currentTextChanged.connect(lambda text: self.set(name, text))
        self.row(name.replace("_", " "), combo, fill, tip)
        return combo

    def check_row(self, name: str, text: str, tip: str = "") -> QCheckBox:
        """Yes or no."""
        box = QCheckBox(text)
        box.toggled.connect(lambda on: self.set(name, bool(on)))
        self.row("", box, lambda layer: box.setChecked(getattr(layer, name)), tip)
        return box

    def text_row(self) -> QCheckBox:
        """Whether texts are drawn, where the layer has some."""
        box = QCheckBox("text")

        def fill(layer: Any) -> None:
            self.form.setRowVisible(box, layer.text is not None)
            box.setChecked(shows_text(layer))

        def put(on: bool) -> None:
            layer = self.layer
            if layer is not None and on != shows_text(layer):
                given = layer.text if isinstance(layer.text, Mapping) else {"string": layer.text}
                self.set("text", {**given, "visible": on})

        box.toggled.connect(put)
        self.row("", box, fill, "Write the texts")
        return box

    def number_box(self, name: str, low: float, high: float) -> QDoubleSpinBox:
        """A box for a number of the layer, without its row."""
        box = QDoubleSpinBox()
        box.setRange(low, high)
        box.setDecimals(3)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(lambda value: self.set(name, float(value)))
        return box

    def number_row(self, name: str, low: float, high: float, tip: str = "") -> QDoubleSpinBox:
        """A number without a slider."""
        box = self.number_box(name, low, high)
        self.row(name.replace("_", " "), box, lambda layer: box.setValue(float(getattr(layer, name))), tip)
        return box

    # ---- rows of values that may differ within a layer -----------------------------------------------------------

    def encoded_number_row(self, name: str, high: float) -> QDoubleSpinBox:
        """A number from 0 on."""
        box = self.number_box(name, 0, high)
        self.encoded_row(name, box, lambda value: box.setValue(float(value)))
        return box

    def encoded_color_row(self, name: str) -> QColorComboBox:
        """A colour."""
        combo = QColorComboBox(allow_user_colors=True)
        combo.addColors(list(COLORS))
        combo.currentColorChanged.connect(lambda color: self.set(name, color.name()))

        def show(value: Any) -> None:
            combo.addColor(qcolor(value))  # unless it is there
            combo.setCurrentColor(qcolor(value))

        self.encoded_row(name, combo, show)
        return combo

    def encoded_row(self, name: str, widget: QWidget, show: Callable[[Any], None]) -> None:
        """A row that says where the value comes from if it is not one for all; ``show`` shows one in ``widget``."""
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


def shows_text(layer: Any) -> bool:
    """Whether a layer has texts and draws them."""
    return layer.text is not None and (not isinstance(layer.text, Mapping) or layer.text.get("visible", True))


def qcolor(value: Any) -> QColor:
    """A colour of 3 or 4 numbers from 0 to 1, or of bytes."""
    rgba = np.asarray(value, dtype=np.float64).ravel()
    scale = 1.0 if rgba.max(initial=0) <= 1 else 255.0
    return QColor.fromRgbF(*(float(v) / scale for v in rgba[:4]))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, abs_tol=SAME)
    try:
        return bool(a == b)
    except ValueError:  # arrays
        return False
