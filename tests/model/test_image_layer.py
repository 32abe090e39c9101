"""The Image layer: what it accepts, what it refuses, what it tells and what its look is."""

import dataclasses
import inspect
import math
import subprocess
import sys

import cmap
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.layers.base import LayerStatus
from lamella.model.layers.image import Image, guess_rgb
from lamella.model.transforms import Affine
from lamella.sources import as_multiscale

FIELDS = (
    "name",
    "visible",
    "opacity",
    "blending",
    "scale",
    "translate",
    "rotate",
    "shear",
    "affine",
    "units",
    "axis_labels",
    "metadata",
    "data",
    "version",
    "status",
    "colormap",
    "contrast_limits",
    "contrast_limits_range",
    "auto_contrast",
    "gamma",
    "interpolation",
    "locked_data_level",
    "look",
    "slicing",
    "extent",
)


def image(shape=(5, 6), dtype=np.uint8, **kwargs):
    return Image(np.zeros(shape, dtype), **kwargs)


def pyramid(**kwargs):
    return Image([np.zeros((8 >> i, 12 >> i), np.uint16) for i in range(3)], **kwargs)


def record(layer):
    log = []
    for field in FIELDS:
        layer.events.signals[field].connect(lambda _, field=field: log.append(field))
    return log


def state(layer):
    """All that can be read of a layer, for comparisons."""
    names = [f for f in FIELDS if f not in ("look", "slicing", "extent", "rotate", "shear")]
    return {f: getattr(layer, f) for f in names} | {"transform": layer.transform, "source": layer.source}


# ---- data ------------------------------------------------------------------------------------------------------------


def test_an_array_becomes_an_image_of_one_level():
    data = np.zeros((3, 5, 6), np.uint16)
    layer = Image(data, name="cells", metadata={"stain": "DAPI"})
    assert layer.data is data
    assert (layer.ndim, layer.rgb, len(layer.source.levels)) == (3, False, 1)
    assert layer.metadata == {"stain": "DAPI"}
    assert image().name == "Image"
    assert repr(layer) == "<Image 'cells' (3, 5, 6) uint16>"


def test_a_list_of_arrays_that_get_coarser_becomes_one_image_of_levels():
    layer = pyramid()
    assert [layer.source.shape_of(i) for i in range(3)] == [(8, 12), (4, 6), (2, 3)]
    layer.locked_data_level = 2
    assert layer.locked_data_level == 2


def test_sources_that_are_made_already_pass_through():
    source = as_multiscale(np.zeros((5, 6)))
    layer = Image(source)
    assert layer.source is source
    assert layer.name == source.name


@pytest.mark.parametrize("dtype", ["bool", "i1", "u1", "i2", "u2", ">u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"])
def test_every_real_dtype_is_accepted(dtype):
    assert image(dtype=dtype).source.dtype == dtype


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (np.array([[object()]]), "object"),
        (np.array([["a"]]), "<U1"),
        (np.array([[b"a"]]), "S1"),
        (np.zeros((4, 4), [("a", "u1")]), "u1"),
        (np.zeros((4, 4), "M8[s]"), "datetime64"),
        (np.zeros((4, 4), complex), r"np\.abs\(data\)"),
        ({"a": 1}, "dict"),
        (None, "NoneType"),
        ("picture.png", "str"),
    ],
)
def test_data_that_is_no_image_is_refused_in_one_sentence(data, says):
    with pytest.raises(TypeError, match=says) as error:
        Image(data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (np.array(5), "axis"),
        (np.zeros(5), "at least two axes"),
        (np.zeros((0, 5)), "empty"),
        (np.zeros((5, 0, 5)), "empty"),
        ([], "empty"),
        ([np.zeros((4, 4)), np.zeros((8, 8))], "finest"),
        ([np.zeros((4, 4)), np.zeros((2, 5))], "finest"),
        ([np.zeros((4, 4)), np.zeros((2, 2, 2))], "axes"),
        ([np.zeros((4, 4)), np.zeros((2, 2), np.uint8)], "dtype"),
    ],
)
def test_data_of_a_bad_shape_is_refused_in_one_sentence(data, says):
    with pytest.raises(ValueError, match=says) as error:
        Image(data)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("shape", "rgb"),
    [
        ((31, 31, 3), True),
        ((31, 31, 4), True),
        ((9, 31, 40, 3), True),
        ((30, 31, 3), False),
        ((31, 30, 3), False),
        ((31, 31, 5), False),
        ((31, 3), False),
    ],
)
def test_colours_are_guessed_from_the_shape(shape, rgb):
    assert guess_rgb(shape) is rgb
    layer = image(shape)
    assert layer.rgb is rgb
    assert layer.ndim == len(shape) - rgb


def test_a_user_may_say_whether_the_last_axis_is_colours():
    assert image((31, 31, 3), rgb=False).ndim == 3
    assert image((5, 5, 4), rgb=True).ndim == 2
    for shape in ((5, 5, 5), (5, 3)):
        with pytest.raises(ValueError, match="RGB image needs two axes and a last one of length 3 or 4"):
            image(shape, rgb=True)
    with pytest.raises(ValueError, match="rgb must be True or False, not 'yes'"):
        image((5, 5, 3), rgb="yes")
    with pytest.raises(ValueError, match="same number of colours"):
        Image([np.zeros((40, 40, 4)), np.zeros((20, 20, 3))], rgb=True)


def test_new_data_is_a_new_version_and_keeps_what_the_user_has_set():
    layer = image((5, 6), np.uint16, contrast_limits=(3, 9))
    log, versions = record(layer), [layer.version]
    layer.events.version.connect(versions.append)
    layer.data = np.ones((5, 6), np.uint16)
    assert log == ["data", "version", "slicing"]
    layer.data = np.ones((7, 6), np.uint16)
    assert log[3:] == ["data", "version", "extent", "slicing"]
    assert len(set(versions)) == 3
    assert versions == sorted(versions)
    assert layer.contrast_limits == (3, 9)


def test_new_data_of_another_dtype_has_other_automatic_limits():
    layer = image((5, 6), np.uint8)
    layer.data = np.ones((5, 6), np.float32)
    assert layer.contrast_limits is None
    layer.data = np.ones((5, 6), bool)
    assert layer.contrast_limits == (0, 1)


def test_new_data_with_other_levels_unlocks_the_level():
    layer = pyramid()
    layer.locked_data_level = 2
    layer.data = np.ones((5, 6), np.uint16)
    assert layer.locked_data_level is None


def test_new_data_must_have_as_many_axes():
    layer = image((5, 6))
    before = state(layer)
    with pytest.raises(ValueError, match="data must have 2 axes as before, not 3"):
        layer.data = np.zeros((5, 6, 7))
    with pytest.raises(TypeError, match="complex"):
        layer.data = np.zeros((5, 6), complex)
    assert state(layer) == before


def test_refreshing_is_a_new_version():
    layer = image()
    log = record(layer)
    layer.refresh()
    assert (layer.version > 0, log) == (True, ["version", "slicing"])


# ---- look ------------------------------------------------------------------------------------------------------------


def test_the_look_is_the_layers_look_frozen():
    layer = image(dtype=np.uint16, colormap="viridis", contrast_limits=(3, 9), gamma=0.5, opacity=0.25)
    look = layer.look()
    assert (look.contrast_limits, look.gamma, look.opacity) == ((3, 9), 0.5, 0.25)
    assert (look.blending, look.interpolation, look.visible) == ("translucent", "nearest", True)
    expected = np.round(np.asarray(cmap.Colormap("viridis").lut(256)) * 255)
    np.testing.assert_array_equal(look.lut, expected)
    assert (look.lut.shape, look.lut.dtype, look.lut.flags.writeable) == ((256, 4), np.uint8, False)
    layer.gamma = 2
    assert look.gamma == 0.5
    assert layer.look().gamma == 2


@pytest.mark.parametrize(
    ("field", "value", "also"),
    [
        ("visible", False, {"look", "slicing"}),
        ("opacity", 0.5, {"look"}),
        ("blending", "additive", {"look"}),
        ("interpolation", "linear", {"look"}),
        ("gamma", 2, {"look"}),
        ("colormap", "magma", {"look"}),
        ("contrast_limits", (1, 2), {"look", "auto_contrast"}),
        ("scale", (2, 3), {"slicing", "extent"}),
        ("translate", (2, 3), {"slicing", "extent"}),
        ("rotate", 30, {"slicing", "extent"}),
        ("shear", [0.5], {"slicing", "extent"}),
        ("affine", [[1, 0, 3], [0, 1, 3], [0, 0, 1]], {"slicing", "extent"}),
        ("units", "nm", {"slicing", "extent"}),
        ("axis_labels", ("y", "x"), {"extent"}),
        ("locked_data_level", 0, {"slicing"}),
        ("name", "b", set()),
        ("status", LayerStatus(loading=True, needed=4), set()),
    ],
)
def test_each_change_is_told_once_with_its_consequences_and_an_equal_value_not_at_all(field, value, also):
    layer = image()
    log = record(layer)
    setattr(layer, field, value)
    assert sorted(log) == sorted({field} | also)
    log.clear()
    setattr(layer, field, value)
    setattr(layer, field, getattr(layer, field))
    assert log == []


@pytest.mark.parametrize(
    "value", ["viridis", "gray_r", "#00ff00", "rebeccapurple", ["black", "red"], cmap.Color("red")]
)
def test_a_colormap_is_a_name_a_colour_or_a_list_of_colours(value):
    assert isinstance(image(colormap=value).colormap, cmap.Colormap)


def test_a_colour_gives_black_to_that_colour():
    lut = image(colormap="#0080ff").look().lut
    assert lut[0].tolist() == [0, 0, 0, 255]
    assert lut[-1].tolist() == [0, 128, 255, 255]


@pytest.mark.parametrize("value", ["nonesuch", "", None, 5, [], {}, object(), math.nan, b"x"])
def test_what_is_no_colormap_is_refused_in_one_sentence(value):
    with pytest.raises(ValueError, match="colormap must be a name such as 'gray'") as error:
        image(colormap=value)
    assert "\n" not in str(error.value)


# ---- contrast --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "limits"), [(bool, (0, 1)), (np.uint8, (0, 255)), (np.int8, (-128, 127))])
def test_limits_of_small_dtypes_are_known_at_once(dtype, limits):
    layer = image(dtype=dtype)
    assert layer.contrast_limits == layer.contrast_limits_range == limits
    layer.set_auto_limits((3, 4))
    assert layer.contrast_limits == limits


def test_limits_of_other_data_come_from_the_first_picture():
    layer = image(dtype=np.float32)
    assert (layer.contrast_limits, layer.contrast_limits_range, layer.auto_contrast) == (None, None, True)
    log = record(layer)
    layer.set_auto_limits((-1.5, 4))
    layer.set_auto_limits((-1.5, 4))
    assert (layer.contrast_limits, layer.contrast_limits_range, layer.auto_contrast) == ((-1.5, 4), (-1.5, 4), True)
    assert log == ["contrast_limits", "contrast_limits_range", "look"]


def test_limits_that_the_user_has_set_stay():
    layer = image(dtype=np.float32)
    layer.contrast_limits = (1, 2)
    layer.set_auto_limits((0, 10))
    assert (layer.contrast_limits, layer.contrast_limits_range, layer.auto_contrast) == ((1, 2), (0, 10), False)
    layer.contrast_limits = None
    assert (layer.contrast_limits, layer.auto_contrast) == ((0, 10), True)


def test_the_range_grows_to_hold_the_limits():
    layer = image()
    layer.contrast_limits = (-5, 300)
    assert layer.contrast_limits_range == (-5, 300)
    layer.contrast_limits = (10, 20)
    layer.contrast_limits_range = (15, 18)
    assert layer.contrast_limits_range == (10, 20)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((5, 5), (5, 6)),
        ((1e12, 1e12), (1e12, 1e12 + 1e6)),
        ((math.nan, math.nan), (0, 1)),
        ((-math.inf, 3), (0, 1)),
        ((-1.7e308, 1.7e308), (0, 1)),
    ],
)
def test_automatic_limits_are_usable_whatever_the_data(limits, expected):
    layer = image(dtype=np.float64)
    layer.set_auto_limits(limits)
    assert layer.contrast_limits == expected


@given(st.tuples(st.floats(), st.floats()))
def test_limits_are_either_taken_or_refused(limits):
    layer = image(dtype=np.float64)
    low, high = limits
    if math.isfinite(high - low) and low < high:
        layer.contrast_limits = limits
        assert layer.contrast_limits == limits
    else:
        with pytest.raises(ValueError, match="contrast_limits must be two finite numbers, the lower one first"):
            layer.contrast_limits = limits
        assert layer.contrast_limits is None


# ---- place in the world ----------------------------------------------------------------------------------------------


def test_extents_reach_from_sample_to_sample_and_drawing_to_the_edges_of_pixels():
    layer = image((5, 6), scale=(2, -1), translate=(10, 0))
    np.testing.assert_array_equal(layer.extent_data, [[0, 0], [4, 5]])
    np.testing.assert_array_equal(layer.drawn_extent_data, [[-0.5, -0.5], [4.5, 5.5]])
    np.testing.assert_array_equal(layer.extent_world, [[10, -5], [18, 0]])


def test_parameters_of_the_transform_read_back_for_all_axes():
    layer = image((4, 5, 6), scale=(2,), translate=(3, 4), rotate=90, units=("nm", "nm"), axis_labels=("y", "x"))
    assert layer.scale == (1, 1, 2)
    assert layer.translate == (0, 3, 4)
    np.testing.assert_allclose(layer.rotate, [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)
    np.testing.assert_array_equal(layer.shear, np.eye(3))
    assert layer.affine == Affine.identity(3)
    assert layer.units == ("pixel", "nm", "nm")
    assert layer.axis_labels == ("", "y", "x")


def test_the_transform_is_made_of_all_its_parameters_whatever_the_order_they_are_set_in():
    kwargs = {"scale": (2, 3), "translate": (4, 5), "rotate": 30, "shear": [0.5], "affine": np.diag([2, 2, 1])}
    at_once = image(**kwargs).transform
    layer = image()
    for field in reversed(kwargs):
        setattr(layer, field, kwargs[field])
    assert layer.transform == at_once
    for field in kwargs:
        setattr(layer, field, None)
    assert layer.transform == Affine.identity(2)


# ---- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "name must not be empty"),
        ("name", 5, "name must be a string, not 5"),
        ("visible", "yes", "visible must be True or False, not 'yes'"),
        ("opacity", 1.5, "opacity must be a number from 0 to 1, not 1.5"),
        ("opacity", math.nan, "opacity must be a number from 0 to 1"),
        ("gamma", 0, "gamma must be a number from 0.01 to 100, not 0"),
        ("gamma", "2", "gamma must be a number"),
        ("blending", "overlay", "blending must be one of 'opaque', .*, not 'overlay'"),
        ("interpolation", "cubic", "interpolation must be one of 'nearest', 'linear', not 'cubic'"),
        ("contrast_limits", (9, 3), r"contrast_limits must be two finite numbers, the lower one first, not \(9, 3\)"),
        ("contrast_limits", (3, 3), "contrast_limits must be"),
        ("contrast_limits", (0, math.inf), "contrast_limits must be"),
        ("contrast_limits", (0, 10**400), "contrast_limits must be"),
        ("contrast_limits", (1, 2, 3), "contrast_limits must be"),
        ("contrast_limits", 5, "contrast_limits must be"),
        ("contrast_limits", "ab", "contrast_limits must be"),
        ("scale", (1, 0), "scale must not be zero"),
        ("scale", (1, math.inf), "scale must be finite"),
        ("scale", "big", "scale must be numbers, not 'big'"),
        ("scale", (1, 1, 1), "scale must have at most 2 values"),
        ("scale", (1e308, 1e308), "too large"),
        ("translate", (1, math.nan), "translate must be finite"),
        ("rotate", "left", "rotate must be numbers, not 'left'"),
        ("rotate", (1, 2, 3), "rotate turns 3 axes, but the layer has 2"),
        ("shear", (1, 2), "shear must have"),
        ("affine", np.zeros((3, 3)), "cannot be inverted"),
        ("units", ("a", "b", "c"), "units must be at most 2 strings"),
        ("units", 5, "units must be at most 2 strings"),
        ("axis_labels", "yx", "axis_labels must be a sequence of strings"),
        ("axis_labels", (1, 2), "axis_labels must be at most 2 strings"),
        ("metadata", 5, "metadata must be a mapping"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_when_made_and_when_set(field, value, says):
    with pytest.raises(ValueError, match=says) as error:
        image(**{field: value})
    assert "\n" not in str(error.value).split("not array")[0]
    layer = image()
    before, log = state(layer), record(layer)
    with pytest.raises(ValueError, match=says):
        setattr(layer, field, value)
    assert state(layer) == before
    assert log == []


@pytest.mark.parametrize("value", [3, -1, 0.5, "coarse"])
def test_a_level_that_is_not_there_cannot_be_locked(value):
    layer = pyramid()
    with pytest.raises(ValueError, match="locked_data_level must be"):
        layer.locked_data_level = value
    assert layer.locked_data_level is None


# ---- what others rely on ---------------------------------------------------------------------------------------------


def test_every_argument_of_an_image_is_a_field_of_it():
    parameters = list(inspect.signature(Image.__init__).parameters)[1:]
    layer = image()
    assert [p for p in parameters if p != "multiscale" and not hasattr(layer, p)] == []


def test_a_status_is_a_frozen_value():
    layer = image()
    assert layer.status == LayerStatus(loading=False, needed=0, have=0, failed=0, errors=())
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.status.loading = True


def test_layers_are_told_apart_by_identity():
    a, b = image(), image()
    assert a != b
    assert a.id != b.id
    assert {a: 1, b: 2}[a] == 1


def test_the_model_imports_no_qt_no_gl_and_no_pydantic():
    code = (
        "import sys, numpy as np, lamella.model as m; m.Image(np.zeros((4, 4)));"
        "heavy = {'qtpy', 'PySide6', 'PyQt6', 'OpenGL', 'vispy', 'pydantic', 'tensorstore', 'rich'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
