"""The promises of a drag, on the real threads: reads end elsewhere, in any order, while the slider moves."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from lamella.model.view import View
from lamella.render import make_renderer
from lamella.render.messages import Frame
from lamella.sources.multiscale import Multiscale
from lamella.testing import GatedSource
from lamella.viewer_model import ViewerModel

WAIT = 60  # seconds, against hanging
PLANES = 40
SIDE = 64
PLACEHOLDER = 0x20  # what is drawn where the newest position has waited for long
FIRST_VALUE = 50  # plane z is 50 + z everywhere: neither background nor placeholder


def planes() -> np.ndarray:
    values = np.arange(FIRST_VALUE, FIRST_VALUE + PLANES, dtype="u1")
    return np.broadcast_to(values[:, None, None], (PLANES, SIDE, SIDE)).copy()


class Store:
    """A pyramid whose reads end in a random order, on a thread of its own, until it is opened."""

    def __init__(self, seed: int) -> None:
        data = planes()
        self.levels = [GatedSource(np.ascontiguousarray(data[:, :: 2**k, :: 2**k]), (1, 16, 16)) for k in range(3)]
        self.image = Multiscale(tuple(self.levels))
        self._rng = random.Random(seed)
        self._thread = threading.Thread(target=self._serve)
        self._ended = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            level = self._rng.choice(self.levels)
            waiting = level.waiting
            if waiting:
                level.release(self._rng.choice(waiting))
            else:
                level.wait_for(1, 0.001)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(WAIT)
        for level in self.levels:
            level.open()


@dataclass
class Watcher:
    """Looks at every frame and keeps what it saw."""

    generations: list[int] = field(default_factory=list)
    planes: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    mixed: list[set[int]] = field(default_factory=list)
    blank: int = 0

    def look(self, view: View, frame: Frame) -> None:
        (response,) = frame.slices.values()
        self.generations.append(response.generation)
        self.told.append(round(response.point[0]))
        state, pixels = frame.state, frame.pixels
        assert pixels is not None
        height, width = pixels.shape[:2]
        half = (SIDE / 2 - 1) * state.zoom
        inside = pixels[
            int(height / 2 - half) : int(height / 2 + half), int(width / 2 - half) : int(width / 2 + half), 0
        ]
        values = set(np.unique(inside).tolist())
        self.blank += 0 in values
        values -= {0, PLACEHOLDER}
        if len(values) > 1:
            self.mixed.append(values)
        self.planes.extend(value - FIRST_VALUE for value in values)


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        viewer.views[0].canvas_size = (64, 48)
        viewer.use_renderer(lambda on_frame: make_renderer("reference", on_frame))
        yield viewer


def drag(viewer: ViewerModel, seed: int) -> Watcher:
    """Show the first plane, then go through all of them while reads end; returns what the frames showed."""
    store = Store(seed)
    viewer.add_image(store.image, contrast_limits=(0, 255))
    viewer.dims.set_point(0, 0)
    store.start()
    try:
        viewer.wait_until_loaded(WAIT)
        watcher = Watcher()
        viewer.frame_ready.connect(watcher.look)
        viewer.views[0].interacting = True
        rng = random.Random(seed)
        for z in range(1, PLANES):
            viewer.dims.set_point(0, z)
            for _ in range(rng.randrange(4)):
                viewer.drain()
                store.levels[0].wait_for(1, 0.001)  # other threads run, as between two mouse moves
        viewer.views[0].interacting = False
        viewer.wait_until_loaded(WAIT)
    finally:
        store.stop()
    return watcher


@pytest.mark.parametrize("seed", range(5))
def test_slider_never_returns_to_an_older_position(viewer: ViewerModel, seed: int) -> None:
    seen = drag(viewer, seed)
    assert seen.generations == sorted(seen.generations)
    assert seen.planes == sorted(seen.planes)
    assert seen.planes[-1] == PLANES - 1


@pytest.mark.parametrize("seed", range(5, 10))
def test_a_drag_never_blanks_the_view(viewer: ViewerModel, seed: int) -> None:
    seen = drag(viewer, seed)
    assert seen.generations
    assert seen.blank == 0


@pytest.mark.parametrize("seed", range(10, 15))
def test_a_picture_never_mixes_two_positions(viewer: ViewerModel, seed: int) -> None:
    seen = drag(viewer, seed)
    assert seen.mixed == []
    assert set(seen.planes) <= set(seen.told), "a frame says which position it shows"


def test_intermediate_positions_are_shown_during_a_drag(viewer: ViewerModel) -> None:
    """Positions are neither queued up nor starved: with reads that end at once each one that has time is shown."""
    source = GatedSource(planes(), (1, 16, 16))
    source.open()
    viewer.add_image(Multiscale((source,)), contrast_limits=(0, 255))
    viewer.dims.set_point(0, 0)
    viewer.wait_until_loaded(WAIT)
    watcher = Watcher()
    viewer.frame_ready.connect(watcher.look)
    for z in range(1, PLANES):
        viewer.dims.set_point(0, z)
        if z % 8 == 0:
            viewer.wait_until_loaded(WAIT)
    viewer.wait_until_loaded(WAIT)
    assert set(range(8, PLANES, 8)) <= set(watcher.planes)
