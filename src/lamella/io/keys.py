"""Reading the small metadata files of a store, local or remote, several at once: a call is one round trip."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

from lamella.io.errors import OpenCancelled, OpenError
from lamella.sources.base import Failed, FailureKind, Missing
from lamella.sources.failures import classify
from lamella.sources.location import Location, without_secrets
from lamella.sources.tensorstore_source import abandon, load_tensorstore, make_context

Answer = bytes | Missing | Failed

CANCEL_POLL = 0.05  # seconds until a cancelled opening is noticed
BUSY_PAUSES = (0.2, 0.4, 0.8)  # seconds before a busy server, or one that broke off, is asked again
_AGAIN = frozenset({FailureKind.BUSY, FailureKind.THROTTLED, FailureKind.CONNECTION})


class Cancelled(Protocol):
    """Anything like a `threading.Event`."""

    def is_set(self) -> bool: ...


class Session:
    """One opening of one store: its limits, its deadline, its connection.

    Used by one thread.

    Parameters
    ----------
    location : Location
    timeout : float
        Seconds for everything that is read through it.
    cancelled : Event-like, optional
        Once set, waiting ends with `OpenCancelled`.
    """

    def __init__(self, location: Location, timeout: float, cancelled: Cancelled | None = None) -> None:
        self.location = location
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._cancelled = cancelled
        try:
            self._ts = load_tensorstore()
        except ImportError:
            raise OpenError(
                f"{location.name} cannot be opened: tensorstore is not installed and not to be had for this machine"
            ) from None
        self.context = make_context(location)

    def read(self, location: Location, keys: Sequence[str], *, enough: str | None = None) -> dict[str, Answer]:
        """Read ``keys`` under ``location``, all at once; those that a busy server refused are asked for again, and so
        are those whose connection broke.

        Parameters
        ----------
        location : Location
        keys : sequence of str
        enough : str, optional
            One of them: if it is there, nobody waits for the others. Those that have not come are not in the answer.

        Raises
        ------
        OpenError
            The answers did not come in time, or the opening was cancelled.
        """
        answers = self._read_once(location, keys, enough)
        for pause in BUSY_PAUSES:
            busy = [k for k, a in answers.items() if isinstance(a, Failed) and a.kind in _AGAIN]
            if not busy or isinstance(answers.get(enough or ""), bytes) or time.monotonic() + pause >= self._deadline:
                break
            self._wait(threading.Event(), min(pause, self._deadline - time.monotonic()))
            answers.update(self._read_once(location, busy, enough))
        return answers

    def _read_once(self, location: Location, keys: Sequence[str], enough: str | None) -> dict[str, Answer]:
        try:
            store = self._ts.KvStore.open(location.kvstore(), context=self.context).result()
            futures = {key: store.read(key) for key in keys}
        except (ValueError, UnicodeError) as error:
            raise OpenError(f"{location.name} cannot be opened: {clean(str(error))}") from None
        finished, left = threading.Event(), len(futures)
        lock = threading.Lock()

        def count(key: str, future: Any) -> None:
            nonlocal left
            with lock:
                left -= 1
                last = left == 0
            if last or (key == enough and isinstance(_answer(future), bytes)):
                finished.set()

        callbacks = {key: partial(count, key) for key in futures}
        try:
            for key, future in futures.items():
                future.add_done_callback(callbacks[key])
            if not self._wait(finished, self._deadline - time.monotonic()):
                raise OpenError(
                    f"{self.location.host} did not answer within {self._timeout:g} s when {location.name} was opened; "
                    "check the address and the connection"
                )
            return {key: _answer(future) for key, future in futures.items() if future.done()}
        finally:
            for key, future in futures.items():
                abandon(future, callbacks[key])

    def _wait(self, event: threading.Event, seconds: float) -> bool:
        """Whether ``event`` was set within ``seconds``."""
        end = time.monotonic() + seconds
        while True:
            if self._cancelled is not None and self._cancelled.is_set():
                raise OpenCancelled(f"the opening of {self.location.name} was cancelled")
            left = end - time.monotonic()
            if event.wait(max(min(left, CANCEL_POLL), 0)):
                return True
            if left <= 0:
                return False


def _answer(future: Any) -> Answer:
    try:
        result = future.result()
    except Exception as error:  # whatever its class, the text says what it was
        return classify(str(error))
    return bytes(result.value) if result.state == "value" else Missing()


def clean(text: str) -> str:
    """The readable part of an error text of tensorstore."""
    return without_secrets(" ".join(text.split(" [tensorstore_spec=", 1)[0].split()))[:300]
