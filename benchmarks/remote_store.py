"""Writes the pyramid that `remote` serves, and says what its chunks are like."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import tensorstore as ts

from benchmarks.data import planes
from benchmarks.limit import Link
from benchmarks.pyramid import Pyramid

CODECS = (
    {"name": "bytes", "configuration": {"endian": "little"}},
    {
        "name": "blosc",
        "configuration": {"cname": "zstd", "clevel": 3, "shuffle": "shuffle", "typesize": 2, "blocksize": 0},
    },
)
DECODED = 16  # chunks whose decoding is timed


def write_pyramid(pyramid: Pyramid, folder: Path, latency: float, bandwidth: float) -> Link:
    """Write noise into ``folder`` and return the link's figures."""
    for key, value in pyramid.metadata(CODECS).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(value)
    data = planes(pyramid.depth, pyramid.side)
    for level in range(pyramid.levels):
        store = _open(folder / f"s{level}")
        store[...] = data
        data = np.ascontiguousarray(data[:, ::2, ::2])
    files = [f for f in (folder / "s0" / "c").rglob("*") if f.is_file()]
    return Link(latency, bandwidth, sum(f.stat().st_size for f in files) / len(files), _decode_time(folder, pyramid))


def _decode_time(folder: Path, pyramid: Pyramid) -> float:
    """Seconds to read a chunk of a local file on one core, the least of several."""
    store = _open(folder / "s0")
    times = []
    for i in range(DECODED):
        began = time.perf_counter()
        store[i % pyramid.depth, : pyramid.chunk, : pyramid.chunk].read().result()
        times.append(time.perf_counter() - began)
    return min(times)


def _open(path: Path) -> ts.TensorStore:
    return ts.open({"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}}).result()
