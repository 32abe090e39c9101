"""Arrays and groups of zarr-python: by tensorstore where it can, never asked anything at the call."""

import shutil

import numcodecs
import numpy as np
import pytest
import zarr
from obstore.store import from_url
from zarr.storage import FsspecStore, LocalStore, MemoryStore, ObjectStore, StorePath

from lamella import Image
from lamella.sources import Failed, FailureKind, Grid, OpaqueSource, as_multiscale, as_source
from lamella.sources.opaque import READER
from lamella.sources.tensorstore_source import TensorStoreSource
from tests.sources.file_server import served
from tests.sources.reading import box_of, read, read_array

VALUES = np.arange(4 * 40 * 50, dtype=np.uint16).reshape(4, 40, 50)
CHUNKS = (1, 20, 25)
BOX = box_of((1, 2), (5, 30), (0, 50))
LZ4 = {"zarr_format": 2, "compressors": numcodecs.LZ4()}


def write(store, **how):
    return zarr.create_array(store, data=VALUES, chunks=CHUNKS, **how)


def moved_to(store, array, path=""):
    """The same array, said to be in another store."""
    return zarr.Array.from_dict(StorePath(store, path), array.metadata.to_dict())


def http(url, **options):
    return ObjectStore(from_url(url, client_options={"allow_http": True, **options}, retry_config={"max_retries": 0}))


# arrays


@pytest.mark.parametrize(
    "how",
    [{"zarr_format": 2}, {"zarr_format": 3}, {"name": "in/side"}, {"shards": (2, 40, 50)}, {"fill_value": 7}],
    ids=str,
)
def test_an_array_on_disk_is_read_by_tensorstore(tmp_path, how):
    source = as_source(write(LocalStore(tmp_path), **how))
    assert isinstance(source, TensorStoreSource)
    assert source.grid((1, 2)) == Grid(CHUNKS)
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])


def test_nothing_is_read_at_the_call(tmp_path):
    array = write(LocalStore(tmp_path / "a.zarr"))
    shutil.rmtree(tmp_path / "a.zarr")
    assert as_source(array).shape == VALUES.shape


@pytest.mark.parametrize("kind", ["obstore", "fsspec"])
def test_an_array_over_http_is_read_by_tensorstore(tmp_path, kind):
    array = write(LocalStore(tmp_path / "a.zarr"))
    with served(tmp_path) as server:
        url = f"{server.url}/a.zarr"
        store = http(url) if kind == "obstore" else FsspecStore.from_url(url)
        source = as_source(moved_to(store, array))
        assert isinstance(source, TensorStoreSource)
        assert source.pool.remote
        assert server.requests == []
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
        source.close()


@pytest.mark.parametrize(
    "store",
    [
        lambda url: http(url, default_headers={"Authorization": "token"}),
        lambda url: FsspecStore.from_url(url, storage_options={"headers": {"Authorization": "token"}}),
    ],
    ids=["obstore", "fsspec"],
)
def test_headers_of_a_store_are_not_lost(store):
    source = as_source(moved_to(store("http://127.0.0.1:9/a.zarr"), write(MemoryStore())))
    assert isinstance(source, OpaqueSource)
    assert source.pool.remote


@pytest.mark.parametrize(
    ("url", "options", "kind"),
    [
        ("s3://bucket/a.zarr", {"skip_signature": True}, TensorStoreSource),
        ("s3://bucket/a.zarr", {"endpoint": "http://127.0.0.1:9"}, OpaqueSource),
        ("gs://bucket/a.zarr", {"skip_signature": True}, TensorStoreSource),
    ],
)
def test_a_bucket_is_read_by_tensorstore_if_that_would_ask_the_same_server(monkeypatch, url, options, kind):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    source = as_source(moved_to(ObjectStore(from_url(url, **options)), write(MemoryStore())))
    assert isinstance(source, kind)
    assert source.pool.remote


def test_an_array_in_memory_is_read_here():
    source = as_source(write(MemoryStore()))
    assert isinstance(source, OpaqueSource)
    assert source.grid((1, 2)) == Grid(CHUNKS)
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
    assert source.isolation == "its MemoryStore is only in this process"


def test_codecs_that_tensorstore_refuses_are_read_in_the_reader_process(tmp_path):
    source = as_source(write(LocalStore(tmp_path), **LZ4))
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
    assert source.isolation == READER
    source.close()


def test_a_failure_in_the_reader_process_keeps_its_kind(tmp_path):
    array = write(LocalStore(tmp_path / "a.zarr"), **LZ4)
    with served(tmp_path) as server:
        source = as_source(moved_to(http(f"{server.url}/a.zarr"), array))
        server.fail(lambda path: True, 503)
        outcome = read(source, box_of((0, 1), (0, 20), (0, 25)))
        assert isinstance(outcome, Failed)
        assert outcome.kind is FailureKind.BUSY
        assert source.isolation == READER
        source.close()


@pytest.mark.parametrize("store", [MemoryStore, None], ids=["memory", "disk"])
def test_a_chunk_that_does_not_fit_into_the_cache_is_refused_with_the_number(tmp_path, store):
    place = store() if store else LocalStore(tmp_path)
    array = zarr.create_array(place, shape=(40_000, 40_000), chunks=(40_000, 40_000), dtype="u2")
    with pytest.raises(ValueError, match="raise the setting cache_size"):
        as_source(array)


def test_what_is_no_picture_is_refused():
    with pytest.raises(TypeError, match="holds"):
        as_source(zarr.create_array(MemoryStore(), shape=(4,), dtype="M8[s]"))
    with pytest.raises(ValueError, match="no axis"):
        as_source(zarr.create_array(MemoryStore(), shape=(), dtype="u1"))


def test_a_layer_takes_the_name_of_the_array_and_of_its_axes(tmp_path):
    on_disk = write(LocalStore(tmp_path / "cells.zarr"), dimension_names=["z", None, "x"])
    inside = write(MemoryStore(), name="a/nuclei", zarr_format=2, attributes={"_ARRAY_DIMENSIONS": ["t", "lat", "lon"]})
    assert (Image(on_disk).name, Image(on_disk).axis_labels) == ("cells", ("z", "", "x"))
    assert (Image(inside).name, Image(inside).axis_labels) == ("nuclei", ("t", "lat", "lon"))
    assert Image(write(MemoryStore())).name == "Image"


# groups


def scale(*values):
    return {"type": "scale", "scale": list(values)}


def ome_group(store, *, levels=2, paths=None, **members):
    group = zarr.create_group(store)
    for k in range(levels):
        group.create_array(f"s{k}", data=np.ascontiguousarray(VALUES[:, :: 2**k, :: 2**k]), chunks=CHUNKS)
    datasets = [
        {"path": path, "coordinateTransformations": [scale(2, 0.5 * 2**k, 0.5 * 2**k)]}
        for k, path in enumerate(paths or [f"s{k}" for k in range(levels)])
    ]
    axes = [{"name": "z", "type": "space", "unit": "micrometer"}, {"name": "y"}, {"name": "x"}]
    group.attrs["ome"] = {"multiscales": [{"name": "cells", "axes": axes, "datasets": datasets, **members}]}
    return group


def test_an_ome_zarr_group_is_an_image_with_levels_names_and_units(tmp_path):
    moved = {"type": "translation", "translation": [1, 0, -3]}
    layer = Image(ome_group(LocalStore(tmp_path), coordinateTransformations=[moved]))
    assert [level.shape for level in layer.source.levels] == [(4, 40, 50), (4, 20, 25)]
    assert all(isinstance(level, TensorStoreSource) for level in layer.source.levels)
    assert (layer.name, layer.axis_labels) == ("cells", ("z", "y", "x"))
    assert (layer.scale, layer.translate) == ((2, 0.5, 0.5), (1, 0, -3))
    assert layer.units == ("micrometer", "pixel", "pixel")


def test_the_metadata_of_version_0_4_lie_at_the_top():
    group = ome_group(MemoryStore())
    group = zarr.create_group(MemoryStore(), zarr_format=2, attributes=dict(group.attrs["ome"]))
    group.create_array("s0", data=VALUES)
    assert Image(group).axis_labels == ("z", "y", "x")


def test_the_levels_in_memory_share_a_bulkhead():
    levels = as_multiscale(ome_group(MemoryStore(), levels=3)).levels
    assert len({level.pool.key for level in levels}) == 1


def test_a_coarse_level_that_was_never_written_is_left_out_and_the_finest_is_not():
    assert len(as_multiscale(ome_group(MemoryStore(), paths=["s0", "missing", "s1"])).levels) == 2
    with pytest.raises(ValueError, match="incomplete: its finest resolution 'missing' is not there"):
        as_multiscale(ome_group(MemoryStore(), paths=["missing", "s1"]))


@pytest.mark.parametrize(
    "members",
    [
        {"axes": 5},
        {"axes": ["y", "x"]},
        {"axes": [None, {"unit": 3}, {}]},
        {"coordinateTransformations": [scale(float("nan"), 0, 1), {"type": "scale", "scale": "x"}, None]},
        {"name": 3},
    ],
    ids=str,
)
def test_damaged_descriptions_are_left_out_not_refused(members):
    assert Image(ome_group(MemoryStore(), **members)).ndim == 3


@pytest.mark.parametrize("datasets", [None, [], [{"path": 3}], {"path": "s0"}], ids=str)
def test_a_group_that_names_no_datasets_is_refused(datasets):
    with pytest.raises(ValueError, match="they name no datasets"):
        as_multiscale(ome_group(MemoryStore(), datasets=datasets))


def test_a_group_without_an_image_names_its_arrays():
    group = zarr.create_group(MemoryStore())
    with pytest.raises(ValueError, match="holds no arrays"):
        as_multiscale(group)
    for name in ("nuclei", "cells"):
        group.create_array(name, data=VALUES)
    with pytest.raises(
        ValueError, match="no multiscales metadata of OME-Zarr; give one of its arrays: 'cells', 'nuclei'"
    ):
        Image(group)
    with pytest.raises(ValueError, match="add the group as an image"):
        as_source(group)


def test_the_metadata_of_the_levels_of_a_remote_group_are_asked_for_at_once(tmp_path):
    ome_group(LocalStore(tmp_path / "a.zarr"), levels=3)
    with served(tmp_path) as server:
        group = zarr.open_group(http(f"{server.url}/a.zarr"), mode="r", zarr_format=3)
        before = len(server.requests)
        image = as_multiscale(group)
        assert sorted(server.requests[before:]) == [f"a.zarr/s{k}/zarr.json" for k in range(3)]
        assert all(isinstance(level, TensorStoreSource) for level in image.levels)
