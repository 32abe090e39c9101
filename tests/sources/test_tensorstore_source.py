import gc
import json
import subprocess
import sys
import threading
import weakref

import numcodecs
import numpy as np
import pytest
import tensorstore as ts
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.sources import Failed, FailureKind, Grid, Loaded, Missing, Source
from lamella.sources.location import Location
from lamella.sources.tensorstore_source import TensorStoreSource, make_context, open_tensorstore
from tests.sources.file_server import served
from tests.sources.reading import Reading, box_of, boxes, read, read_array

RAMP = np.arange(10 * 25 * 19, dtype=np.uint16).reshape(10, 25, 19)
LEFT_OUT = box_of((0, 4), (16, 24), (0, 8))  # a chunk that the sparse stores do not have
FIRST = box_of((0, 4), (0, 8), (0, 8))
DTYPES = ["?", "i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">u4", "<i8", ">u8", "<f2", ">f4", "<f8", "<c8", "<c16"]


WRITE_ALL = {"write_empty_chunks": True}  # chunks of nothing but the fill value are left out otherwise


def write(folder, data=RAMP, *, sparse=False, **how):
    """Write with zarr-python: the reference that reads are compared with."""
    how = {"chunks": (4, 8, 8), **how}
    array = zarr.create_array(str(folder), shape=data.shape, dtype=data.dtype, fill_value=7, config=WRITE_ALL, **how)
    if sparse:
        array[:, :16] = data[:, :16]
    else:
        array[:] = data
    return folder


def sparse_expected():
    expected = RAMP.copy()
    expected[:, 16:] = 7
    return expected


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """One open source a format, all of `RAMP`."""
    root = tmp_path_factory.mktemp("stores")
    n5 = ts.open(
        {
            "driver": "n5",
            "kvstore": {"driver": "file", "path": str(root / "n5")},
            "metadata": {
                "dimensions": RAMP.shape[::-1],
                "blockSize": [8, 8, 4],
                "dataType": "uint16",
                "compression": {"type": "gzip"},
            },
        },
        create=True,
    ).result()
    n5[:] = RAMP.transpose()
    precomputed = ts.open(
        {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": str(root / "pc")},
            "multiscale_metadata": {"type": "image", "data_type": "uint16", "num_channels": 1},
            "scale_metadata": {
                "size": RAMP.shape[::-1],
                "voxel_offset": [5, 6, 7],
                "chunk_size": [8, 8, 4],
                "resolution": [1, 1, 1],
                "encoding": "raw",
            },
        },
        create=True,
    ).result()
    precomputed[..., 0] = RAMP.transpose()
    sources = {
        "zarr 2": open_tensorstore(write(root / "v2", zarr_format=2), driver="zarr"),
        "zarr 3": open_tensorstore(write(root / "v3"), driver="zarr3"),
        "shards": open_tensorstore(write(root / "s3", shards=(8, 16, 16)), driver="zarr3"),
        "n5": open_tensorstore(root / "n5", driver="n5", order=(2, 1, 0)),
        "precomputed": open_tensorstore(root / "pc", driver="neuroglancer_precomputed", order=(3, 2, 1, 0)),
    }
    yield sources
    for source in sources.values():
        source.close()


@pytest.mark.parametrize("name", ["zarr 2", "zarr 3", "shards", "n5"])
@given(box=boxes(RAMP.shape))
@settings(deadline=None, max_examples=30)
def test_a_read_equals_numpy_whatever_the_box(stores, name, box):
    np.testing.assert_array_equal(read_array(stores[name], box), RAMP[box])


@given(box=boxes(RAMP.shape))
@settings(deadline=None, max_examples=30)
def test_a_precomputed_volume_starts_at_the_origin_whatever_its_voxel_offset(stores, box):
    source = stores["precomputed"]
    assert source.shape == (1, *RAMP.shape)
    np.testing.assert_array_equal(read_array(source, (slice(0, 1), *box))[0], RAMP[box])


def test_the_grid_is_the_unit_of_reading(stores):
    for name in ("zarr 2", "zarr 3", "shards", "n5"):
        assert stores[name].grid((1, 2)) == Grid((4, 8, 8)), name
    assert stores["precomputed"].grid((2, 3)) == Grid((1, 4, 8, 8))


def test_it_is_a_source_that_answers_by_itself(stores):
    for source in stores.values():
        assert isinstance(source, Source)
        assert (source.pool.key, source.pool.threads, source.in_memory) == ("local", 0, False)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("order", ["C", "F"])
@given(dtype=st.sampled_from(DTYPES), box=boxes(RAMP.shape))
@settings(deadline=None, max_examples=20)
def test_every_dtype_and_order_reads_as_numpy_says(tmp_path_factory, zarr_format, order, dtype, box):
    data = (RAMP % 200).astype(dtype)
    how = {"order": order} if zarr_format == 2 else {}
    folder = write(tmp_path_factory.mktemp("d") / "a", data, zarr_format=zarr_format, **how)
    source = open_tensorstore(folder, driver="zarr" if zarr_format == 2 else "zarr3")
    got = read_array(source, box)
    np.testing.assert_array_equal(got, data[box])
    assert got.dtype == source.dtype
    assert source.dtype.newbyteorder("=") == data.dtype.newbyteorder("=")
    assert source.fill_value == np.array(7, data.dtype)


@pytest.mark.parametrize("how", [{"zarr_format": 2}, {}, {"shards": (8, 16, 16)}])
def test_a_chunk_that_was_never_written_is_missing(tmp_path, how):
    driver = "zarr" if how.get("zarr_format") == 2 else "zarr3"
    source = open_tensorstore(write(tmp_path / "a", sparse=True, **how), driver=driver)
    assert read(source, LEFT_OUT) == Missing()
    np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])


@given(box=boxes(RAMP.shape))
@settings(deadline=None, max_examples=20)
def test_a_box_with_missing_chunks_is_filled_up(tmp_path_factory, box):
    source = open_tensorstore(write(tmp_path_factory.mktemp("d") / "a", sparse=True), driver="zarr3")
    outcome = read(source, box)
    if isinstance(outcome, Missing):
        assert (sparse_expected()[box] == 7).all()
    else:
        np.testing.assert_array_equal(outcome.data, sparse_expected()[box])


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x28\xb5\x2f\xfd"])
def test_a_damaged_chunk_is_corrupt_and_the_others_are_not(tmp_path, content):
    folder = write(tmp_path / "a")
    (folder / "c/0/0/0").write_bytes(content)
    source = open_tensorstore(folder, driver="zarr3")
    outcome = read(source, FIRST)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.CORRUPT
    assert "c/0/0/0" not in outcome.message
    np.testing.assert_array_equal(read_array(source, LEFT_OUT), RAMP[LEFT_OUT])


def test_a_shard_that_is_cut_off_is_corrupt(tmp_path):
    folder = write(tmp_path / "a", shards=(8, 16, 16))
    shard = folder / "c/0/0/0"
    shard.write_bytes(shard.read_bytes()[:40])
    assert read(open_tensorstore(folder, driver="zarr3"), FIRST).kind is FailureKind.CORRUPT


def test_a_chunk_read_over_http_is_one_request(tmp_path):
    write(tmp_path / "a")
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        assert (source.pool.key, source.pool.remote, source.pool.slots) == (server.url, True, 64)
        server.requests.clear()
        np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])
        assert server.requests == ["a/c/0/0/0"]


def test_with_its_metadata_given_an_array_opens_without_a_request(tmp_path):
    metadata = json.loads((write(tmp_path / "a") / "zarr.json").read_text())
    del metadata["attributes"]
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3", metadata={"metadata": metadata})
        assert server.requests == []
        np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])


def test_an_inner_chunk_of_a_shard_is_its_index_and_its_bytes(tmp_path):
    write(tmp_path / "a", shards=(8, 16, 16))
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        server.requests.clear()
        np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])
        assert server.requests == ["a/c/0/0/0"] * 2
        second = box_of((4, 8), (0, 8), (0, 8))
        np.testing.assert_array_equal(read_array(source, second), RAMP[second])
        assert server.requests == ["a/c/0/0/0"] * 3, "the index of a shard is kept"


def test_shards_on_a_server_without_range_requests_say_so(tmp_path):
    write(tmp_path / "a", shards=(8, 16, 16))
    with served(tmp_path, ranges=False) as server:
        outcome = read(open_tensorstore(f"{server.url}/a", driver="zarr3"), FIRST)
        assert "range requests" in outcome.message


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (503, FailureKind.BUSY),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.BUSY),
        (408, FailureKind.BUSY),
        (401, FailureKind.DENIED),
        (400, FailureKind.OTHER),
        (b"", FailureKind.CONNECTION),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", FailureKind.CONNECTION),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", FailureKind.CORRUPT),
    ],
)
def test_a_failure_of_the_server_is_a_value_and_asked_for_once(tmp_path, fault, kind):
    write(tmp_path / "a")
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        server.requests.clear()
        chunk = "a/c/0/0/0"
        server.fail(lambda path: "/c/" in path, fault)
        outcome = read(source, FIRST)
        assert isinstance(outcome, Failed)
        assert outcome.kind is kind
        # libcurl asks once more where a connection that it kept turns out to be dead.
        assert server.requests in ([chunk], [chunk, chunk] if fault == b"" else [])


@pytest.mark.parametrize("status", [404, 403, 410])
@pytest.mark.parametrize("how", [{}, {"shards": (8, 16, 16)}])
def test_not_found_and_forbidden_chunks_of_a_readable_store_are_missing(tmp_path, status, how):
    write(tmp_path / "a", **how)
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        server.fail(lambda path: "/c/" in path, status)
        assert read(source, FIRST) == Missing()


def test_after_a_failure_the_same_chunk_can_be_read(tmp_path):
    write(tmp_path / "a")
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        server.fail(lambda path: "/c/" in path, 503)
        assert read(source, FIRST).retryable
        server.faults.clear()
        np.testing.assert_array_equal(read_array(source, FIRST), RAMP[FIRST])


def test_closing_answers_reads_in_flight_once_and_refuses_later_ones(tmp_path):
    write(tmp_path / "a")
    with served(tmp_path) as server:
        source = open_tensorstore(f"{server.url}/a", driver="zarr3")
        server.hold()
        reading = Reading(source, FIRST)
        whole = Reading(source, tuple(slice(0, n) for n in source.shape))
        server.wait_for_held(1)
        source.close()
        for outcome in (reading.outcome(), whole.outcome(), read(source, FIRST)):
            assert isinstance(outcome, Failed)
            assert outcome.message.endswith("is closed")


CLOSING = """
import faulthandler, random, sys, time
from lamella.sources.base import Failed, Loaded
from lamella.sources.tensorstore_source import open_tensorstore

faulthandler.dump_traceback_later(60, exit=True)  # what is tested would keep the interpreter lock for ever
random.seed(1)
boxes = [(slice(z, z + 2), slice(y, y + 8), slice(x, x + 8)) for z in range(0, 10, 2) for y in (0, 8) for x in (0, 8)]
answers = []
for _ in range(400):
    source = open_tensorstore(sys.argv[1], driver="zarr3")
    for box in boxes:
        source.read(box, answers.append)
    end = time.perf_counter() + random.random() * 3e-3
    while time.perf_counter() < end:  # with the interpreter lock, so that answers wait for it
        pass
    source.close()
while len(answers) < 400 * len(boxes):
    time.sleep(0.001)
assert len(answers) == 400 * len(boxes)
assert {type(answer) for answer in answers} == {Failed, Loaded}
"""


def test_closing_while_answers_come_hangs_nothing_and_loses_none(tmp_path):
    write(tmp_path / "a")
    ended = subprocess.run([sys.executable, "-c", CLOSING, str(tmp_path / "a")], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_hung_reads_of_one_store_leave_another_alone(tmp_path):
    write(tmp_path / "a")
    with served(tmp_path) as hung, served(tmp_path) as well:
        stuck = open_tensorstore(f"{hung.url}/a", driver="zarr3")
        fine = open_tensorstore(f"{well.url}/a", driver="zarr3")
        hung.hold()
        readings = [Reading(stuck, box_of((z, z + 1), (0, 8), (0, 8))) for z in range(10)]
        np.testing.assert_array_equal(read_array(fine), RAMP)
        stuck.close()
        assert all(isinstance(r.outcome(), Failed) for r in readings)


def test_what_was_read_is_let_go_of_without_the_collector(tmp_path):
    source = open_tensorstore(write(tmp_path / "a"), driver="zarr3")
    arrived = threading.Event()
    held = []

    def done(outcome):
        held.append(weakref.ref(outcome.data))
        arrived.set()

    released = threading.Event()
    gc.disable()
    try:
        source.read(FIRST, done)
        assert arrived.wait(30)
        weakref.finalize(held[0](), released.set) if held[0]() is not None else released.set()
        assert released.wait(30), "something still holds the samples"
    finally:
        gc.enable()


def test_the_reader_of_codecs_and_copies_leaves_a_core_free():
    spec = make_context(Location.parse("http://h/x")).spec.to_json()
    assert spec["http_request_retries"] == {"max_retries": 0}
    assert spec["http_request_concurrency"] == {"limit": 64}
    assert spec["cache_pool"] == {"total_bytes_limit": 16 * 2**20}
    assert spec["data_copy_concurrency"]["limit"] >= 1


def test_a_tensorstore_of_the_user_is_moved_to_the_origin(tmp_path):
    store = ts.open(
        {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(write(tmp_path / "a"))}}, read=True
    ).result()
    part = TensorStoreSource(store[4:9, 3:])
    assert part.shape == (5, 22, 19)
    assert part.grid((1, 2)) is None, "its chunks do not start at its origin"
    np.testing.assert_array_equal(read_array(part), RAMP[4:9, 3:])
    assert TensorStoreSource(store[4:]).grid((1, 2)) == Grid((4, 8, 8))
    assert not TensorStoreSource(store).pool.remote


def test_a_chunk_larger_than_half_of_the_cache_is_refused_when_opened(tmp_path, monkeypatch):
    from lamella.settings import get_settings

    monkeypatch.setenv("LAMELLA_CACHE_SIZE", "1000")
    get_settings.cache_clear()
    try:
        with pytest.raises(ValueError, match="chunks of 512 bytes, more than half of the cache of 1 kB"):
            open_tensorstore(write(tmp_path / "a"), driver="zarr3")
    finally:
        get_settings.cache_clear()


def test_what_tensorstore_refuses_is_a_value_error(tmp_path):
    write(tmp_path / "a", zarr_format=2, compressors=numcodecs.LZ4())
    with pytest.raises(ValueError, match="lz4"):
        open_tensorstore(tmp_path / "a", driver="zarr")


def test_an_outcome_is_loaded_even_if_it_is_cached(tmp_path):
    source = open_tensorstore(write(tmp_path / "a"), driver="zarr3")
    assert isinstance(read(source, FIRST), Loaded)
    assert isinstance(read(source, FIRST), Loaded)
