"""HDF5 datasets: one worker for all, the reader process where the file is only read."""

import io

import h5py
import numpy as np
import pytest

from lamella import Image
from lamella.sources import Failed, as_multiscale, as_source
from lamella.sources.opaque import READER
from tests.sources.reading import box_of, read, read_array

VALUES = np.arange(4 * 40 * 50, dtype=np.uint16).reshape(4, 40, 50)
BOX = box_of((1, 2), (5, 30), (0, 50))


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("deep/x", data=VALUES, chunks=(1, 20, 25), compression="gzip")
        file["contiguous"] = VALUES
    return tmp_path / "a.h5"


def test_a_file_that_is_only_read_is_read_in_the_reader_process(path):
    with h5py.File(path) as file:
        source = as_source(file["deep/x"])
        assert source.grid((1, 2)).chunk == (1, 20, 25)
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
        assert source.isolation == READER
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])  # it has the file open for itself
    source.close()


def test_a_dataset_without_chunks_has_no_grid(path):
    with h5py.File(path) as file:
        assert as_source(file["contiguous"]).grid((1, 2)) is None


def test_a_file_that_is_open_for_writing_is_read_here(path):
    with h5py.File(path, "r+") as file:
        source = as_source(file["deep/x"])
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
        assert source.isolation == "its HDF5 file is open for writing"


def test_a_file_object_is_read_here(path):
    with h5py.File(io.BytesIO(path.read_bytes())) as file:
        source = as_source(file["deep/x"])
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
        assert source.isolation == "its HDF5 file is not read from a disk"


def test_a_file_that_was_closed_is_a_failure_with_a_sentence(path):
    with h5py.File(path, "r+") as file:
        source, dataset = as_source(file["deep/x"]), file["deep/x"]
    outcome = read(source, BOX)
    assert isinstance(outcome, Failed)
    assert outcome.message == "the HDF5 file of /deep/x is closed"
    with pytest.raises(ValueError, match="is closed; open it again"):
        as_source(dataset)


def test_all_datasets_share_one_worker(path):
    with h5py.File(path) as file:
        pools = {as_source(file[name]).pool for name in ("deep/x", "contiguous")}
    assert [(pool.slots, pool.threads) for pool in pools] == [(1, 1)]


def test_a_group_names_what_it_holds(path):
    with h5py.File(path) as file, pytest.raises(ValueError, match=r"give one of its datasets \('contiguous', 'deep'\)"):
        as_multiscale(file)


@pytest.mark.parametrize("data", ["text", np.zeros(3, [("a", "i4")]), h5py.Empty("f4")])
def test_what_is_no_picture_is_refused(tmp_path, data):
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = data
        with pytest.raises((TypeError, ValueError), match=r"holds|no shape"):
            as_source(file["x"])


def test_a_layer_is_named_after_its_dataset(path):
    with h5py.File(path) as file:
        assert Image(file["deep/x"]).name == "x"
