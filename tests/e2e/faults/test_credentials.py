"""Servers that want to know who asks: given credentials work, missing ones are asked for, none is ever shown."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numcodecs
import numpy as np
import pytest
import zarr

from lamella import trace
from lamella.io import OpenError
from lamella.notifications import Notification
from lamella.testing import Fault, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.faults.scene import CHUNKS, PLANE, WAIT
from tests.e2e.processes import LAMELLA, lamella, started
from tests.e2e.stores import is_chunk

SECRETS = ("pass@word", "pass%40word", "t0ken", "user:")


@pytest.fixture
def server(folder: Path, data: np.ndarray) -> Iterator[HttpServer]:
    with HttpServer(folder, credentials="user:pass@word") as server:
        yield server


def with_login(server: HttpServer, password: str = "pass%40word") -> str:
    return f"{server.url.replace('://', f'://user:{password}@')}/plain.zarr?key=t0ken"


def assert_no_secret(*texts: object) -> None:
    for text in map(str, texts):
        assert not [secret for secret in SECRETS if secret in text], text


def test_user_and_password_in_the_url_are_given_to_the_server(server: HttpServer, data: np.ndarray) -> None:
    with ViewerModel() as viewer:
        (layer,) = viewer.open(with_login(server), timeout=WAIT)
        viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[PLANE])
        assert viewer.failures == ()
        assert layer.name == "plain"
        (source,) = layer.data.levels
        assert source.name == f"{server.url}/plain.zarr"
        assert_no_secret(layer.name, repr(source), source.pool)
    assert {request.query for request in server.log} == {"key=t0ken"}  # with every request, as the URL has it


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "refused access to {url}/plain.zarr, the server answered 401 Unauthorized: give user and password"),
        (403, "refused access to {url}/plain.zarr (403): check the address; give user and password in the URL"),
    ],
)
def test_a_server_that_wants_credentials_is_told_of_with_how_to_give_them(
    server: HttpServer, status: int, words: str
) -> None:
    server.fail_always(lambda path: True, Fault(status=status))
    with ViewerModel() as viewer, pytest.raises(OpenError) as caught:
        viewer.open(f"{server.url}/plain.zarr", timeout=WAIT)
    assert str(caught.value).startswith(f"{server.url} {words.format(url=server.url)}")
    assert f"{server.url.replace('://', '://user:password@')}/…" in str(caught.value)


def test_wrong_credentials_are_called_wrong_and_not_shown(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Notification] = []
    opening_names: list[object] = []
    trace.clear()
    with caplog.at_level(logging.DEBUG), ViewerModel() as viewer:
        viewer.events.notification.connect(told.append)
        viewer.events.opening.connect(opening_names.append)
        with pytest.raises(OpenError, match="did not accept the user and password in the URL") as caught:
            viewer.open(with_login(server, "wr0ng"), timeout=WAIT)
    shown = (caught.value, told, opening_names, caplog.text, trace.events(), viewer.title, viewer.status)
    assert_no_secret(*shown)
    assert "wr0ng" not in str(shown)
    assert len(told) == 1
    assert len(opening_names) == 2


def test_chunks_that_are_refused_show_no_secret(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    server.fail_always(is_chunk, Fault(status=401))
    told: list[Notification] = []
    trace.clear()
    with caplog.at_level(logging.DEBUG), ViewerModel() as viewer:
        viewer.events.notification.connect(told.append)
        (layer,) = viewer.open(with_login(server), timeout=WAIT)
        viewer.wait_until_loaded(WAIT)
        assert layer.status.failed == 4
        assert {f.message for f in viewer.failures} == set(layer.status.errors)
        (message,) = layer.status.errors
        assert "401 Unauthorized: it did not accept the user and password in the URL" in message
        assert_no_secret(viewer.failures, layer.status, told, caplog.text, trace.events())
    assert {path: n for path, n in server.seen.items() if is_chunk(path)} == dict.fromkeys(CHUNKS, 1)


@pytest.mark.parametrize("fault", [Fault("corrupt"), Fault(status=500)], ids=["corrupt", "500"])
def test_other_failures_show_no_secret_either(
    server: HttpServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    server.fail_always(is_chunk, fault)
    with caplog.at_level(logging.DEBUG), ViewerModel() as viewer:
        (layer,) = viewer.open(with_login(server), timeout=WAIT)
        viewer.wait_until_loaded(WAIT)
        assert layer.status.failed == 4
        assert_no_secret(viewer.failures, layer.status, caplog.text)


def test_waiting_in_vain_shows_no_secret(server: HttpServer) -> None:
    server.fail_always(lambda path: True, Fault("hang"))
    with ViewerModel() as viewer:
        opening = viewer.open_async(with_login(server), timeout=WAIT)
        assert_no_secret(viewer.opening, opening.path, opening.name)
        with pytest.raises(TimeoutError, match=r"opening plain\.zarr") as caught:
            viewer.wait_until_loaded(0)
        assert_no_secret(caught.value)


def test_metadata_that_cannot_be_understood_show_no_secret(tmp_path: Path) -> None:
    (tmp_path / "plain.zarr").mkdir()
    (tmp_path / "plain.zarr" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "array", "shape": [2]}')
    with HttpServer(tmp_path) as server, pytest.raises(OpenError) as caught, ViewerModel() as viewer:
        viewer.open(with_login(server), timeout=WAIT)
    assert_no_secret(caught.value)


@pytest.mark.parametrize("url", ["http://user:pass@word@[::1/a", "http://user:pass/@word@h/a", "xx://user:pass@word@h"])
def test_addresses_that_are_none_show_no_secret(url: str) -> None:
    told: list[Notification] = []
    with ViewerModel() as viewer:
        viewer.events.notification.connect(told.append)
        with pytest.raises(OpenError) as caught:
            viewer.open(url, timeout=WAIT)
    assert "pass" not in str(caught.value)
    assert "word" not in str(caught.value)
    assert "word" not in str(told)


def test_the_commands_show_no_secret(server: HttpServer, tmp_path: Path) -> None:
    described = lamella("info", with_login(server))
    assert described.status == 0, described.err
    assert f"{server.url}/plain.zarr" in described.out
    refused = lamella("info", with_login(server, "wr0ng"))
    assert (refused.status, "did not accept" in refused.err) == (1, True)
    server.fail_always(is_chunk, Fault(status=401))
    picture = lamella("screenshot", with_login(server), "-o", tmp_path / "x.png")
    for ended in (described, refused, picture):
        assert_no_secret(ended.out, ended.err)
        assert "wr0ng" not in ended.out + ended.err


def test_the_window_shows_no_secret(server: HttpServer) -> None:
    server.hold(lambda path: True)
    with started([LAMELLA, "view", with_login(server, "wr0ng")]) as process:
        assert server.wait_for_hanging(1, WAIT)
        process.interrupt()
        ended = process.end()
    assert_no_secret(ended.out, ended.err)
    assert "wr0ng" not in ended.out + ended.err


def test_data_that_zarr_python_reads_get_credentials_and_advice_too(tmp_path: Path) -> None:
    data = np.arange(64 * 64, dtype="u2").reshape(64, 64)
    compressor = numcodecs.LZ4()
    zarr.create_array(str(tmp_path / "plain.zarr"), data=data, chunks=(32, 32), zarr_format=2, compressors=compressor)
    with HttpServer(tmp_path, credentials="user:pass@word") as server, ViewerModel() as viewer:
        (layer,) = viewer.open(with_login(server), timeout=WAIT)
        assert layer.data.levels[0].pool.key.startswith("zarr-python:")
        viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data)
        assert {request.query for request in server.log} == {"key=t0ken"}
        server.fail_always(is_chunk, Fault(status=401))
        layer.refresh()
        viewer.wait_until_loaded(WAIT)
        (message,) = layer.status.errors
        assert message.startswith(f"{server.url} refused access, the server answered 401 Unauthorized: it did not")
        assert_no_secret(message, viewer.failures)
