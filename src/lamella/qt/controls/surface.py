"""Controls of a surface: colours, shading, wireframe."""

from __future__ import annotations

from typing import Any

from cmap import Colormap
from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.cmap import QColormapComboBox

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.surface import PROJECTION_MODES
from lamella.model.layers.surface_arguments import SHADINGS
from lamella.qt.controls.form import FormControls
from lamella.qt.controls.image import COLORMAPS, GAMMA_RANGE, same_colormap, show_colormap


class SurfaceControls(FormControls):
    """Changes how one surface looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.colormap.currentColormapChanged.connect(self._set_colormap)
        self.row("colormap", self.colormap, self._fill_colormap)
        self.gamma = self.slider_row("gamma", *GAMMA_RANGE, tip="Gamma: below 1 brightens the middle")
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

    def _fill_colormap(self, layer: Any) -> None:
        mapped = layer.surface.mapped
        for row in (self.colormap, self.gamma):
            self.form.setRowVisible(row, mapped)
        if mapped and not same_colormap(self.colormap.currentColormap(), layer.colormap):
            show_colormap(self.colormap, layer.colormap)

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and not same_colormap(colormap, self.layer.colormap):
            self.layer.colormap = colormap
