"""A layer for each channel, which share what they read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lamella.sources.array import ArraySource
from lamella.testing import CountingSource
from lamella.viewer_model import ViewerModel


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def data() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (5, 3, 40, 50)).astype(np.uint8)


def test_each_channel_is_a_layer_with_a_colour_of_its_own(viewer: ViewerModel) -> None:
    values = data()
    layers = viewer.add_image(values, channel_axis=1, name="cells", scale=(2, 1, 1))
    assert [layer.name for layer in layers] == ["cells 0", "cells 1", "cells 2"]
    assert [layer.colormap.name.split(":")[-1] for layer in layers] == ["cyan", "yellow", "magenta"]
    assert [layer.blending for layer in layers] == ["translucent", "additive", "additive"]
    assert layers[0].ndim == 3
    viewer.wait_until_loaded()
    for n, layer in enumerate(layers):
        assert np.array_equal(viewer.slices[layer].as_array(), values[2, n])


def test_lists_have_one_entry_a_channel(viewer: ViewerModel) -> None:
    layers = viewer.add_image(
        data(),
        channel_axis=-3,
        name=["a", "b", "c"],
        colormap=["red", "green", "blue"],
        contrast_limits=[(0, 10), (0, 20), (0, 30)],
    )
    assert [layer.name for layer in layers] == ["a", "b", "c"]
    assert [layer.contrast_limits for layer in layers] == [(0, 10), (0, 20), (0, 30)]
    one_for_all = viewer.add_image(data(), channel_axis=1, contrast_limits=(0, 9), opacity=0.5)
    assert {layer.contrast_limits for layer in one_for_all} == {(0, 9)}


def test_a_chunk_with_all_channels_is_read_once(viewer: ViewerModel) -> None:
    source = CountingSource(ArraySource(data()))
    source.in_memory = False
    source.grid = lambda displayed: __import__("lamella.sources").sources.Grid((1, 3, 40, 50))  # type: ignore[method-assign]
    viewer.add_image(source, channel_axis=1)
    viewer.wait_until_loaded()
    assert list(source.reads.values()) == [1]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"channel_axis": 4}, "channel_axis"),
        ({"channel_axis": "c"}, "channel_axis"),
        ({"channel_axis": 1, "name": ["a"]}, "name"),
        ({"channel_axis": 1, "colormap": ["red", "green"]}, "colormap"),
        ({"channel_axis": 1, "rgb": True}, "rgb"),
        ({"channel_axis": 1, "contrast_limits": [(0, 1), (2, 1), (0, 1)]}, "contrast_limits"),
    ],
)
def test_bad_input_leaves_the_viewer_as_it_was(viewer: ViewerModel, wrong: dict[str, object], word: str) -> None:
    with pytest.raises((TypeError, ValueError), match=word):
        viewer.add_image(data(), **wrong)
    assert len(viewer.layers) == 0
