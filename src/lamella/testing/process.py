"""A server in a process of its own, which ends with the process that started it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

# The threads of numpy's matrix products wait by spinning: beside a busy window they made the demo's tissue seven times
# slower (150 against 20 ms a block on two busy cores), and they take time from what is measured.
_THREAD_SETTINGS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_THREAD = dict.fromkeys(_THREAD_SETTINGS, "1")


class ServerProcess:
    """Runs ``python -m MODULE`` that prints one JSON line with its ``url`` and ends when its standard input closes.

    A context manager. By default it serves a folder with `HttpServer`.

    Parameters
    ----------
    folder : path, optional
    latency : float
        Seconds.
    bandwidth : float, optional
        Bytes a second.
    module : str
        Another module that keeps to the same form.
    arguments : sequence of str
        For it.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        latency: float = 0.0,
        bandwidth: float | None = None,
        module: str = "lamella.testing",
        arguments: tuple[str, ...] = (),
    ) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        if folder is not None:
            self._command += ["--folder", str(folder)]
        self._command += ["--latency", str(latency)]
        if bandwidth is not None:
            self._command += ["--bandwidth", str(bandwidth)]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> ServerProcess:
        """Start it and wait for its URL.

        Raises
        ------
        RuntimeError
            It ended without printing one.
        """
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {' '.join(self._command)}")
        self.url = json.loads(line)["url"]
        return self

    def stop(self) -> None:
        """End the process."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def __enter__(self) -> ServerProcess:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()


def serve_until_orphaned(url: str) -> None:
    """Print the URL, then wait until whoever started this process is gone, or for Ctrl-C."""
    print(json.dumps({"url": url}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()


def main() -> None:
    from lamella.testing.http_server import HttpServer

    parser = argparse.ArgumentParser(description="Serve a folder on 127.0.0.1 until standard input closes.")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--bandwidth", type=float, help="bytes a second")
    arguments = parser.parse_args()
    with HttpServer(arguments.folder, latency=arguments.latency, bandwidth=arguments.bandwidth) as server:
        serve_until_orphaned(server.url)
