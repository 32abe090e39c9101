"""Each bad input gives one clear sentence that names it."""

import json
import sys

import numpy as np
import pytest
import zarr

from lamella.io import OpenError, describe, open_layers
from tests.io.stores import edit, ramp, write_ome


def refusal(path):
    """The sentence with which ``path`` is refused, by `open_layers` and `describe` alike."""
    with pytest.raises(OpenError) as caught:
        open_layers(path)
    with pytest.raises(OpenError):
        describe(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    assert str(path).rstrip("/") in sentence or not str(path).strip()
    return sentence


@pytest.fixture
def array(tmp_path):
    zarr.create_array(str(tmp_path / "a"), shape=(30, 40), chunks=(10, 10), dtype="u2")
    return tmp_path / "a"


@pytest.fixture
def old_array(tmp_path):
    zarr.create_array(str(tmp_path / "a"), shape=(30, 40), chunks=(10, 10), dtype="u2", zarr_format=2)
    return tmp_path / "a"


@pytest.fixture
def image(tmp_path):
    return write_ome(tmp_path / "x.zarr", [ramp(20, 30), ramp(10, 15)], "yx")


def set_dataset_path(image, path):
    document = json.loads((image / "zarr.json").read_text())
    document["attributes"]["ome"]["multiscales"][0]["datasets"][1]["path"] = path
    (image / "zarr.json").write_text(json.dumps(document))


def test_a_path_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "none.zarr").startswith("there is no file or folder")


def test_a_folder_that_is_no_image(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "it opens OME-Zarr, zarr, n5, neuroglancer precomputed, .npy, points and tracks" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["photo.tif", "notes", "arrays.npz"])
def test_a_file_of_another_kind(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    refusal(tmp_path / name)


@pytest.mark.parametrize("text", ["", "   ", "ftp://host/x.zarr", "http://", "https://[::1/x"])
def test_what_is_neither_path_nor_url(text):
    refusal(text)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"nonsense", b'{"a": ' + b"9" * 5000 + b"}"])
@pytest.mark.parametrize("key", ["zarr.json", ".zarray", ".zattrs", "info", "attributes.json"])
def test_a_damaged_metadata_file_is_named(tmp_path, key, content):
    (tmp_path / key).write_bytes(content)
    assert f"{tmp_path}/{key} is damaged" in refusal(tmp_path)


@pytest.mark.parametrize("depth", [150, 990, 1000, 100_000])
@pytest.mark.parametrize("key", ["zarr.json", ".zattrs", "info", "attributes.json"])
def test_json_nested_a_thousand_deep(tmp_path, key, depth):
    (tmp_path / key).write_text('{"a": ' + "[" * depth + "]" * depth + "}")
    assert "nested deeper than 100 levels" in refusal(tmp_path)


def test_metadata_larger_than_16_mib(tmp_path):
    (tmp_path / "zarr.json").write_bytes(b" " * (16 * 2**20) + b"{}")
    assert "larger than 16 MiB" in refusal(tmp_path)


@pytest.mark.parametrize("path", ["../other", "/etc", "http://elsewhere/0", "a/../../b", "..\\x", "%2e%2e/x", ""])
def test_dataset_paths_that_leave_the_store(image, path):
    set_dataset_path(image, path)
    assert "leaves the store" in refusal(image)


def test_chunks_of_a_terabyte_are_refused_with_the_number(array, old_array):
    edit(old_array / ".zarray", chunks=[10**6, 10**6])
    (array / "zarr.json").unlink(missing_ok=True)
    assert "chunks of 2 TB, more than half of the cache of 1 GB" in refusal(old_array)


def test_chunks_of_a_terabyte_in_zarr_3(array):
    edit(array / "zarr.json", chunk_grid={"name": "regular", "configuration": {"chunk_shape": [10**6, 10**6]}})
    assert "chunks of 2 TB" in refusal(array)


@pytest.mark.parametrize("shape", [[10**30, 40], [10**15, 10**15]])
def test_ten_to_the_thirty_voxels(array, shape):
    edit(array / "zarr.json", shape=shape)
    assert "voxels" in refusal(array)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shape": "x"}, "shape must be a list of integers"),
        ({"shape": [3.5, 4]}, "shape must be a list of integers"),
        ({"shape": [float("inf"), 4]}, "shape must be a list of integers"),
        ({"shape": [True, 4]}, "shape must be a list of integers"),
        ({"shape": []}, "no axis"),
        ({"shape": [0, 40]}, r"empty: its shape is (0, 40)"),
        ({"shape": [-3, 40]}, "voxels"),
        ({"shape": [1] * 33}, "33 axes"),
        ({"shape": [5, 5, 5]}, "chunks have 2 axes"),
        ({"data_type": "string"}, "values of type string"),
        ({"data_type": {"name": "numpy.datetime64"}}, "values of type numpy.datetime64"),
        ({"data_type": None}, "unknown type"),
        ({"chunk_grid": {"name": "rectilinear"}}, "'rectilinear'"),
        ({"chunk_grid": None}, "chunk grid"),
        ({"codecs": [{"name": "from_the_future"}]}, "from_the_future"),
        ({"codecs": "x"}, "cannot be read"),
        ({"fill_value": "much"}, "cannot be read"),
    ],
)
def test_damaged_or_strange_array_metadata(array, changes, words):
    edit(array / "zarr.json", **changes)
    assert words in refusal(array)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dtype": "|O"}, "Python objects"),
        ({"dtype": "<U5"}, "boolean, integer, floating and complex"),
        ({"dtype": [["a", "<u2"], ["b", "<f4"]]}, "records of several fields"),
        ({"dtype": "what"}, "'what' is no type"),
        ({"chunks": [0, 10]}, "at least 1"),
        ({"chunks": None}, "chunks must be a list of integers"),
        ({"compressor": {"id": "no such codec"}}, "no such codec"),
    ],
)
def test_damaged_or_strange_array_metadata_of_zarr_2(old_array, changes, words):
    edit(old_array / ".zarray", **changes)
    assert words in refusal(old_array)


def test_a_shard_with_a_huge_index(tmp_path):
    zarr.create_array(str(tmp_path / "a"), shape=(64, 64), chunks=(1, 1), shards=(64, 64), dtype="u1")
    document = json.loads((tmp_path / "a/zarr.json").read_text())
    document["shape"] = document["chunk_grid"]["configuration"]["chunk_shape"] = [10**5, 10**5]
    (tmp_path / "a/zarr.json").write_text(json.dumps(document))
    assert "index takes 160 GB" in refusal(tmp_path / "a")


def test_an_array_of_one_axis(tmp_path):
    zarr.create_array(str(tmp_path / "a"), shape=(30,), dtype="u2")
    with pytest.raises(OpenError, match="one axis only"):
        open_layers(tmp_path / "a")
    assert describe(tmp_path / "a").layers == 0


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda p: np.save(p, np.array([[{}]])), "Python objects"),
        (lambda p: np.save(p, np.array(3.0)), "no axis"),
        (lambda p: np.save(p, np.zeros((0, 5))), "empty"),
        (lambda p: np.save(p, np.array([["a"]])), "<U1"),
        (lambda p: p.write_bytes(b""), "cannot be opened as a .npy file"),
        (lambda p: p.write_bytes(b"\x93NUMPY\x01\x00"), "cannot be opened as a .npy file"),
        (lambda p: p.write_bytes(b"garbage" * 100), "cannot be opened as a .npy file"),
    ],
)
def test_npy_files_that_hold_no_picture(tmp_path, write, words):
    write(tmp_path / "a.npy")
    assert words in refusal(tmp_path / "a.npy")


@pytest.mark.parametrize("shape", ["(1000, 1000)", "(10**30, 4)", "(1" + "0" * 30 + ", 4)", "(-1, 4)"])
def test_npy_files_that_claim_more_than_they_hold(tmp_path, shape):
    header = "{'descr': '<u2', 'fortran_order': False, 'shape': " + shape + "}"
    header = header.ljust(117) + "\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
    refusal(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"data_type": "uint8", "scales": []},
        {"data_type": "uint8", "scales": [{}]},
        {"data_type": "uint8", "scales": [{"size": [9, 9, 9]}]},
        {"data_type": "uint8", "scales": [{"size": [9, 9], "chunk_sizes": [[3, 3]]}]},
        {"data_type": "uint8", "scales": [{"size": [9, 9, 9], "chunk_sizes": [[3, 3, 3]], "key": "../x"}]},
        {
            "data_type": "uint8",
            "scales": [{"size": [9, 9, 9], "chunk_sizes": [[3, 3, 3]], "key": "x", "encoding": "y"}],
        },
        {"data_type": "uint8", "scales": [{"size": [10**10] * 3, "chunk_sizes": [[3, 3, 3]], "key": "x"}]},
        {"data_type": "uint8", "scales": [{"size": [9, 9, 9], "chunk_sizes": [[10**4] * 3], "key": "x"}]},
        {"data_type": "uint8", "num_channels": "x", "scales": [{}]},
        {"data_type": "string", "scales": [{}]},
    ],
)
def test_damaged_precomputed_volumes(tmp_path, info):
    (tmp_path / "info").write_text(json.dumps({"type": "image", "num_channels": 1, **info}))
    refusal(tmp_path)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"dimensions": [9, 9]},
        {"dimensions": [9, 9], "blockSize": [3, 3], "dataType": "string"},
        {"dimensions": [9, 9], "blockSize": [3], "dataType": "uint8", "compression": {"type": "raw"}},
        {"dimensions": [9, 9], "blockSize": [3, 3], "dataType": "uint8", "compression": {"type": "what"}},
        {"dimensions": [10**30, 9], "blockSize": [3, 3], "dataType": "uint8", "compression": {"type": "raw"}},
        {"dimensions": [9, 9], "blockSize": [10**6, 10**6], "dataType": "uint8", "compression": {"type": "raw"}},
        {"scales": [0] * 1000},
    ],
)
def test_damaged_n5_datasets(tmp_path, attributes):
    (tmp_path / "attributes.json").write_text(json.dumps(attributes))
    refusal(tmp_path)


def test_without_tensorstore_the_sentence_says_so(array, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    assert "tensorstore is not installed" in refusal(array)
