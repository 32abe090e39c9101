"""What remote reading is compared with: the limit by arithmetic, and the chunks that a view needs."""

from __future__ import annotations

import json

import pytest

from benchmarks.limit import Link, calibrate, opening_limit, reading_limit
from benchmarks.pyramid import Pyramid, chunk_of, chunk_path, reads_not_needed
from lamella.testing.http_server import HttpServer

PYRAMID = Pyramid(depth=25, side=2048, levels=4)
ALL = ((-0.5, -0.5), (2047.5, 2047.5))


@pytest.mark.parametrize(
    ("link", "chunks", "expected"),
    [
        pytest.param(Link(0.05, 1e9, 1e3, 0.0), 64, 0.05 + 64e-6, id="one round trip holds 64"),
        pytest.param(Link(0.05, 1e9, 1e3, 0.0), 65, 0.10, id="one more needs another"),
        pytest.param(Link(0.05, 1e6, 1e5, 0.0), 10, 0.05 + 1.0, id="bandwidth"),
        pytest.param(Link(0.05, 1e9, 1e3, 0.02), 64, 0.05 + 1e-6 + 64 * 0.02 / 2, id="decoding on two cores"),
        pytest.param(Link(0.05, 1e9, 1e3, 0.02), 0, 0.0, id="nothing"),
    ],
)
def test_the_limit_is_what_the_scarcest_thing_allows(link: Link, chunks: int, expected: float) -> None:
    assert reading_limit(link, chunks, cores=2) == pytest.approx(expected)


def test_opening_costs_two_round_trips_more() -> None:
    link = Link(0.05, 1e9, 1e3, 0.0)
    assert opening_limit(link, 4, cores=2) == pytest.approx(0.10 + reading_limit(link, 4, cores=2))


def test_calibration_asks_for_every_path() -> None:
    with HttpServer(lambda path: path.encode()) as server:
        assert calibrate(f"{server.url}/image", ["a", "b"], [f"c{i}" for i in range(10)]) > 0
        paths = {request.path for request in server.log}
    assert paths == {"image/a", "image/b", *(f"image/c{i}" for i in range(10))}


def test_a_view_of_everything_needs_every_chunk_of_each_level() -> None:
    assert [len(PYRAMID.chunks_in_view(ALL, level)) for level in range(4)] == [64, 16, 4, 1]


def test_samples_reach_half_a_sample_to_each_side() -> None:
    assert PYRAMID.chunks_in_view(((255.4, 0), (255.5, 10)), 0) == {(0, 0)}
    assert PYRAMID.chunks_in_view(((255.4, 0), (255.6, 10)), 0) == {(0, 0), (1, 0)}


def test_a_view_beside_the_image_needs_nothing() -> None:
    assert PYRAMID.chunks_in_view(((5000, 5000), (6000, 6000)), 0) == set()


def test_the_first_rung_is_the_finest_level_with_few_chunks() -> None:
    assert PYRAMID.first_rung(ALL, 0) == 2
    assert PYRAMID.ladder(ALL, 0) == (4, 68)
    assert PYRAMID.ladder(ALL, 2) == (4, 4)


def test_chunk_paths_come_back_as_chunks() -> None:
    assert chunk_of("image.zarr/" + chunk_path((3, 12, 0, 1))) == (3, 12, 0, 1)
    assert chunk_of("image.zarr/s3/zarr.json") is None


def test_reads_outside_the_view_or_of_other_planes_are_not_needed() -> None:
    box = ((0, 0), (200, 200))
    needed, outside, other_plane = (0, 5, 0, 0), (0, 5, 3, 3), (0, 6, 0, 0)
    assert reads_not_needed(PYRAMID, [needed, outside, other_plane], [box], {5}) == 2


def test_metadata_names_every_level() -> None:
    metadata = PYRAMID.metadata([{"name": "bytes"}])
    group = json.loads(metadata["zarr.json"])
    paths = [d["path"] for d in group["attributes"]["ome"]["multiscales"][0]["datasets"]]
    assert set(metadata) == {"zarr.json", *(f"{path}/zarr.json" for path in paths)}
