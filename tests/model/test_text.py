"""Text says at the call what is wrong with it, and follows features, rows and changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lamella.model.layers.features import Features
from lamella.model.layers.points import Points
from lamella.model.layers.text import TextStyle, text_style

FIVE = np.arange(10.0).reshape(5, 2)
TABLE: dict[str, Any] = {"name": list("abcde"), "area": np.arange(5) / 3, "axis-0": np.arange(5)}


def parsed(value: Any, **table: Any) -> TextStyle | None:
    columns = table or TABLE
    count = len(next(iter(columns.values())))
    return text_style(value, count, 2, Features(columns, count))


def written(value: Any, row: int = 1, **table: Any) -> str:
    """What a row says."""
    style = parsed(value, **table)
    assert style is not None
    texts = []
    for part in style.parts:
        if part.column is None:
            texts.append(part.before)
        else:
            texts.append(part.text_of(part.column.values(5).tolist()[row]))
    return "".join(texts)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nam", r"text must be the name of a column of features \('name', 'area', 'axis-0'\), a format string .*'nam'"),
        ("{nam}", r"text '\{nam\}' has the column 'nam', but must have the name of a column of features"),
        ("{}", "has a column without a name"),
        ("{name.upper}", "has the column 'name.upper'"),
        ("{area:.2f", "is no format string: "),
        ("area}", "is no format string: "),
        ("{area:.2q}", "text has a format that does not fit the column 'area' of features: "),
        ("{name:.2f}", "text has a format that does not fit the column 'name' of features: "),
        ("{area!z}", "has the conversion '!z', which is none of !r, !s and !a"),
        (["a", "b"], "text has 2 values for 5 points: give a format string for all of them, or one each"),
        ([1, 2, 3, 4, 5], "text must be a format string, or an array of one a point, not an array of int64"),
        (np.array(["a", "b", 3, "d", "e"], object), "text must be one string a point, but not all"),
        ({"text": "{area}"}, "text takes string, color, .*; not 'text'"),
        ({"string": "{area}", "color": "rod"}, "text color must be a colour"),
        ({"string": "{area}", "color": ["red"]}, "text color has 1 values for 5 points"),
        ({"string": "{area}", "size": 0}, "text size must be a number from 1 to 256, not 0"),
        ({"string": "{area}", "anchor": "top"}, "text anchor must be one of 'center', 'upper_left'"),
        ({"string": "{area}", "rotation": np.nan}, "text rotation must be a finite number"),
        ({"string": "{area}", "translation": (1, 2, 3)}, "text translation must be a number or at most 2 numbers"),
        ({"string": "{area}", "translation": "up"}, "text translation must be a number or at most 2 numbers"),
        ({"string": "{area}", "visible": "yes"}, "text visible must be True or False"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_sentence_and_changes_nothing(text: Any, sentence: str) -> None:
    layer = Points(FIVE, features=TABLE, text="{name}")
    style = layer.style
    with pytest.raises(ValueError, match=sentence) as error:
        layer.text = text
    assert "\n" not in str(error.value)
    assert (layer.text, layer.style) == ("{name}", style)
    with pytest.raises(ValueError, match=sentence):
        Points(FIVE, features=TABLE, text=text)


def test_a_number_is_no_text() -> None:
    with pytest.raises(TypeError, match="one string a point, or a mapping with such a string, not 3"):
        Points(FIVE, text=3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name", "b"),
        ("area", "0.333333"),
        ("{name}: {area:.2f}", "b: 0.33"),
        ("{{{axis-0}}}", "{1}"),
        ("{axis-0:03d} {name!r:>5}", "001   'b'"),
        ({"string": "area"}, "0.333333"),
        (["v", "w", "x", "y", "z"], "w"),
        (np.array(["v", "w", "x", "y", "z"]), "w"),
        ("no. {{}}", "no. {}"),
    ],
)
def test_a_text_says_what_its_format_says(text: Any, says: str) -> None:
    assert written(text) == says


def test_a_value_that_the_format_does_not_fit_is_written_as_it_is() -> None:
    table = {"mixed": np.array([1.5, "none", 2.5], object)}
    assert [written("{mixed:.2f}", row, **table) for row in range(3)] == ["1.50", "none", "2.50"]


def test_columns_of_every_table_are_written_as_they_look() -> None:
    pandas = pytest.importorskip("pandas")
    pyarrow = pytest.importorskip("pyarrow")
    frame = pandas.DataFrame(
        {"kind": pandas.Categorical(["u", "v"]), "n": pandas.array([None, 1], dtype="Int64"), "name": ["x", "y"]}
    )
    table = pyarrow.table({"kind": ["u", "v"], "n": [None, 1], "name": ["x", "y"]})
    for features in (frame, table):
        style = text_style("{kind} {n:d} {name}", 2, 2, Features(features, 2))
        assert style is not None
        values = [part.column.values(2).tolist() for part in style.parts if part.column is not None]
        assert "".join(part.text_of(column[1]) for part, column in zip(style.parts, values, strict=True)) == "v 1 y"


def test_translation_is_of_the_last_axes() -> None:
    for given, understood in ((2, (2.0, 2.0)), ([3], (0.0, 3.0)), (np.array([1, 2]), (1.0, 2.0)), ((), (0.0, 0.0))):
        style = parsed({"string": "area", "translation": given})
        assert style is not None
        assert style.translation == understood


def test_without_a_string_there_is_no_text() -> None:
    assert parsed(None) is None
    assert parsed({"string": None, "size": 20}) is None


def test_setting_text_tells_once_and_setting_it_again_does_nothing() -> None:
    layer = Points(FIVE, features=TABLE)
    told: list[Any] = []
    layer.events.text.connect(told.append)
    layer.events.slicing.connect(lambda *_: told.append("slicing"))
    layer.text = "{name}"
    assert told == ["{name}", "slicing"]
    layer.text = "{name}"
    assert len(told) == 2
    token = layer.style.token
    layer.text = None
    assert (layer.style.text, len(told)) == (None, 4)
    assert layer.style.token != token


def test_text_follows_other_features_and_needs_its_columns() -> None:
    layer = Points(FIVE, features=TABLE, text="{name}")
    with pytest.raises(ValueError, match="has the column 'name'"):
        layer.features = {"other": np.arange(5)}
    assert layer.features is TABLE
    layer.update(features={"other": np.arange(5)}, text="{other}")
    assert layer.style.text is not None


def test_own_strings_have_the_number_of_points() -> None:
    layer = Points(FIVE, text=list("vwxyz"))
    with pytest.raises(ValueError, match="text has 5 values for 2 points"):
        layer.data = FIVE[:2]
    with pytest.raises(ValueError, match="text has one string a point: give one for each of the new points too"):
        layer.add([[1, 1]])
    with pytest.raises(ValueError, match="text has one string a point"):
        layer.add([[1, 1]], text=3)
    assert len(layer.data) == 5
    layer.add([[1, 1]], text=["!"])
    assert layer.text == tuple("vwxyz!")
    layer.text = {"string": layer.text, "size": 20}
    layer.add([[2, 2], [3, 3]], text=["?", "."])
    assert layer.text["string"] == tuple("vwxyz!?.")


def test_text_from_features_needs_nothing_for_new_points() -> None:
    layer = Points(FIVE, features={"v": np.arange(5)}, text="v")
    with pytest.raises(ValueError, match="text of the new points can be given only where"):
        layer.add([[1, 1]], features={"v": [9]}, text=["9"])
    layer.add([[1, 1]], features={"v": [9]})
    assert layer.style.text is not None


def test_strings_edited_in_place_are_read_again_by_refresh() -> None:
    strings = np.array(["a", "b", "c", "d", "e"])
    layer = Points(FIVE, text=strings)
    strings[1] = "x"
    assert layer.style.text is not None
    assert layer.style.text.parts[0].column.values(5)[1] == "b"  # type: ignore[union-attr]
    layer.refresh()
    assert layer.style.text is not None
    assert layer.style.text.parts[0].column.values(5)[1] == "x"  # type: ignore[union-attr]
