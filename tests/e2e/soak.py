"""Uses a viewer at random for a while, as somebody would who cannot decide, and tells what it cost.

Usage: soak.py URL FOLDER SECONDS. URL is a `tests.e2e.faulty_server` with volume.zarr; FOLDER has its levels as
level-0.npy, level-1.npy … Every few seconds all is put back as it was at the beginning, and the memory is measured:
what is more then than before has leaked. Nothing is judged here; the last line of the output is JSON.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import psutil

from lamella import ViewerModel, trace
from lamella.io import OpenError
from lamella.model.layers import Layer
from lamella.settings import update_settings
from lamella.sources import OpaqueSource
from lamella.sources.tensorstore_source import TensorStoreSource

EVENT_S = 1 / 60  # between two things that the user does
EPISODE_S = 4.0  # between two measurements
CACHE = 8_000_000
MAX_LAYERS, MAX_VIEWS = 6, 3
SOURCES = (OpaqueSource, TensorStoreSource)
WAIT = 120


class Shelf:
    """An array of a kind that lamella does not know."""

    def __init__(self, data: np.ndarray) -> None:
        self._data, self.shape, self.dtype = data, data.shape, data.dtype

    def __getitem__(self, index: Any) -> Any:
        return self._data[index]


class User:
    """Owned by the main thread."""

    def __init__(self, viewer: ViewerModel, url: str, rng: random.Random) -> None:
        self.viewer, self.url, self.rng = viewer, url, rng
        self.done: Counter[str] = Counter()
        self._awake = threading.Event()
        self._futures: list[Future[Any]] = []
        self._array = np.random.default_rng(0).integers(0, 1000, (20, 300, 300)).astype("u2")
        viewer.set_wake(self._awake.set)
        self._actions: list[tuple[int, Callable[[], object]]] = [
            (30, self.drag),
            (12, self.pan),
            (12, self.zoom),
            (2, self.turn),
            (2, self.see_in_3d),
            (3, self.open_image),
            (3, self.add_array),
            (4, self.remove_layer),
            (5, self.hide_or_show),
            (2, self.refresh),
            (3, self.refresh_region),
            (3, self.change_data),
            (3, self.retry),
            (2, self.resize_cache),
            (4, self.slice_for_a_future),
            (2, self.add_or_remove_view),
            (3, self.change_look),
            (1, self.wait_a_little),
            (1, self.reset_view),
            (1, self.lose_the_server),
        ]

    # Time

    def breathe(self, seconds: float = EVENT_S) -> None:
        """Let the engine go on, taking what it leaves, as an event loop does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._awake.wait(left)
            self._awake.clear()
            self.viewer.drain()

    def act(self) -> None:
        weights, actions = zip(*self._actions, strict=True)
        action = self.rng.choices(actions, weights)[0]
        self.done[action.__name__] += 1
        action()
        self.breathe()

    def put_back(self) -> None:
        """The state of the beginning: one image, one view, one cache size."""
        for future in self._futures:
            future.cancel()
        self._futures.clear()
        viewer = self.viewer
        while len(viewer.views) > 1:
            viewer.remove_view(viewer.views[-1])
        while len(viewer.layers) > 1:
            del viewer.layers[-1]
        viewer.dims.ndisplay = 2
        viewer.dims.order = tuple(range(viewer.dims.ndim))
        viewer.layers[0].visible = True
        self.set_cache(CACHE)
        viewer.dims.set_current_step(0, 0)
        viewer.reset_view()
        with contextlib.suppress(TimeoutError):
            viewer.wait_until_loaded(WAIT)

    # What a user does

    @property
    def view(self) -> Any:
        return self.rng.choice(self.viewer.views)

    @property
    def layer(self) -> Any:
        return self.rng.choice(list(self.viewer.layers))

    def drag(self) -> None:
        dims = self.view.dims
        if not dims.not_displayed:
            return
        axis = self.rng.choice(dims.not_displayed)
        step, direction = dims.current_step[axis], self.rng.choice((-1, 1, 2))
        for _ in range(self.rng.randrange(3, 12)):
            step = (step + direction) % dims.nsteps[axis]
            dims.set_current_step(axis, step)
            self.breathe()

    def pan(self) -> None:
        camera = self.view.camera
        for _ in range(self.rng.randrange(1, 8)):
            camera.pan([self.rng.uniform(-40, 40) for _ in range(2)])
            self.breathe()

    def zoom(self) -> None:
        camera = self.view.camera
        factor = self.rng.choice((0.8, 1.25))
        for _ in range(self.rng.randrange(1, 8)):
            if 0.05 < camera.zoom * factor < 50:
                camera.zoom = camera.zoom * factor
            self.breathe()

    def turn(self) -> None:
        self.view.dims.roll()

    def see_in_3d(self) -> None:
        dims = self.view.dims
        dims.ndisplay = 5 - dims.ndisplay

    def open_image(self) -> None:
        if len(self.viewer.layers) + len(self.viewer.opening) < MAX_LAYERS:
            self.viewer.open_async(f"{self.url}/volume.zarr")

    def add_array(self) -> None:
        if len(self.viewer.layers) < MAX_LAYERS:
            self.viewer.add_image(
                self.rng.choice((self._array, Shelf(self._array), [self._array, self._array[:, ::2, ::2]]))
            )

    def remove_layer(self) -> None:
        if len(self.viewer.layers) > 1:
            del self.viewer.layers[self.rng.randrange(1, len(self.viewer.layers))]

    def hide_or_show(self) -> None:
        layer = self.layer
        layer.visible = not layer.visible

    def refresh(self) -> None:
        self.layer.refresh()

    def refresh_region(self) -> None:
        layer = self.layer
        if layer.data is self._array:
            part = (slice(0, 20), slice(0, 50), slice(20, 90))
            self._array[part] += 1
            layer.refresh(part)

    def change_data(self) -> None:
        if len(self.viewer.layers) > 1:
            self.viewer.layers[self.rng.randrange(1, len(self.viewer.layers))].data = self._array[::-1]

    def retry(self) -> None:
        self.viewer.retry_failed()

    def resize_cache(self) -> None:
        self.set_cache(self.rng.choice((CACHE // 8, CACHE // 2, CACHE, 2 * CACHE)))

    def set_cache(self, nbytes: int) -> None:
        update_settings(cache_size=nbytes)

    def slice_for_a_future(self) -> None:
        self._futures = [future for future in self._futures if not future.done()]
        self._futures.append(self.viewer.slice_layers_async(view=self.view))
        if self.rng.random() < 0.5:
            self.rng.choice(self._futures).cancel()

    def add_or_remove_view(self) -> None:
        if len(self.viewer.views) < MAX_VIEWS:
            self.viewer.add_view(self.rng.choice((2, 3)))
        else:
            self.viewer.remove_view(self.viewer.views[-1])

    def change_look(self) -> None:
        layer = self.layer
        layer.opacity = self.rng.uniform(0.2, 1)
        layer.colormap = self.rng.choice(("gray", "green", "viridis"))
        layer.contrast_limits = (0, self.rng.uniform(100, 1000))

    def wait_a_little(self) -> None:
        with contextlib.suppress(TimeoutError):
            self.viewer.wait_until_loaded(self.rng.uniform(0, 1))

    def reset_view(self) -> None:
        self.viewer.reset_view()

    def lose_the_server(self) -> None:
        if self.rng.random() < 0.3:
            command(self.url, "away")


def command(url: str, word: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/control/{word}", timeout=10).read()
    except OSError:
        return False
    return True


def open_first(viewer: ViewerModel, url: str) -> None:
    while True:
        with contextlib.suppress(OpenError):  # such is the server
            viewer.open(f"{url}/volume.zarr", timeout=WAIT)
            return


def measured(me: psutil.Process) -> dict[str, float]:
    objects = gc.get_objects()
    return {
        "rss": me.memory_info().rss,
        "native": me.num_threads(),
        "handles": me.num_fds(),
        "threads": threading.active_count(),
        "layers": sum(isinstance(o, Layer) for o in objects),
        "sources": sum(isinstance(o, SOURCES) for o in objects),
        "functions": sum(isinstance(o, FunctionType) for o in objects),
    }


def mismatches(viewer: ViewerModel, folder: Path) -> list[str]:
    """What the view shows otherwise than it is stored, at each step."""
    wrong = []
    (layer,) = viewer.layers
    for step in range(viewer.dims.nsteps[0]):
        viewer.dims.set_current_step(0, step)
        viewer.wait_until_loaded(WAIT)
        response: Any = viewer.slices[layer]
        if response.failed:
            wrong.append(f"step {step}: {response.failed} failed: {response.errors}")
            continue
        stored = np.load(folder / f"level-{response.level}.npy", mmap_mode="r")
        (y0, y1), (x0, x1) = response.region
        if not np.array_equal(response.as_array(), stored[step, y0:y1, x0:x1]):
            wrong.append(f"step {step}: the picture differs")
    return wrong


def main(url: str, folder: Path, seconds: float) -> None:
    rng = random.Random(7)
    for _ in range(trace.CAPACITY):  # it grows until it is full, and is not what is looked for
        trace.record("want", rng.randrange(10**9), rng.randrange(10**9), rng.randrange(10**9))
    update_settings(cache_size=CACHE, gpu_budget=4_000_000)
    me = psutil.Process()
    samples: list[dict[str, float]] = []
    with ViewerModel() as viewer:
        viewer.views[0].canvas_size = (300, 200)
        open_first(viewer, url)
        with contextlib.suppress(TimeoutError):
            viewer.screenshot(wait=False)  # from now on it draws
        user = User(viewer, url, rng)
        began = time.monotonic()
        while (now := time.monotonic() - began) < seconds:
            while time.monotonic() - began < now + EPISODE_S:
                user.act()
            user.put_back()
            gc.collect()
            samples.append({"at": now, **measured(me)})
        while not command(url, "heal"):
            user.breathe()
        user.put_back()
        viewer.layers[0].refresh()
        viewer.retry_failed()
        viewer.wait_until_loaded(WAIT)
        wrong = mismatches(viewer, folder)
        loaded, failures = viewer.loaded, len(viewer.failures)
        threads = sorted(t.name for t in threading.enumerate() if t.name.startswith("lamella"))
        reads = viewer.reads
    left = sorted(t.name for t in threading.enumerate() if t is not threading.main_thread())
    facts = {
        "samples": samples,
        "wrong": wrong,
        "loaded": loaded,
        "failures": failures,
        "threads": threads,
        "left": left,
        "reads": reads,
        "done": user.done,
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
