"""Each fault of the server, seen by a plain client."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lamella.testing import Fault, HttpServer, ServerProcess
from lamella.testing.shaping import Link

BODY = bytes(range(256)) * 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpServer]:
    (tmp_path / "a").write_bytes(BODY)
    with HttpServer(tmp_path) as server:
        yield server


def connect(server: HttpServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)


def get(server: HttpServer, path: str = "/a", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = connect(server)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    try:
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


def test_files_are_served_and_logged(server: HttpServer) -> None:
    assert get(server)[:2] == (200, BODY)
    assert get(server, "/b")[0] == 404
    assert get(server, "/../a")[0] == 404
    assert [(r.path, r.status) for r in server.log] == [("a", 200), ("b", 404), ("../a", 404)]


@pytest.mark.parametrize(
    ("wanted", "expected"), [("bytes=2-5", BODY[2:6]), ("bytes=1000-", BODY[1000:]), ("bytes=-3", BODY[-3:])]
)
def test_ranges(server: HttpServer, wanted: str, expected: bytes) -> None:
    status, body, headers = get(server, Range=wanted)
    assert (status, body) == (206, expected)
    assert headers["Content-Range"].endswith("/1024")


def test_a_range_beyond_the_end_is_refused(server: HttpServer) -> None:
    assert get(server, Range="bytes=5000-")[0] == 416


def test_head_and_keep_alive(server: HttpServer) -> None:
    connection = connect(server)
    connection.request("HEAD", "/a")
    response = connection.getresponse()
    assert response.getheader("Content-Length") == "1024"
    assert response.read() == b""
    connection.request("GET", "/a")
    assert connection.getresponse().read() == BODY
    connection.close()


def test_statuses_n_times_then_well(server: HttpServer) -> None:
    server.fail("a", [Fault(status=503), Fault(status=429, retry_after=2), None])
    assert get(server)[0] == 503
    status, _, headers = get(server)
    assert (status, headers["Retry-After"]) == (429, "2")
    assert get(server)[0] == 200


@pytest.mark.parametrize("kind", ["reset", "truncate", "length"])
def test_bodies_that_end_early(server: HttpServer, kind: str) -> None:
    server.fail("a", [Fault(kind)])
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        get(server)
    assert get(server)[0] == 200


def test_corrupt_and_dripping_bodies(server: HttpServer) -> None:
    server.fail("a", [Fault("corrupt"), Fault("drip")])
    assert get(server)[1] == bytes(255 - b for b in BODY)
    assert get(server)[1] == BODY


def test_a_request_that_hangs_ends_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with HttpServer(tmp_path) as server:
        server.fail_always(lambda path: True, Fault("hang"))
        connection = connect(server)
        connection.request("GET", "/a")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    connection.close()


def test_going_away_and_coming_back(server: HttpServer) -> None:
    server.go_away()
    with pytest.raises(ConnectionError):
        get(server)
    server.come_back()
    assert get(server)[1] == BODY


def test_healing(server: HttpServer) -> None:
    server.fail_always(lambda path: path == "a", Fault(status=500))
    assert get(server)[0] == 500
    server.heal()
    assert get(server)[0] == 200


def test_nothing_is_left_after_the_block(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with HttpServer(tmp_path, latency=0.001) as server:
        get(server, "/nothing")
    assert set(threading.enumerate()) <= before


def test_a_server_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with ServerProcess(tmp_path) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        connection.request("GET", "/a")
        assert connection.getresponse().read() == BODY
        connection.close()


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="kind must be one of"):
        Fault("explode")


def raw(server: HttpServer, request: bytes) -> tuple[bytes, bool]:
    """What comes back until the connection ends, and whether it ended with a reset."""
    host, port = urlsplit(server.url).netloc.split(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        try:
            while piece := connection.recv(65_536):
                got += piece
        except ConnectionResetError:
            return got, True
    return got, False


@pytest.mark.parametrize(("kind", "resets"), [("reset", True), ("truncate", False)])
def test_a_reset_is_not_a_polite_end(server: HttpServer, kind: str, resets: bool) -> None:
    server.fail("a", [Fault(kind)])
    got, reset = raw(server, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
    assert reset == resets
    assert len(got) < len(BODY)


@pytest.mark.parametrize("wanted", ["bytes=-", "bytes=x-y", "bytes=0-1,4-5", "lines=1-2"])
def test_ranges_that_make_no_sense_are_left_alone(server: HttpServer, wanted: str) -> None:
    assert get(server, Range=wanted)[:2] == (200, BODY)


def test_content_that_raises_is_an_error_of_the_server() -> None:
    def content(path: str) -> bytes | None:
        return {"a": BODY}[path]

    with HttpServer(content) as server:
        connection = connect(server)
        connection.request("GET", "/b")
        response = connection.getresponse()
        assert (response.status, b"KeyError" in response.read()) == (500, True)
        connection.request("GET", "/a")
        assert connection.getresponse().read() == BODY
        connection.close()


def test_latency_is_asked_for_before_every_answer(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    asked: list[float] = []

    def latency() -> float:
        asked.append(0.0)
        return 0.0

    with HttpServer(tmp_path, latency=latency) as server:
        assert get(server)[0] == 200
        assert get(server, "/b")[0] == 404
    assert len(asked) == 2


def test_a_head_costs_no_bandwidth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(BODY)
    carried: list[int] = []
    monkeypatch.setattr(Link, "sent_at", lambda self, now, nbytes: (carried.append(nbytes), now)[1])
    with HttpServer(tmp_path, bandwidth=1.0) as server:
        connection = connect(server)
        for method in ("HEAD", "GET"):
            connection.request(method, "/a")
            connection.getresponse().read()
        connection.close()
    assert carried == [0, len(BODY)]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_every_status_can_be_had(server: HttpServer, status: int) -> None:
    server.fail_always(lambda path: True, Fault(status=status))
    assert get(server)[0] == status
    assert server.log[-1].status == status


def test_each_path_fails_n_times_and_then_works(server: HttpServer) -> None:
    server.fail_first(lambda path: True, Fault(status=503), times=2)
    assert [get(server)[0] for _ in range(3)] == [503, 503, 200]
    assert [get(server, "/nothing")[0] for _ in range(3)] == [503, 503, 404]


def test_the_script_of_a_path_goes_before_its_rules(server: HttpServer) -> None:
    server.fail_always(lambda path: path == "a", Fault(status=500))
    server.fail_always(lambda path: True, Fault(status=403))
    server.fail("a", [Fault(status=401)])
    assert [get(server)[0], get(server)[0], get(server, "/b")[0]] == [401, 500, 403]


def test_a_path_can_be_slower_than_the_others(server: HttpServer) -> None:
    asked: list[str] = []

    def latency(name: str) -> float:
        asked.append(name)
        return 0.0

    server.latency = lambda: latency("others")
    server.slow_down(lambda path: path == "a", lambda: latency("a"))
    get(server), get(server, "/b")
    server.heal()
    get(server)
    assert asked == ["a", "others", "others"]


def test_a_request_that_hangs_can_be_released(server: HttpServer) -> None:
    server.fail("a", [Fault("hang")])
    connection = connect(server)
    connection.request("GET", "/a")
    assert server.wait_for_hanging()
    assert server.wait_for(lambda path: path == "a")
    assert (server.hanging, server.log, server.seen) == (["a"], [], {"a": 1})
    assert server.release() == 1
    assert connection.getresponse().read() == BODY
    assert server.hanging == []
    connection.close()


def test_what_is_held_gets_its_fault_when_it_is_released(server: HttpServer) -> None:
    server.fail("a", [Fault(status=503)])
    server.hold(lambda path: path == "a")
    connection = connect(server)
    connection.request("GET", "/a")
    assert server.wait_for_hanging()
    assert get(server, "/b")[0] == 404
    assert server.release() == 1
    response = connection.getresponse()
    assert (response.status, response.read()) == (503, b"")
    connection.close()
    assert get(server)[0] == 200


def test_waiting_for_requests_that_do_not_come_ends(server: HttpServer) -> None:
    assert not server.wait_for(lambda path: True, timeout=0)
    assert not server.wait_for_hanging(timeout=0)


def test_credentials_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(BODY)
    with HttpServer(tmp_path, credentials="me:secret") as server:
        status, body, headers = get(server)
        assert (status, body) == (401, b"")
        assert headers["WWW-Authenticate"].startswith("Basic")
        assert get(server, Authorization="Basic " + base64.b64encode(b"me:wrong").decode())[0] == 401
        assert get(server, Authorization="Basic " + base64.b64encode(b"me:secret").decode())[:2] == (200, BODY)


def test_the_log_has_the_query(server: HttpServer) -> None:
    assert get(server, "/a?token=1")[0] == 200
    assert (server.log[0].path, server.log[0].query) == ("a", "token=1")
