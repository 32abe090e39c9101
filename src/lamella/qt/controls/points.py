"""Controls of points: size, symbol, colours, border, and which points a slice shows."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QComboBox, QWidget

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.point_style import SYMBOLS
from lamella.model.layers.points import PROJECTION_MODES
from lamella.qt.controls.form import FormControls


class PointsControls(FormControls):
    """Changes how one points layer looks. Owned by the main thread.

    What differs from point to point is not changed here: it says where it comes from.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.point_size = self.encoded_number_row("size", 1e6)
        self.symbol = QComboBox()
        self.symbol.addItems(list(SYMBOLS))
        self.symbol.currentTextChanged.connect(lambda text: self.set("symbol", text))
        self.encoded_row("symbol", self.symbol, lambda value: self.symbol.setCurrentText(str(value)))
        self.face_color = self.encoded_color_row("face_color")
        self.border_color = self.encoded_color_row("border_color")
        self.border_width = self.encoded_number_row("border_width", 1e6)
        self.projection_mode = self.choice_row("projection_mode", PROJECTION_MODES)
        self.out_of_slice = QCheckBox("out of slice")
        self.out_of_slice.toggled.connect(lambda on: self.set("out_of_slice_display", bool(on)))
        self.row(
            "",
            self.out_of_slice,
            lambda layer: self.out_of_slice.setChecked(layer.out_of_slice_display),
            "Show points as spheres that the slice cuts",
        )
        self.text = self.text_row()
