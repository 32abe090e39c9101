"""Servers that fail, on the real engine over real HTTP: failures are values, told once, and harm nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zarr

from lamella.notifications import Notification
from lamella.testing import Fault, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.stores import is_chunk, write_plain

WAIT = 60  # seconds, against hanging
CHUNK = "plain.zarr/c/1/0/0"  # rows and columns 0 to 15 of plane 1, in the middle: what a new viewer shows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fault")


@pytest.fixture(scope="module")
def data(folder: Path) -> np.ndarray:
    return write_plain(folder)


@pytest.fixture
def server(folder: Path, data: np.ndarray) -> Iterator[HttpServer]:
    with HttpServer(folder) as server:
        yield server


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


@pytest.fixture
def told(viewer: ViewerModel) -> list[Notification]:
    told: list[Notification] = []
    viewer.events.notification.connect(told.append)
    return told


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five retries take 6 s on average; here 60 ms."""
    monkeypatch.setattr("lamella.slicing.retry.FIRST_DELAY_S", 0.002)


def reads(server: HttpServer) -> Counter[str]:
    return Counter(request.path for request in server.log if is_chunk(request.path))


def test_a_chunk_that_is_not_there_shows_the_fill_value(
    server: HttpServer, viewer: ViewerModel, told: list[Notification], data: np.ndarray
) -> None:
    server.fail_always(lambda path: path == CHUNK, Fault(status=404))
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    expected = data[1].copy()
    expected[:16, :16] = 7
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), expected)
    assert (layer.status.needed, layer.status.have, layer.status.failed) == (4, 4, 0)
    assert viewer.failures == ()
    assert told == []
    assert set(reads(server).values()) == {1}


def test_a_busy_server_is_asked_again(
    server: HttpServer, viewer: ViewerModel, told: list[Notification], data: np.ndarray
) -> None:
    server.fail(CHUNK, [Fault(status=503), Fault(status=503)])
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[1])
    assert reads(server)[CHUNK] == 3
    assert reads(server).total() == 3 + 3
    assert viewer.failures == ()
    assert told == []


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_connection_that_breaks_is_tried_again(
    server: HttpServer, viewer: ViewerModel, data: np.ndarray, kind: str
) -> None:
    server.fail(CHUNK, [Fault(kind)])
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[1])
    assert reads(server)[CHUNK] == 2


def test_a_server_that_fails_for_ever_is_told_of_once(
    server: HttpServer, viewer: ViewerModel, told: list[Notification]
) -> None:
    server.fail_always(lambda path: is_chunk(path) and "/0/0" not in path, Fault(status=500))
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    other = viewer.add_image(np.full((3, 32, 32), 5, "u1"), name="other")
    viewer.wait_until_loaded(WAIT)
    status = layer.status
    assert (status.needed, status.have, status.failed, status.loading) == (4, 1, 3, False)
    assert status.errors == ("the server answered 500 Internal Server Error",)
    assert [f.layer for f in viewer.failures] == ["plain"] * 3
    assert {f.source for f in viewer.failures} == {f"{server.url}/plain.zarr"}
    assert len(told) == 1
    assert f"{server.url}/plain.zarr" in str(told[0])
    assert "500" in str(told[0])
    assert sorted(reads(server).values()) == [1, 6, 6, 6]
    assert (viewer.slices[other].as_array() == 5).all()
    assert other.status.failed == 0


def test_corrupt_chunks_are_not_read_again(server: HttpServer, viewer: ViewerModel) -> None:
    server.fail_always(lambda path: path == CHUNK, Fault("corrupt"))
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    assert layer.status.failed == 1
    assert "damaged" in layer.status.errors[0]
    assert reads(server)[CHUNK] == 1


def test_a_slice_with_failed_chunks_says_so_instead_of_lying(server: HttpServer, viewer: ViewerModel) -> None:
    server.fail_always(lambda path: path == CHUNK, Fault("corrupt"))
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    response = viewer.slices[layer]
    assert response.complete
    assert len(response.failed_boxes) == 1
    with pytest.raises(RuntimeError, match="1 failed"):
        response.as_array()


def test_nothing_is_read_twice_and_the_way_back_reads_nothing(server: HttpServer, viewer: ViewerModel) -> None:
    viewer.open(f"{server.url}/plain.zarr")
    for step in (1, 0, 2, 1, 2, 0):
        viewer.dims.set_current_step(0, step)
        viewer.wait_until_loaded(WAIT)
    assert reads(server).total() == 12
    assert set(reads(server).values()) == {1}


def test_refresh_reads_again_and_shows_what_has_changed(
    server: HttpServer, viewer: ViewerModel, data: np.ndarray
) -> None:
    server.fail(CHUNK, [Fault(status=404)])
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    assert viewer.slices[layer].as_array()[0, 0] == 7
    layer.refresh()
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[1])
    assert set(reads(server).values()) == {2}  # all four chunks, once more


def test_refresh_follows_shards_that_were_written_anew(tmp_path: Path, viewer: ViewerModel) -> None:
    """A shard's index says where its chunks lie: an old one would lead into the middle of something."""
    for data in (np.zeros((4, 32, 32), "u1"), np.random.default_rng(0).integers(0, 256, (4, 32, 32)).astype("u1")):
        array = zarr.create_array(
            tmp_path / "a.zarr", shape=data.shape, chunks=(1, 16, 16), shards=(4, 32, 32), dtype="u1", overwrite=True
        )
        array[:] = data
        if len(viewer.layers):
            viewer.layers[0].refresh()
        else:
            viewer.open(tmp_path / "a.zarr")
        viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(viewer.slices[viewer.layers[0]].as_array(), data[1])


def test_retry_failed_reads_only_what_failed(server: HttpServer, viewer: ViewerModel, data: np.ndarray) -> None:
    server.fail(CHUNK, [Fault("corrupt")])
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    assert len(viewer.failures) == 1
    viewer.retry_failed()
    assert not viewer.loaded
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[1])
    assert viewer.failures == ()
    assert reads(server).total() == 5


def test_a_server_that_goes_away_and_comes_back(server: HttpServer, viewer: ViewerModel, data: np.ndarray) -> None:
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    viewer.wait_until_loaded(WAIT)
    server.go_away()
    viewer.dims.set_current_step(0, 2)
    viewer.wait_until_loaded(WAIT)
    assert layer.status.failed == 4
    assert "connection failed" in layer.status.errors[0]
    server.come_back()
    viewer.retry_failed()
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[2])


def test_a_chunk_that_hangs_holds_back_no_other(server: HttpServer, viewer: ViewerModel, data: np.ndarray) -> None:
    server.fail(CHUNK, [Fault("hang")])
    (layer,) = viewer.open(f"{server.url}/plain.zarr")
    for step in (2, 0):
        viewer.dims.set_current_step(0, step)
        viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[step])
