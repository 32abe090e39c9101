"""The demo's slow server, in a process of its own: ``python -m lamella.demo.server``."""

from __future__ import annotations

import argparse
import contextlib
import os

from lamella.demo.store import DemoStore
from lamella.demo.volume import Volume
from lamella.testing.http_server import HttpServer
from lamella.testing.process import ServerProcess, serve_until_orphaned

NAME = "tissue.zarr"


class DemoServer(ServerProcess):
    """Serves the demo's volume as long as the block lasts.

    Parameters
    ----------
    delay : float
        Seconds added to each request.
    bandwidth : float
        Bytes a second.
    """

    def __init__(self, *, delay: float = 0.05, bandwidth: float | None = 12.5e6) -> None:
        super().__init__(latency=delay, bandwidth=bandwidth, module="lamella.demo.server")


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the demo's volume on 127.0.0.1 until standard input closes.")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds added to each request")
    parser.add_argument("--bandwidth", type=float, help="bytes a second")
    arguments = parser.parse_args()
    with contextlib.suppress(OSError):
        os.nice(5)  # rendering tissue must not take the processor from the window that is shown
    store = DemoStore(Volume())

    def content(path: str) -> bytes | None:
        folder, _, key = path.partition("/")
        return store(key) if folder == NAME else None

    with HttpServer(content, latency=arguments.latency, bandwidth=arguments.bandwidth, threads=2) as server:
        serve_until_orphaned(f"{server.url}/{NAME}")


if __name__ == "__main__":
    main()
