"""Controls of an image: opacity, contrast, gamma, colormap, blending, interpolation, projection."""

from __future__ import annotations

import math
from typing import Any

from cmap import Colormap
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget
from superqt import QDoubleRangeSlider
from superqt.cmap import QColormapComboBox
from superqt.cmap._cmap_combo import CMAP_ROLE

from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES, PROJECTION_MODES
from lamella.qt.controls.form import SAME, FormControls
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


class ImageControls(FormControls):
    """Changes how one image looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "contrast_limits_range", "auto_contrast", "projection_mode"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        contrast_row = self._contrast_row()
        self.row("contrast", contrast_row, self._fill_contrast)
        self.gamma = self.slider_row("gamma", *GAMMA_RANGE, tip="Gamma: below 1 brightens the middle")
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.colormap.currentColormapChanged.connect(self._set_colormap)
        self.row("colormap", self.colormap, self._fill_colormap)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.interpolation = self.choice_row("interpolation", INTERPOLATION_MODES)
        tip = "How the planes of a thick slice become one"
        self.projection = self.choice_row("projection_mode", PROJECTION_MODES, tip)
        self._colour_rows = [contrast_row, self.gamma, self.colormap]

    def _contrast_row(self) -> QWidget:
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
        self.contrast.valueChanged.connect(self._set_contrast)
        self.low.editingFinished.connect(self._type_limits)
        self.high.editingFinished.connect(self._type_limits)
        self.auto.clicked.connect(self._set_auto)

        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addWidget(self.contrast)
        rows.addWidget(self.contrast_state)
        numbers = QHBoxLayout()
        numbers.addWidget(self.low, 1)
        numbers.addWidget(self.auto)
        numbers.addWidget(self.high, 1)
        rows.addLayout(numbers)
        return whole

    # ---- layer → widgets -----------------------------------------------------------------------------------------

    def _fill_colormap(self, layer: Any) -> None:
        for row in self._colour_rows:
            self.form.setRowVisible(row, not layer.rgb)
        if not same_colormap(self.colormap.currentColormap(), layer.colormap):
            show_colormap(self.colormap, layer.colormap)

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
        self.follow()

    def _set_auto(self, wanted: bool) -> None:
        """Free the limits, or keep those that are shown as the user's own."""
        if self.layer is not None and wanted != self.layer.auto_contrast:
            self.layer.contrast_limits = None if wanted else self.layer.contrast_limits

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and not same_colormap(colormap, self.layer.colormap):
            self.layer.colormap = colormap


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
    tolerance = SAME * max(span, 0.0)  # differences that come from the slider's own arithmetic
    return all(math.isclose(x, y, rel_tol=0, abs_tol=tolerance) for x, y in zip(a, b, strict=True))
