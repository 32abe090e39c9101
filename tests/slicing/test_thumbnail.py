"""Thumbnails show what the slice shows, as it is drawn, from the tiles that are there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella import Image, Labels, Points
from lamella.slicing.thumbnail import SIDE, thumbnail_of
from lamella.sources.array import ArraySource
from lamella.sources.base import Grid
from lamella.sources.multiscale import Multiscale
from tests.slicing.by_hand import request_of, sliced, view_of


class Chunks(ArraySource):
    def __init__(self, array: np.ndarray, chunk: int) -> None:
        super().__init__(array)
        self.chunk = chunk

    def grid(self, displayed: tuple[int, ...]) -> Grid:
        return Grid((self.chunk,) * len(self.shape))


def thumbnail(layer: Any, ndisplay: int = 2, rung: int | None = None) -> Any:
    return thumbnail_of(sliced(request_of(layer, view_of(layer, ndisplay=ndisplay)), rung), layer.look())


def chunked(*levels: np.ndarray, chunk: int = 8) -> Multiscale:
    return Multiscale(tuple(Chunks(a, chunk) for a in levels))


def gray(level: int) -> tuple[int, int, int, int]:
    return level, level, level, 255


def reference(layer: Any, data: np.ndarray) -> np.ndarray:
    """2 x 2 samples in each pixel of the square around the layer: of each the value of its place, as it is drawn."""
    shape, look = np.array(data.shape), layer.look()
    low, high = layer.transform.bounds([[-0.5, -0.5], shape - 0.5])
    steps = (np.arange(2 * SIDE) + 0.5) / (2 * SIDE) - 0.5
    world = (low + high) / 2 + np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2) * max(high - low)
    index = np.floor(layer.transform.inverse(world) + 0.5).astype(int)
    inside = ((index >= 0) & (index < shape)).all(axis=1)
    values = data[tuple(np.clip(index, 0, shape - 1).T)]
    if isinstance(layer, Labels):
        fine = look.colors[values % len(look.colors)].astype(float)
        fine[values == 0] = 0
    else:
        low, high = look.contrast_limits
        x = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1) ** look.gamma
        fine = look.lut[np.floor(x * 255 + 0.5).astype(int)].astype(float)
        fine[np.isnan(values)] = 0
    fine[~inside] = 0
    parts = fine.reshape(SIDE, 2, SIDE, 2, 4).transpose(0, 2, 1, 3, 4).reshape(SIDE, SIDE, 4, 4)
    alpha = parts[..., 3:].sum(axis=2)
    color = (parts[..., :3] * parts[..., 3:]).sum(axis=2) / np.maximum(alpha, 1)
    return np.concatenate([color, alpha / 4], axis=-1)


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    kind=st.sampled_from(["u1", "u2", "i4", "f4", "ids"]),
    scale=st.tuples(st.sampled_from([1.0, -2.0, 0.3]), st.sampled_from([1.0, -0.5, 7.0])),
    rotate=st.sampled_from([0, 30, 200]),
    gamma=st.sampled_from([1.0, 0.4]),
    chunk=st.sampled_from([9, 16, 100]),
    seed=st.integers(0, 99),
)
def test_a_thumbnail_is_the_whole_layer_as_it_is_drawn(
    shape: tuple[int, int],
    kind: str,
    scale: tuple[float, float],
    rotate: float,
    gamma: float,
    chunk: int,
    seed: int,
):
    data = np.random.default_rng(seed).integers(0, 200, shape)
    layer: Any
    if kind == "ids":
        values = data.astype("i8") // 30
        layer = Labels(chunked(values, chunk=chunk), scale=scale, rotate=rotate)
    else:
        values = data.astype(kind)
        if kind == "f4":
            values[data < 20] = np.nan
        layer = Image(
            chunked(values, chunk=chunk),
            scale=scale,
            rotate=rotate,
            gamma=gamma,
            contrast_limits=(10, 150),
            colormap="viridis",
        )
    picture, expected = thumbnail(layer).astype(int), reference(layer, values)
    # a few places lie on the edge of a sample, a few values on that of a colour
    off = (np.abs(picture - expected) > 1.01).any(axis=-1)
    assert off.mean() < 0.01


def test_the_shape_is_kept_and_beside_the_layer_there_is_nothing():
    picture = thumbnail(Image(np.full((20, 80), 255, np.uint8)))
    assert picture.shape == (SIDE, SIDE, 4) and picture.dtype == np.uint8
    rows = np.flatnonzero(picture[:, 16, 3])
    assert (rows[0], rows[-1]) == (12, 19)
    assert (picture[12:20] == 255).all()
    assert (picture[:12, :, 3] == 0).all() and (picture[20:, :, 3] == 0).all()


def test_colours_of_rgb_data_are_taken_as_they_are():
    data = np.zeros((40, 40, 4), np.uint8)
    data[:, :] = (10, 200, 30, 255)
    data[:, 20:, 3] = 0
    picture = thumbnail(Image(data, rgb=True, gamma=5, colormap="magma"))
    assert (picture[:, :16] == (10, 200, 30, 255)).all()
    assert (picture[:, 16:, 3] == 0).all()


def test_the_look_decides_and_opacity_does_not():
    layer = Image(np.full((8, 8), 100, np.uint8), contrast_limits=(0, 200), opacity=0.1, blending="additive")
    response = sliced(request_of(layer, view_of(layer)))
    assert tuple(thumbnail_of(response, layer.look())[4, 4]) == gray(128)
    layer.contrast_limits = (0, 100)
    assert tuple(thumbnail_of(response, layer.look())[4, 4]) == gray(255)
    layer.colormap = "red"
    assert tuple(thumbnail_of(response, layer.look())[4, 4]) == (255, 0, 0, 255)


def test_labels_of_which_one_is_shown_alone():
    layer = Labels(np.repeat([[1], [2]], 8, axis=0).repeat(16, axis=1), colormap={1: "red", 2: "lime", 9: "blue"})
    assert [tuple(thumbnail(layer)[row, 16]) for row in (4, 28)] == [(255, 0, 0, 255), (0, 255, 0, 255)]
    layer.selected_label, layer.show_selected_label = 2, True
    assert [thumbnail(layer)[row, 16, 3] for row in (4, 28)] == [0, 255]


def test_what_has_come_first_is_enough():
    fine = np.full((256, 256), 50, np.uint8)
    layer = Image(chunked(fine, np.full((32, 32), 100, np.uint8), chunk=16), contrast_limits=(0, 255))
    view = view_of(layer)
    view.canvas_size = (512, 512)
    request = request_of(layer, view)
    assert tuple(thumbnail_of(sliced(request, rung=0), layer.look())[16, 16]) == gray(100)
    assert tuple(thumbnail_of(sliced(request), layer.look())[16, 16]) == gray(100), "few tiles are looked at, not many"


def test_many_small_tiles_of_one_level():
    data = np.repeat(np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16), 16, axis=0), 16, axis=1)
    picture = thumbnail(Image(chunked(data, chunk=8)))
    assert np.array_equal(picture[::2, ::2, 0], np.arange(256).reshape(16, 16))
    assert (picture[..., 3] == 255).all()


def test_of_a_volume_the_brightest_and_the_first_label_are_seen():
    volume = np.zeros((16, 32, 32), np.uint8)
    volume[12:, :16] = 255
    picture = thumbnail(Image(volume), ndisplay=3)
    assert (picture[:16, :, :3] == 255).all() and (picture[16:, :, :3] == 0).all()
    ids = np.zeros((16, 32, 32), np.uint8)
    ids[8:], ids[12:] = 1, 2
    picture = thumbnail(Labels(ids, colormap={1: "red", 2: "lime"}), ndisplay=3)
    assert (picture == (255, 0, 0, 255)).all()


@pytest.mark.parametrize(
    "layer", [Image(np.zeros((4, 5, 6))), Labels(np.zeros((4, 5, 6), int)), Points(np.ones((3, 3)))]
)
def test_beside_the_layer_there_is_no_thumbnail(layer: Any):
    response = sliced(request_of(layer, view_of(layer, Points([[99.0, 0, 0]]))))
    assert response.empty and thumbnail_of(response, layer.look()) is None


def test_points_are_seen_in_their_colours():
    layer = Points([[0, 0], [0, 10], [10, 10]], face_color=["red", "lime", "blue"])
    picture = thumbnail(layer)
    assert tuple(picture[0, 0]) == (255, 0, 0, 255)
    assert tuple(picture[0, -1]) == (0, 255, 0, 255)
    assert tuple(picture[-1, -1]) == (0, 0, 255, 255)
    assert picture[-1, 0, 3] == 0
    assert thumbnail(Points(np.array([[np.nan, 0.0]]))) is None
