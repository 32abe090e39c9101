"""Whether the user acts on a view right now, for whoever saves work until the view rests."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QTimer

REST_MS = 150  # a wheel or a key repeats faster than this


class Interaction(QObject):
    """Keeps ``view.interacting``: true while a button is held, and for `REST_MS` after a wheel step or a key.

    Owned by the main thread.
    """

    def __init__(self, view: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._held = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_MS)
        self._timer.timeout.connect(self._rest)

    def hold(self) -> None:
        """A button went down."""
        self._held = True
        self._view.interacting = True

    def let_go(self) -> None:
        """The button came up."""
        self._held = False
        self._timer.stop()
        self._view.interacting = False

    def pulse(self) -> None:
        """One step of a wheel or a key."""
        self._view.interacting = True
        self._timer.start()

    def _rest(self) -> None:
        if not self._held:
            self._view.interacting = False

    def close(self) -> None:
        self._timer.stop()
