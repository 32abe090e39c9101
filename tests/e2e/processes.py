"""lamella in processes of its own: as a user starts it, with and without a display."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HANG = 60  # seconds after which a process counts as hung
LAMELLA = str(Path(sys.executable).with_name("lamella"))


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1", **changes}


def lamella(*arguments: str | Path, timeout: float = HANG, **changes: str) -> Ended:
    """Run the installed command to its end."""
    return run([LAMELLA, *map(str, arguments)], timeout=timeout, **changes)


def python(script: str, *arguments: str, timeout: float = HANG, **changes: str) -> Ended:
    """Run a script to its end."""
    return run([sys.executable, "-c", script, *arguments], timeout=timeout, **changes)


def run(command: Sequence[str], timeout: float = HANG, **changes: str) -> Ended:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment(**changes))
    return Ended(done.returncode, done.stdout, done.stderr)


class Running:
    """A process that goes on until the test ends it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def interrupt(self) -> float:
        """Ctrl-C; seconds until it has ended."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(HANG)
        return time.perf_counter() - began

    def tell(self, line: str) -> float:
        """Write a line to it; seconds until it has ended."""
        assert self.process.stdin is not None
        began = time.perf_counter()
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        self.process.wait(HANG)
        return time.perf_counter() - began

    def end(self) -> Ended:
        out, err = self.process.communicate(timeout=HANG)
        return Ended(self.process.returncode, out, err)


@contextmanager
def started(command: Sequence[str], **changes: str) -> Iterator[Running]:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**changes),
    )
    try:
        yield Running(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
