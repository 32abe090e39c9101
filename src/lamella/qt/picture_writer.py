"""Writes pictures to files without letting the window wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtGui import QImage


class PictureWriter(QObject):
    """Encodes and writes one picture after another on a thread of its own, which exists from the first one on.

    Owned by the main thread; ``written(path, worked)`` is emitted there.
    """

    written = Signal(str, bool)
    _done = Signal(str, bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool: ThreadPoolExecutor | None = None
        self._done.connect(self.written, Qt.ConnectionType.QueuedConnection)

    def write(self, image: QImage, path: str) -> None:
        """Write ``image``, which nobody changes any more. The extension says the format."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="lamella-picture")
        self._pool.submit(self._write, image, path)

    def _write(self, image: QImage, path: str) -> None:
        worked = image.save(path)
        self._done.emit(path, worked)

    def close(self) -> None:
        """Finish what is being written and end the thread."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
