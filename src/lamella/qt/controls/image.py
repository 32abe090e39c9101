"""Controls of an image: contrast, colormap, gamma, opacity, blending, interpolation.

The widgets change the layer; the layer's events change the widgets. Each side passes on only what differs.
"""

from __future__ import annotations

import math
from typing import Any

from cmap import Colormap
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QLabeledDoubleRangeSlider, QLabeledDoubleSlider
from superqt.cmap import QColormapComboBox
from superqt.sliders import QLabeledRangeSlider

from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES

COLORMAPS = (
    "gray",
    "viridis",
    "magma",
    "inferno",
    "plasma",
    "cividis",
    "turbo",
    "twilight",
    "gist_earth",
    "red",
    "green",
    "blue",
    "cyan",
    "magenta",
    "yellow",
    "fire",
    "PiYG",
)
"""Offered at once; "Other…" leads to all of cmap's."""

GAMMA_RANGE = (0.2, 5.0)
SAME = 1e-9  # of the range: differences that come from the slider's own arithmetic


class ImageControls(QWidget):
    """Changes how one image looks. Owned by the main thread.

    Attributes
    ----------
    layer : Image or None
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer: Any = None

        self.contrast = QLabeledDoubleRangeSlider(Qt.Orientation.Horizontal)
        self.contrast.setHandleLabelPosition(QLabeledRangeSlider.LabelPosition.NoLabel)
        self.contrast.setEdgeLabelMode(QLabeledRangeSlider.EdgeLabelMode.LabelIsValue)
        self.contrast.setToolTip("Contrast limits: what is drawn as the first and the last colour")
        self.contrast_state = QLabel("auto — waiting for data")
        self.contrast_state.setObjectName("muted")
        self.full_range = QToolButton()
        self.full_range.setText("full")
        self.full_range.setToolTip("Set the limits to the whole range")
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.gamma = _slider(*GAMMA_RANGE)
        self.gamma.setToolTip("Gamma: below 1 brightens the middle")
        self.opacity = _slider(0, 1)
        self.blending = _combo(BLENDING_MODES)
        self.interpolation = _combo(INTERPOLATION_MODES)

        contrast_row = QWidget()
        row = QHBoxLayout(contrast_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.contrast, 1)
        row.addWidget(self.contrast_state, 1)
        row.addWidget(self.full_range)
        self.form = QFormLayout()
        self.form.setContentsMargins(10, 4, 10, 8)
        self.form.setHorizontalSpacing(10)
        self.form.setVerticalSpacing(5)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._colour_rows = [contrast_row, self.colormap, self.gamma]
        for name, widget in (
            ("opacity", self.opacity),
            ("contrast", contrast_row),
            ("gamma", self.gamma),
            ("colormap", self.colormap),
            ("blending", self.blending),
            ("interpolation", self.interpolation),
        ):
            label = QLabel(name)
            label.setObjectName("muted")
            self.form.addRow(label, widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self.form)
        whole.addStretch(1)

        self.contrast.valueChanged.connect(self._set_contrast)
        self.full_range.clicked.connect(self._set_full_range)
        self.colormap.currentColormapChanged.connect(self._set_colormap)
        self.gamma.valueChanged.connect(self._set_gamma)
        self.opacity.valueChanged.connect(self._set_opacity)
        self.blending.currentTextChanged.connect(self._set_blending)
        self.interpolation.currentTextChanged.connect(self._set_interpolation)
        self.setEnabled(False)

    def set_layer(self, layer: Any) -> None:
        """Show and change ``layer`` from now on; None lets go of it."""
        if layer is self.layer:
            return
        if self.layer is not None:
            self.layer.events.look.disconnect(self._follow, missing_ok=True)
            self.layer.events.contrast_limits_range.disconnect(self._follow, missing_ok=True)
        self.layer = None  # the widgets are filled below: what they tell meanwhile is for nobody
        if layer is not None:
            self._fill(layer)
            self.layer = layer
            layer.events.look.connect(self._follow)
            layer.events.contrast_limits_range.connect(self._follow)
        self.setEnabled(layer is not None)

    # ---- layer → widgets -----------------------------------------------------------------------------------------

    def _follow(self) -> None:
        if self.layer is not None:
            self._fill(self.layer)

    def _fill(self, layer: Any) -> None:
        for row in self._colour_rows:
            self.form.setRowVisible(row, not layer.rgb)
        self._fill_contrast(layer)
        if (current := self.colormap.currentColormap()) is None or current != layer.colormap:
            self.colormap.setCurrentColormap(layer.colormap)
        for slider, value in ((self.gamma, layer.gamma), (self.opacity, layer.opacity)):
            if not math.isclose(slider.value(), value, abs_tol=SAME):
                slider.setValue(value)
        for combo, text in ((self.blending, layer.blending), (self.interpolation, layer.interpolation)):
            if combo.currentText() != text:
                combo.setCurrentText(text)

    def _fill_contrast(self, layer: Any) -> None:
        limits = layer.contrast_limits
        known = limits is not None
        self.contrast.setVisible(known)
        self.full_range.setVisible(known)
        self.contrast_state.setVisible(not known)
        if not known:
            return
        low, high = layer.contrast_limits_range or limits
        low, high = min(low, limits[0]), max(high, limits[1])
        slider = self.contrast
        decimals = contrast_decimals(high - low)
        if slider.decimals() != decimals:
            slider.setDecimals(decimals)
        if (slider.minimum(), slider.maximum()) != (low, high):
            self._quietly_set_range(low, high)
        if not _same_limits(slider.value(), limits, high - low):
            slider.setValue(limits)

    def _quietly_set_range(self, low: float, high: float) -> None:
        """A new range clips the values that are there: no wish of the user's."""
        layer, self.layer = self.layer, None
        self.contrast.setRange(low, high)
        self.layer = layer

    # ---- widgets → layer -----------------------------------------------------------------------------------------

    def _set_contrast(self, value: tuple[float, float]) -> None:
        layer = self.layer
        if layer is None or layer.contrast_limits is None:
            return
        span = self.contrast.maximum() - self.contrast.minimum()
        low, high = (float(v) for v in value)
        if not _same_limits((low, high), layer.contrast_limits, span) and low < high:
            layer.contrast_limits = (low, high)

    def _set_full_range(self) -> None:
        if self.layer is not None and self.layer.contrast_limits_range is not None:
            self.layer.contrast_limits = self.layer.contrast_limits_range

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and self.layer.colormap != colormap:
            self.layer.colormap = colormap

    def _set_gamma(self, value: float) -> None:
        if self.layer is not None and not math.isclose(self.layer.gamma, value, abs_tol=SAME):
            self.layer.gamma = value

    def _set_opacity(self, value: float) -> None:
        if self.layer is not None and not math.isclose(self.layer.opacity, value, abs_tol=SAME):
            self.layer.opacity = min(max(value, 0.0), 1.0)

    def _set_blending(self, text: str) -> None:
        if self.layer is not None and self.layer.blending != text:
            self.layer.blending = text

    def _set_interpolation(self, text: str) -> None:
        if self.layer is not None and self.layer.interpolation != text:
            self.layer.interpolation = text


def contrast_decimals(span: float) -> int:
    """Decimals that make a thousandth of the range visible; none for wide ranges."""
    if not math.isfinite(span) or span <= 0:
        return 2
    return max(0, min(8, 3 - math.floor(math.log10(span)) - 1)) if span < 100 else 0


def _same_limits(a: Any, b: Any, span: float) -> bool:
    tolerance = SAME * max(span, 0.0)
    return all(math.isclose(x, y, rel_tol=0, abs_tol=tolerance) for x, y in zip(a, b, strict=True))


def _slider(low: float, high: float) -> QLabeledDoubleSlider:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setDecimals(2)
    slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return slider


def _combo(texts: tuple[str, ...]) -> QComboBox:
    combo = QComboBox()
    combo.addItems(list(texts))
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return combo
