"""How fast a remote view could be at best: by arithmetic, and by a bare client against the same server."""

from __future__ import annotations

import http.client
import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from urllib.parse import urlsplit

from benchmarks.measures import median

AT_ONCE = 64
ROUND_TRIPS = 2  # of metadata, one after the other: the group, then all arrays
CALIBRATIONS = 3


@dataclass(frozen=True, slots=True)
class Link:
    """What the limit follows from.

    Attributes
    ----------
    first_byte : float
        Seconds.
    bandwidth : float
        Bytes a second.
    chunk_bytes : float
        Encoded.
    decode : float
        Seconds a chunk.
    """

    first_byte: float
    bandwidth: float
    chunk_bytes: float
    decode: float


def reading_limit(link: Link, chunks: int, cores: int | None = None) -> float:
    """L(N), seconds: the time in which nobody can read and decode ``chunks`` chunks faster."""
    if chunks == 0:
        return 0.0
    one = link.chunk_bytes / link.bandwidth
    return max(
        math.ceil(chunks / AT_ONCE) * link.first_byte,
        link.first_byte + chunks * one,
        link.first_byte + one + chunks * link.decode / (cores or os.cpu_count() or 1),
    )


def opening_limit(link: Link, chunks: int, cores: int | None = None) -> float:
    """Seconds from opening to a picture of ``chunks`` chunks."""
    return ROUND_TRIPS * link.first_byte + reading_limit(link, chunks, cores)


def calibrate(url: str, metadata: Sequence[str], chunks: Sequence[str]) -> float:
    """Seconds that a bare client takes: metadata one after the other, then the chunks, 64 at once; median of 3."""
    parts = urlsplit(url)
    times: list[float | None] = []
    for _ in range(CALIBRATIONS):
        connections: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
        for _ in range(min(AT_ONCE, len(chunks))):
            connections.put(http.client.HTTPConnection(parts.hostname or "", parts.port))

        def get(path: str, connections: SimpleQueue[http.client.HTTPConnection] = connections) -> int:
            connection = connections.get()
            try:
                connection.request("GET", f"{parts.path}/{path}")
                return len(connection.getresponse().read())
            finally:
                connections.put(connection)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            began = time.perf_counter()
            for path in metadata:
                get(path)
            list(pool.map(get, chunks))
            times.append(time.perf_counter() - began)
        while not connections.empty():
            connections.get().close()
    result = median(times)
    assert result is not None
    return result
