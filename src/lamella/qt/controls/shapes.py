"""Controls of shapes: the colours of faces and edges, and how wide the edges are."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from lamella.model.layers.look import BLENDING_MODES
from lamella.qt.controls.form import FormControls


class ShapesControls(FormControls):
    """Changes how one shapes layer looks. Owned by the main thread.

    What differs from shape to shape is not changed here: it says where it comes from.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.face_color = self.encoded_color_row("face_color")
        self.edge_color = self.encoded_color_row("edge_color")
        self.edge_width = self.encoded_number_row("edge_width", 1e6)
        self.text = self.text_row()
