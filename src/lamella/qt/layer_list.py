"""The list of layers, the top one at the top: thumbnail, visibility, name, and how far each layer is with loading.

Three parts: `LayerListModel` (layer_rows.py) follows the `LayerList`, `LayerDelegate` (layer_delegate.py) paints a row,
`LayerListView` keeps the selections of both sides equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from qtpy.QtCore import QItemSelection, QItemSelectionModel, Qt, QTimer
from qtpy.QtGui import QDropEvent, QKeyEvent, QPaintEvent
from qtpy.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from lamella.qt.layer_delegate import ROW_HEIGHT, LayerDelegate, column
from lamella.qt.layer_rows import MIME, LayerListModel, rows_in
from lamella.qt.style import Theme

SPIN_MS = 120  # each turn repaints the signs of all rows


class LayerListView(QListView):
    """The rows and their selection, which equals that of the layer list. Owned by the main thread."""

    def __init__(self, viewer: Any, parent: QWidget | None = None, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.rows = LayerListModel(viewer, clock)
        self.rows.setParent(self)
        self._delegate = LayerDelegate(self.rows, self)
        self.setObjectName("layers")
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(3 * ROW_HEIGHT)

        self._timer = QTimer(self)
        self._timer.setInterval(SPIN_MS)
        self._timer.timeout.connect(self._spin)
        self.rows.rowsInserted.connect(self._on_rows)
        self.rows.rowsRemoved.connect(self._on_rows)
        self.rows.loading_changed.connect(self._mind_timer)
        self.rows.sign_changed.connect(self._repaint_sign)
        self._thumbnails_timer = QTimer(self)
        self._thumbnails_timer.setSingleShot(True)
        self._thumbnails_timer.setInterval(0)
        self._thumbnails_timer.timeout.connect(self._repaint_thumbnails)
        self.rows.thumbnails.changed.connect(self._thumbnails_timer.start)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        viewer.layers.selection.events.changed.connect(self._follow_selection)
        self._follow_selection()
        self._on_rows()

    def close_view(self) -> None:
        """Let go of the model and stop the timers."""
        self._timer.stop()
        self._thumbnails_timer.stop()
        self._viewer.layers.selection.events.changed.disconnect(self._follow_selection, missing_ok=True)
        self.rows.close_model()

    def set_theme(self, theme: Theme) -> None:
        self._delegate.theme = theme
        self.viewport().update()

    # ---- selection -----------------------------------------------------------------------------------------------

    def selected_layers(self) -> list[Any]:
        """The layers whose rows are selected, top first."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        layers = [self.rows.layer_at(self.rows.index(row)) for row in rows]
        return [layer for layer in layers if layer is not None]

    def _tell_selection(self) -> None:
        """Rows → layer list. Nothing if they agree."""
        layers = self._viewer.layers
        if self.rows.layers != list(reversed(list(layers))):
            return  # rows come and go with their layers, whose list has settled its selection already
        selected = self.selected_layers()
        if set(selected) != set(layers.selection):
            layers.selection.replace(selected)

    def _follow_selection(self) -> None:
        """Layer list → rows. Nothing if they agree."""
        wanted = [layer for layer in self._viewer.layers.selection if layer in self.rows.layers]
        model = self.selectionModel()
        if set(self.selected_layers()) != set(wanted):
            chosen = QItemSelection()
            for layer in wanted:
                index = self.rows.index_of(layer)
                chosen.select(index, index)
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        active = self._viewer.layers.selection.active
        if active in self.rows.layers and self.rows.layer_at(self.currentIndex()) is not active:
            index = self.rows.index_of(active)
            model.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)

    def dropEvent(self, event: QDropEvent) -> None:
        """Rows were dropped: above or below the row under the cursor, whichever is nearer."""
        mime = event.mimeData()
        if not mime.hasFormat(MIME):
            super().dropEvent(event)
            return
        place = event.position().toPoint()
        index = self.indexAt(place)
        below = index.isValid() and place.y() > self.visualRect(index).center().y()
        self.rows.move_rows(rows_in(mime), index.row() + below if index.isValid() else self.rows.rowCount())
        event.setDropAction(Qt.DropAction.IgnoreAction)  # the layer list has moved them: Qt must not remove the rows
        event.accept()
        self.setState(QAbstractItemView.State.NoState)
        self.viewport().update()

    # ---- keys and cues -------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            remove_layers(self._viewer.layers, self.selected_layers())
            return
        super().keyPressEvent(event)

    def _on_rows(self) -> None:
        self._mind_timer()
        self._follow_selection()

    def _mind_timer(self) -> None:
        """The timer runs while something turns, and no longer."""
        if self.rows.busy != self._timer.isActive():
            (self._timer.start if self.rows.busy else self._timer.stop)()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._delegate.prepare(event.region(), self.viewport().rect())
        super().paintEvent(event)

    def _repaint_thumbnails(self) -> None:
        """All at once: they come together, and of twenty the rectangles alone take milliseconds."""
        rows = self.viewport().rect()
        self.viewport().update(column(rows, self._delegate.thumbnail_rect(rows)))

    def _repaint_sign(self, layer: Any) -> None:
        sign = self._delegate.sign_rect(self.visualRect(self.rows.index_of(layer)))
        self.viewport().update(sign.adjusted(-2, -2, 2, 2))

    def _spin(self) -> None:
        """Repaint the signs that turn; a row whose cue becomes due gets its first one here."""
        self.rows.cues_due()
        if self.rows.turning:
            rows = self.viewport().rect()
            self.viewport().update(column(rows, self._delegate.sign_rect(rows)))


def remove_layers(layers: Any, gone: Iterable[Any]) -> None:
    """Take layers out of the list."""
    for layer in list(gone):
        layers.remove(layer)
