"""From any thread to the main thread: one queued Qt signal, and no second one until the first has been answered."""

from __future__ import annotations

import math
from collections.abc import Callable

from qtpy.QtCore import QObject, Qt, QTimer, Signal


class Wake(QObject):
    """A callable that any thread may call; ``drain`` then runs on the main thread, once for many calls.

    Owned by the main thread. Invariant: a call made after `drain` has begun leads to another `drain`, because the mark
    is taken back before `drain` looks into the outbox.
    """

    _called = Signal()

    def __init__(self, drain: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drain: Callable[[], object] | None = drain
        self._marked = False
        self._called.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._answer)

    def __call__(self) -> None:
        if self._marked or self._drain is None:
            return
        self._marked = True
        try:
            self._called.emit()
        except RuntimeError:  # the window was destroyed between the check and the call
            self._drain = None

    def later(self, seconds: float) -> None:
        """Have ``drain`` run in a while, unless that is so already. Main thread only."""
        if not self._timer.isActive():
            self._timer.start(math.ceil(seconds * 1000))

    def _answer(self) -> None:
        self._marked = False
        if self._drain is not None:
            self._drain()

    def close(self) -> None:
        """Later calls do nothing."""
        self._timer.stop()
        self._drain = None
