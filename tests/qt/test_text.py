"""Numbers and names as the window writes them."""

from __future__ import annotations

import pytest

from lamella.qt.text import format_world, loading_line, number_from, source_name, unit_sign


@pytest.mark.parametrize(
    ("value", "step", "unit", "text"),
    [
        (3, 1, "", "3"),
        (3.25, 0.65, "µm", "3.25 µm"),
        (1.5, 0.5, "", "1.5"),
        (-0.0, 1, "", "0"),
        (10**12, 1, "", "1e+12"),
        (2e-7, 1e-8, "m", "2e-07 m"),
        (float("nan"), 1, "", "nan"),
    ],
)
def test_a_world_position_has_the_digits_of_its_step(value: float, step: float, unit: str, text: str) -> None:
    assert format_world(value, step, unit) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("3.5 µm", 3.5), ("3,5µm", 3.5), ("-2e3", -2000), ("", None), ("x", None), ("inf", None), ("nan", None)],
)
def test_a_number_is_read_with_or_without_its_unit(text: str, value: float | None) -> None:
    assert number_from(text) == value


def test_units_are_written_short_and_pixels_not_at_all() -> None:
    assert [unit_sign(u) for u in ("micrometer", "pixel", "second", "furlong")] == ["µm", "", "s", "furlong"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("https://host/a/cells.zarr/", "cells.zarr"),
        ("https://host", "host"),
        ("https://me:secret@host", "host"),
        ("https://me:sec/ret@host/x.zarr?token=secret", "x.zarr"),
        ("/data/b.npy", "b.npy"),
        ("s3://bucket/x%20y.zarr", "x y.zarr"),
    ],
)
def test_what_is_opened_has_a_short_name(path: str, name: str) -> None:
    assert source_name(path) == name


def test_loading_is_told_with_its_count() -> None:
    assert [loading_line(0, 0, 0), loading_line(1, 3, 64), loading_line(1, 0, 0)] == ["", "loading 3/64", "loading"]
