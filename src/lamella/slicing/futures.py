"""One future of many."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def gather(parts: Mapping[K, Future[V]]) -> Future[dict[K, V]]:
    """A future of all results; it fails if a part failed or was cancelled. Completed on the thread of the last part."""
    whole: Future[dict[K, V]] = Future()
    whole.set_running_or_notify_cancel()
    left = len(parts)
    lock = threading.Lock()

    def one_done(_: Future[V]) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left:
                return
        error: BaseException | None = next(
            (f.exception() for f in parts.values() if not f.cancelled() and f.exception()), None
        )
        if error is None and any(f.cancelled() for f in parts.values()):
            error = RuntimeError("a layer was removed or the viewer was closed before its slice was there")
        if error is not None:
            whole.set_exception(error)
        else:
            whole.set_result({key: f.result() for key, f in parts.items()})

    if not parts:
        whole.set_result({})
    for future in parts.values():
        future.add_done_callback(one_done)
    return whole
