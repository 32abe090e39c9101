import json

import pytest
import yaozarrs
from hypothesis import given
from hypothesis import strategies as st

from lamella.sources.ome_metadata import Axis, OmeChannel, OmeImage, guess_axes, parse_ome
from tests.io.stores import attributes_of, ramp, write_ome


def image(datasets=None, **members):
    return {"multiscales": [{"datasets": datasets or [{"path": "0"}], **members}]}


def scale(*values):
    return {"type": "scale", "scale": list(values)}


def translation(*values):
    return {"type": "translation", "translation": list(values)}


def test_version_0_5_lies_below_ome_and_the_earlier_ones_at_the_top():
    earlier = parse_ome({"multiscales": [{"version": "0.4", "datasets": [{"path": "0"}]}]})
    later = parse_ome({"ome": {"version": "0.5", **image()}, "multiscales": []})
    assert (earlier.version, later.version) == ("0.4", "0.5")
    assert earlier.path == later.path == "0"


def test_axes_have_name_kind_and_unit():
    axes = [{"name": "T", "type": "time", "unit": "second"}, "c", {"name": "y"}, {"type": "space"}]
    assert parse_ome(image(axes=axes)).axes == (
        Axis("T", "time", "second"),
        Axis("c", "channel"),
        Axis("y", "space"),
        Axis("axis 3", "space"),
    )


def test_an_image_that_names_no_axes_says_so():
    assert parse_ome(image()).axes is None
    assert parse_ome(image(axes={})).axes is None


@pytest.mark.parametrize(
    ("ndim", "names"),
    [(1, "x"), (2, "yx"), (3, "zyx"), (4, "tzyx"), (5, "tczyx")],
)
def test_axes_are_guessed_from_the_end(ndim, names):
    assert "".join(a.name for a in guess_axes(ndim)) == names


def test_four_axes_are_channels_if_there_are_as_many_and_more_than_five_are_numbered():
    assert guess_axes(4, 3)[0] == Axis("c", "channel")
    assert [a.name for a in guess_axes(6)][-2:] == ["y", "x"]


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ([scale(2, 3)], [], ((2, 3), None)),
        ([scale(2, 3), translation(10, 20)], [], ((2, 3), (10, 20))),
        ([translation(10, 20), scale(2, 3)], [], ((2, 3), (20, 60))),
        ([scale(2, 3), translation(10, 20)], [scale(5, 5)], ((10, 15), (50, 100))),
        ([scale(2, 3)], [translation(1, 1)], ((2, 3), (1, 1))),
        ([scale(-2, 3)], [], ((-2, 3), None)),
        ([{"type": "identity"}], [], (None, None)),
        ([], [], (None, None)),
        # What cannot be used is left out.
        ([scale(0, 3)], [], (None, None)),
        ([scale(2)], [], (None, None)),
        ([scale("a", 3)], [], (None, None)),
        ([scale(float("nan"), 3)], [], (None, None)),
        ([scale(10**400, 3)], [], (None, None)),
        ([scale(1e300, 1)], [scale(1e300, 1)], (None, None)),
        ([scale(True, 1)], [], (None, None)),
        ([{"type": "scale", "path": "somewhere"}], [], (None, None)),
        ([{"type": ["scale"]}, None, 3], "no list", (None, None)),
    ],
)
def test_transforms_of_dataset_and_image_are_composed(inner, outer, expected):
    attributes = image(
        [{"path": "0", "coordinateTransformations": inner}], axes=["y", "x"], coordinateTransformations=outer
    )
    (level,) = parse_ome(attributes).levels
    assert (level.scale, level.translation) == expected


def test_channels_have_name_colour_window_and_may_be_hidden():
    channels = [
        {"label": "DAPI", "color": "0000ff", "window": {"start": 1, "end": 9, "min": 0, "max": 10}, "active": False},
        {"name": "GFP", "color": "#00FF0080"},
        {"color": 255, "window": {"start": 9, "end": 1}},
        {"window": {"start": 3, "end": 3, "min": "0"}, "color": "green"},
        None,
    ]
    got = parse_ome({**image(), "omero": {"channels": channels}}).channels
    assert got[0] == OmeChannel("DAPI", "#0000FF", (1, 9), (0, 10), active=False)
    assert got[1] == OmeChannel("GFP", "#00FF00")
    assert got[2:] == (OmeChannel(),) * 3


@pytest.mark.parametrize(
    "attributes", [{}, {"multiscales": []}, {"multiscales": [{"datasets": []}]}, image([{"path": 3}])]
)
def test_an_image_without_datasets_is_refused(attributes):
    with pytest.raises(ValueError, match="they name no datasets"):
        parse_ome(attributes)


def test_a_thousand_resolutions_are_refused_with_their_number():
    with pytest.raises(ValueError, match="1000 resolutions"):
        parse_ome(image([{"path": "0"}] * 1000))


MEMBERS = (
    *("ome", "multiscales", "datasets", "axes", "name", "path", "type", "scale", "translation", "omero", "channels"),
    *("window", "start", "end", "color", "label", "version", "coordinateTransformations"),
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["scale", "0", "x"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@given(JSON)
def test_whatever_the_metadata_hold_the_answer_is_an_image_or_an_open_error(value):
    for attributes in (value, {"multiscales": value}, {"multiscales": [value]}, {**image(), "omero": value}):
        attributes = attributes if isinstance(attributes, dict) else {"ome": attributes}
        try:
            assert isinstance(parse_ome(attributes), OmeImage)
        except ValueError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(("zarr_format", "version"), [(2, "v04"), (3, "v05")])
def test_valid_metadata_are_read_as_a_strict_reader_does(tmp_path, zarr_format, version):
    transforms = [[scale(1, 2, 0.5, 0.5), translation(0, 1, 2, 3)], [scale(1, 2, 1, 1), translation(0, 1, 2.25, 3.25)]]
    channel = {"label": "A", "color": "FF8000", "window": {"start": 5, "end": 50, "min": 0, "max": 255}, "active": True}
    path = write_ome(
        tmp_path / "x.zarr",
        [ramp(2, 4, 40, 30), ramp(2, 4, 20, 15)],
        "czyx",
        zarr_format=zarr_format,
        transforms=transforms,
        omero={"channels": [channel, {**channel, "label": "B"}]},
    )
    attributes = attributes_of(path)
    strict = getattr(yaozarrs, version).Image.model_validate(attributes.get("ome", attributes))
    ours = parse_ome(json.loads(json.dumps(attributes)))
    theirs = strict.multiscales[0]
    assert [level.path for level in ours.levels] == [d.path for d in theirs.datasets]
    assert [(a.name, a.kind, a.unit) for a in ours.axes] == [
        (a.name, a.type or "", getattr(a, "unit", None) or "") for a in theirs.axes
    ]
    for mine, dataset in zip(ours.levels, theirs.datasets, strict=True):
        assert list(mine.scale) == list(dataset.coordinateTransformations[0].scale)
        assert list(mine.translation) == list(dataset.coordinateTransformations[1].translation)
    for mine, other in zip(ours.channels, strict.omero.channels, strict=True):
        assert mine.name == other.label
        assert mine.color == "#" + other.color.upper()
        assert mine.window == (other.window.start, other.window.end)
