"""What is read once more, and what is not: refreshing, retrying, coming back, looking twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zarr

from lamella.model.layers import Layer
from lamella.testing import Fault
from tests.e2e.faults.scene import CHUNKS, PLANE, WAIT, Scene, is_the_chunk
from tests.e2e.stores import is_chunk


def open_alone(scene: Scene) -> Layer:
    (layer,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    scene.viewer.wait_until_loaded(WAIT)
    return layer


def test_nothing_is_read_twice_and_the_way_back_reads_nothing(scene: Scene) -> None:
    open_alone(scene)
    for step in (1, 0, 2, 1, 2, 0):
        scene.viewer.dims.set_current_step(0, step)
        scene.viewer.wait_until_loaded(WAIT)
    assert scene.requests().total() == 12
    assert set(scene.requests().values()) == {1}


def test_two_views_of_one_source_read_each_chunk_once(scene: Scene) -> None:
    """Whether the second asks while the chunks are on their way, or when they are there."""
    scene.server.hold(is_chunk)
    (layer,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    second = scene.viewer.add_view()
    assert scene.server.wait_for_hanging(4, WAIT)
    future = scene.viewer.slice_layers_async([layer], second)  # a third demand for the same
    scene.server.release()
    scene.viewer.wait_until_loaded(WAIT)
    future.result(WAIT)
    for view in scene.viewer.views:
        np.testing.assert_array_equal(view.slices[layer].as_array(), scene.data[PLANE])
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    for step in (0, 2):
        for view in scene.viewer.views:
            view.dims.set_current_step(0, step)
        scene.viewer.wait_until_loaded(WAIT)
        for view in scene.viewer.views:
            np.testing.assert_array_equal(view.slices[layer].as_array(), scene.data[step])
    assert scene.requests().total() == 12
    assert set(scene.requests().values()) == {1}


def test_two_layers_of_one_image_read_each_chunk_once(scene: Scene) -> None:
    layer = open_alone(scene)
    again = scene.viewer.add_image(layer.data, name="again")
    scene.viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(scene.shown(again), scene.data[PLANE])
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)


def test_refresh_reads_again_and_shows_what_has_changed(scene: Scene) -> None:
    scene.server.fail_first(is_the_chunk, Fault(status=404))
    layer = open_alone(scene)
    assert scene.shown(layer)[0, 0] == 7
    layer.refresh()
    scene.viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    assert scene.requests() == dict.fromkeys(CHUNKS, 2)


def test_refresh_follows_shards_that_were_written_anew(tmp_path: Path, scene: Scene) -> None:
    """A shard's index says where its chunks lie: an old one would lead into the middle of something."""
    viewer = scene.viewer
    for data in (np.zeros((4, 32, 32), "u1"), np.random.default_rng(0).integers(0, 256, (4, 32, 32)).astype("u1")):
        array = zarr.create_array(
            tmp_path / "a.zarr", shape=data.shape, chunks=(1, 16, 16), shards=(4, 32, 32), dtype="u1", overwrite=True
        )
        array[:] = data
        if len(viewer.layers):
            viewer.layers[0].refresh()
        else:
            viewer.open(tmp_path / "a.zarr")
        viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(viewer.slices[viewer.layers[0]].as_array(), data[1])


def test_retry_failed_reads_only_what_failed(scene: Scene) -> None:
    scene.server.fail_first(is_the_chunk, Fault("corrupt"))
    layer = open_alone(scene)
    assert len(scene.viewer.failures) == 1
    scene.viewer.retry_failed()
    assert not scene.viewer.loaded
    scene.viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    assert scene.viewer.failures == ()
    assert scene.requests().total() == 5


def test_retry_failed_asks_a_host_that_is_down_at_once(scene: Scene) -> None:
    scene.server.fail_always(is_chunk, Fault(status=500))
    layer = open_alone(scene)
    assert scene.counts(layer) == (4, 0, 4)
    scene.server.heal()
    scene.viewer.retry_failed()
    scene.viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    assert scene.viewer.failures == ()
