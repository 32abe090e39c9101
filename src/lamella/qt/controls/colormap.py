"""Rows of layers whose values are drawn with a colormap: contrast limits, gamma, colormap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cmap import Colormap
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget
from superqt import QDoubleRangeSlider
from superqt.cmap import QColormapComboBox
from superqt.cmap._cmap_combo import CMAP_ROLE

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


class ColormapControls(FormControls):
    """A form with the rows of a colormap. Owned by the main thread."""

    def colormap_rows(self, used: Callable[[Any], bool], limited: Callable[[Any], bool] = lambda layer: True) -> None:
        """Add the rows; they hide where ``used`` of the layer is False, limits and gamma also where ``limited`` is."""
        self.contrast = ContrastEditor(self)
        self.row("contrast", self.contrast, self.contrast.show_limits)
        self.gamma = self.slider_row("gamma", *GAMMA_RANGE, tip="Gamma: below 1 brightens the middle")
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.colormap.currentColormapChanged.connect(self._set_colormap)

        def fill(layer: Any) -> None:
            self.form.setRowVisible(self.colormap, used(layer))
            for row in (self.contrast, self.gamma):
                self.form.setRowVisible(row, used(layer) and limited(layer))
            if not same_colormap(self.colormap.currentColormap(), layer.colormap):
                show_colormap(self.colormap, layer.colormap)

        self.row("colormap", self.colormap, fill)

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and not same_colormap(colormap, self.layer.colormap):
            self.layer.colormap = colormap


class ContrastEditor(QWidget):
    """A slider for two contrast limits, the limits as numbers to type, and a button that sets them free.

    Owned by the main thread.
    """

    def __init__(self, controls: FormControls) -> None:
        super().__init__()
        self._controls = controls
        self.slider = QDoubleRangeSlider(Qt.Orientation.Horizontal)
        self.slider.setToolTip("Contrast limits: what is drawn as the first and the last colour")
        self.low, self.high = _limit_edit(Qt.AlignmentFlag.AlignLeft), _limit_edit(Qt.AlignmentFlag.AlignRight)
        self.state = QLabel("auto — waiting for data")
        self.state.setObjectName("muted")
        self.auto = QToolButton()
        self.auto.setText("auto")
        self.auto.setObjectName("small")
        self.auto.setCheckable(True)
        self.auto.setToolTip("Limits that the data suggest")
        self.slider.valueChanged.connect(self._set_limits)
        self.low.editingFinished.connect(self._type_limits)
        self.high.editingFinished.connect(self._type_limits)
        self.auto.clicked.connect(self._set_auto)

        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(1)
        rows.addWidget(self.slider)
        rows.addWidget(self.state)
        numbers = QHBoxLayout()
        numbers.addWidget(self.low, 1)
        numbers.addWidget(self.auto)
        numbers.addWidget(self.high, 1)
        rows.addLayout(numbers)

    def show_limits(self, layer: Any) -> None:
        limits = layer.contrast_limits
        known = limits is not None
        for widget in (self.slider, self.low, self.high, self.auto):
            widget.setVisible(known)
        self.state.setVisible(not known)
        self.auto.setChecked(layer.auto_contrast)
        if not known:
            return
        low, high = layer.contrast_limits_range or limits
        low, high = min(low, limits[0]), max(high, limits[1])
        if (self.slider.minimum(), self.slider.maximum()) != (low, high):
            self.slider.setRange(low, high)
        if not _same_limits(self.slider.value(), limits, high - low):
            self.slider.setValue(limits)
        for edit, value in ((self.low, limits[0]), (self.high, limits[1])):
            edit.setText(format_limit(value, high - low))

    def _set_limits(self, value: tuple[float, float]) -> None:
        layer = self._controls.layer
        if layer is None or layer.contrast_limits is None:
            return
        span = self.slider.maximum() - self.slider.minimum()
        low, high = (float(v) for v in value)
        if not _same_limits((low, high), layer.contrast_limits, span) and low < high:
            layer.contrast_limits = (low, high)

    def _type_limits(self) -> None:
        """A limit was typed. One beyond the range widens it; one beyond the other limit is not taken."""
        layer = self._controls.layer
        if layer is None or not (self.low.isModified() or self.high.isModified()):
            return
        low, high = (
            value if edit.isModified() and (value := number_from(edit.text())) is not None else old
            for edit, old in zip((self.low, self.high), layer.contrast_limits, strict=True)
        )
        if low < high:
            layer.contrast_limits = (low, high)
        self._controls.follow()

    def _set_auto(self, wanted: bool) -> None:
        """Free the limits, or keep those that are shown as the user's own."""
        layer = self._controls.layer
        if layer is not None and wanted != layer.auto_contrast:
            layer.contrast_limits = None if wanted else layer.contrast_limits


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
