"""Imports what opening a URL will need while the window has nothing else to do: 0.1 s that nobody then waits for."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import Any

from qtpy.QtCore import QTimer

QUIET_MS = 300  # after the window was shown: its first picture comes first

_begun = threading.Event()  # once a process is enough


def preload_when_idle(viewer: Any) -> None:
    """Call it when the window of ``viewer`` is shown. Main thread."""
    if not _begun.is_set():
        QTimer.singleShot(QUIET_MS, viewer.window, partial(_preload, viewer))


def _preload(viewer: Any) -> None:
    if _begun.is_set():
        return
    if viewer.opening or not viewer.loaded or any(view.interacting for view in viewer.views):
        preload_when_idle(viewer)
        return
    _begun.set()
    threading.Thread(target=_import, name="lamella-preload", daemon=True).start()


def _import() -> None:
    with contextlib.suppress(ImportError):  # told when something is opened
        import lamella.io  # noqa: F401
        from lamella.sources.tensorstore_source import load_tensorstore

        load_tensorstore()
