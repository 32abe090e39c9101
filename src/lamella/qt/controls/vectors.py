"""Controls of vectors: length, width, shape, colour, and which vectors a slice shows."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.vector_style import VECTOR_STYLES
from lamella.model.layers.vectors import PROJECTION_MODES
from lamella.qt.controls.form import FormControls

MOST = 1e6


class VectorsControls(FormControls):
    """Changes how one vectors layer looks. Owned by the main thread.

    A colour that differs from vector to vector is not changed here: it says where it comes from.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.length = self.number_row("length", -MOST, MOST, "What directions are multiplied with")
        self.edge_width = self.number_row("edge_width", 0, MOST, "In data units")
        self.vector_style = self.choice_row("vector_style", VECTOR_STYLES)
        self.edge_color = self.encoded_color_row("edge_color")
        self.projection_mode = self.choice_row("projection_mode", PROJECTION_MODES)
