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
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QDoubleRangeSlider, QLabeledDoubleSlider
from superqt.cmap import QColormapComboBox
from superqt.cmap._cmap_combo import CMAP_ROLE

from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES, PROJECTION_MODES
from lamella.qt.text import number_from

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
    "imagej:fire",
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

        self.contrast = QDoubleRangeSlider(Qt.Orientation.Horizontal)
        self.contrast.setToolTip("Contrast limits: what is drawn as the first and the last colour")
        self.low, self.high = _limit_edit(Qt.AlignmentFlag.AlignLeft), _limit_edit(Qt.AlignmentFlag.AlignRight)
        self.contrast_state = QLabel("auto — waiting for data")
        self.contrast_state.setObjectName("muted")
        self.auto = QToolButton()
        self.auto.setText("auto")
        self.auto.setObjectName("small")
        self.auto.setCheckable(True)
        self.auto.setToolTip("Limits that the data suggest")
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.gamma = _slider(*GAMMA_RANGE)
        self.gamma.setToolTip("Gamma: below 1 brightens the middle")
        self.opacity = _slider(0, 1)
        self.blending = _combo(BLENDING_MODES)
        self.interpolation = _combo(INTERPOLATION_MODES)
        self.projection = _combo(PROJECTION_MODES)
        self.projection.setToolTip("How the planes of a thick slice become one")

        contrast_row = QWidget()
        rows = QVBoxLayout(contrast_row)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addWidget(self.contrast)
        rows.addWidget(self.contrast_state)
        numbers = QHBoxLayout()
        numbers.addWidget(self.low, 1)
        numbers.addWidget(self.auto)
        numbers.addWidget(self.high, 1)
        rows.addLayout(numbers)
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
            ("projection", self.projection),
        ):
            label = QLabel(name)
            label.setObjectName("muted")
            self.form.addRow(label, widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self.form)
        whole.addStretch(1)

        self.contrast.valueChanged.connect(self._set_contrast)
        self.low.editingFinished.connect(self._type_limits)
        self.high.editingFinished.connect(self._type_limits)
        self.auto.clicked.connect(self._set_auto)
        self.colormap.currentColormapChanged.connect(self._set_colormap)
        self.gamma.valueChanged.connect(self._set_gamma)
        self.opacity.valueChanged.connect(self._set_opacity)
        self.blending.currentTextChanged.connect(self._set_blending)
        self.interpolation.currentTextChanged.connect(self._set_interpolation)
        self.projection.currentTextChanged.connect(self._set_projection)
        self.setEnabled(False)

    def set_layer(self, layer: Any) -> None:
        """Show and change ``layer`` from now on; None lets go of it."""
        if layer is self.layer:
            return
        if self.layer is not None:
            for signal in self._signals(self.layer):
                signal.disconnect(self._follow, missing_ok=True)
        self.layer = layer
        if layer is not None:
            self._follow()
            for signal in self._signals(layer):
                signal.connect(self._follow)
        self.setEnabled(layer is not None)

    @staticmethod
    def _signals(layer: Any) -> tuple[Any, ...]:
        events = layer.events
        return events.look, events.contrast_limits_range, events.auto_contrast, events.projection_mode

    # ---- layer → widgets -----------------------------------------------------------------------------------------

    def _follow(self) -> None:
        layer, self.layer = self.layer, None  # what the widgets tell while they are filled is nobody's wish
        try:
            if layer is not None:
                self._fill(layer)
        finally:
            self.layer = layer

    def _fill(self, layer: Any) -> None:
        for row in self._colour_rows:
            self.form.setRowVisible(row, not layer.rgb)
        self._fill_contrast(layer)
        if not same_colormap(self.colormap.currentColormap(), layer.colormap):
            show_colormap(self.colormap, layer.colormap)
        self.gamma.setRange(min(GAMMA_RANGE[0], layer.gamma), max(GAMMA_RANGE[1], layer.gamma))
        for slider, value in ((self.gamma, layer.gamma), (self.opacity, layer.opacity)):
            if not math.isclose(slider.value(), value, abs_tol=SAME):
                slider.setValue(value)
        for combo, text in (
            (self.blending, layer.blending),
            (self.interpolation, layer.interpolation),
            (self.projection, layer.projection_mode),
        ):
            if combo.currentText() != text:
                combo.setCurrentText(text)

    def _fill_contrast(self, layer: Any) -> None:
        limits = layer.contrast_limits
        known = limits is not None
        for widget in (self.contrast, self.low, self.high, self.auto):
            widget.setVisible(known)
        self.contrast_state.setVisible(not known)
        self.auto.setChecked(layer.auto_contrast)
        if not known:
            return
        low, high = layer.contrast_limits_range or limits
        low, high = min(low, limits[0]), max(high, limits[1])
        if (self.contrast.minimum(), self.contrast.maximum()) != (low, high):
            self.contrast.setRange(low, high)
        if not _same_limits(self.contrast.value(), limits, high - low):
            self.contrast.setValue(limits)
        for edit, value in ((self.low, limits[0]), (self.high, limits[1])):
            edit.setText(format_limit(value, high - low))

    # ---- widgets → layer -----------------------------------------------------------------------------------------

    def _set_contrast(self, value: tuple[float, float]) -> None:
        layer = self.layer
        if layer is None or layer.contrast_limits is None:
            return
        span = self.contrast.maximum() - self.contrast.minimum()
        low, high = (float(v) for v in value)
        if not _same_limits((low, high), layer.contrast_limits, span) and low < high:
            layer.contrast_limits = (low, high)

    def _type_limits(self) -> None:
        """A limit was typed. One beyond the range widens it; one beyond the other limit is not taken."""
        if self.layer is None or not (self.low.isModified() or self.high.isModified()):
            return
        low, high = (
            value if edit.isModified() and (value := number_from(edit.text())) is not None else old
            for edit, old in zip((self.low, self.high), self.layer.contrast_limits, strict=True)
        )
        if low < high:
            self.layer.contrast_limits = (low, high)
        self._follow()

    def _set_auto(self, wanted: bool) -> None:
        """Free the limits, or keep those that are shown as the user's own."""
        if self.layer is not None and wanted != self.layer.auto_contrast:
            self.layer.contrast_limits = None if wanted else self.layer.contrast_limits

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and not same_colormap(colormap, self.layer.colormap):
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

    def _set_projection(self, text: str) -> None:
        if self.layer is not None and self.layer.projection_mode != text:
            self.layer.projection_mode = text


def same_colormap(a: Colormap | None, b: Colormap | None) -> bool:
    """Whether two colormaps have the same colours; ``==`` raises where they have different numbers of stops."""
    if a is None or b is None or len(a.color_stops) != len(b.color_stops):
        return a is b
    return bool(a == b)


def show_colormap(combo: QColormapComboBox, colormap: Colormap) -> None:
    """Make ``colormap`` the current one. Colormaps made of colours share one name, and so one entry."""
    for index in range(combo.count()):
        entry = combo.itemColormap(index)
        if entry is not None and entry.name == colormap.name and not same_colormap(entry, colormap):
            combo.setItemData(index, colormap, CMAP_ROLE)
            editor: Any = combo.lineEdit()
            editor.setColormap(colormap)
    combo.setCurrentColormap(colormap)


def format_limit(value: float, span: float) -> str:
    """A limit with digits for a thousandth of the range, none behind the point of wide ranges."""
    if not 1e-6 < span < 1e9:
        return f"{value:.4g}"
    return f"{value:.{max(0, min(8, 2 - math.floor(math.log10(span)))) if span < 100 else 0}f}"


def _limit_edit(alignment: Qt.AlignmentFlag) -> QLineEdit:
    edit = QLineEdit()
    edit.setObjectName("limit")
    edit.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    edit.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    edit.setToolTip("Contrast limit: type one to set it")
    return edit


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
