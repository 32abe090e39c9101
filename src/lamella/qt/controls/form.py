"""What the controls of layer types share: a form whose widgets and layer follow each other without loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider

SAME = 1e-9


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


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, abs_tol=SAME)
    try:
        return bool(a == b)
    except ValueError:  # arrays
        return False
