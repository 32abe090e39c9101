"""Answers that are not what was asked for, one test a kind, on the real engine over real HTTP.

Each test also sees, in `Scene.open`, that the layer beside it was complete before anything of the failing one had come.
"""

from __future__ import annotations

import numpy as np
import pytest

from lamella.testing import Fault, Latency
from tests.e2e.faults.scene import CHUNK, CHUNKS, PLANE, Scene, is_the_chunk
from tests.e2e.stores import is_chunk


def with_fill(data: np.ndarray) -> np.ndarray:
    expected = data[PLANE].copy()
    expected[:16, :16] = 7
    return expected


@pytest.mark.parametrize(
    "latency",
    [Latency.fixed(0.01), Latency.uniform(0, 0.03, seed=1), Latency.lognormal(0.005, 1.0, seed=1)],
    ids=["fixed", "uniform", "lognormal"],
)
def test_answers_in_whatever_time_and_order_end_in_the_same_picture(scene: Scene, latency: Latency) -> None:
    scene.server.latency = latency
    layer = scene.open()
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_nothing_was_told()
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


@pytest.mark.parametrize("status", [404, 403])
def test_a_chunk_that_is_not_there_shows_the_fill_value(scene: Scene, status: int) -> None:
    """Public object stores answer 403 for what they do not have."""
    scene.server.fail_always(is_the_chunk, Fault(status=status))
    layer = scene.open()
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), with_fill(scene.data))
    assert scene.counts(layer) == (4, 4, 0)
    scene.assert_nothing_was_told()
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=7)
    scene.assert_nothing_is_left()


def test_a_chunk_that_needs_credentials_fails_at_once_and_says_how_to_give_them(scene: Scene) -> None:
    scene.server.fail_always(is_the_chunk, Fault(status=401))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 3, 1)
    scene.assert_told_once("401 Unauthorized", f"{scene.server.url} refused access", "user:password@")
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=7)
    scene.assert_nothing_is_left()


def test_a_server_that_is_asked_too_often_is_asked_again_later(scene: Scene) -> None:
    scene.server.fail_first(is_chunk, Fault(status=429, retry_after=0.01), times=2)
    layer = scene.open()
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_nothing_was_told()
    assert scene.requests() == dict.fromkeys(CHUNKS, 3)
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


@pytest.mark.parametrize("status", [500, 503, 408])
def test_a_server_that_errs_n_times_is_asked_n_times_more(scene: Scene, status: int) -> None:
    scene.server.fail_first(is_the_chunk, Fault(status=status), times=3)
    layer = scene.open()
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_nothing_was_told()
    assert scene.requests() == {**dict.fromkeys(CHUNKS, 1), CHUNK: 4}
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


def test_a_chunk_that_errs_for_ever_is_given_up_and_the_rest_shown(scene: Scene) -> None:
    scene.server.fail_always(is_the_chunk, Fault(status=500))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 3, 1)
    response = scene.viewer.slices[layer]
    assert response.complete
    assert response.failed_boxes == (((-0.5, -0.5), (15.5, 15.5)),)
    with pytest.raises(RuntimeError, match="1 failed"):
        response.as_array()
    del response
    scene.assert_told_once("500 Internal Server Error")
    asked = scene.requests()
    assert asked.pop(CHUNK) >= 6  # six times before it is given up; afterwards the server is tried now and then
    assert set(asked.values()) == {1}
    scene.assert_memory_is_accounted_for(chunks=7)
    scene.assert_nothing_is_left()


@pytest.mark.parametrize("kind", ["reset", "truncate", "length"])
def test_a_body_that_ends_too_early_is_asked_for_again(scene: Scene, kind: str) -> None:
    scene.server.fail_first(is_the_chunk, Fault(kind), times=2)
    layer = scene.open()
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_nothing_was_told()
    assert scene.requests() == {**dict.fromkeys(CHUNKS, 1), CHUNK: 3}
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


def test_a_damaged_chunk_fails_at_once(scene: Scene) -> None:
    scene.server.fail_always(is_the_chunk, Fault("corrupt"))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 3, 1)
    scene.assert_told_once("damaged")
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=7)
    scene.assert_nothing_is_left()


def test_a_server_that_drips_is_waited_for(scene: Scene) -> None:
    scene.server.fail_always(is_the_chunk, Fault("drip"))
    layer = scene.open()
    scene.wait_until(lambda: layer.status.have == 3)  # what has come is shown meanwhile
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_nothing_was_told()
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


def test_every_chunk_that_fails_for_one_reason_is_told_of_in_one_line(scene: Scene) -> None:
    scene.server.fail_always(is_chunk, Fault("corrupt"))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 0, 4)
    assert len(scene.viewer.failures) == 4
    scene.assert_told_once("damaged")
    scene.assert_memory_is_accounted_for(chunks=4)
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
