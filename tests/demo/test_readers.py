"""Readers that are not lamella's read the demo over HTTP, and get what the volume computes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import tensorstore as ts

from lamella.demo.server import NAME, DemoServer
from lamella.demo.store import DemoStore
from lamella.demo.volume import CHUNK, ChunkServer, Volume
from lamella.testing import HttpServer

VOLUME = Volume()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HttpServer(DemoStore(VOLUME)) as server:
        yield server.url


def expected(level: int, t: int, c: int, z: int, row: int, column: int) -> np.ndarray:
    return ChunkServer(VOLUME).chunk(level, t, c, z, row, column)


def test_tensorstore_reads_it(url: str) -> None:
    array = ts.open({"driver": "zarr3", "kvstore": f"{url}/s8/"}).result()
    assert array.shape == VOLUME.shape(8)
    assert array.domain.labels == ("t", "c", "z", "y", "x")
    read = array[3, 1, 250, CHUNK : 2 * CHUNK, 2 * CHUNK : 3 * CHUNK].read().result()
    np.testing.assert_array_equal(read, expected(8, 3, 1, 250, 1, 2))


def test_zarr_python_reads_it(url: str) -> None:
    zarr = pytest.importorskip("zarr")
    pytest.importorskip("aiohttp")
    group = zarr.open_group(url, mode="r", zarr_format=3)
    array = group["s9"]
    assert array.shape == VOLUME.shape(9)
    np.testing.assert_array_equal(array[0, 0, 256, :CHUNK, CHUNK:], expected(9, 0, 0, 256, 0, 1))
    scale, translation = group.attrs["ome"]["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    assert scale["scale"][-1] == pytest.approx(2 * VOLUME.pixel)
    assert translation["translation"][-1] == pytest.approx(VOLUME.pixel / 2)


def test_the_process_serves_it_and_ends_with_its_starter() -> None:
    with DemoServer(delay=0, bandwidth=None) as server:
        assert server.url.endswith(NAME)
        array = ts.open({"driver": "zarr3", "kvstore": f"{server.url}/s9/"}).result()
        read = array[0, 0, 256, :CHUNK, :CHUNK].read().result()
        process = server._process
    np.testing.assert_array_equal(read, expected(9, 0, 0, 256, 0, 0))
    assert process is not None
    assert process.returncode == 0
