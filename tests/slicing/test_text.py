"""The texts of a slice are those of its rows, as the style says, and no more than could be of use."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.layers.features import Features
from lamella.model.layers.points import Points
from lamella.model.layers.text import text_style
from lamella.slicing.text import LONGEST, MOST_TEXTS, TextBlock, text_of
from tests.slicing.test_points import request_of, show, slice_of

N = 12
TABLE = {"name": [chr(97 + i) for i in range(N)], "number": np.arange(N) / 4}


def block(text: Any, rows: Any = range(N), positions: Any = None, drawn: Any = None, **table: Any) -> TextBlock | None:
    """Of these rows of N, on the axes 2 and 1 of a layer with three."""
    features = Features(table or TABLE, len(next(iter(table.values()))) if table else N)
    rows = np.array(list(rows), np.int64)
    positions = np.stack([rows, 2.0 * rows], axis=1) if positions is None else np.array(positions, float)
    return text_of(text_style(text, features.rows, 3, features), features.rows, rows, positions, (2, 1), drawn)


def strings(*arguments: Any, **more: Any) -> tuple[str, ...]:
    made = block(*arguments, **more)
    return () if made is None else made.strings


@given(st.lists(st.integers(0, N - 1), unique=True).map(sorted), st.lists(st.integers(0, N - 1)))
def test_each_row_has_its_own_text_place_and_colour(rows: list[int], lost: list[int]) -> None:
    positions = np.stack([np.array(rows, float), 2.0 * np.array(rows)], axis=1).reshape(-1, 2)
    positions[[i for i, row in enumerate(rows) if row in lost], 1] = np.nan
    color = np.random.default_rng(1).integers(1, 256, (N, 4), dtype=np.uint8)
    left = [row for row in rows if row not in lost]
    made = block({"string": "{name} {number:.1f}", "color": color}, rows, positions)
    if not left:
        assert made is None
        return
    assert made is not None
    assert made.strings == tuple(f"{chr(97 + row)} {row / 4:.1f}" for row in left)
    assert made.positions.tolist() == [[row, 2 * row] for row in left]
    assert made.colors.tolist() == color[left].tolist()


def test_what_is_not_drawn_has_no_text() -> None:
    drawn = np.arange(N) % 2 == 0
    assert strings("name", drawn=drawn) == tuple("acegik")
    assert strings({"string": "name", "visible": False}) == ()
    assert strings(None) == ()


@pytest.mark.parametrize("missing", [None, np.nan, "pandas.NA", "pandas.NaT"])
def test_a_missing_value_leaves_a_row_without_text(missing: Any) -> None:
    if isinstance(missing, str):
        missing = getattr(pytest.importorskip("pandas"), missing.split(".")[1])
    column = np.array(["a", missing, "c"], object)
    assert strings("{v} {w}", range(3), v=column, w=np.arange(3)) == ("a 0", "c 2")
    assert strings(column, range(3), w=np.arange(3)) == ("a", "c")


def test_empty_and_transparent_texts_are_left_out() -> None:
    assert strings(["a", "", " ", "d"], range(4), w=np.arange(4)) == ("a", "d")
    colors = np.array([[255, 0, 0, 255], [0, 0, 0, 0], [1, 1, 1, 1]], np.uint8)
    assert strings({"string": ["a", "b", "c"], "color": colors}, range(3), w=np.arange(3)) == ("a", "c")


def test_dates_are_formatted_as_dates() -> None:
    times = np.array(["2024-05-01T10:20", "NaT", "2025-01-02T03:04"], "datetime64[ns]")
    assert strings("{t:%H:%M}", range(3), t=times) == ("10:20", "03:04")


def test_where_integers_are_missing_the_others_stay_integers() -> None:
    pandas = pytest.importorskip("pandas")
    assert strings("{n:03d}", range(3), n=pandas.array([1, None, 12], dtype="Int64")) == ("001", "012")


def test_the_look_is_handed_on_in_displayed_order() -> None:
    how = {"string": "name", "size": 20, "anchor": "upper_left", "rotation": 30, "translation": (1, 2, 3)}
    made = block(how)
    assert made is not None
    assert (made.size, made.anchor, made.rotation, made.offset.tolist()) == (20, "upper_left", 30, [3, 2])
    assert not any(array.flags.writeable for array in (made.positions, made.colors, made.offset))


def test_of_many_rows_an_even_selection_has_text() -> None:
    count = 2 * MOST_TEXTS + 1
    made = block("v", range(count), v=np.arange(count))
    assert made is not None
    assert made.strings[:4] == ("0", "3", "6", "9")
    assert MOST_TEXTS / 2 <= len(made.strings) <= MOST_TEXTS
    assert made.nbytes < 200 * MOST_TEXTS


def test_a_text_ends_somewhere() -> None:
    assert strings(["x" * 10_000], range(1), w=np.arange(1)) == ("x" * LONGEST,)


# In a slice of points


def test_a_slice_of_points_has_the_texts_of_its_points() -> None:
    data = np.column_stack([np.arange(N) % 3, np.arange(N), np.arange(N)]).astype(float)
    size = np.where(np.arange(N) == 4, 0.0, 5.0)
    layer = Points(data, features=TABLE, size=size, text="name")
    view = show(layer)
    view.dims.set_point(0, 1)
    response = slice_of(request_of(layer, view))
    assert response.indices.tolist() == [1, 4, 7, 10]
    assert response.text is not None
    assert response.text.strings == tuple("bhk")  # the point of size 0 is not drawn
    assert response.text.positions.tolist() == [[1, 1], [7, 7], [10, 10]]


def test_the_text_of_a_slice_counts_as_its_memory() -> None:
    layer = Points(np.zeros((N, 2)), features=TABLE)
    view = show(layer)
    plain = slice_of(request_of(layer, view)).tiles[0].nbytes
    layer.text = "name"
    made = slice_of(request_of(layer, view))
    assert made.text is not None
    assert made.tiles[0].nbytes == plain + made.text.nbytes


def test_another_text_is_another_slice() -> None:
    layer = Points(np.zeros((N, 2)), features=TABLE, text="name")
    view = show(layer)
    keys = [request_of(layer, view).key]
    for text in ("number", {"string": "number", "size": 20}, None):
        layer.text = text
        keys.append(request_of(layer, view).key)
    assert len(set(keys)) == 4


def test_slicing_does_not_need_the_layer_nor_what_it_was_given() -> None:
    strings = np.array([f"text {i}" for i in range(N)])
    table = {"v": np.arange(N)}
    layers = [Points(np.zeros((N, 2)), text=strings), Points(np.zeros((N, 2)), features=table, text="{v}")]
    requests = [request_of(layer, show(layer)) for layer in layers]
    strings[:] = "other"
    table["v"][:] = 0
    layers.clear()
    gc.collect()
    made = [slice_of(request).text for request in requests]
    assert [text.strings[:2] for text in made if text is not None] == [("text 0", "text 1"), ("0", "1")]


def test_a_large_column_is_read_once_for_all_slices() -> None:
    count = 150_000  # more than what is copied at the call
    column = np.arange(count)
    data = np.column_stack([np.arange(count) % 50, np.zeros((count, 2))]).astype(float)
    layer = Points(data, features={"v": column}, text="{v}")
    view = show(layer)
    texts = []
    for plane in (3, 4):
        view.dims.set_point(0, plane)
        text = slice_of(request_of(layer, view)).text
        assert text is not None
        texts.append(text.strings[0])
        column[:] = -1  # edited while it is shown, before `refresh`
    assert texts == ["3", "4"]
