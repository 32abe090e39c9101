"""Which reader process reads which array, and what happens when it dies.

Sources of one pool (the levels of one image, say) are a group: they are read in one process, by the pool's number of
threads. There are at most `MAX_READERS` processes; more groups than that share them, each with threads of its own. A
process is started at the first read of a group and ended when its last group has no source any more.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind, Pool
from lamella.sources.indexing import sentence
from lamella.sources.portable import NotPortable
from lamella.sources.reader_process import ReaderDied, ReaderProcess, module_path
from lamella.sources.reader_protocol import Open, Refused, Unknown

MAX_READERS = 4  # a process with dask takes about 100 MB and 1 s to start
ATTEMPTS = 2  # a process that a read has killed is started once more for it
EXIT_S = 0.25  # at exit: how long reader processes may take to end by themselves
_KILL_S = 1.0  # a killed process is reaped in a few ms

# Of the tables below; held for no longer than a process takes to start. The collector may run `ReaderGroup.leave` in a
# thread that holds it: re-entrant, and whoever holds it lives with a process that was ended meanwhile.
_lock = threading.RLock()
_groups: weakref.WeakValueDictionary[str, ReaderGroup] = weakref.WeakValueDictionary()
_users: dict[ReaderProcess, set[str]] = {}  # the groups of each process that may still be asked
_processes: weakref.WeakSet[ReaderProcess] = weakref.WeakSet()


class Member:
    """An array of a group: what the reader process must know to make it. Thread-safe.

    Parameters
    ----------
    token : int
        The source's.
    recipe : callable
        Gives the pickle of the array. Called by `payload` at the first read, and after `forget`.
    """

    def __init__(self, token: int, name: str, dtype: np.dtype[Any], recipe: Callable[[], bytes]) -> None:
        self.token = token
        self.name = name
        self.dtype = dtype
        self.version = 0
        self._recipe = recipe
        self._made: tuple[int, bytes] | None = None
        self._making = threading.Lock()

    def payload(self) -> tuple[int, bytes]:
        """The version and the pickle of the array.

        Raises
        ------
        NotPortable
        """
        with self._making:
            version, made = self.version, self._made
            if made is None or made[0] != version:
                try:
                    made = self._made = (version, self._recipe())
                except NotPortable:
                    raise
                except Exception as error:  # pickling runs the user's code
                    raise NotPortable(f"it cannot be pickled ({sentence(error)})") from None
            return made

    def forget(self) -> None:
        self.version += 1


class ReaderGroup:
    """The sources of one pool, read in one process. Thread-safe; `read` is for workers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._process: ReaderProcess | None = None
        self._ending: ReaderProcess | None = None
        self._members: set[int] = set()
        self._reading = 0
        self._ended = threading.Condition()  # a read has
        self._epoch = object()  # a new one at each `stop`: reads that began before it are not tried again

    # Workers

    def read(self, member: Member, box: Box) -> npt.NDArray[Any] | Failed:
        """Read ``box`` of ``member``; blocks without the interpreter lock.

        Raises
        ------
        NotPortable
            There can be no reader process, or the array cannot be made in it.
        """
        epoch = self._epoch
        with self._ended:
            self._reading += 1
        try:
            return self._read(member, box, epoch)
        finally:
            with self._ended:
                self._reading -= 1
                self._ended.notify_all()

    def _read(self, member: Member, box: Box, epoch: object) -> npt.NDArray[Any] | Failed:
        deaths = 0
        while deaths < ATTEMPTS:
            version, payload = member.payload()
            process = self._place(epoch)
            if process is None:
                return Failed(FailureKind.CONNECTION, f"reading {member.name} was stopped")
            try:
                if process.opened.get(member.token) != version:
                    process.open(self._opening(member, payload), version)
                answer = process.read(member.token, box, member.dtype)
            except ReaderDied:
                if process.ended:  # on purpose, for another group's sake perhaps
                    continue
                if not process.ready:
                    raise NotPortable("the reader process does not start") from None
                deaths += 1
                continue
            if isinstance(answer, Refused):
                raise NotPortable(f"it cannot be made in the reader process ({answer.reason})")
            if not isinstance(answer, Unknown):  # dropped by `forget` meanwhile
                return answer
        return Failed(FailureKind.OTHER, f"the reader process died twice while reading {member.name}")

    def _opening(self, member: Member, payload: bytes) -> Open:
        pool = self._pool
        return Open(member.token, payload, member.name, member.dtype, pool.key, max(pool.threads, 1), module_path())

    def _place(self, epoch: object) -> ReaderProcess | None:
        """The process that reads this group now, started if there is none; None if the group was stopped meanwhile."""
        with _lock:
            if self._epoch is not epoch:
                return None
            process = self._process
            if process is None or process.ended or process.gone.is_set():
                process = self._process = _least_used()
                _users.setdefault(process, set()).add(self._pool.key)
            return process

    # Any thread

    def add(self, member: int) -> None:
        self._members.add(member)

    def leave(self, member: int) -> None:
        """The source is closed or gone. The last one ends the process, in the middle of a read too. Returns at once."""
        self._members.discard(member)
        process, busy = self._process, self._reading > 0
        if process is None:
            return
        process.drop(member)
        if self._members:
            return
        self.stop()
        if busy and process.ended:
            process.kill()

    def forget(self, member: Member) -> None:
        """Reads from now on see the array as it is now. Returns at once."""
        member.forget()
        if (process := self._process) is not None:
            process.drop(member.token)

    def stop(self) -> None:
        """Ask the process to end, unless another group uses it. Returns at once; a later read starts one again."""
        self._epoch = object()
        with _lock:
            process, self._process = self._process, None
            if process is None:
                return
            self._ending = process
            users = _users.get(process, set())
            users.discard(self._pool.key)
            if not users:
                _users.pop(process, None)
        if users:
            for member in self._members.copy():
                process.drop(member)
        else:
            process.stop()

    def insist(self, deadline: float) -> None:
        """After `stop`: wait for the end until the `time.monotonic` deadline, then kill what has not ended."""
        process, self._ending = self._ending, None
        if process is None:
            return
        if process.ended:
            end_process(process, deadline)
            return
        with self._ended:
            if not self._ended.wait_for(lambda: not self._reading, max(0.0, deadline - time.monotonic())):
                process.kill()


def group_of(pool: Pool) -> ReaderGroup:
    """The group of the sources with this pool."""
    with _lock:
        group = _groups.get(pool.key)
        if group is None:
            group = _groups[pool.key] = ReaderGroup(pool)
        return group


def end_process(process: ReaderProcess, deadline: float) -> None:
    """Wait until a process that was stopped has ended; kill it at the deadline."""
    if not process.gone.wait(max(0.0, deadline - time.monotonic())):
        process.kill()
        process.gone.wait(_KILL_S)


def _least_used() -> ReaderProcess:
    """A process for one more group: a new one as long as there are few. Under the lock."""
    alive = {p: users for p, users in _users.copy().items() if not (p.ended or p.gone.is_set())}
    _users.clear()
    _users.update(alive)
    if len(alive) >= MAX_READERS:
        return min(alive, key=lambda p: len(alive[p]))
    if not os.path.basename(sys.executable or "").lower().startswith(("python", "pypy")):
        raise NotPortable("there is no Python to start a reader process with")
    try:
        process = ReaderProcess()
    except OSError as error:
        raise NotPortable(f"no reader process can be started ({error.strerror})") from None
    _processes.add(process)
    return process


@atexit.register
def _end_all() -> None:
    processes = [p for p in _processes if p.mine]
    for process in processes:
        process.stop()
    deadline = time.monotonic() + EXIT_S
    for process in processes:
        end_process(process, deadline)
