"""The status bar: what is under the cursor; at the right the last error, a rate that is not reached, and what loads."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QSizePolicy, QStatusBar, QWidget
from superqt import QElidingLabel

from lamella.qt.text import loading_line

NOTIFICATION_MS = 15_000  # long enough to be read after a look away from the picture
CUE_DELAY_MS = 150


class StatusBar(QStatusBar):
    """Follows the viewer's ``status``, ``notification`` and the layers' ``status``. Owned by the main thread."""

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.setSizeGripEnabled(False)
        self.under_cursor = QElidingLabel()
        self.under_cursor.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.notification = QElidingLabel()
        self.notification.setObjectName("notification")
        self.loading = QLabel()
        self.loading.setObjectName("muted")
        self.playback = QLabel()
        self.playback.setObjectName("muted")
        for label in (self.under_cursor, self.notification, self.playback, self.loading):
            label.setContentsMargins(6, 0, 6, 0)
        self.addWidget(self.under_cursor, 1)
        self.addPermanentWidget(self.notification)
        self.addPermanentWidget(self.playback)
        self.addPermanentWidget(self.loading)
        self.notification.hide()

        self._hide_timer = QTimer(self)
        self._hide_timer.setSingleShot(True)
        self._hide_timer.setInterval(NOTIFICATION_MS)
        self._hide_timer.timeout.connect(self.clear_notification)
        self._cue_timer = QTimer(self)
        self._cue_timer.setSingleShot(True)
        self._cue_timer.setInterval(CUE_DELAY_MS)
        self._cue_timer.timeout.connect(self.show_loading)

        viewer.events.status.connect(self._on_status)
        viewer.events.notification.connect(self._on_notification)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        for layer in viewer.layers:
            layer.events.status.connect(self._on_layer_status)
        self._on_status(viewer.status)

    def close_bar(self) -> None:
        """Let go of the viewer."""
        self._hide_timer.stop()
        self._cue_timer.stop()
        viewer = self._viewer
        viewer.events.status.disconnect(self._on_status, missing_ok=True)
        viewer.events.notification.disconnect(self._on_notification, missing_ok=True)
        viewer.layers.events.inserted.disconnect(self._on_inserted, missing_ok=True)
        viewer.layers.events.removed.disconnect(self._on_removed, missing_ok=True)
        for layer in viewer.layers:
            layer.events.status.disconnect(self._on_layer_status, missing_ok=True)

    def _on_status(self, status: str) -> None:
        self.under_cursor.setText(status)

    def _on_notification(self, notification: Any) -> None:
        self.tell(str(notification))

    def tell(self, line: str) -> None:
        """Show one line at the right for a while."""
        self.notification.setText(line)
        self.notification.setToolTip(line)
        width = self.notification.fontMetrics().horizontalAdvance(line) + 20
        self.notification.setMinimumWidth(min(width, max(self.width() // 2, 200)))
        self.notification.show()
        self._hide_timer.start()

    def clear_notification(self) -> None:
        self.notification.hide()
        self.notification.setText("")

    def _on_inserted(self, index: int, layer: Any) -> None:
        layer.events.status.connect(self._on_layer_status)
        self._on_layer_status()

    def _on_removed(self, index: int, layer: Any) -> None:
        layer.events.status.disconnect(self._on_layer_status, missing_ok=True)
        self._on_layer_status()

    def _on_layer_status(self) -> None:
        if not any(layer.status.loading for layer in self._viewer.layers):
            self._cue_timer.stop()
            self.loading.setText("")
        elif not self._cue_timer.isActive():
            self._cue_timer.start()  # what is loaded sooner is no news

    def show_loading(self) -> None:
        """Say how much of what is asked for is there."""
        loading = [layer.status for layer in self._viewer.layers if layer.status.loading]
        have, needed = sum(s.have for s in loading), sum(s.needed for s in loading)
        self.loading.setText(loading_line(len(loading), have, needed))
