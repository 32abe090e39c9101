"""The viewer's side of one reader process: start it, ask it, end it."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind
from lamella.sources.indexing import sentence
from lamella.sources.reader_protocol import (
    Answer,
    Drop,
    End,
    Open,
    Read,
    Ready,
    Refused,
    Result,
    Unknown,
    Written,
    receive,
    send,
)
from lamella.sources.shared_ring import SharedFile, SharedFileClosed, SharedRing

_log = logging.getLogger(__name__)
_LOGGED = 16 * 1024  # bytes of what a reader prints that are logged at once


class ReaderDied(Exception):
    """The process has ended, whoever ended it, before it answered."""


class ReaderProcess:
    """One ``python -m lamella.sources.reader`` and the memory that it shares with this process. Thread-safe.

    `read` blocks; `stop` and `kill` do not. A thread of its own waits for answers and reaps the process.

    Raises
    ------
    OSError
        It cannot be started.
    """

    def __init__(self) -> None:
        self.ring = SharedRing()
        self.ready = False  # it has said so
        self.ended = False  # by this process: `stop` or `kill`
        self.gone = threading.Event()  # reaped
        self.opened: dict[int, int] = {}  # the version of each member that it has
        self._dropped: deque[int] = deque()
        self._large = SharedFile()
        self._large_turn = threading.Lock()
        self._sending = threading.Lock()
        self._numbers = itertools.count(1)
        self._pending: dict[int, SimpleQueue[Result | None]] = {}
        self._output = tempfile.TemporaryFile("a+b")  # noqa: SIM115  # closed when the process has gone
        self._owner = os.getpid()
        try:
            self._process = self._start()
        except OSError:
            self._close_files()
            raise
        assert self._process.stdin is not None and self._process.stdout is not None
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        threading.Thread(target=self._receive, name="lamella-reader-answers", daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-X", "faulthandler", "-m", "lamella.sources.reader"]
        options: dict[str, Any] = {}
        if os.name == "posix":
            # A session of its own: it hears no Ctrl-C of this terminal, and what it starts can be ended with it.
            options["pass_fds"] = (self.ring.file.descriptor, self._large.descriptor)
            options["start_new_session"] = True
        else:
            options["creationflags"] = 0x08000000  # CREATE_NO_WINDOW
        return subprocess.Popen(
            [*command, self.ring.file.reference, self._large.reference],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(module_path())},
            **options,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    # Workers

    def open(self, message: Open, version: int) -> None:
        """Let it read from an array, unless it does already; from another version than before."""
        with self._sending:
            self._send_drops()
            if self.opened.get(message.member) == version:
                return
            self._send(message)
            self.opened[message.member] = version

    def read(self, member: int, box: Box, dtype: np.dtype[Any]) -> npt.NDArray[Any] | Refused | Unknown | Failed:
        """Read ``box`` of an array that was opened. Waits for the answer without the interpreter lock.

        Raises
        ------
        ReaderDied
        """
        shape = tuple(s.stop - s.start for s in box)
        length = math.prod(shape) * dtype.itemsize
        try:
            if length > self.ring.size:
                return self._read_large(member, box, dtype, shape, length)
            with self.ring.lend(length) as offset:
                answer = self._ask(member, box, offset)
                if not isinstance(answer, Written):
                    return answer
                return np.frombuffer(self.ring.memory, dtype, math.prod(shape), offset).reshape(shape).copy()
        except SharedFileClosed:
            raise ReaderDied from None
        except (MemoryError, OSError) as error:  # no room for the answer, here or in the file
            return Failed(FailureKind.MEMORY, sentence(error))

    def _read_large(
        self, member: int, box: Box, dtype: np.dtype[Any], shape: tuple[int, ...], length: int
    ) -> npt.NDArray[Any] | Refused | Unknown | Failed:
        with self._large_turn:
            self._large.resize(length)
            try:
                answer = self._ask(member, box, None)
                if not isinstance(answer, Written):
                    return answer
                memory = self._large.map(length)
                data = np.frombuffer(memory, dtype).reshape(shape).copy()
                memory.close()
                return data
            finally:
                with contextlib.suppress(SharedFileClosed):
                    self._large.resize(0)

    def _ask(self, member: int, box: Box, offset: int | None) -> Result:
        answered: SimpleQueue[Result | None] = SimpleQueue()
        with self._sending:
            number = next(self._numbers)
            self._pending[number] = answered
            self._send(Read(number, member, box, offset))
        answer = answered.get()
        if answer is None:
            raise ReaderDied
        return answer

    def _send_drops(self) -> None:
        dropped = []
        while self._dropped:
            dropped.append(self._dropped.popleft())
            self.opened.pop(dropped[-1], None)
        if dropped:
            self._send(Drop(tuple(dropped)))

    def _send(self, message: Any) -> None:
        if self.gone.is_set():
            raise ReaderDied
        try:
            send(self._requests, message)
        except OSError:
            raise ReaderDied from None

    # Any thread

    def drop(self, member: int) -> None:
        """Let it let go of an array: now, or before the next that it is asked for."""
        self._dropped.append(member)
        if self._sending.acquire(blocking=False):
            try:
                with contextlib.suppress(ReaderDied):
                    self._send_drops()
            finally:
                self._sending.release()

    def stop(self) -> None:
        """Ask it to end. Returns at once; it takes as long as user code in it, 1 s at most."""
        if not self.mine:
            return
        self.ended = True
        if not self._sending.acquire(blocking=False):  # it does not take what it is sent
            self.kill()
            return
        try:
            with contextlib.suppress(ReaderDied):
                self._send(End())
        finally:
            self._sending.release()

    def kill(self) -> None:
        """End it and what it has started. Returns at once."""
        if not self.mine:
            return
        self.ended = True
        self._kill()

    def _kill(self) -> None:
        if self._process.returncode is not None:
            return
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    @property
    def mine(self) -> bool:
        """False after a fork: then it is the parent's."""
        return os.getpid() == self._owner

    # The thread of the answers

    def _receive(self) -> None:
        try:
            while (message := receive(self._answers)) is not None:
                self._log_output()
                match message:
                    case Ready():
                        self.ready = True
                    case Answer(number, result):
                        self._pending.pop(number).put(result)
        except Exception as error:  # noise in the pipe: it cannot be trusted any more
            _log.debug("the reader process %d answered nonsense: %r", self.pid, error)
        self._kill()  # what it may have left behind
        code = self._process.wait()
        self._log_output()
        _log.debug("the reader process %d ended with %d", self.pid, code)
        with self._sending:
            self.gone.set()
            pending, self._pending = self._pending, {}
            self._close_files()
        for answered in pending.values():
            answered.put(None)

    def _log_output(self) -> None:
        size = self._output.seek(0, os.SEEK_END)
        if size:
            self._output.seek(max(0, size - _LOGGED))
            text = self._output.read().decode(errors="replace").rstrip()
            self._output.truncate(0)
            _log.debug("the reader process %d printed: %s", self.pid, text)

    def _close_files(self) -> None:
        self.ring.close()
        self._large.close()
        self._output.close()
        if hasattr(self, "_process"):
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.close()
            self._process.stdout.close()


def module_path() -> tuple[str, ...]:
    """``sys.path`` as another process needs it."""
    return tuple(os.path.abspath(os.fsdecode(p)) for p in sys.path)
