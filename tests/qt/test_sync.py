"""A window waits as a model does: for slices and pictures, on its own thread, never inside a callback."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from lamella import SlicingError, Viewer
from lamella.sources.base import Failed, FailureKind
from lamella.sources.multiscale import Multiscale
from lamella.testing import FaultySource, GatedSource
from tests.qt.conftest import QuietViewer

WAIT = 60  # seconds, against hanging


def gated(n: int = 6) -> GatedSource:
    """Plane z is z + 1 everywhere."""
    return GatedSource(np.broadcast_to(np.arange(1, n + 1, dtype="u1")[:, None, None], (n, 32, 32)).copy(), (1, 16, 16))


def broken(times: int) -> FaultySource:
    source = gated()
    source.open()
    return FaultySource(source, [Failed(FailureKind.CORRUPT, "does not decode")] * times)


def test_the_block_is_left_when_the_window_has_the_picture(qtbot: QtBot) -> None:
    viewer = Viewer(show=False)
    try:
        layer = viewer.add_image(np.full((5, 64, 64), 9, "u1") * np.arange(1, 6, dtype="u1")[:, None, None])
        for step in (4, 0, 2):
            with viewer.sync_slicing(WAIT):
                viewer.dims.set_current_step(0, step)
            assert viewer.loaded
            assert (viewer.slices[layer].as_array() == 9 * (step + 1)).all()
            height, width, _ = viewer.screenshot(wait=False).shape
            assert viewer.screenshot(wait=False)[height // 2, width // 2, 0] == 9 * (step + 1)
    finally:
        viewer.close()


def test_a_strict_wait_raises_in_a_window_too(viewer: QuietViewer) -> None:
    viewer.add_image(Multiscale((broken(2),)), name="embryo", contrast_limits=(0, 9))
    with pytest.raises(SlicingError, match="2 chunks of layer 'embryo'"), viewer.sync_slicing(WAIT, strict=True):
        pass
    viewer.retry_failed()
    viewer.wait_until_loaded(WAIT, strict=True)


def test_an_error_inside_the_block_is_not_masked(viewer: QuietViewer) -> None:
    viewer.add_image(Multiscale((gated(),)), contrast_limits=(0, 9))
    with pytest.raises(ZeroDivisionError), viewer.sync_slicing(WAIT):
        raise ZeroDivisionError


WAITS: dict[str, Callable[[Viewer], object]] = {
    "wait_until_loaded": lambda viewer: viewer.wait_until_loaded(WAIT),
    "sync_slicing": lambda viewer: viewer.sync_slicing(WAIT).__enter__(),
    "screenshot": lambda viewer: viewer.screenshot(timeout=WAIT),
    "open": lambda viewer: viewer.open("nowhere.zarr"),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_waits_that_could_not_end_are_refused(viewer: QuietViewer, wait: Callable[[Viewer], object]) -> None:
    told: list[str] = []

    def refused(*_: object) -> None:
        with pytest.raises(RuntimeError) as caught:
            wait(viewer)
        told.append(str(caught.value))

    viewer.add_image(Multiscale((gated(),)), contrast_limits=(0, 9))  # never answers
    thread = threading.Thread(target=refused)
    thread.start()
    thread.join(WAIT)
    viewer.slice_ready.connect(refused)
    viewer.dims.events.point.connect(refused)
    viewer.dims.set_current_step(0, 5)
    viewer.add_image(np.ones((6, 8, 8), "u1"))
    while len(told) < 3:
        viewer.drain()
    viewer.close()
    refused()
    assert [
        next(w for w in ("thread", "callback", "closed") if w in text) for text in (told[0], told[1], told[-1])
    ] == [
        "thread",
        "callback",
        "closed",
    ]
    assert all("callback" in text for text in told[1:-1])


def test_the_count_of_what_followed_is_told_without_anything_else_happening(
    viewer: QuietViewer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lamella.notifications.QUIET_S", 0.05)
    told: list[int] = []
    viewer.events.notification.connect(lambda n: told.append(n.count))
    viewer.add_image(Multiscale((broken(4),)), contrast_limits=(0, 9))
    viewer.wait_until_loaded(WAIT)
    qtbot.waitUntil(lambda: sum(told) == 4, timeout=WAIT * 1000)
    assert viewer.drain_due is None
