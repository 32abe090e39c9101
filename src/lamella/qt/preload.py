"""Imports what opening a URL will need while the window has nothing else to do: 0.1 s that nobody then waits for."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from qtpy.QtCore import QObject, QTimer

QUIET_MS = 300  # after the window was shown: its first picture comes first

_begun = threading.Event()  # once a process is enough


class Preload(QObject):
    """Waits until a viewer is idle and then imports on another thread, once a process. Owned by the main thread."""

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._timer = QTimer(self)  # not a static single shot, which outlives the window
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Call it when the window of the viewer is shown."""
        if not _begun.is_set():
            self._timer.start()

    def close(self) -> None:
        self._timer.stop()

    def _look(self) -> None:
        viewer = self._viewer
        if not _begun.is_set():
            if viewer.opening or not viewer.loaded or any(view.interacting for view in viewer.views):
                return
            _begun.set()
            threading.Thread(target=_import, name="lamella-preload", daemon=True).start()
        self._timer.stop()


def _import() -> None:
    with contextlib.suppress(ImportError):  # told when something is opened
        import lamella.io  # noqa: F401
        from lamella.sources.tensorstore_source import load_tensorstore

        load_tensorstore()
