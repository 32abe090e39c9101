"""Thumbnails for the layer list: asked for when a slice or a look has changed, but not at every step of a drag."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtGui import QImage

PACE_MS = 250  # between two requests: a drag changes thumbnails four times a second, and its end is always shown


class LayerThumbnails(QObject):
    """The newest thumbnail of each layer that has been shown in view 0. Owned by the main thread.

    The worker that makes them is the viewer's: here they are only kept and painted.
    """

    changed = Signal()
    """One of the layers has another thumbnail."""

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._outdated: set[Any] = set()
        self._pictures: dict[Any, npt.NDArray[np.uint8]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PACE_MS)
        self._timer.timeout.connect(self._ask)
        viewer.slice_ready.connect(self._on_slice)
        viewer.thumbnail_ready.connect(self._on_thumbnail)

    def close(self) -> None:
        """Let go of the layers and of the viewer."""
        self._timer.stop()
        self._viewer.slice_ready.disconnect(self._on_slice, missing_ok=True)
        self._viewer.thumbnail_ready.disconnect(self._on_thumbnail, missing_ok=True)
        self._outdated.clear()
        self._pictures.clear()

    def of(self, layer: Any) -> QImage | None:
        """The picture of a layer; None while there is none, or if its slice shows nothing of it."""
        picture = self._pictures.get(layer)
        if picture is None:
            return None
        side = len(picture)
        return QImage(picture.data, side, side, 4 * side, QImage.Format.Format_RGBA8888)

    def outdate(self, layer: Any) -> None:
        """The slice or the look of a layer has changed."""
        self._outdated.add(layer)
        if not self._timer.isActive():
            self._ask()

    def forget(self, layer: Any) -> None:
        """A layer is gone."""
        self._outdated.discard(layer)
        self._pictures.pop(layer, None)

    def _ask(self) -> None:
        if self._outdated:
            layers, self._outdated = self._outdated, set()
            self._viewer.request_thumbnails(layers)
            self._timer.start()

    def _on_slice(self, view: Any, layer: Any) -> None:
        if view is self._viewer.views[0]:
            self.outdate(layer)

    def _on_thumbnail(self, layer: Any, picture: npt.NDArray[np.uint8] | None) -> None:
        old = self._pictures.pop(layer, None)
        if picture is not None:
            self._pictures[layer] = picture
        # Not by np.array_equal: it lets go of the interpreter lock, and the other threads of a drag take it.
        if old is None or picture is None or old.tobytes() != picture.tobytes():
            self.changed.emit()
