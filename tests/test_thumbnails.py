"""Thumbnails are made of what is shown, in a worker, and nothing is read for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lamella import ViewerModel
from lamella.slicing.thumbnail import thumbnail_of
from lamella.testing import CountingSource, GatedSource
from lamella.thumbnails import Thumbnails, ThumbnailsMade


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def thumbnails(viewer: ViewerModel, *layers: Any) -> dict[Any, Any]:
    """Ask for thumbnails and wait for those of all of these layers."""
    made: dict[Any, Any] = {}
    viewer.thumbnail_ready.connect(made.__setitem__)
    there = threading.Event()
    viewer.set_wake(there.set)
    viewer.request_thumbnails(layers)
    while not made.keys() >= set(layers):
        assert there.wait(10)
        there.clear()
        viewer.drain()
    viewer.set_wake(None)
    viewer.thumbnail_ready.disconnect(made.__setitem__)
    return made


def test_thumbnails_of_all_types_come_from_what_is_shown_without_a_read(viewer: ViewerModel):
    gate = GatedSource(np.arange(3 * 64 * 64, dtype=np.uint16).reshape(3, 64, 64), chunk=(1, 16, 16))
    gate.open()
    source = CountingSource(gate)
    image = viewer.add_image(source, colormap="viridis")
    labels = viewer.add_labels(np.ones((3, 64, 64), np.uint8))
    points = viewer.add_points([[1, 5, 5], [1, 9, 60]])
    viewer.wait_until_loaded()
    before = viewer.reads, source.reads
    made = thumbnails(viewer, image, labels, points)
    for layer in (image, labels, points):
        assert np.array_equal(made[layer], thumbnail_of(viewer.slices[layer], layer.look()))
    assert (viewer.reads, source.reads) == before


def test_a_layer_that_the_slice_misses_has_no_thumbnail(viewer: ViewerModel):
    image = viewer.add_image(np.ones((3, 8, 8)))
    viewer.add_points([[50.0, 0, 0]])
    viewer.dims.set_point(0, 40)
    viewer.wait_until_loaded()
    assert thumbnails(viewer, image) == {image: None}


def test_a_layer_that_is_not_shown_is_passed_over(viewer: ViewerModel):
    image, hidden = viewer.add_image(np.ones((8, 8))), viewer.add_image(np.ones((8, 8)), visible=False)
    viewer.wait_until_loaded()
    viewer.request_thumbnails([hidden])
    assert thumbnails(viewer, image).keys() == {image}


def test_a_layer_that_is_gone_when_its_thumbnail_is_there_is_not_told_of(viewer: ViewerModel):
    image, other = viewer.add_image(np.ones((8, 8))), viewer.add_image(np.ones((8, 8)))
    viewer.wait_until_loaded()
    viewer.request_thumbnails([image])
    viewer.layers.remove(image)
    assert thumbnails(viewer, other).keys() == {other}


def test_what_is_asked_for_while_others_are_made_is_made_once_afterwards_as_it_is_then(viewer: ViewerModel):
    image = viewer.add_image(np.full((8, 8), 9, np.uint8))
    viewer.wait_until_loaded()
    jobs: list[Callable[[], None]] = []
    made: list[ThumbnailsMade] = []
    small = Thumbnails(jobs.append, made.append, lambda: viewer.slices)
    small.want([image])
    for limits in ((0, 18), (0, 9)):
        image.contrast_limits = limits
        small.want([image])
    assert len(jobs) == 1
    jobs.pop()()
    assert made.pop().pictures[image.id][4, 4, 0] == 9
    small.go_on()
    assert len(jobs) == 1
    jobs.pop()()
    assert made.pop().pictures[image.id][4, 4, 0] == 255
    small.go_on()
    assert not jobs


def test_a_closed_viewer_makes_none(viewer: ViewerModel):
    image = viewer.add_image(np.ones((8, 8)))
    viewer.wait_until_loaded()
    viewer.close()
    viewer.request_thumbnails([image])
