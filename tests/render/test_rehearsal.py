"""There is something to see soon: what drivers compile is compiled before the first image, and nobody sees or waits."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import pytest

from lamella.render.atlas import Atlas
from lamella.render.messages import Frame
from lamella.render.picture import ImagePicture
from lamella.render.rehearsal import DTYPES, VIEW, rehearse
from lamella.render.stage import Stage
from lamella.render.thread import RenderThread
from tests.render.scenes import response, scene, state, tile
from tests.render.stands import Stand, assert_close, noise, sample

PATIENCE = 30.0
SMALL = state((8, 8), (3.5, 3.5))


class Notes:
    """A backend that notes what it is told to draw, and waits or fails where a test wants it."""

    name = "notes"

    def __init__(self, fails: bool = False) -> None:
        self.drawn: list[tuple[int, list[Any]]] = []
        self.fails = fails
        self.drawing, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def write(self, *args: Any) -> None: ...

    def finish(self, *args: Any) -> None: ...

    def forget(self, *args: Any) -> None: ...

    def close(self) -> None: ...

    def draw(self, view: int, state: Any, background: Any, pictures: Any, out: Any) -> None:
        self.drawn.append((view, list(pictures)))
        self.drawing.set()
        assert self.go_on.wait(PATIENCE)
        if self.fails and view == VIEW:
            raise RuntimeError("no")


def test_each_kind_of_texture_is_drawn_and_nothing_is_left() -> None:
    backend = Notes()
    stage = Stage(backend, Atlas())
    for _ in rehearse(stage):
        assert not (stage.scenes or stage.dirty or stage.atlas.sheets or len(stage.atlas))
    pictures = [picture for _, drawn in backend.drawn for picture in drawn]
    assert all(isinstance(p, ImagePicture) and p.placeholder is not None and len(p.tiles) == 1 for p in pictures)
    assert [p.tiles[0].dtype for p in pictures] == [np.dtype(d) for d in DTYPES]


def test_nobody_sees_it(any_stand: Stand) -> None:
    plane = noise((8, 8))
    any_stand.renderer.rehearse()
    for _ in range(2):
        picture = any_stand.draw(SMALL, response([tile(plane)]))
        if picture is not None:
            assert_close(picture, sample(plane, SMALL))
        any_stand.renderer.rehearse()
    assert {frame.view for frame in any_stand.recorder.frames} == {0}


def test_a_picture_that_is_wanted_goes_first() -> None:
    backend = Notes()
    backend.go_on.clear()
    shown = threading.Event()

    def take(frame: Frame) -> None:
        shown.set()

    renderer = RenderThread(lambda: backend, take)
    try:
        renderer.rehearse()
        assert backend.drawing.wait(PATIENCE)
        renderer.set_scene(scene(SMALL, {}))
        backend.go_on.set()
        assert shown.wait(PATIENCE)
        assert [view for view, _ in backend.drawn[:2]] == [VIEW, 0]
    finally:
        renderer.close()


def test_one_that_fails_is_told_and_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    backend, shown = Notes(fails=True), threading.Event()
    renderer = RenderThread(lambda: backend, lambda frame: shown.set())
    try:
        with caplog.at_level(logging.ERROR):
            renderer.rehearse()
            assert backend.drawing.wait(PATIENCE)
            renderer.set_scene(scene(SMALL, {}))
            assert shown.wait(PATIENCE)
    finally:
        renderer.close()
    assert [view for view, _ in backend.drawn] == [VIEW, 0]
    assert "that nobody sees failed" in caplog.text
