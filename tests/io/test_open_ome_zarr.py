import json
import shutil

import numpy as np
import pytest
import zarr

from lamella.io import OpenError, describe, open_layers
from tests.io.stores import attributes_of, edit, ramp, write_ome
from tests.sources.reading import read_array

CZYX = [ramp(2, 4, 40, 30), ramp(2, 4, 20, 15), ramp(2, 2, 7, 15)]
SCALES = [[{"type": "scale", "scale": [1.0, 2.0, s, s]}] for s in (0.5, 1.0, 2.0)]
OMERO = {
    "channels": [
        {"label": "DNA", "color": "0000FF", "window": {"start": 3, "end": 400, "min": 0, "max": 65535}, "active": True},
        {"label": "Actin", "color": "FFFFFF", "active": False},
    ]
}


@pytest.fixture(params=[2, 3], ids=["0.4", "0.5"])
def zarr_format(request):
    return request.param


def set_ome(path, **changes):
    """Change the OME attributes of an image, whichever version; a change to None removes a member."""
    attributes = attributes_of(path)
    ome = {**attributes.get("ome", attributes), **changes}
    ome = {k: v for k, v in ome.items() if v is not None}
    if (path / "zarr.json").exists():
        edit(path / "zarr.json", attributes={"ome": ome})
    else:
        (path / ".zattrs").write_text(json.dumps(ome))


def set_multiscales(path, **changes):
    attributes = attributes_of(path)
    (image,) = attributes.get("ome", attributes)["multiscales"]
    image = {k: v for k, v in {**image, **changes}.items() if v is not None}
    set_ome(path, multiscales=[image])


def test_a_channel_becomes_a_layer_with_its_look_and_geometry(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.ome.zarr", CZYX, "czyx", zarr_format=zarr_format, transforms=SCALES, omero=OMERO)
    dna, actin = open_layers(path)
    geometry = {
        "rgb": False,
        "scale": (2.0, 0.5, 0.5),
        "axis_labels": ("z", "y", "x"),
        "units": ("micrometer",) * 3,
        "blending": "additive",
    }
    assert dna.kind == actin.kind == "image"
    assert dna.kwargs == {**geometry, "name": "DNA", "colormap": "#0000FF", "contrast_limits": (3, 400)}
    assert actin.kwargs == {**geometry, "name": "Actin", "colormap": "gray", "visible": False}
    assert (dna.data.fixed, actin.data.fixed) == (((0, 0),), ((0, 1),))
    assert dna.data.levels is actin.data.levels, "channels of one store share its chunks"
    assert [dna.data.shape_of(i) for i in range(3)] == [(4, 40, 30), (4, 20, 15), (2, 7, 15)]


def test_every_level_reads_as_it_was_written(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.zarr", CZYX, "czyx", zarr_format=zarr_format)
    for source, expected in zip(open_layers(path)[0].data.levels, CZYX, strict=True):
        np.testing.assert_array_equal(read_array(source), expected)


def test_sharded_levels_are_read_by_their_inner_chunks(tmp_path):
    options = {"storage_options": {"chunks": (1, 1, 10, 10), "shards": (1, 4, 20, 20)}}
    path = write_ome(tmp_path / "x.zarr", CZYX[:1], "czyx", **options)
    (source,) = open_layers(path)[0].data.levels
    assert source.grid((2, 3)).chunk == (1, 1, 10, 10)
    np.testing.assert_array_equal(read_array(source), CZYX[0])
    (level,) = describe(path).levels
    assert (level.chunks, level.shards) == ((1, 1, 10, 10), (1, 4, 20, 20))


def test_channels_without_omero_get_colours_of_their_own(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.zarr", CZYX, "czyx", zarr_format=zarr_format)
    layers = open_layers(path)
    assert [layer.kwargs["name"] for layer in layers] == ["x 0", "x 1"]
    assert [layer.kwargs["colormap"] for layer in layers] == ["#00FF00", "#FF00FF"]


def test_one_channel_is_no_axis_and_keeps_the_name_of_the_file(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.zarr", [ramp(3, 1, 20, 30)], "tcyx", zarr_format=zarr_format)
    (layer,) = open_layers(path)
    assert layer.data.shape == (3, 20, 30)
    assert layer.kwargs["name"] == "x"
    assert layer.kwargs["units"] == ("second", "micrometer", "micrometer")
    assert "blending" not in layer.kwargs


def test_many_channels_without_colours_get_a_slider(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [ramp(17, 20, 30)], "cyx")
    (layer,) = open_layers(path)
    assert layer.data.shape == (17, 20, 30)
    assert layer.kwargs["units"] == ("pixel", "micrometer", "micrometer")


def test_if_no_channel_is_active_all_are_shown(tmp_path):
    omero = {"channels": [{"active": False}, {"active": False}]}
    path = write_ome(tmp_path / "x.zarr", CZYX, "czyx", omero=omero)
    assert all("visible" not in layer.kwargs for layer in open_layers(path))


def test_translations_are_taken_over_from_image_and_dataset(tmp_path, zarr_format):
    transforms = [[*SCALES[0], {"type": "translation", "translation": [0.0, 10.0, 20.0, 30.0]}]]
    path = write_ome(tmp_path / "x.zarr", CZYX[:1], "czyx", zarr_format=zarr_format, transforms=transforms)
    set_multiscales(path, coordinateTransformations=[{"type": "scale", "scale": [1, 10, 10, 10]}])
    kwargs = open_layers(path)[0].kwargs
    assert kwargs["scale"] == (20.0, 5.0, 5.0)
    assert kwargs["translate"] == (100.0, 200.0, 300.0)


def test_a_channel_axis_anywhere_is_found(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [ramp(20, 30, 2)], "zyx")
    set_multiscales(path, axes=[{"name": n} for n in ("y", "x", "c")])
    layers = open_layers(path)
    assert [layer.data.fixed for layer in layers] == [((2, 0),), ((2, 1),)]
    assert layers[0].data.shape == (20, 30)


def test_a_photograph_with_colours_last_is_one_rgb_layer(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [ramp(20, 30, 3, dtype="u1")], "zyx")
    set_multiscales(path, axes=[{"name": n} for n in ("y", "x", "c")])
    (layer,) = open_layers(path)
    assert layer.kwargs["rgb"] is True
    assert layer.kwargs["axis_labels"] == ("y", "x")
    assert len(layer.kwargs["scale"]) == 2
    assert layer.data.shape == (20, 30, 3)


def test_old_images_that_name_no_axes_are_t_c_z_y_x(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [ramp(2, 2, 3, 20, 30)], "tczyx", zarr_format=2)
    set_multiscales(path, axes=None, version="0.1")
    layers = open_layers(path)
    assert len(layers) == 2
    assert layers[0].kwargs["axis_labels"] == ("t", "z", "y", "x")
    assert describe(path).format == "OME-Zarr 0.1 (zarr 2)"


def test_axes_and_transforms_that_do_not_fit_the_array_are_left_out(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [ramp(3, 20, 30)], "zyx")
    set_multiscales(path, axes=["y", "x"])
    (layer,) = open_layers(path)
    assert layer.kwargs["axis_labels"] == ("z", "y", "x")
    assert "scale" not in layer.kwargs


def test_a_coarse_level_that_was_never_written_is_left_out(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.zarr", CZYX, "czyx", zarr_format=zarr_format)
    shutil.rmtree(path / describe(path).levels[1].path)
    assert [level.shape for level in describe(path).levels] == [CZYX[0].shape, CZYX[2].shape]


def test_a_level_of_another_kind_is_left_out(tmp_path):
    path = write_ome(tmp_path / "x.zarr", [*CZYX[:2], CZYX[2].astype("f4")], "czyx")
    assert len(open_layers(path)[0].data.levels) == 2


def test_without_its_finest_level_an_image_is_refused(tmp_path, zarr_format):
    path = write_ome(tmp_path / "x.zarr", CZYX, "czyx", zarr_format=zarr_format)
    shutil.rmtree(path / describe(path).levels[0].path)
    with pytest.raises(OpenError, match=r"its finest resolution s?0 is not there"):
        open_layers(path)


def test_of_a_bioformats2raw_store_the_first_image_is_opened(tmp_path, zarr_format):
    root = zarr.open_group(str(tmp_path / "x.zarr"), mode="w", zarr_format=zarr_format)
    layout = {"bioformats2raw.layout": 3}
    root.attrs.update({"ome": {"version": "0.5", **layout}} if zarr_format == 3 else layout)
    write_ome(tmp_path / "x.zarr" / "0", CZYX, "czyx", zarr_format=zarr_format)
    layers = open_layers(tmp_path / "x.zarr")
    assert [layer.kwargs["name"] for layer in layers] == ["x 0", "x 1"]
    np.testing.assert_array_equal(read_array(layers[0].data.levels[0]), CZYX[0])


def test_a_plate_names_an_image_that_can_be_opened(tmp_path, zarr_format):
    root = zarr.open_group(str(tmp_path / "x.zarr"), mode="w", zarr_format=zarr_format)
    plate = {"plate": {"wells": [{"path": "B/2"}]}}
    root.attrs.update({"ome": plate} if zarr_format == 3 else plate)
    with pytest.raises(OpenError, match=r"plate of many images; .* x\.zarr/B/2/0".replace("x", r"\S*x")):
        open_layers(tmp_path / "x.zarr")


@pytest.mark.parametrize("form", ["{}", "{}/", "file://{}", "zarr://{}", "{}/zarr.json"])
def test_every_way_to_write_the_path_opens_the_image(tmp_path, form):
    path = write_ome(tmp_path / "x y.zarr", CZYX, "czyx")
    assert len(open_layers(form.format(path))) == 2


def test_describe_tells_levels_chunks_axes_and_sizes_without_reading_data(tmp_path, zarr_format):
    options = {"storage_options": {"chunks": (1, 2, 16, 16)}}
    path = write_ome(
        tmp_path / "x.zarr", CZYX, "czyx", zarr_format=zarr_format, transforms=SCALES, omero=OMERO, **options
    )
    description = describe(path)
    for file in path.rglob("*"):
        if file.is_file() and file.name not in (".zarray", ".zattrs", ".zgroup", "zarr.json"):
            file.unlink()
    assert describe(path) == description
    assert description.format == {2: "OME-Zarr 0.4 (zarr 2)", 3: "OME-Zarr 0.5 (zarr 3)"}[zarr_format]
    assert description.location == str(path)
    assert (description.dtype, description.layers) == ("uint16", 2)
    assert description.layer_names == ("DNA", "Actin")
    assert description.axes == ("c", "z", "y", "x")
    assert description.units == ("", "micrometer", "micrometer", "micrometer")
    assert description.scale == (1.0, 2.0, 0.5, 0.5)
    assert [level.shape for level in description.levels] == [a.shape for a in CZYX]
    assert [level.nbytes for level in description.levels] == [a.nbytes for a in CZYX]
    assert description.levels[0].chunks == (1, 2, 16, 16)
    assert all(level.codec for level in description.levels)
