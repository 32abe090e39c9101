"""Controls of the selected layer: one widget class a layer type, and the panel that shows the right one."""

from __future__ import annotations

from typing import Any, Protocol

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QStackedWidget, QWidget

from lamella.qt.controls.image import ImageControls
from lamella.qt.controls.labels import LabelsControls
from lamella.qt.controls.points import PointsControls
from lamella.qt.controls.shapes import ShapesControls
from lamella.qt.controls.surface import SurfaceControls
from lamella.qt.controls.tracks import TracksControls
from lamella.qt.controls.vectors import VectorsControls

__all__ = ["CONTROLS", "ControlsPanel", "LayerControls"]


class LayerControls(Protocol):
    """The widgets for one layer type. One instance serves all layers of the type, one after another."""

    layer: Any

    def __init__(self, parent: QWidget | None = None) -> None: ...

    def set_layer(self, layer: Any) -> None:
        """Show and change ``layer`` from now on; None lets go of it."""
        ...


CONTROLS: dict[str, type[Any]] = {
    "image": ImageControls,
    "labels": LabelsControls,
    "points": PointsControls,
    "vectors": VectorsControls,
    "shapes": ShapesControls,
    "surface": SurfaceControls,
    "tracks": TracksControls,
}
"""Layer kind → widget class (a `LayerControls`)."""


class ControlsPanel(QStackedWidget):
    """Shows the controls of the active layer. Owned by the main thread."""

    def __init__(self, layers: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._pages: dict[str, Any] = {kind: make() for kind, make in CONTROLS.items()}  # now: it takes tens of ms
        self._nothing = QLabel("Select a layer to change its look")
        self._nothing.setObjectName("muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(12, 12, 12, 16)
        self.addWidget(self._nothing)
        for page in self._pages.values():
            self.addWidget(page)
        layers.selection.events.active.connect(self._follow)
        self._follow()

    @property
    def controls(self) -> Any:
        """The widget that is shown; None if no layer, or one of an unknown kind, is active."""
        page = self.currentWidget()
        return None if page is self._nothing else page

    def close_panel(self) -> None:
        """Let go of the layers."""
        self._layers.selection.events.active.disconnect(self._follow, missing_ok=True)
        for page in self._pages.values():
            page.set_layer(None)

    def _follow(self) -> None:
        active = self._layers.selection.active
        kind = None if active is None else active.kind
        for other, page in self._pages.items():
            if other != kind:
                page.set_layer(None)
        if kind not in self._pages:
            self.setCurrentWidget(self._nothing)
            return
        self._pages[kind].set_layer(active)
        self.setCurrentWidget(self._pages[kind])
