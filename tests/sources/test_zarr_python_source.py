import json

import numcodecs
import numpy as np
import pytest
import zarr
import zarr.codecs.numcodecs
from hypothesis import given, settings

from lamella.sources import Failed, FailureKind, Grid, Missing, Source
from lamella.sources.location import Location
from lamella.sources.zarr_python_source import classify_exception, open_zarr_python
from tests.sources.file_server import served
from tests.sources.reading import box_of, boxes, read, read_array

RAMP = np.arange(25 * 19, dtype=np.int32).reshape(25, 19)
FIRST = box_of((0, 8), (0, 8))


def write(folder, zarr_format=2, **how):
    array = zarr.create_array(str(folder), shape=RAMP.shape, chunks=(8, 8), dtype="i4", zarr_format=zarr_format, **how)
    array[:] = RAMP
    return folder


def opened(place, folder):
    metadata = json.loads((folder / (".zarray" if (folder / ".zarray").exists() else "zarr.json")).read_text())
    return open_zarr_python(Location.parse(place), metadata=metadata, chunk=(8, 8))


pytestmark = pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3 specification")

WAYS = {
    "lz4": lambda: {"compressors": numcodecs.LZ4()},
    "lzma": lambda: {"compressors": numcodecs.LZMA()},
    "filters": lambda: {"filters": [numcodecs.Delta("i4")], "compressors": None},
    "numcodecs.*": lambda: {"zarr_format": 3, "compressors": zarr.codecs.numcodecs.LZ4()},
}


@pytest.mark.parametrize("way", WAYS)
@given(box=boxes(RAMP.shape))
@settings(deadline=None, max_examples=10)
def test_codecs_that_tensorstore_refuses_are_read(tmp_path_factory, way, box):
    folder = write(tmp_path_factory.mktemp("z") / "a", **WAYS[way]())
    source = opened(folder, folder)
    assert isinstance(source, Source)
    assert source.grid((0, 1)) == Grid((8, 8))
    assert (source.pool.threads, source.pool.slots) == (2, 2)
    np.testing.assert_array_equal(read_array(source, box), RAMP[box])


@pytest.fixture
def remote(tmp_path):
    folder = write(tmp_path / "a", **WAYS["lz4"]())
    with served(tmp_path) as server:
        source = opened(f"{server.url}/a", folder)
        yield server, source
        source.close()


def test_over_http_nothing_but_the_chunk_is_asked_for(remote):
    server, source = remote
    assert (source.pool.threads, source.pool.slots, source.pool.remote) == (16, 16, True)
    np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])
    assert server.requests == ["a/0.0"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (503, FailureKind.BUSY),
        (429, FailureKind.THROTTLED),
        (401, FailureKind.DENIED),
        (b"", FailureKind.CONNECTION),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", FailureKind.CORRUPT),
    ],
)
def test_a_failure_of_the_server_is_a_value_and_asked_for_once(remote, fault, kind):
    server, source = remote
    server.fail(lambda path: True, fault)
    outcome = read(source, FIRST)
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert "\n" not in outcome.message
    assert server.requests == ["a/0.0"]


def test_forbidden_chunks_of_a_readable_store_are_missing(remote):
    server, source = remote
    server.fail(lambda path: True, 403)
    np.testing.assert_array_equal(read_array(source, FIRST), np.zeros((8, 8)))


def test_a_refusal_says_who_refuses_and_what_to_do(remote):
    server, source = remote
    server.fail(lambda path: True, 401)
    outcome = read(source, FIRST)
    assert outcome.message.startswith(f"{server.url} refused access, the server answered 401 Unauthorized: give user")


class Answer(Exception):
    """As aiohttp says what a server answered."""

    __module__ = "aiohttp.client_exceptions"

    def __init__(self, status):
        super().__init__("message='no', url='http://user:secret@host/a?token=secret'")
        self.status = status


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Answer(503), FailureKind.BUSY),
        (Answer(401), FailureKind.DENIED),
        (Answer(None), FailureKind.CONNECTION),
        (TimeoutError(), FailureKind.TIMEOUT),
        (MemoryError(), FailureKind.MEMORY),
        (PermissionError("no"), FailureKind.DENIED),
        (OSError("https://user:secret@host/a?token=secret"), FailureKind.OTHER),
        (ValueError("bad block"), FailureKind.CORRUPT),
    ],
    ids=repr,
)
def test_errors_of_stores_are_classed_and_tell_no_secrets(error, kind):
    outcome = classify_exception(error)
    assert outcome.kind is kind
    assert "secret" not in outcome.message


def test_a_file_that_is_not_there_is_missing():
    assert classify_exception(FileNotFoundError("s3://bucket/key")) == Missing()


def test_a_damaged_chunk_is_corrupt(tmp_path):
    folder = write(tmp_path / "a", **WAYS["lzma"]())
    (folder / "0.0").write_bytes(b"garbage")
    assert read(opened(folder, folder), FIRST).kind is FailureKind.CORRUPT


def test_a_closed_source_answers_with_a_failure(tmp_path):
    folder = write(tmp_path / "a", **WAYS["lzma"]())
    source = opened(folder, folder)
    source.close()
    assert isinstance(read(source, FIRST), Failed)


def test_metadata_that_zarr_python_refuses_too_are_a_value_error(tmp_path):
    with pytest.raises(ValueError, match=r"."):
        open_zarr_python(Location.parse(tmp_path), metadata={"zarr_format": 2, "shape": [1]}, chunk=(1,))
