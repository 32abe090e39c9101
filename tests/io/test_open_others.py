import sys

import numcodecs
import numpy as np
import pytest
import tensorstore as ts
import zarr

from lamella.io import OpenError, describe, open_layers
from tests.io.stores import ramp
from tests.sources.reading import read_array

VOLUME = ramp(9, 20, 30)


def whole(layer, level=0):
    return read_array(layer.data.levels[level])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_plain_zarr_array_opens(tmp_path, zarr_format):
    array = zarr.create_array(str(tmp_path / "a.zarr"), shape=VOLUME.shape, dtype="u2", zarr_format=zarr_format)
    array[:] = VOLUME
    (layer,) = open_layers(tmp_path / "a.zarr")
    assert layer.kwargs == {"name": "a"}
    np.testing.assert_array_equal(whole(layer), VOLUME)
    assert describe(tmp_path / "a.zarr").format == f"zarr {zarr_format}"


def test_dimension_names_label_the_axes(tmp_path):
    names = ("time", "lat", "lon")
    zarr.create_array(str(tmp_path / "a"), shape=VOLUME.shape, dtype="u2", dimension_names=names)
    assert open_layers(tmp_path / "a")[0].kwargs["axis_labels"] == names
    old = zarr.create_array(str(tmp_path / "b"), shape=VOLUME.shape, dtype="u2", zarr_format=2)
    old.attrs["_ARRAY_DIMENSIONS"] = list(names)
    assert open_layers(tmp_path / "b")[0].kwargs["axis_labels"] == names


@pytest.mark.parametrize("names", [("a", None, "c"), ("a", "a", "a")])
def test_odd_dimension_names_do_not_keep_an_array_from_opening(tmp_path, names):
    zarr.create_array(str(tmp_path / "a"), shape=VOLUME.shape, dtype="u2", dimension_names=("a", "b", "c"))
    document = (tmp_path / "a/zarr.json").read_text().replace('"b"', "null" if names[1] is None else '"a"')
    (tmp_path / "a/zarr.json").write_text(document)
    assert len(open_layers(tmp_path / "a")) == 1


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_group_of_arrays_names_what_can_be_opened(tmp_path, zarr_format):
    group = zarr.open_group(str(tmp_path / "g"), mode="w", zarr_format=zarr_format)
    group.create_array("one", shape=(3, 3), dtype="u1")
    group.create_group("sub").create_array("two", shape=(3, 3), dtype="u1")
    with pytest.raises(OpenError, match=r"without OME-Zarr metadata; open one of its arrays: .*g/one, .*g/sub/two"):
        open_layers(tmp_path / "g")
    assert len(open_layers(tmp_path / "g/sub/two")) == 1


def test_an_empty_group_says_what_to_do(tmp_path):
    zarr.open_group(str(tmp_path / "g"), mode="w")
    with pytest.raises(OpenError, match="full path"):
        open_layers(tmp_path / "g")


def test_codecs_that_tensorstore_refuses_are_read_by_zarr_python(tmp_path):
    array = zarr.create_array(
        str(tmp_path / "a"),
        shape=VOLUME.shape,
        chunks=(4, 8, 8),
        dtype="u2",
        zarr_format=2,
        compressors=numcodecs.LZ4(),
    )
    array[:] = VOLUME
    (layer,) = open_layers(tmp_path / "a")
    np.testing.assert_array_equal(whole(layer), VOLUME)
    assert layer.data.levels[0].pool.threads == 2
    assert describe(tmp_path / "a").levels[0].codec == "lz4"


def test_without_zarr_python_the_extra_is_named(tmp_path, monkeypatch):
    zarr.create_array(str(tmp_path / "a"), shape=(3, 3), dtype="u2", zarr_format=2, compressors=numcodecs.LZ4())
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(OpenError, match=r"encoded with lz4, which needs zarr-python: pip install lamella\[zarr\]"):
        open_layers(tmp_path / "a")


@pytest.mark.parametrize("dtype", ["?", "i1", ">u2", "<f4", "<c8"])
def test_a_npy_file_is_mapped(tmp_path, dtype):
    data = VOLUME.astype(dtype)
    np.save(tmp_path / "a.npy", data)
    (layer,) = open_layers(tmp_path / "a.npy")
    assert layer.kwargs == {"name": "a"}
    assert layer.data.levels[0].in_memory
    np.testing.assert_array_equal(whole(layer), data)
    np.save(tmp_path / "f.npy", np.asfortranarray(data))
    np.testing.assert_array_equal(whole(open_layers(tmp_path / "f.npy")[0]), data)


def write_n5(path, data, **metadata):
    store = ts.open(
        {
            "driver": "n5",
            "kvstore": {"driver": "file", "path": str(path)},
            "metadata": {
                "dimensions": data.shape[::-1],
                "blockSize": [8] * data.ndim,
                "dataType": str(data.dtype),
                "compression": {"type": "gzip"},
                **metadata,
            },
        },
        create=True,
    ).result()
    store[...] = data.transpose()


def test_a_n5_dataset_is_turned_round(tmp_path):
    write_n5(tmp_path / "a.n5", VOLUME, resolution=[1.0, 2.0, 3.0], units=["um", "um", "um"])
    (layer,) = open_layers(tmp_path / "a.n5")
    assert layer.kwargs == {
        "name": "a",
        "scale": (3.0, 2.0, 1.0),
        "axis_labels": ("z", "y", "x"),
        "units": ("um", "um", "um"),
    }
    np.testing.assert_array_equal(whole(layer), VOLUME)


@pytest.mark.parametrize("attributes", [None, '{"n5": "2.0.0"}', '{"scales": [[1,1,1],[2,2,2]]}'])
def test_a_n5_group_of_resolutions_is_one_image(tmp_path, attributes):
    write_n5(tmp_path / "a/s0", VOLUME, pixelResolution={"dimensions": [1.0, 2.0, 3.0], "unit": "nm"})
    write_n5(tmp_path / "a/s1", VOLUME[::2, ::2, ::2])
    if attributes is not None:
        (tmp_path / "a/attributes.json").write_text(attributes)
    (layer,) = open_layers(tmp_path / "a")
    assert [layer.data.shape_of(i) for i in range(2)] == [(9, 20, 30), (5, 10, 15)]
    assert layer.kwargs["scale"] == (3.0, 2.0, 1.0)
    np.testing.assert_array_equal(whole(layer, 1), VOLUME[::2, ::2, ::2])


def write_precomputed(path, data, resolution=(4, 5, 40), offset=(5, 6, 7)):
    """``data`` in the order x, y, z, channel."""
    store = ts.open(
        {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": str(path)},
            "multiscale_metadata": {"type": "image", "data_type": str(data.dtype), "num_channels": data.shape[3]},
            "scale_metadata": {
                "size": data.shape[:3],
                "voxel_offset": list(offset),
                "chunk_size": [8, 8, 4],
                "resolution": list(resolution),
                "encoding": "raw",
            },
        },
        create=True,
    ).result()
    store[...] = data


def test_a_precomputed_volume_is_z_y_x_in_nanometres(tmp_path):
    write_precomputed(tmp_path / "a", VOLUME.transpose()[..., None])
    write_precomputed(tmp_path / "a", VOLUME[:, ::2, ::2].transpose()[..., None], (8, 10, 40), (2, 3, 7))
    (layer,) = open_layers(tmp_path / "a")
    assert [layer.data.shape_of(i) for i in range(2)] == [(9, 20, 30), (9, 10, 15)]
    assert layer.kwargs == {
        "name": "a",
        "rgb": False,
        "scale": (40.0, 5.0, 4.0),
        "translate": (280.0, 30.0, 20.0),
        "axis_labels": ("z", "y", "x"),
        "units": ("nm", "nm", "nm"),
    }
    np.testing.assert_array_equal(whole(layer)[0], VOLUME)
    np.testing.assert_array_equal(whole(layer, 1)[0], VOLUME[:, ::2, ::2])
    assert describe(tmp_path / "a").format == "neuroglancer precomputed"


def test_a_precomputed_volume_of_three_bytes_is_rgb(tmp_path):
    data = ramp(9, 20, 30, 3, dtype="u1")
    write_precomputed(tmp_path / "a", data.transpose(2, 1, 0, 3))
    (layer,) = open_layers(tmp_path / "a")
    assert layer.kwargs["rgb"] is True
    assert layer.kwargs["axis_labels"] == ("z", "y", "x")
    np.testing.assert_array_equal(whole(layer), data)


def test_channels_of_a_precomputed_volume_become_layers(tmp_path):
    write_precomputed(tmp_path / "a", ramp(9, 20, 30, 2).transpose(2, 1, 0, 3))
    layers = open_layers(tmp_path / "a")
    assert [layer.data.fixed for layer in layers] == [((0, 0),), ((0, 1),)]
