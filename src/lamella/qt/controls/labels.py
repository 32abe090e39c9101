"""Controls of labels: opacity, blending, contour, selected label, colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtWidgets import QCheckBox, QPushButton, QSpinBox, QWidget
from superqt import QLargeIntSpinBox

from lamella.model.layers.labels import MAX_CONTOUR
from lamella.model.layers.look import BLENDING_MODES
from lamella.qt.controls.form import FormControls


class LabelsControls(FormControls):
    """Changes how one labels layer looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "contour", "selected_label", "show_selected_label", "data"), parent)
        self._seed = 0
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.contour = QSpinBox()
        self.contour.setRange(0, MAX_CONTOUR)
        self.contour.setKeyboardTracking(False)
        self.contour.valueChanged.connect(lambda value: self.set("contour", int(value)))
        self.row("contour", self.contour, lambda layer: self.contour.setValue(layer.contour), "0 fills the areas")
        self.selected = QLargeIntSpinBox()
        self.selected.setKeyboardTracking(False)
        self.selected.valueChanged.connect(lambda value: self.set("selected_label", int(value)))
        self.row("label", self.selected, self._fill_selected)
        self.only = QCheckBox("show only this label")
        self.only.toggled.connect(lambda on: self.set("show_selected_label", bool(on)))
        self.row("", self.only, lambda layer: self.only.setChecked(layer.show_selected_label))
        self.shuffle = QPushButton("other colours")
        self.shuffle.clicked.connect(self._shuffle)
        self.row("colours", self.shuffle, lambda layer: None, "As many colours in turn, but others")

    def _fill_selected(self, layer: Any) -> None:
        dtype = layer.source.dtype
        low, high = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        self.selected.setRange(low, high)
        if self.selected.value() != layer.selected_label:
            self.selected.setValue(layer.selected_label)

    def _shuffle(self) -> None:
        if self.layer is not None:
            self._seed += 1
            self.layer.new_colors(self._seed)
