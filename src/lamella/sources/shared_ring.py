"""Memory that the viewer and its reader process both see: a file without a name, mapped by both."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator

RING_BYTES = 32 * 2**20  # enough for 64 chunks of 512 KiB
_ALIGNMENT = 64  # bytes: a cache line, and more than any dtype needs


class SharedFileClosed(Exception):
    """The other process has gone."""


class SharedFile:
    """A file for the memory of two processes.

    On POSIX it has no name, so nothing is left of it when both have ended, however they ended.
    """

    def __init__(self, size: int = 0) -> None:
        self._path: str | None = None
        self._lock = threading.Lock()  # the number of a closed descriptor may be that of another file by now
        self._closed = False
        if hasattr(os, "memfd_create"):
            self.descriptor = os.memfd_create("lamella-reader")
        elif os.name == "posix":
            with tempfile.TemporaryFile() as file:
                self.descriptor = os.dup(file.fileno())
        else:
            self.descriptor, self._path = tempfile.mkstemp(prefix="lamella-reader-")
        self.resize(size)

    @property
    def reference(self) -> str:
        """What `open_shared` needs in the other process: the number of an inherited descriptor, or a path."""
        return self._path or str(self.descriptor)

    def resize(self, size: int) -> None:
        """Give it ``size`` bytes.

        Raises
        ------
        SharedFileClosed
        OSError
            There is no room.
        """
        with self._lock:
            self._check()
            os.ftruncate(self.descriptor, size)

    def map(self, length: int) -> mmap.mmap:
        """Its first ``length`` bytes, which stay valid when it is closed.

        Raises
        ------
        SharedFileClosed
        """
        with self._lock:
            self._check()
            return mmap.mmap(self.descriptor, length)

    def close(self) -> None:
        """Mappings stay valid. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self.descriptor)
        if self._path is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def _check(self) -> None:
        if self._closed:
            raise SharedFileClosed


def open_shared(reference: str) -> int:
    """The descriptor of a `SharedFile` of another process."""
    return int(reference) if reference.isdigit() else os.open(reference, os.O_RDWR | getattr(os, "O_BINARY", 0))


class SharedRing:
    """Lends blocks of one shared file, one behind the other and round again. Thread-safe.

    Whoever borrows a block gives it back, in any order. A block starts at 0 if no other is lent, so that no more memory
    is touched than is needed.
    """

    def __init__(self, size: int = RING_BYTES) -> None:
        self.size = size
        self.file = SharedFile(size)
        self.memory = self.file.map(size)
        self._lent: list[tuple[int, int]] = []  # (start, stop), oldest first
        self._closed = False
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def lend(self, length: int) -> Iterator[int]:
        """Borrow ``length`` bytes, waiting until they are free; the offset at which they start.

        Raises
        ------
        SharedFileClosed
        """
        assert length <= self.size, "the block is larger than the ring"
        with self._changed:
            while (start := self._free(length)) is None and not self._closed:
                self._changed.wait()
            if start is None or self._closed:
                raise SharedFileClosed
            block = (start, start + length)
            self._lent.append(block)
        try:
            yield start
        finally:
            with self._changed:
                self._lent.remove(block)
                self._changed.notify_all()

    def close(self) -> None:
        """Lend nothing more; those who wait get `SharedFileClosed`. The memory lives as long as anybody looks at it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.file.close()

    def _free(self, length: int) -> int | None:
        if not self._lent:
            return 0
        head = -(-self._lent[-1][1] // _ALIGNMENT) * _ALIGNMENT
        tail = self._lent[0][0]
        if head <= tail:
            return head if head + length <= tail else None
        if head + length <= self.size:
            return head
        return 0 if length <= tail else None
