"""Servers that do not answer, go away, come back: nothing waits for them for ever, and they are found again."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.testing import Fault, HttpServer
from tests.e2e.faults.scene import CHUNK, CHUNKS, PLANE, WAIT, Scene, is_the_chunk
from tests.e2e.processes import python
from tests.e2e.stores import is_chunk


@pytest.fixture
def quickly_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """A read counts as stuck after 30 s; here after none that a test would notice."""
    for module in ("reads", "losses", "lanes"):
        monkeypatch.setattr(f"lamella.slicing.{module}.STUCK_S", 0.2)


def test_a_chunk_that_hangs_holds_back_no_other(scene: Scene) -> None:
    scene.server.fail_first(is_the_chunk, Fault("hang"))
    layer = scene.open()
    scene.wait_until(lambda: layer.status.have == 3)
    assert layer.status.loading
    scene.viewer.dims.set_current_step(0, 2)
    scene.viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(scene.shown(layer), scene.data[2])
    scene.assert_nothing_was_told()
    assert scene.server.hanging == [CHUNK]
    scene.assert_nothing_is_left()


@pytest.mark.usefixtures("quickly_stuck")
def test_a_chunk_that_hangs_is_given_up_and_its_late_answer_still_shown(scene: Scene) -> None:
    scene.server.fail_first(is_the_chunk, Fault("hang"))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 3, 1)
    scene.assert_told_once("has not answered for")
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    assert scene.server.release() == 1
    scene.wait_until(lambda: scene.counts(layer) == (4, 4, 0))
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    assert scene.requests() == dict.fromkeys(CHUNKS, 1)
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


IMPATIENT = """
import sys
import numpy as np
from lamella import ViewerModel
with ViewerModel() as viewer:
    (layer,) = viewer.open(sys.argv[1])
    viewer.wait_until_loaded(30)
    print(layer.status.have, layer.status.failed, len(viewer.failures), int(viewer.slices[layer].as_array()[0, 0]))
"""


def test_a_read_that_hangs_for_too_long_times_out_and_is_tried_again(scene: Scene) -> None:
    """The limit is read once a process: 10 s without a byte, here 1 s."""
    scene.server.fail_first(is_the_chunk, Fault("hang"))
    ended = python(IMPATIENT, f"{scene.server.url}/plain.zarr", TENSORSTORE_CURL_LOW_SPEED_TIME_SECONDS="1")
    assert ended.status == 0, ended.err
    assert ended.out.split() == ["4", "0", "0", str(scene.data[PLANE, 0, 0])]
    assert scene.requests() == {**dict.fromkeys(CHUNKS, 1), CHUNK: 2}


def test_a_server_that_went_away_is_found_again_by_itself(scene: Scene) -> None:
    layer = scene.open()
    scene.settle()
    scene.server.go_away()
    scene.viewer.dims.set_current_step(0, 2)
    scene.viewer.wait_until_loaded(WAIT)
    assert scene.counts(layer) == (4, 0, 4)
    scene.assert_told_once("connection failed")
    asked = scene.requests()
    scene.server.come_back()
    scene.wait_until(lambda: scene.counts(layer) == (4, 4, 0))
    np.testing.assert_array_equal(scene.shown(layer), scene.data[2])
    assert set((scene.requests() - asked).values()) == {1}
    scene.assert_memory_is_accounted_for(chunks=8 + 8)  # both layers, two planes
    scene.assert_nothing_is_left()


def test_a_server_that_goes_away_before_the_metadata_is_told_of_at_once(scene: Scene) -> None:
    scene.server.go_away()
    opening = scene.viewer.open_async(f"{scene.server.url}/plain.zarr")
    scene.wait_until(lambda: not scene.viewer.opening)
    assert opening.error is not None
    assert f"{scene.server.url} cannot be reached" in str(opening.error)
    assert len(scene.told) == 1
    scene.server.come_back()
    (layer,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])


@pytest.mark.parametrize("kind", ["reset", "truncate", "length"])
def test_metadata_that_break_off_are_asked_for_again(scene: Scene, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamella.io.keys.BUSY_PAUSES", (0.01, 0.01, 0.01))
    scene.server.fail_first(lambda path: path.endswith("zarr.json"), Fault(kind), times=2)
    (layer,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    assert scene.server.seen["plain.zarr/zarr.json"] == 3
    scene.assert_nothing_was_told()


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_too_busy_for_its_metadata_is_asked_again(
    scene: Scene, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamella.io.keys.BUSY_PAUSES", (0.01, 0.01, 0.01))
    scene.server.fail_first(lambda path: path.endswith("zarr.json"), Fault(status=status), times=3)
    (layer,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    scene.settle()
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])


def test_a_host_that_only_errs_is_left_alone_and_found_again(scene: Scene) -> None:
    """A circuit breaker: without it four chunks would be asked for six times each, at each step of a drag."""
    scene.server.fail_always(is_chunk, Fault(status=500))
    layer = scene.open()
    scene.settle()
    assert scene.counts(layer) == (4, 0, 4)
    assert len(scene.viewer.failures) == 4
    scene.assert_told_once("500 Internal Server Error")
    assert scene.requests().total() <= 4 + 4 + 4  # both rounds that were under way, and what found it still failing
    scene.server.heal()
    scene.wait_until(lambda: scene.counts(layer) == (4, 4, 0))
    np.testing.assert_array_equal(scene.shown(layer), scene.data[PLANE])
    scene.assert_memory_is_accounted_for(chunks=8)
    scene.assert_nothing_is_left()


def test_a_host_that_is_down_is_asked_for_one_chunk_at_a_time(scene: Scene) -> None:
    scene.server.fail_always(is_chunk, Fault(status=500))
    layer, other = scene.open(), scene.viewer.layers[1]
    scene.settle()
    scene.server.hold(is_chunk)
    for step in (2, 0, 2):
        scene.viewer.dims.set_current_step(0, step)
        assert scene.server.wait_for_hanging(1, WAIT)
        scene.viewer.slice_layers_async([other]).result(WAIT)  # the engine has seen the step, and goes on
        assert len(scene.server.hanging) == 1
    scene.server.release()
    scene.viewer.wait_until_loaded(WAIT)
    assert scene.counts(layer) == (4, 0, 4)
    assert len(scene.told) == 1


def test_what_is_beside_a_host_that_is_down_goes_on(scene: Scene) -> None:
    scene.server.fail_always(is_chunk, Fault(status=500))
    scene.open()
    scene.settle()
    other = scene.viewer.layers[1]
    for step in (2, 0):
        scene.viewer.dims.set_current_step(0, step)
        scene.viewer.wait_until_loaded(WAIT)
        np.testing.assert_array_equal(scene.shown(other), scene.data[step])
    assert {path: n for path, n in scene.beside.seen.items() if is_chunk(path) and n > 1} == {}


def test_two_images_of_one_host_share_its_fate_and_are_told_of_apart(scene: Scene, folder) -> None:
    scene.server.fail_always(is_chunk, Fault(status=500))
    layer = scene.open()
    (second,) = scene.viewer.open(f"{scene.server.url}/plain.zarr/zarr.json", timeout=WAIT)
    scene.settle()
    assert scene.counts(layer) == scene.counts(second) == (4, 0, 4)
    with HttpServer(folder) as third:
        (well,) = scene.viewer.open(f"{third.url}/plain.zarr", timeout=WAIT)
        scene.viewer.wait_until_loaded(WAIT)
        assert scene.counts(well) == (4, 4, 0)
