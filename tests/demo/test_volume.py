"""The demo's volume is the same however it is looked at."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaozarrs

from lamella.demo.store import DemoStore
from lamella.demo.volume import BLOCK, CHUNK, ChunkServer, Volume
from lamella.io import open_layers
from lamella.testing import HttpServer

VOLUME = Volume()


def test_it_has_the_size_that_is_promised():
    assert VOLUME.voxels >= 10**15
    assert VOLUME.shape(0)[1] == 2
    assert VOLUME.shape(9)[-2:] == (256, 256)


def test_it_is_deterministic():
    first = ChunkServer(VOLUME).chunk(9, 3, 0, 100, 1, 0)
    np.testing.assert_array_equal(first, ChunkServer(VOLUME).chunk(9, 3, 0, 100, 1, 0))
    assert first.max() > 1000


@pytest.mark.parametrize("level", [2, 5, 8])
def test_blocks_meet_without_a_seam(level: int):
    n = VOLUME.shape(level)[-1] // BLOCK // 2
    left, right = (VOLUME.block(level, 0, 256, n, x)[0].astype(float) for x in (n - 1, n))
    inside = np.abs(np.diff(left, axis=1)).mean()
    seam = np.abs(right[:, 0] - left[:, -1]).mean()
    assert seam <= 3 * inside + 100


@pytest.mark.parametrize("level", [4, 6, 8])
def test_a_level_looks_like_the_finer_one_downsampled(level: int):
    n = VOLUME.shape(level + 1)[-1] // BLOCK // 2
    coarse = VOLUME.block(level + 1, 0, 256, n, n)[0].astype(float)
    fine = np.block(
        [[VOLUME.block(level, 0, 256, 2 * n + y, 2 * n + x)[0].astype(float) for x in (0, 1)] for y in (0, 1)]
    )
    down = fine.reshape(BLOCK, 2, BLOCK, 2).mean(axis=(1, 3))
    assert np.corrcoef(down.ravel(), coarse.ravel())[0, 1] > 0.9
    assert down.mean() == pytest.approx(coarse.mean(), rel=0.2, abs=200)


def test_it_moves_in_time_and_changes_with_depth():
    first, later, deeper = (VOLUME.block(8, t, z, 0, 1)[0] for t, z in [(0, 200), (20, 200), (0, 260)])
    assert (first != later).mean() > 0.1
    assert (first != deeper).mean() > 0.1


def test_chunks_are_parts_of_blocks_and_there_are_no_others():
    server = ChunkServer(VOLUME)
    block = VOLUME.block(9, 0, 256, 0, 0)[1]
    np.testing.assert_array_equal(server.chunk(9, 0, 1, 256, 1, 0), block[CHUNK:, :CHUNK])
    for wrong in [
        (10, 0, 0, 0, 0, 0),
        (9, 64, 0, 0, 0, 0),
        (9, 0, 2, 0, 0, 0),
        (9, 0, 0, 512, 0, 0),
        (9, 0, 0, 0, 2, 0),
    ]:
        with pytest.raises(IndexError):
            server.chunk(*wrong)


def test_a_strict_reader_accepts_its_metadata():
    group = json.loads(DemoStore(VOLUME)("zarr.json") or b"")
    yaozarrs.validate_ome_object(group["attributes"]["ome"])


def test_lamella_opens_it_as_two_channels():
    store = DemoStore(VOLUME)
    with HttpServer(store) as server:
        layers = open_layers(server.url)
    assert [layer.kwargs["name"] for layer in layers] == ["membranes", "nuclei"]
    assert layers[0].data.shape == (64, 512, 2**17, 2**17)
    assert store("s9/c/0/0/0/0/7") is None
    assert store("nothing") is None
