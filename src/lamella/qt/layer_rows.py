"""The rows of the layer list: what is being opened, then the layers, the top one first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import Any

from qtpy.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from qtpy.QtWidgets import QWidget

from lamella.qt.layer_thumbnails import LayerThumbnails
from lamella.qt.text import source_name
from lamella.sources.opaque import READER

MIME = "application/x-lamella-layer-rows"
CUE_DELAY_S = 0.15  # a slice that takes less is no news

_FLAGS_OF_OPENING = Qt.ItemFlag.ItemIsEnabled
_FLAGS_OF_LAYERS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsEditable
    | Qt.ItemFlag.ItemIsUserCheckable
    | Qt.ItemFlag.ItemIsDragEnabled
)

Index = QModelIndex | QPersistentModelIndex


class LayerListModel(QAbstractListModel):
    """Rows for the names that are being opened, then the layers from top to bottom. Owned by the main thread.

    Attributes
    ----------
    layers : list of Layer
        What the rows show, top first. Follows the layer list event by event.
    opening : list of str
    thumbnails : LayerThumbnails
    """

    loading_changed = Signal()
    """The rows became, or are no longer, `busy`."""

    sign_changed = Signal(object)
    """The sign of a layer came, went or is another."""

    def __init__(self, viewer: Any, clock: Callable[[], float] = monotonic, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._clock = clock
        self._loading_since: dict[Any, float] = {}
        self._shown: dict[Any, Any] = {}  # the key of the slice that view 0 shows of a layer
        self._painted: dict[Any, tuple[tuple[Any, ...], tuple[Any, ...]]] = {}
        self._slots: dict[Any, tuple[Callable[[], None], ...]] = {}
        self.layers: list[Any] = []
        self.opening: list[str] = []
        self.thumbnails = LayerThumbnails(viewer, self)
        events = viewer.layers.events
        for signal in (events.inserted, events.removed, events.moved, events.reordered):
            signal.connect(self.follow)
        viewer.events.opening.connect(self._follow_opening)
        viewer.slice_ready.connect(self._on_slice)
        self.follow()
        self._follow_opening()

    def close_model(self) -> None:
        """Let go of the layers and of the viewer."""
        events = self._viewer.layers.events
        for signal in (events.inserted, events.removed, events.moved, events.reordered):
            signal.disconnect(self.follow, missing_ok=True)
        self._viewer.events.opening.disconnect(self._follow_opening, missing_ok=True)
        self._viewer.slice_ready.disconnect(self._on_slice, missing_ok=True)
        for layer in self.layers:
            self._unwatch(layer)
        self.layers = []
        self.thumbnails.close()

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
        changed, status = partial(self._on_layer_changed, layer), partial(self._on_status, layer)
        outdate = partial(self.thumbnails.outdate, layer)
        self._slots[layer] = changed, status, outdate
        for signal in (events.name, events.visible, events.look):
            signal.connect(changed, max_args=0)
        events.status.connect(status, max_args=0)
        events.look.connect(outdate, max_args=0)
        self._note_loading(layer)
        self._painted[layer] = self._looks(layer)

    def _unwatch(self, layer: Any) -> None:
        events = layer.events
        changed, status, outdate = self._slots.pop(layer)
        for signal in (events.name, events.visible, events.look):
            signal.disconnect(changed, missing_ok=True)
        events.status.disconnect(status, missing_ok=True)
        events.look.disconnect(outdate, missing_ok=True)
        self.thumbnails.forget(layer)
        self._loading_since.pop(layer, None)
        self._shown.pop(layer, None)
        self._painted.pop(layer, None)

    def _on_layer_changed(self, layer: Any) -> None:
        """Repaint of the row what looks different now: during a drag, when layers load all the time, nothing does."""
        old_row, old_sign = self._painted[layer]
        row, sign = self._painted[layer] = self._looks(layer)
        if row != old_row:
            index = self.index_of(layer)
            self.dataChanged.emit(index, index)
        elif sign != old_sign:
            self.sign_changed.emit(layer)

    def _looks(self, layer: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Of the whole row, and of its sign alone."""
        lut = getattr(layer.look(), "lut", None)
        return (layer.name, layer.visible, id(lut)), (layer.status.failed, self.cue(layer))

    def cues_due(self) -> None:
        """Time has passed: rows that have loaded for long enough say so from now on."""
        for layer in list(self._loading_since):
            self._on_layer_changed(layer)

    def _on_status(self, layer: Any) -> None:
        was_busy = self.busy
        self._note_loading(layer)
        self._on_layer_changed(layer)
        if self.busy != was_busy:
            self.loading_changed.emit()

    def _note_loading(self, layer: Any) -> None:
        if not layer.status.loading:
            self._loading_since.pop(layer, None)
        else:
            self._loading_since.setdefault(layer, self._clock())

    def _on_slice(self, view: Any, layer: Any, response: Any) -> None:
        """Another plane is shown: the wait for the next one begins now. So nothing turns in a drag that keeps up."""
        if view is not self._viewer.views[0] or layer not in self._slots or self._shown.get(layer) == response.key:
            return
        self._shown[layer] = response.key
        if layer in self._loading_since:
            self._loading_since[layer] = self._clock()
            self._on_layer_changed(layer)

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
    def turning(self) -> bool:
        """Whether any row has something that turns now."""
        return bool(self.opening) or any(map(self.cue, self._loading_since))

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
            texts: dict[int, str] = {
                Qt.ItemDataRole.DisplayRole: f"{source_name(name)} …",
                Qt.ItemDataRole.ToolTipRole: f"Opening {name}",
            }
            return texts.get(role)
        layer = self.layer_at(index)
        if layer is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name
        if role == Qt.ItemDataRole.CheckStateRole:
            return Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return layer_tip(layer)
        return None

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
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return _FLAGS_OF_OPENING if index.row() < len(self.opening) else _FLAGS_OF_LAYERS

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
        self.move_rows(rows_in(data), row)
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


def rows_in(data: QMimeData) -> list[int]:
    """The rows that are dragged."""
    return [int(row) for row in bytes(data.data(MIME).data()).decode().split(",") if row]


def layer_tip(layer: Any) -> str:
    """The tool tip of a layer's row: what it is, where it is read, how far it is, and what failed."""
    lines = [layer.name]
    if isolation := layer.source.isolation:
        lines.append("read in a reader process" if isolation == READER else f"read in a thread: {isolation}")
    status = layer.status
    if status.loading:
        lines.append(f"loading: {status.have} of {status.needed} chunks" if status.needed else "loading")
    if status.failed:
        lines.append(f"{status.failed} of {status.needed} chunks failed")
        lines.extend(status.errors[:5])
    return "\n".join(lines)
