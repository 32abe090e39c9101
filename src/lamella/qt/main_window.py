"""The window: the canvas with the sliders under it, the layers at the left, menus and status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import proxy, ref

import pydantic.fields  # noqa: F401  # before Qt: PySide6's import hook breaks a later import of it
from app_model.backends.qt import QCommandAction, QModelMainWindow
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QCloseEvent, QColor, QDragEnterEvent, QDropEvent, QImage
from qtpy.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from lamella.model.world import world_units
from lamella.qt import actions, application
from lamella.qt.canvas import Canvas, paths_in
from lamella.qt.controls import ControlsPanel
from lamella.qt.dims_sliders import DimsSliders
from lamella.qt.icons import app_icon, bin_icon
from lamella.qt.interaction import Interaction
from lamella.qt.layer_list import LayerListView, remove_layers
from lamella.qt.picture_writer import PictureWriter
from lamella.qt.playing import Playing
from lamella.qt.status import StatusBar
from lamella.qt.style import Theme, palette, stylesheet
from lamella.qt.text import unit_sign

if TYPE_CHECKING:
    from lamella.qt.viewer import Viewer

START_SIZE = QSize(1180, 780)
PANEL_WIDTH = 280


class MainWindow(QModelMainWindow):
    """Owned by the main thread. Refers to its viewer weakly: the viewer owns the window.

    Attributes
    ----------
    canvas : Canvas
    sliders : DimsSliders
    playing : Playing
    layer_list : LayerListView
    controls : ControlsPanel
    panel : QDockWidget
        Holds the two.
    status_bar : StatusBar
    """

    def __init__(self, viewer: Viewer) -> None:
        self._actions = actions.make_application(viewer)
        super().__init__(self._actions)
        self._viewer = ref(viewer)
        self._closed = False
        model: Any = proxy(viewer)
        view = viewer.views[0]
        self._layers = viewer.layers
        self._units: tuple[str, ...] = ()

        self.setObjectName("lamella")
        self.setWindowIcon(app_icon())
        self.setWindowTitle(viewer.title)
        self.setAcceptDrops(True)
        self.resize(START_SIZE.boundedTo(self.screen().availableSize() * 0.95))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

        self.interaction = Interaction(view, self)
        self.canvas = Canvas(model, view, self.interaction)
        self.playing = Playing(model, self)
        self.sliders = DimsSliders(view.dims, self.interaction, self._unit, self.playing)
        self.layer_list = LayerListView(model)
        self.controls = ControlsPanel(viewer.layers)
        self.pictures = PictureWriter(self)
        self.pictures.written.connect(self._on_written)
        self.panel = self._build_panel()
        self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, self.panel)
        self.resizeDocks([self.panel], [PANEL_WIDTH], Qt.Orientation.Horizontal)
        self._build_centre()
        self._build_menus()
        self.status_bar = StatusBar(model, self)
        self.setStatusBar(self.status_bar)
        self.playing.fell_short.connect(self.status_bar.playback.setText)
        self.set_theme(application.current_theme())
        self.canvas.setFocus()

        viewer.events.title.connect(self._on_title)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        self._follow_units()

    # ---- building ------------------------------------------------------------------------------------------------

    def _build_centre(self) -> None:
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(0)
        layout.addWidget(self.canvas, 1)
        layout.addWidget(self.sliders)
        self.setCentralWidget(centre)

    def _build_panel(self) -> QDockWidget:
        dock = QDockWidget("Layers")
        dock.setObjectName("layerPanel")
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        dock.setTitleBarWidget(QWidget())
        self.remove_button = QToolButton()
        self.remove_button.setObjectName("flat")
        self.remove_button.setIconSize(QSize(16, 16))
        self.remove_button.setToolTip("Remove the selected layers")
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove_button.clicked.connect(self._remove_selected)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(6, 0, 0, 4)
        layout.setSpacing(6)
        layout.addWidget(_panel("LAYER", self.controls))
        layout.addWidget(_panel("LAYERS", self.layer_list, self.remove_button), 1)
        content.setMinimumWidth(240)
        dock.setWidget(content)
        return dock

    def _build_menus(self) -> None:
        bar = self.setModelMenuBar(list(actions.MENUS.items()))
        in_menus = {action.objectName() for menu in bar.findChildren(QMenu) for action in menu.actions()}
        for command in actions.COMMANDS:
            if command.id not in in_menus:
                self.addAction(QCommandAction(command.id, self._actions, self))

    # ---- theme ---------------------------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Colour this window. The application's own colours are only touched if it is lamella's."""
        if not application.owns_app():
            self.setPalette(palette(theme))
            self.setStyleSheet(stylesheet(theme))
        self.canvas.set_theme(theme)
        self.layer_list.set_theme(theme)
        self.remove_button.setIcon(bin_icon(QColor(theme.text)))

    # ---- following the viewer ------------------------------------------------------------------------------------

    def _on_title(self, title: str) -> None:
        self.setWindowTitle(title)

    def _on_inserted(self, index: int, layer: Any) -> None:
        layer.events.units.connect(self._follow_units)
        self._follow_units()

    def _on_removed(self, index: int, layer: Any) -> None:
        layer.events.units.disconnect(self._follow_units, missing_ok=True)
        self._follow_units()

    def _follow_units(self) -> None:
        units = world_units(self._layers) or ()
        if units != self._units:
            self._units = units
            self.sliders.refresh_units()

    def _unit(self, axis: int) -> str:
        return unit_sign(self._units[axis]) if axis < len(self._units) else ""

    def _remove_selected(self) -> None:
        remove_layers(self._layers, self._layers.selection)

    # ---- pictures ------------------------------------------------------------------------------------------------

    def write_picture(self, image: QImage, path: str) -> None:
        """Write a picture in the background and tell when it is done."""
        self.pictures.write(image, path)

    def _on_written(self, path: str, worked: bool) -> None:
        self.status_bar.tell(f"Saved {path}" if worked else f"Could not write {path}")

    # ---- drops, anywhere in the window ---------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.canvas.dropEvent(event)

    # ---- the end -------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        viewer = self._viewer()
        if viewer is not None:
            viewer.close()
        super().closeEvent(event)

    def let_go(self) -> None:
        """Let go of the viewer, its layers and the last frame; stop every timer and thread of the window."""
        if self._closed:
            return
        self._closed = True
        self.hide()
        viewer = self._viewer()
        if viewer is not None:
            viewer.events.title.disconnect(self._on_title, missing_ok=True)
            viewer.layers.events.inserted.disconnect(self._on_inserted, missing_ok=True)
            viewer.layers.events.removed.disconnect(self._on_removed, missing_ok=True)
            for layer in viewer.layers:
                layer.events.units.disconnect(self._follow_units, missing_ok=True)
        self.canvas.close_canvas()
        self.playing.close()
        self.sliders.close_sliders()
        self.layer_list.close_view()
        self.controls.close_panel()
        self.status_bar.close_bar()
        self.interaction.close()
        self.pictures.close()
        actions.destroy(self._actions)


def _panel(title: str, content: QWidget, *buttons: QWidget) -> QFrame:
    """A titled area of the window."""
    frame = QFrame()
    frame.setObjectName("panel")
    label = QLabel(title)
    label.setObjectName("panelTitle")
    head = QHBoxLayout()
    head.setContentsMargins(0, 0, 6, 0)
    head.addWidget(label)
    head.addStretch(1)
    for button in buttons:
        head.addWidget(button)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(0, 0, 0, 4)
    layout.setSpacing(0)
    layout.addLayout(head)
    layout.addWidget(content, 1)
    return frame
