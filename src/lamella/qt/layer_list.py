"""The list of layers: the top layer at the top; visibility, name, and how far each layer is with loading.

Three parts: `LayerListModel` follows the `LayerList`, `LayerDelegate` paints a row, `LayerListView` keeps the
selections of both sides equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from qtpy.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QByteArray,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from qtpy.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from lamella.qt.icons import paint_eye, paint_spinner, paint_warning, turn_of
from lamella.qt.style import DARK, Theme
from lamella.qt.text import source_name

LAYER_ROLE = Qt.ItemDataRole.UserRole + 1
OPENING_ROLE = Qt.ItemDataRole.UserRole + 2
MIME = "application/x-lamella-layer-rows"
ROW_HEIGHT = 30
CUE_DELAY_S = 0.15  # a slice that takes less is no news, and a cue would flicker during a drag
SPIN_MS = 60

Index = QModelIndex | QPersistentModelIndex


class LayerListModel(QAbstractListModel):
    """Rows for the names that are being opened, then the layers from top to bottom. Owned by the main thread.

    Attributes
    ----------
    layers : list of Layer
        What the rows show, top first. Follows the layer list event by event.
    opening : list of str
    """

    loading_changed = Signal()
    """A layer began or ended to load, or has got further."""

    def __init__(self, viewer: Any, clock: Callable[[], float] = monotonic, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._clock = clock
        self._loading_since: dict[Any, float] = {}
        self._painted: dict[Any, tuple[Any, ...]] = {}
        self.layers: list[Any] = []
        self.opening: list[str] = []
        events = viewer.layers.events
        for signal in (events.inserted, events.removed, events.moved, events.reordered):
            signal.connect(self.follow)
        viewer.events.opening.connect(self._follow_opening)
        self.follow()
        self._follow_opening()

    def close_model(self) -> None:
        """Let go of the layers and of the viewer."""
        events = self._viewer.layers.events
        for signal in (events.inserted, events.removed, events.moved, events.reordered):
            signal.disconnect(self.follow, missing_ok=True)
        self._viewer.events.opening.disconnect(self._follow_opening, missing_ok=True)
        for layer in self.layers:
            self._unwatch(layer)
        self.layers = []

    # ---- following the layer list --------------------------------------------------------------------------------

    def follow(self) -> None:
        """Make the rows equal to the layer list, with as few changes as it takes."""
        wanted = list(reversed(list(self._viewer.layers)))
        for place in reversed(range(len(self.layers))):
            if self.layers[place] not in wanted:
                row = self.row_of_place(place)
                self.beginRemoveRows(QModelIndex(), row, row)
                self._unwatch(self.layers.pop(place))
                self.endRemoveRows()
        for place, layer in enumerate(wanted):
            if layer not in self.layers:
                place = min(place, len(self.layers))
                row = self.row_of_place(place)
                self.beginInsertRows(QModelIndex(), row, row)
                self.layers.insert(place, layer)
                self._watch(layer)
                self.endInsertRows()
        if self.layers != wanted:
            self.layoutAboutToBeChanged.emit()
            old = self.persistentIndexList()
            held = [self.layer_at(index) for index in old]
            self.layers = wanted
            self.changePersistentIndexList(
                old, [index if layer is None else self.index_of(layer) for index, layer in zip(old, held, strict=True)]
            )
            self.layoutChanged.emit()

    def _follow_opening(self) -> None:
        wanted = list(self._viewer.opening)
        if wanted == self.opening:
            return
        if self.opening:
            self.beginRemoveRows(QModelIndex(), 0, len(self.opening) - 1)
            self.opening = []
            self.endRemoveRows()
        if wanted:
            self.beginInsertRows(QModelIndex(), 0, len(wanted) - 1)
            self.opening = wanted
            self.endInsertRows()

    def _watch(self, layer: Any) -> None:
        events = layer.events
        for signal in (events.name, events.visible, events.look):
            signal.connect(self._on_layer_changed)
        events.status.connect(self._on_status)
        self._note_loading(layer)

    def _unwatch(self, layer: Any) -> None:
        events = layer.events
        for signal in (events.name, events.visible, events.look):
            signal.disconnect(self._on_layer_changed, missing_ok=True)
        events.status.disconnect(self._on_status, missing_ok=True)
        self._loading_since.pop(layer, None)
        self._painted.pop(layer, None)

    def _on_layer_changed(self) -> None:
        """Repaint the rows that look different now: during a drag, when layers load all the time, none does."""
        for layer in self.layers:
            looks = self._looks(layer)
            if self._painted.get(layer) != looks:
                self._painted[layer] = looks
                index = self.index_of(layer)
                self.dataChanged.emit(index, index)

    def _looks(self, layer: Any) -> tuple[Any, ...]:
        lut = layer.look().lut if hasattr(layer, "colormap") else None
        return layer.name, layer.visible, layer.status.failed, self.cue(layer), id(lut)

    def _on_status(self) -> None:
        for layer in self.layers:
            self._note_loading(layer)
        self._on_layer_changed()
        self.loading_changed.emit()

    def _note_loading(self, layer: Any) -> None:
        if not layer.status.loading:
            self._loading_since.pop(layer, None)
        else:
            self._loading_since.setdefault(layer, self._clock())

    # ---- questions -----------------------------------------------------------------------------------------------

    def row_of_place(self, place: int) -> int:
        """Row of the layer that is ``place`` layers from the top."""
        return place + len(self.opening)

    def index_of(self, layer: Any) -> QModelIndex:
        return self.index(self.row_of_place(self.layers.index(layer)))

    def layer_at(self, index: Index) -> Any:
        """The layer in a row; None for rows of what is being opened."""
        place = index.row() - len(self.opening)
        return self.layers[place] if index.isValid() and 0 <= place < len(self.layers) else None

    def cue(self, layer: Any) -> bool:
        """Whether the layer has been loading long enough to say so."""
        since = self._loading_since.get(layer)
        return since is not None and self._clock() - since >= CUE_DELAY_S

    @property
    def busy(self) -> bool:
        """Whether any row has something that turns, now or soon."""
        return bool(self.opening or self._loading_since)

    # ---- Qt's questions ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        return 0 if parent.isValid() else len(self.opening) + len(self.layers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if index.row() < len(self.opening):
            name = self.opening[index.row()]
            return {
                Qt.ItemDataRole.DisplayRole: f"{source_name(name)} …",
                Qt.ItemDataRole.ToolTipRole: f"Opening {name}",
                OPENING_ROLE: True,
            }.get(role)
        layer = self.layer_at(index)
        if layer is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return layer_tip(layer)
        return layer if role == LAYER_ROLE else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        layer = self.layer_at(index)
        if layer is None:
            return False
        if role == Qt.ItemDataRole.EditRole and str(value).strip():
            layer.name = str(value).strip()
            return True
        if role == Qt.ItemDataRole.CheckStateRole:
            layer.visible = Qt.CheckState(value) == Qt.CheckState.Checked
            return True
        return False

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        if index.row() < len(self.opening):
            return flag.ItemIsEnabled
        return (
            flag.ItemIsEnabled
            | flag.ItemIsSelectable
            | flag.ItemIsEditable
            | flag.ItemIsUserCheckable
            | flag.ItemIsDragEnabled
        )

    # ---- dragging rows -------------------------------------------------------------------------------------------

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Iterable[QModelIndex]) -> QMimeData:
        data = QMimeData()
        rows = sorted({index.row() for index in indexes})
        data.setData(MIME, QByteArray(",".join(map(str, rows)).encode()))
        return data

    def dropMimeData(self, data: QMimeData | None, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        if data is None or not data.hasFormat(MIME) or action != Qt.DropAction.MoveAction:
            return False
        if row < 0:
            row = self.rowCount() if not parent.isValid() else parent.row()
        rows = [int(r) for r in bytes(data.data(MIME).data()).decode().split(",") if r]
        self.move_rows(rows, row)
        return False  # the layer list has moved them: Qt must not remove the rows itself

    def move_rows(self, rows: list[int], before: int) -> None:
        """Put the layers of ``rows`` above the layer of row ``before``, keeping their order."""
        offset = len(self.opening)
        moved = [self.layers[r - offset] for r in rows if 0 <= r - offset < len(self.layers)]
        place = max(before - offset, 0)
        above = [layer for layer in self.layers[:place] if layer not in moved]
        below = [layer for layer in self.layers[place:] if layer not in moved]
        bottom_up = list(reversed([*above, *moved, *below]))
        self._viewer.layers.reorder(bottom_up)


def layer_tip(layer: Any) -> str:
    """The tool tip of a layer's row: what it is, how far it is, and what failed."""
    lines = [layer.name]
    status = layer.status
    if status.loading:
        lines.append(f"loading: {status.have} of {status.needed} chunks" if status.needed else "loading")
    if status.failed:
        lines.append(f"{status.failed} of {status.needed} chunks failed")
        lines.extend(status.errors[:5])
    return "\n".join(lines)


class LayerDelegate(QStyledItemDelegate):
    """Paints a row: eye, colour, name, and at the right a ring while it loads or a warning sign."""

    def __init__(self, model: LayerListModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_HEIGHT)

    @staticmethod
    def eye_rect(row: QRect) -> QRect:
        return QRect(row.left() + 8, row.center().y() - 9, 20, 20)

    @staticmethod
    def swatch_rect(row: QRect) -> QRect:
        return QRect(row.left() + 35, row.center().y() - 7, 26, 15)

    @staticmethod
    def sign_rect(row: QRect) -> QRect:
        return QRect(row.right() - 25, row.center().y() - 8, 17, 17)

    @staticmethod
    def name_rect(row: QRect) -> QRect:
        return row.adjusted(69, 0, -30, 0)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: Index) -> None:
        if painter is None:
            return
        theme, row = self.theme, QRect(option.rect)
        layer = self._model.layer_at(index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QRectF(row).adjusted(2, 1.5, -2, -1.5)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mixed(theme.accent, theme.panel, 0.32) if selected else QColor(theme.hover))
            painter.drawRoundedRect(plate, 5, 5)
        text, muted = QColor(theme.text), QColor(theme.muted)
        turn = turn_of(monotonic() * 1000)
        sign = QRectF(self.sign_rect(row))
        if layer is None:
            paint_spinner(painter, sign, QColor(theme.accent), QColor(theme.border), turn, 0)
            font = option.font
            font.setItalic(True)
            painter.setFont(font)
            painter.setPen(muted)
        else:
            paint_eye(painter, QRectF(self.eye_rect(row)), text if layer.visible else muted, shut=not layer.visible)
            self._paint_swatch(painter, self.swatch_rect(row), layer)
            status = layer.status
            if status.failed:
                paint_warning(painter, sign, QColor(theme.warning))
            elif self._model.cue(layer):
                done = status.have / status.needed if status.needed else 0
                paint_spinner(painter, sign, QColor(theme.accent), QColor(theme.border), turn, done)
            painter.setPen(text if layer.visible else muted)
        area = self.name_rect(row) if layer is not None else row.adjusted(12, 0, -30, 0)
        name = str(index.data() or "")
        elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
        painter.restore()

    def _paint_swatch(self, painter: QPainter, area: QRect, layer: Any) -> None:
        """The layer's colours, if it has a colormap."""
        lut = getattr(layer.look(), "lut", None) if hasattr(layer, "look") else None
        painter.setOpacity(1.0 if layer.visible else 0.4)
        if lut is not None and not getattr(layer, "rgb", False):
            image = QImage(lut.data, len(lut), 1, 4 * len(lut), QImage.Format.Format_RGBA8888)
            painter.drawImage(area, image)
        elif getattr(layer, "rgb", False):
            third = area.width() / 3
            for i, colour in enumerate(("#d05050", "#4fae5a", "#4b7bd8")):
                painter.fillRect(QRectF(area.left() + i * third, area.top(), third, area.height()), QColor(colour))
        painter.setPen(QColor(self.theme.border))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        painter.setOpacity(1.0)

    def editorEvent(
        self,
        event: QEvent | None,
        model: QAbstractItemModel | None,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        layer = self._model.layer_at(index)
        if layer is None or not isinstance(event, QMouseEvent) or event.button() != Qt.MouseButton.LeftButton:
            return False
        if not self.eye_rect(option.rect).adjusted(-4, -4, 4, 4).contains(event.position().toPoint()):
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                show_only(self._model.layers, layer)
            else:
                layer.visible = not layer.visible
        return True  # no double click on the eye starts an edit

    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: Index) -> QWidget:
        return QLineEdit(parent)

    def updateEditorGeometry(self, editor: QWidget | None, option: QStyleOptionViewItem, index: Index) -> None:
        if editor is not None:
            editor.setGeometry(self.name_rect(option.rect).adjusted(-5, 3, 0, -3))


def show_only(layers: Iterable[Any], layer: Any) -> None:
    """Show one layer and hide the others; show all if it is the only one that is shown already."""
    everything = list(layers)
    alone = layer.visible and not any(other.visible for other in everything if other is not layer)
    for other in everything:
        other.visible = alone or other is layer


def mixed(colour: str, other: str, amount: float) -> QColor:
    """``amount`` of ``colour`` in ``other``."""
    a, b = QColor(colour), QColor(other)
    parts = [
        x * amount + y * (1 - amount)
        for x, y in zip((a.redF(), a.greenF(), a.blueF()), (b.redF(), b.greenF(), b.blueF()), strict=True)
    ]
    return QColor.fromRgbF(*parts)


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
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        viewer.layers.selection.events.changed.connect(self._follow_selection)
        self._follow_selection()
        self._on_rows()

    def close_view(self) -> None:
        """Let go of the model and stop the timer."""
        self._timer.stop()
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

    def _spin(self) -> None:
        for row in range(self.rows.rowCount()):
            index = self.rows.index(row)
            self.viewport().update(self._delegate.sign_rect(self.visualRect(index)).adjusted(-2, -2, 2, 2))


def remove_layers(layers: Any, gone: Iterable[Any]) -> None:
    """Take layers out of the list."""
    for layer in list(gone):
        layers.remove(layer)
