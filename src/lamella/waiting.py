"""The one wait: every call that waits for a viewer does it here, and is refused here where it would never end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lamella.model._events import emit_each, emitting
from lamella.model._validate import number
from lamella.outbox import Outbox

WAIT_STEP_S = 0.05  # how often a wait looks for Ctrl-C


class Waiting:
    """The main thread's end of the outbox: takes what is there, and waits for what is not. Owned by the main thread.

    A wait takes only what is in lamella's own outbox; it runs no event loop.

    Parameters
    ----------
    outbox : Outbox
    handle : callable
        Called with each item that is taken.
    drain : callable
        Called again and again by a wait; it calls `take` and does what else is due.
    hurry : callable
        Called with True when a wait begins and with False when it ends.
    """

    def __init__(
        self,
        outbox: Outbox,
        handle: Callable[[Any], None],
        drain: Callable[[], None],
        hurry: Callable[[bool], None],
    ) -> None:
        self._thread = threading.get_ident()
        self._outbox = outbox
        self._handle = handle
        self._drain = drain
        self._hurry = hurry
        self._taking = False
        self._closed = False

    def close(self) -> None:
        self._closed = True

    @property
    def here(self) -> bool:
        """Whether this is the thread that owns the viewer."""
        return threading.get_ident() == self._thread

    def take(self) -> None:
        """Take what the other threads have left, unless that is being done already or the viewer is closed."""
        if self._taking or self._closed:
            return
        self._taking = True
        try:
            # One broken listener must not lose what comes after it.
            emit_each(partial(self._handle, item) for item in self._outbox.take())
        finally:
            self._taking = False

    def check(self) -> None:
        """Refuse a wait that could not end well.

        Raises
        ------
        RuntimeError
            On another thread than the viewer's, inside a callback of lamella, or after `close`.
        """
        if not self.here:
            raise RuntimeError(
                "waiting for a viewer works only on the thread that made it: elsewhere, wait for the future of "
                "viewer.slice_layers_async()"
            )
        if self._closed:
            raise RuntimeError("the viewer is closed")
        if self._taking or emitting():
            raise RuntimeError(
                "waiting for a viewer inside a callback of lamella would never end: what is waited for comes after it"
            )

    def until(self, missing: Callable[[], Sequence[str]], timeout: float | None) -> None:
        """Take what comes until nothing is missing.

        Parameters
        ----------
        missing : callable
            What is missing, in words.
        timeout : float or None
            Seconds; None waits as long as it takes.

        Raises
        ------
        TimeoutError
            Names what is missing.
        RuntimeError
            See `check`; also when a callback closes the viewer.
        """
        self.check()
        deadline = None if timeout is None else time.monotonic() + number("timeout", timeout, 0)
        self._hurry(True)
        try:
            while True:
                self._drain()
                if self._closed:
                    raise RuntimeError("the viewer was closed while it was waited for")
                still = missing()
                if not still:
                    return
                left = WAIT_STEP_S if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"not there after {timeout:g} s: {'; '.join(still)}")
                self._outbox.wait(min(WAIT_STEP_S, left))
        finally:
            self._hurry(False)
