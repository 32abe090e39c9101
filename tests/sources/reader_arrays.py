"""Arrays for the reader process, which imports this module; the tests talk to them through a socket."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import numpy as np


class Plain:
    """Values that say where they are: element (y, x) is 100 y + x."""

    shape: tuple[int, ...] = (6, 8)
    dtype = np.dtype("i8")

    def __getitem__(self, box):
        y, x = np.ogrid[box]
        return 100 * y + x

    def recipe(self):
        return pickle.dumps(self)


class Pid(Plain):
    """Every element is the number of the process that reads it."""

    def __getitem__(self, box):
        return np.full([s.stop - s.start for s in box], os.getpid())


class Large(Plain):
    """34 MiB: more than the ring holds."""

    shape = (34, 2**20)
    dtype = np.dtype("u1")

    def __getitem__(self, box):
        rows, columns = (np.arange(s.start, s.stop, dtype="u1") for s in box)
        return rows[:, None] + columns


class Swapped(Plain):
    def __getitem__(self, box):
        return super().__getitem__(box).astype(">i8")


class Raising(Plain):
    def __init__(self, error):
        self.error = error

    def __getitem__(self, box):
        raise self.error


class WrongShape(Plain):
    def __getitem__(self, box):
        return np.zeros(3, "i8")


class Chatty(Plain):
    """Prints, writes to the descriptor itself, and reads what nobody types."""

    def __getitem__(self, box):
        print("hello from the array")
        os.write(1, b"and to the descriptor\n")
        assert sys.stdin.read() == ""
        return super().__getitem__(box)


class Deadly(Plain):
    """Takes its process along, as a codec with a bad pointer does."""

    def __getitem__(self, box):
        os.kill(os.getpid(), signal.SIGKILL)


class Unmakeable(Plain):
    def __reduce__(self):
        return (int, ("not in the other process",))


class Meeting(Plain):
    """Reads that answer only when ``number`` of them are under way at once in one process."""

    def __init__(self, number):
        self.number = number
        self.barrier = threading.Barrier(number, timeout=20)

    def __reduce__(self):
        return (Meeting, (self.number,))

    def __getitem__(self, box):
        self.barrier.wait()
        return super().__getitem__(box)


class Gated(Plain):
    """A read says the number of its process to the test, and answers when the test has let it through."""

    def __init__(self, port):
        self.port = port

    def __getitem__(self, box):
        with socket.create_connection(("127.0.0.1", self.port)) as gate:
            gate.sendall(os.getpid().to_bytes(4, "big"))
            if gate.recv(1) != b"+":
                raise ConnectionError("the test has gone")
        return super().__getitem__(box)


class GatedStack(Gated):
    """The same with an axis before, for slicing."""

    shape = (4, 6, 8)

    def __getitem__(self, box):
        return np.repeat(super().__getitem__(box[1:])[None], box[0].stop - box[0].start, axis=0)


class Gate:
    """The test's end of `Gated`."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._waiting: list[socket.socket] = []
        self.port = listener.getsockname()[1]

    def wait(self) -> int:
        """Wait until one more read is under way; the number of its process."""
        connection, _ = self._listener.accept()
        connection.settimeout(20)
        self._waiting.append(connection)
        return int.from_bytes(connection.recv(4), "big")

    def let_through(self) -> None:
        """Let the oldest read answer."""
        with self._waiting.pop(0) as connection:
            connection.sendall(b"+")

    def wait_for_end(self) -> None:
        """Wait until the process of the oldest read has ended: its side of the connection closes."""
        with self._waiting.pop(0) as connection:
            assert connection.recv(1) == b""

    def close(self) -> None:
        for connection in self._waiting:
            connection.close()


@contextlib.contextmanager
def gate() -> Iterator[Gate]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        opened = Gate(listener)
        try:
            yield opened
        finally:
            opened.close()
