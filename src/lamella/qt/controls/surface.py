"""Controls of a surface: contrast, colours, shading, wireframe."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QWidget

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.surface import PROJECTION_MODES
from lamella.model.layers.surface_arguments import SHADINGS
from lamella.qt.controls.colormap import ColormapControls


class SurfaceControls(ColormapControls):
    """Changes how one surface looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing", "contrast_limits_range", "auto_contrast"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.colormap_rows(lambda layer: layer.surface.mapped, lambda layer: layer.values is not None)
        self.shading = self.choice_row("shading", SHADINGS, "Darken what is turned away")
        self.wireframe = QCheckBox("edges")
        self.wireframe.toggled.connect(self._set_wireframe)
        self.row(
            "", self.wireframe, lambda layer: self.wireframe.setChecked(layer.wireframe.visible), "Draw edges of faces"
        )
        self.projection_mode = self.choice_row("projection_mode", PROJECTION_MODES)

    def _set_wireframe(self, on: bool) -> None:
        if self.layer is not None and on != self.layer.wireframe.visible:
            old = self.layer.wireframe
            color = tuple(v / 255 for v in old.color)
            self.set("wireframe", {"visible": on, "color": color, "width": old.width})
