"""Controls of tracks: what is seen of them at a time, their width and colours, ids and graph."""

from __future__ import annotations

from typing import Any

from cmap import Colormap
from qtpy.QtWidgets import QComboBox, QSizePolicy, QWidget
from superqt.cmap import QColormapComboBox

from lamella.model.layers.look import BLENDING_MODES
from lamella.model.layers.tracks import MAX_WIDTH
from lamella.qt.controls.colormap import COLORMAPS, same_colormap, show_colormap
from lamella.qt.controls.form import FormControls

LONG = 100.0  # a slider's range reaches the layer's own value if that is more


class TracksControls(FormControls):
    """Changes how one tracks layer looks. Owned by the main thread."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(("look", "slicing"), parent)
        self.opacity = self.slider_row("opacity", 0, 1)
        self.blending = self.choice_row("blending", BLENDING_MODES)
        self.color_by = QComboBox()
        self.color_by.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.color_by.currentTextChanged.connect(lambda text: self.set("color_by", text))
        self.row("color by", self.color_by, self._fill_color_by, "The track id, or a column of features")
        self.colormap = QColormapComboBox(allow_user_colormaps=True, add_colormap_text="Other…", filterable=False)
        self.colormap.addColormaps(COLORMAPS)
        self.colormap.currentColormapChanged.connect(self._set_colormap)
        self.row("colormap", self.colormap, self._fill_colormap)
        self.tail_width = self.number_row("tail_width", 0, MAX_WIDTH, "Canvas pixels")
        self.tail_length = self.slider_row("tail_length", 0, LONG, "How long a place is seen after its time")
        self.head_length = self.slider_row("head_length", 0, LONG, "How long a place is seen before its time")
        self.tail = self.check_row("display_tail", "tails")
        self.graph = self.check_row("display_graph", "graph", "Join tracks that split and merge")
        self.ids = self.check_row("display_id", "ids")
        self.hide_completed = self.check_row("hide_completed_tracks", "hide completed tracks")

    def _fill_color_by(self, layer: Any) -> None:
        if [self.color_by.itemText(i) for i in range(self.color_by.count())] != list(layer.columns):
            self.color_by.clear()
            self.color_by.addItems(list(layer.columns))
        self.color_by.setCurrentText(layer.color_by)

    def _fill_colormap(self, layer: Any) -> None:
        colormap = Colormap(layer.colormap)
        if not same_colormap(self.colormap.currentColormap(), colormap):
            show_colormap(self.colormap, colormap)

    def _set_colormap(self, colormap: Colormap) -> None:
        if self.layer is not None and not same_colormap(colormap, Colormap(self.layer.colormap)):
            self.set("colormap", colormap)
