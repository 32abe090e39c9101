"""dask arrays: nothing is computed at the call; chunks are, in the reader process or by the user's scheduler."""

import threading

import dask
import dask.array as da
import h5py
import numpy as np
import pytest

from lamella.sources import Failed, OpaqueSource, as_multiscale, as_source
from lamella.sources.opaque import READER
from tests.sources.reading import box_of, read, read_array

VALUES = np.arange(4 * 40 * 50, dtype=np.uint16).reshape(4, 40, 50)
CHUNKS = (1, 20, 50)
BOX = box_of((1, 2), (5, 30), (0, 50))


@pytest.fixture
def closing():
    sources = []
    yield lambda data: sources.append(as_source(data)) or sources[-1]
    for source in sources:
        source.close()


def fail(block):
    raise AssertionError("computed")


def test_chunks_are_computed_in_the_reader_process(closing):
    source = closing(da.from_array(VALUES, chunks=CHUNKS) + 1)
    assert isinstance(source, OpaqueSource)
    assert source.grid((1, 2)).chunk == CHUNKS
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX] + 1)
    assert source.isolation == READER


def test_nothing_is_computed_at_the_call():
    as_source(da.map_blocks(fail, da.zeros((4, 40, 50), chunks=20), dtype=float, meta=np.empty((0, 0, 0))))


def test_a_list_of_lazy_arrays_is_levels_and_never_stacked_by_computing_it():
    array = da.map_blocks(fail, da.zeros((4, 40, 50), chunks=20), dtype=float, meta=np.empty((0, 0, 0)))
    assert len(as_multiscale([array, array]).levels) == 2
    with pytest.raises(TypeError, match=r"dask\.array\.stack"):
        as_multiscale([array, array], multiscale=False)


def test_a_scheduler_that_is_set_when_it_is_read_computes_it_here(closing):
    source = closing(da.from_array(VALUES, chunks=CHUNKS))
    with dask.config.set(scheduler="threads"):
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
    assert "scheduler" in source.isolation


def test_a_scheduler_that_was_set_at_the_call_computes_it_later(closing):
    calls = []

    def scheduler(graph, keys, **kwargs):
        calls.append(threading.current_thread().name)
        return dask.get(graph, keys, **kwargs)

    with dask.config.set(scheduler=scheduler):
        source = closing(da.from_array(VALUES, chunks=CHUNKS))
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
    assert len(calls) == 1
    assert "scheduler" in source.isolation


def test_data_inside_a_graph_stay_in_this_process(closing):
    source = closing(da.from_array(np.zeros((40, 200, 200), np.uint8), chunks=(1, 200, 200)))
    read_array(source, box_of((0, 1), (0, 200), (0, 200)))
    assert source.isolation == "its pickle takes more than 1 MiB, so it holds data"


def test_a_dataset_of_h5py_under_a_dask_array_is_opened_again_in_the_reader_process(tmp_path, closing):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = VALUES
    with h5py.File(tmp_path / "a.h5") as file:
        source = closing(da.from_array(file["x"], chunks=CHUNKS))
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
    assert source.isolation == READER


def test_what_a_graph_raises_is_a_failure(closing):
    source = closing(da.map_blocks(fail, da.zeros((4, 40, 50), chunks=20), dtype=float, meta=np.empty((0, 0, 0))))
    outcome = read(source, BOX)
    assert isinstance(outcome, Failed)
    assert outcome.message == "AssertionError: computed"


def test_irregular_chunks_are_no_grid():
    assert as_source(da.from_array(VALUES, chunks=((1, 2, 1), 20, 50))).grid((1, 2)) is None


def test_large_chunks_are_computed_once_not_in_rows():
    assert as_source(da.zeros((2, 6000, 6000), chunks=(1, 6000, 6000))).grid((1, 2)).chunk == (1, 6000, 6000)


def test_a_shape_that_is_not_known_is_refused_with_what_would_work():
    array = da.from_array(np.arange(100.0), chunks=10)
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\) first"):
        as_source(array[array > 50])


def test_the_levels_of_a_pyramid_share_a_bulkhead_and_images_do_not():
    pyramid = [da.zeros((4, 64 >> k, 64 >> k), chunks=16) for k in range(3)]
    pools = [{level.pool.key for level in as_multiscale(pyramid).levels} for _ in range(2)]
    assert [len(keys) for keys in pools] == [1, 1]
    assert pools[0] != pools[1]
