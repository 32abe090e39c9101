"""Controls of an image: opacity, contrast, gamma, colormap, blending, interpolation, projection."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES, PROJECTION_MODES
from lamella.qt.controls.colormap import ColormapControls


class ImageControls(ColormapControls):
    """Changes how one image looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "contrast_limits_range", "auto_contrast", "projection_mode"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.colormap_rows(lambda layer: not layer.rgb)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.interpolation = self.choice_row("interpolation", INTERPOLATION_MODES)
        tip = "How the planes of a thick slice become one"
        self.projection = self.choice_row("projection_mode", PROJECTION_MODES, tip)
