"""`viewer.failures` says what could not be read, as long as it matters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lamella.failures import MAX_FAILURES, ChunkFailed, FailureLog
from lamella.model.layers.image import Image
from lamella.notifications import Notification
from lamella.sources.base import Failed, FailureKind
from lamella.sources.multiscale import Multiscale
from lamella.testing import FaultySource, GatedSource
from lamella.viewer_model import ViewerModel

WAIT = 60  # seconds, against hanging
BROKEN = Failed(FailureKind.CORRUPT, "does not decode")


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def add_broken(viewer: ViewerModel, times: int = 4) -> Image:
    inner = GatedSource(np.ones((3, 32, 32), "u1"), (1, 16, 16))
    inner.open()
    layer = viewer.add_image(Multiscale((FaultySource(inner, [BROKEN] * times),)), contrast_limits=(0, 9))
    viewer.wait_until_loaded(WAIT)
    return layer


def test_failures_are_named_as_the_layer_is_named_now(viewer: ViewerModel) -> None:
    layer = add_broken(viewer)
    layer.name = "embryo"
    assert [(f.layer, f.source, f.message) for f in viewer.failures] == [
        ("embryo", layer.source.name, "does not decode")
    ] * 4


def test_a_layer_that_goes_takes_its_failures_along(viewer: ViewerModel) -> None:
    gone, stays = add_broken(viewer), add_broken(viewer, 1)
    viewer.layers.remove(gone)
    assert [f.layer for f in viewer.failures] == [stays.name]
    assert viewer.statistics().failed == 5


def test_refreshed_and_replaced_data_have_no_failures_yet(viewer: ViewerModel) -> None:
    layer = add_broken(viewer)
    layer.refresh(0)
    assert len(viewer.failures) == 4, "a part that was refreshed mends nothing elsewhere"
    layer.refresh()
    assert viewer.failures == ()
    other = add_broken(viewer)
    other.data = np.ones((3, 32, 32), "u1")
    assert viewer.failures == ()


def test_what_fails_once_more_after_a_retry_is_listed_once_more(viewer: ViewerModel) -> None:
    layer = add_broken(viewer, 5)
    viewer.retry_failed()
    viewer.wait_until_loaded(WAIT)
    assert len(viewer.failures) == 1
    viewer.retry_failed()
    viewer.wait_until_loaded(WAIT, strict=True)
    assert viewer.failures == ()
    assert (viewer.slices[layer].as_array() == 1).all()


def test_a_server_that_comes_back_takes_its_failures_away(viewer: ViewerModel) -> None:
    """What the engine reads again by itself, after a pause, is no failure any more once it is there."""
    mended, still_broken = add_broken(viewer, 3), add_broken(viewer, 8)
    viewer._engine.retry_failed()
    assert viewer._engine.wait_idle(WAIT)
    viewer.wait_until_loaded(WAIT)
    assert not mended.status.failed
    assert {f.layer for f in viewer.failures} == {still_broken.name}


def test_a_retry_forgets_failures_that_have_not_been_taken_yet(viewer: ViewerModel) -> None:
    told: list[Notification] = []
    viewer.events.notification.connect(told.append)
    source = GatedSource(np.ones((3, 32, 32), "u1"), (1, 16, 16))
    viewer.add_image(Multiscale((source,)), contrast_limits=(0, 9))
    assert source.wait_for(4)
    source.release(outcome=BROKEN)
    assert viewer._engine.wait_idle(WAIT)
    viewer.retry_failed()
    assert viewer.failures == ()
    assert len(told) == 1
    source.open()
    viewer.wait_until_loaded(WAIT, strict=True)


def test_the_list_is_bounded_and_its_total_is_not() -> None:
    log, layer = FailureLog(), Image(np.ones((3, 4), "u1"))
    for number in range(MAX_FAILURES + 5):
        assert log.add(ChunkFailed(layer.id, "a", str(number)), [layer])
    assert not log.add(ChunkFailed(-1, "a", "of nobody"), [layer])
    assert log.total == MAX_FAILURES + 6
    assert [f.message for f in log.of([layer])] == [str(n) for n in range(5, MAX_FAILURES + 5)]


def test_what_follows_a_notification_is_told_when_it_is_due(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Notification] = []
    viewer.events.notification.connect(told.append)
    add_broken(viewer)
    assert [t.count for t in told] == [1]
    assert 0 < (viewer.drain_due or 0) <= 10
    monkeypatch.setattr("lamella.notifications.QUIET_S", 0)
    assert viewer.drain_due == 0
    viewer.drain()
    assert [t.count for t in told] == [1, 3]
    assert viewer.drain_due is None
