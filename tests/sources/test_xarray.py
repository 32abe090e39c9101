"""xarray: what is underneath is read, and what it says of the axes is taken."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from lamella import Image
from lamella.sources import ArraySource, as_multiscale, as_source
from lamella.sources.opaque import READER
from tests.sources.reading import box_of, read_array

VALUES = np.arange(4 * 40 * 50, dtype=np.float32).reshape(4, 40, 50)
BOX = box_of((1, 2), (5, 30), (0, 50))
SIX_HOURS = np.arange("2026-01-01", "2026-01-02", 6, "datetime64[h]").astype("datetime64[ns]")


def array(values=VALUES, dims="tyx", **coords):
    return xr.DataArray(values, dims=tuple(dims), coords=coords)


def layer(x):
    return Image(array(x=x))


# coordinates


def test_names_units_and_coordinates_become_axes():
    data = array(
        t=("t", np.arange(4), {"units": "hour"}), y=("y", np.linspace(90, -90, 40), {"units": "degrees_north"})
    )
    data.name = "temperature"
    image = Image(data)
    assert (image.name, image.axis_labels) == ("temperature", ("t", "y", "x"))
    assert image.scale == pytest.approx((1, -180 / 39, 1))
    assert image.translate == (0, 90, 0)
    assert image.units == ("hour", "degrees_north", "pixel")
    assert image.metadata == {}


def test_times_are_seconds_since_the_first_which_the_metadata_name():
    image = Image(array(t=SIX_HOURS))
    assert (image.scale[0], image.translate[0], image.units[0]) == (21_600, 0, "second")
    assert image.metadata == {"time_origin": {"t": np.datetime64("2026-01-01")}}


def test_durations_are_seconds():
    image = Image(array(t=np.arange(4) * np.timedelta64(90, "m") + np.timedelta64(1, "h")))
    assert (image.scale[0], image.translate[0], image.units[0]) == (5400, 3600, "second")


@pytest.mark.parametrize(
    "x",
    [
        np.linspace(0, 1, 50) ** 2,
        np.zeros(50),
        np.full(50, np.nan),
        [f"column {n}" for n in range(50)],
    ],
    ids=["uneven", "constant", "nan", "texts"],
)
def test_coordinates_that_are_not_even_count_samples_and_the_metadata_say_so(x):
    image = layer(x)
    assert (image.scale[2], image.translate[2], image.units[2]) == (1, 0, "pixel")
    assert image.metadata == {"uneven_coordinates": ("x",)}


def test_single_precision_is_even_enough():
    image = layer(np.linspace(-180, 180, 50).astype(np.float32))
    assert image.scale[2] == pytest.approx(360 / 49)


def test_a_coordinate_of_one_sample_places_it():
    image = Image(array(VALUES[:1], t=[7.5]))
    assert (image.scale[0], image.translate[0]) == (1, 7.5)


def test_the_colours_of_an_rgb_image_are_no_axis():
    image = Image(
        xr.DataArray(np.zeros((64, 64, 3), np.uint8), dims=("y", "x", "c"), coords={"y": np.arange(64) * 2.0})
    )
    assert image.rgb
    assert (image.axis_labels, image.scale) == (("y", "x"), (2, 1))


# what the user says


def test_what_the_user_says_wins():
    data = array(t=("t", [0.0, 2.0, 4.0, 6.0], {"units": "s"}), x=np.linspace(0, 1, 50) ** 2)
    image = Image(data, name="b", axis_labels=("p", "q", "r"), units="mm", translate=(1, 1, 1), metadata={"my": 1})
    assert (image.name, image.axis_labels, image.units) == ("b", ("p", "q", "r"), ("mm",) * 3)
    assert (image.scale, image.translate) == ((2, 1, 1), (1, 1, 1))
    assert image.metadata == {"my": 1, "uneven_coordinates": ("x",)}


@pytest.mark.parametrize("given", [{"scale": (3, 1, 1)}, {"affine": np.eye(4)}], ids=list)
def test_a_place_of_the_users_is_not_mixed_with_that_of_the_data(given):
    image = Image(array(t=("t", [5.0, 7.0, 9.0, 11.0], {"units": "s"})), **given)
    assert (image.translate, image.units, image.axis_labels) == ((0, 0, 0), ("pixel",) * 3, ("t", "y", "x"))


# what is underneath


def test_numpy_underneath_is_in_memory():
    source = as_source(array())
    assert isinstance(source, ArraySource)
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])


def test_dask_underneath_stays_dask_and_levels_share_a_bulkhead():
    levels = [array(da.zeros((4, 40 >> k, 50 >> k), chunks=(1, 20, 25))) for k in range(2)]
    sources = as_multiscale(levels).levels
    assert sources[0].grid((1, 2)).chunk == (1, 20, 25)
    assert len({source.pool for source in sources}) == 1
    assert Image(levels).axis_labels == ("t", "y", "x")


def test_a_variable_of_a_file_is_read_by_parts_in_the_reader_process(tmp_path):
    xr.Dataset({"v": (("t", "y", "x"), VALUES)}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as dataset:
        source = as_source(dataset["v"])
        assert not dataset["v"].variable._in_memory
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])
        assert source.isolation == READER
        assert not dataset["v"].variable._in_memory
        source.close()


def test_a_dataset_names_its_variables():
    with pytest.raises(ValueError, match=r"give one of its variables \('a', 'b'\)"):
        as_multiscale(xr.Dataset({"a": array(), "b": array()}))
    with pytest.raises(ValueError, match="it has none"):
        as_source(xr.Dataset())
