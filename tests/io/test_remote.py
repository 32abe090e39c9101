import socket
import threading

import numpy as np
import pytest
import zarr

from lamella.io import OpenCancelled, OpenError, describe, open_layers
from lamella.testing import HttpServer
from tests.io.stores import ramp, write_ome
from tests.sources.file_server import TIMEOUT, served
from tests.sources.reading import read_array

LEVELS = [ramp(2, 4, 40, 30), ramp(2, 4, 20, 15), ramp(2, 2, 10, 8)]


@pytest.fixture
def server(tmp_path):
    write_ome(tmp_path / "x.zarr", LEVELS, "czyx")
    write_ome(tmp_path / "old.zarr", LEVELS, "czyx", zarr_format=2)
    with served(tmp_path) as server:
        yield server


class InThread:
    """A call in a thread, and what came out."""

    def __init__(self, call):
        self.result = self.error = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call):
        try:
            self.result = call()
        except Exception as error:
            self.error = error

    def wait(self):
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        return self


@pytest.mark.parametrize(("name", "key"), [("x.zarr", "zarr.json"), ("old.zarr", ".zarray")])
def test_an_image_opens_in_two_round_trips(server, name, key):
    server.hold()
    opening = InThread(lambda: open_layers(f"{server.url}/{name}"))
    server.wait_for_held(7)
    first = set(server.requests)
    server.release()
    server.wait_for_held(len(LEVELS) + 1)
    second = set(server.requests) - first
    server.release()
    layers = opening.wait().result
    assert {path.removeprefix(f"{name}/") for path in first} == {
        *("zarr.json", ".zattrs", ".zgroup", ".zarray"),
        *("info", "attributes.json", "s0/attributes.json"),
    }
    labels = f"{name}/labels/{'zarr.json' if key == 'zarr.json' else '.zattrs'}"
    assert second == {labels, *(f"{name}/{level.path}/{key}" for level in describe_levels(server, name))}
    assert len(layers) == 2


def test_nobody_waits_for_keys_that_do_not_matter_any_more(tmp_path):
    write_ome(tmp_path / "x.zarr", LEVELS, "czyx")
    with HttpServer(tmp_path) as server:
        server.hold(lambda path: not path.endswith("zarr.json"))
        assert len(open_layers(f"{server.url}/x.zarr")) == 2
        server.release()


def describe_levels(server, name):
    server.stop_holding()
    return describe(f"{server.url}/{name}").levels


@pytest.mark.parametrize("name", ["x.zarr", "x.zarr/", "old.zarr", "x.zarr/zarr.json", "x.zarr?token=1"])
def test_what_is_read_over_http_is_what_was_written(server, name):
    layers = open_layers(f"{server.url}/{name}".replace("?token=1", ""))
    for source, expected in zip(layers[0].data.levels, LEVELS, strict=True):
        np.testing.assert_array_equal(read_array(source), expected)
    assert layers[0].data.levels[0].pool.key == server.url


def test_a_url_where_nothing_is(server):
    with pytest.raises(OpenError, match=r"there is no image at http://\S+/nothing: .*lamella opens OME-Zarr"):
        open_layers(f"{server.url}/nothing")


def test_a_single_file_on_a_server_is_refused_before_asking(server):
    with pytest.raises(OpenError, match="single file"):
        open_layers(f"{server.url}/a.npy")
    assert server.requests == []


def test_a_host_that_refuses_connections():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(OpenError, match=rf"{url} cannot be reached to open {url}/x.zarr: .*check the address"):
            open_layers(f"{url}/x.zarr")


def test_a_host_that_does_not_answer_is_given_up_after_the_timeout(server):
    server.hold()
    with pytest.raises(OpenError, match=r"did not answer within 0\.2 s when http://\S+/x\.zarr was opened"):
        open_layers(f"{server.url}/x.zarr", timeout=0.2)


def test_a_cancelled_opening_ends_while_the_server_hangs(server):
    server.hold()
    cancelled = threading.Event()
    opening = InThread(lambda: open_layers(f"{server.url}/x.zarr", timeout=1e6, cancelled=cancelled))
    server.wait_for_held(7)
    cancelled.set()
    assert isinstance(opening.wait().error, OpenCancelled)


def test_an_opening_that_is_cancelled_before_it_starts_waits_for_nothing(server):
    server.hold()
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(OpenCancelled, match="was cancelled"):
        open_layers(f"{server.url}/x.zarr", cancelled=cancelled)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, r"refused access to .*401 Unauthorized: give user and password in the URL"),
        (403, r"refused access to .*\(403\): check the address; give user and password in the URL"),
        (302, "redirects"),
        (400, "400 Bad Request"),
    ],
)
def test_a_server_that_refuses_everything(server, status, words):
    server.fail(lambda path: True, status)
    with pytest.raises(OpenError, match=words):
        open_layers(f"{server.url}/x.zarr")


def test_a_busy_server_is_asked_again(server, monkeypatch):
    monkeypatch.setattr("lamella.io.keys.BUSY_PAUSES", (0.001,))
    asked = []
    server.fail(lambda path: path.endswith("x.zarr/zarr.json") and not asked.append(path) and len(asked) < 2, 503)
    assert len(open_layers(f"{server.url}/x.zarr")) == 2
    assert len(asked) == 2


def test_a_server_that_stays_busy_is_given_up(server, monkeypatch):
    monkeypatch.setattr("lamella.io.keys.BUSY_PAUSES", (0.001, 0.001))
    server.fail(lambda path: True, 503)
    with pytest.raises(OpenError, match="503 Service Unavailable"):
        open_layers(f"{server.url}/x.zarr")
    assert server.requests.count("x.zarr/zarr.json") == 3


def test_a_public_object_store_that_forbids_what_it_does_not_have(server):
    there = ("x.zarr/zarr.json", "s0/zarr.json", "s1/zarr.json", "s2/zarr.json", "x.zarr/0/zarr.json")
    server.fail(lambda path: not path.endswith((*there, "x.zarr/1/zarr.json", "x.zarr/2/zarr.json")), 403)
    assert len(open_layers(f"{server.url}/x.zarr")) == 2


def test_a_server_that_answers_every_path_with_a_page_is_told_of(server):
    page = b"<!doctype html><html></html>"
    server.fail(lambda path: True, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page))
    with pytest.raises(OpenError, match=r"x\.zarr/zarr\.json is damaged: it is not valid JSON"):
        open_layers(f"{server.url}/x.zarr")


def test_a_remote_group_without_listing_says_to_give_the_full_path(server, tmp_path):
    group = zarr.open_group(str(tmp_path / "g"), mode="w", zarr_format=2)
    group.create_array("one", shape=(3, 3), dtype="u1")
    with pytest.raises(OpenError, match="open one of its arrays by its full path"):
        open_layers(f"{server.url}/g")


def test_consolidated_metadata_name_the_arrays_of_a_remote_group(server, tmp_path):
    group = zarr.open_group(str(tmp_path / "g"), mode="w")
    group.create_array("one", shape=(3, 3), dtype="u1")
    zarr.consolidate_metadata(str(tmp_path / "g"))
    with pytest.raises(OpenError, match="g/one"):
        open_layers(f"{server.url}/g")


def test_spaces_and_signs_in_a_url_reach_the_server(server, tmp_path):
    (tmp_path / "x.zarr").rename(tmp_path / "x%20y.zarr")
    assert open_layers(f"{server.url}/x%20y.zarr")[0].kwargs["name"] == "x y 0"


def test_the_time_that_an_opening_takes_is_one_for_all_its_round_trips(server):
    server.hold()
    opening = InThread(lambda: open_layers(f"{server.url}/x.zarr", timeout=0.3))
    server.wait_for_held(7)
    server.release()
    assert "did not answer within 0.3 s" in str(opening.wait().error)
