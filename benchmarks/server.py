"""The slow server of `remote` and `scale`, in a process of its own: ``python -m benchmarks.server``.

``/image.zarr`` is the image: a folder, or a pyramid of any size whose every chunk costs the same. ``/log`` tells which
requests came, and when.
"""

from __future__ import annotations

import argparse
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pyramid import Chunk, Pyramid, chunk_of
from lamella.testing.http_server import HttpServer
from lamella.testing.process import ServerProcess, serve_until_orphaned

IMAGE = "image.zarr"
LOG = "log"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request for the image: seconds of perf_counter, which all processes of a machine share on Linux."""

    path: str
    status: int
    began: float
    chunk: Chunk | None


class BenchServer(ServerProcess):
    """Serves a folder or a pyramid as long as the block lasts.

    Parameters
    ----------
    latency : float
        Seconds.
    bandwidth : float
        Bytes a second.
    content : sequence of str
        Arguments of this module: ``--folder PATH`` or ``--pyramid DEPTH SIDE LEVELS``.
    """

    def __init__(self, latency: float, bandwidth: float, content: tuple[str, ...]) -> None:
        super().__init__(latency=latency, bandwidth=bandwidth, module="benchmarks.server", arguments=content)

    def seen(self, since: float, until: float = float("inf")) -> list[Seen]:
        return seen(self.url, since, until)


def seen(root: str, since: float, until: float = float("inf")) -> list[Seen]:
    """The requests for the image that began in that time."""
    with urllib.request.urlopen(f"{root}/{LOG}") as answer:
        entries = json.load(answer)
    return [
        Seen(path, status, began, chunk_of(path))
        for path, status, began in entries
        if since <= began <= until and path.startswith(IMAGE)
    ]


def folder_content(folder: Path) -> Callable[[str], bytes | None]:
    def read(key: str) -> bytes | None:
        file = (folder / key).resolve()
        return file.read_bytes() if file.is_relative_to(folder.resolve()) and file.is_file() else None

    return read


def pyramid_content(pyramid: Pyramid) -> Callable[[str], bytes | None]:
    """A pattern: its chunks take the same time wherever they are, and look different from place to place."""
    import numpy as np

    metadata = pyramid.metadata([{"name": "bytes", "configuration": {"endian": "little"}}])
    rows, columns = np.ogrid[: pyramid.chunk, : pyramid.chunk]
    pattern = ((rows * columns) % 2048).astype("<u2")

    def read(key: str) -> bytes | None:
        if key in metadata:
            return metadata[key]
        chunk = chunk_of(key)
        if chunk is None:
            return None
        level, z, row, column = chunk
        n = (pyramid.side >> level) // pyramid.chunk if level < pyramid.levels else 0
        if not (z < pyramid.depth and row < n and column < n):
            return None
        return (pattern + np.uint16((level * 31 + z * 7 + row * 5 + column * 3) % 2048)).tobytes()

    return read


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve an image on 127.0.0.1 until standard input closes.")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--pyramid", type=int, nargs=3, metavar=("DEPTH", "SIDE", "LEVELS"))
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--bandwidth", type=float)
    arguments = parser.parse_args()
    image = folder_content(arguments.folder) if arguments.folder else pyramid_content(Pyramid(*arguments.pyramid))

    def content(path: str) -> bytes | None:
        if path == LOG:
            return json.dumps([(r.path, r.status, r.began) for r in server.log]).encode()
        root, _, key = path.partition("/")
        return image(key) if root == IMAGE else None

    with HttpServer(content, latency=arguments.latency, bandwidth=arguments.bandwidth) as server:
        serve_until_orphaned(server.url)


if __name__ == "__main__":
    main()
