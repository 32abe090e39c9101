"""The reader process: ``python -m lamella.sources.reader RING LARGE``, started by `lamella.sources.reader_process`.

It indexes arrays that keep the interpreter lock busy, so that the viewer's own lock stays free. It takes `Open`,
`Read` and `Drop` from standard input, answers on standard output, and ends with its input. Import nothing large here:
it must start fast.
"""

from __future__ import annotations

import gc
import math
import mmap
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

import numpy as np

from lamella.sources.base import Failed
from lamella.sources.indexing import index, sentence
from lamella.sources.reader_protocol import (
    Answer,
    Drop,
    End,
    Open,
    Read,
    Ready,
    Refused,
    Unknown,
    Written,
    receive,
    send,
)
from lamella.sources.shared_ring import RING_BYTES, open_shared

EXIT_S = 1.0  # what user code that still runs at the end, hooks of `atexit` say, may take


class _Array:
    """An array of the viewer, made when it is first read."""

    def __init__(self, opened: Open) -> None:
        self.opened = opened
        self._making = threading.Lock()
        self._array: Any = None

    def get(self) -> Any:
        with self._making:
            if self._array is None:
                self._array = pickle.loads(self.opened.recipe)
            return self._array


class Reader:
    """Carries out what it is sent. `run` belongs to the main thread; each lane has threads of its own."""

    def __init__(self, requests: int, answers: int, ring: int, large: int) -> None:
        self._requests = requests
        self._answers = answers
        self._ring = mmap.mmap(ring, RING_BYTES)
        self._large = large
        self._sending = threading.Lock()
        self._arrays: dict[int, _Array] = {}
        self._lanes: dict[str, SimpleQueue[Callable[[], None]]] = {}

    def run(self) -> None:
        """Until the viewer says so, or has gone."""
        self._send(Ready())
        while not isinstance(message := receive(self._requests), End | None):
            match message:
                case Open():
                    sys.path.extend(p for p in message.path if p not in sys.path)
                    self._arrays[message.member] = _Array(message)
                case Drop(members):
                    for member in members:
                        self._arrays.pop(member, None)
                    gc.collect()  # a file that stays open would show what was in it before
                case Read(number, member):
                    array = self._arrays.get(member)
                    if array is None:
                        self._send(Answer(number, Unknown()))
                    else:
                        self._lane(array.opened).put(partial(self._read, message, array))
                    del array
            del message

    def _lane(self, opened: Open) -> SimpleQueue[Callable[[], None]]:
        lane = self._lanes.get(opened.lane)
        if lane is None:
            lane = self._lanes[opened.lane] = SimpleQueue()
            for _ in range(opened.threads):
                threading.Thread(target=_work, args=(lane,), daemon=True).start()
        return lane

    def _read(self, request: Read, array: _Array) -> None:
        try:
            data = array.get()
        except BaseException as error:  # whatever the code of a user's module raises
            self._send(Answer(request.number, Refused(sentence(error))))
            return
        opened = array.opened
        result = index(data, request.box, name=opened.name, dtype=opened.dtype)
        if isinstance(result, Failed):
            self._send(Answer(request.number, result))
            return
        count = math.prod(result.shape)
        if request.offset is not None:
            _copy(result, np.frombuffer(self._ring, opened.dtype, count, request.offset))
        else:
            memory = mmap.mmap(self._large, count * opened.dtype.itemsize)
            _copy(result, np.frombuffer(memory, opened.dtype))
            memory.close()
        self._send(Answer(request.number, Written()))

    def _send(self, message: Any) -> None:
        with self._sending:
            try:
                send(self._answers, message)
            except OSError:  # the viewer has gone: there is nobody to tell
                os._exit(0)


def _copy(result: np.ndarray[Any, Any], target: np.ndarray[Any, Any]) -> None:
    np.copyto(target.reshape(result.shape), result)


def _work(jobs: SimpleQueue[Callable[[], None]]) -> None:
    while True:
        job = jobs.get()
        job()
        del job  # it holds an array


def _claim_pipes() -> tuple[int, int]:
    """Take standard input and output for the protocol: what user code reads and prints must not get into it."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    return requests, answers


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the viewer's: this process ends with it
    requests, answers = _claim_pipes()
    ring, large = map(open_shared, sys.argv[1:3])
    Reader(requests, answers, ring, large).run()
    insist = threading.Timer(EXIT_S, os._exit, (0,))
    insist.daemon = True
    insist.start()


if __name__ == "__main__":
    main()
