"""Twenty layers of all kinds, one of which hangs for ever: the others do not know."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamella.testing import Fault, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.faults.scene import PLANE, WAIT, Scene
from tests.e2e.processes import python
from tests.e2e.stores import is_chunk, write_plain

LAYERS = 20
PROMPT = 6.0  # seconds; it takes a few tenths. A guard: whoever waited for the server would take its 10 s at least


class Shelf:
    """An array of a kind that lamella does not know."""

    def __init__(self, data: np.ndarray) -> None:
        self._data = data
        self.shape, self.dtype = data.shape, data.dtype

    def __getitem__(self, index: Any) -> Any:
        return self._data[index]


class Abyss(Shelf):
    """It never gives anything back, until the test is over."""

    def __init__(self, data: np.ndarray) -> None:
        super().__init__(data)
        self.asked, self.over = threading.Event(), threading.Event()

    def __getitem__(self, index: Any) -> Any:
        self.asked.set()
        self.over.wait(WAIT)
        return self._data[index]


@pytest.fixture
def abyss(data: np.ndarray) -> Iterator[Abyss]:
    abyss = Abyss(data)
    yield abyss
    abyss.over.set()


def add_well(viewer: ViewerModel, scene: Scene, count: int) -> list[Any]:
    """Layers over HTTP, in memory, and of arrays of unknown kind, in turn."""
    added: list[Any] = []
    for number in range(count):
        match number % 3:
            case 0:
                added += viewer.open(f"{scene.beside.url}/plain.zarr", timeout=WAIT)
            case 1:
                added.append(viewer.add_image(scene.data + np.uint16(number)))
            case _:
                added.append(viewer.add_image(Shelf(scene.data + np.uint16(number))))
    return added


def assert_all_show(viewer: ViewerModel, layers: list[Any], data: np.ndarray, step: int) -> None:
    for number, layer in enumerate(layers):
        offset = 0 if number % 3 == 0 else number
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[step] + np.uint16(offset))
        assert layer.status.failed == 0


def complete(layer: Any) -> bool:
    return not layer.status.loading and layer.status.have == layer.status.needed > 0


def drag_and_look(scene: Scene, layers: list[Any], sick: Any) -> None:
    for step in (PLANE, 2, 0):
        scene.viewer.dims.set_current_step(0, step)
        scene.wait_until(lambda: all(map(complete, layers)))
        assert_all_show(scene.viewer, layers, scene.data, step)
        assert sick.status.loading


def test_a_server_that_hangs_leaves_nineteen_layers_alone(scene: Scene) -> None:
    scene.server.fail_always(is_chunk, Fault("hang"))
    (sick,) = scene.viewer.open(f"{scene.server.url}/plain.zarr", timeout=WAIT)
    layers = add_well(scene.viewer, scene, LAYERS - 1)
    assert scene.server.wait_for_hanging(4, WAIT)
    drag_and_look(scene, layers, sick)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the reads are tensorstore's: no thread of lamella is stuck
        scene.viewer.close()
    assert [t.name for t in threading.enumerate() if t.name.startswith("lamella")] == []


def test_an_array_that_hangs_leaves_nineteen_layers_alone_and_is_named_at_the_end(scene: Scene, abyss: Abyss) -> None:
    sick = scene.viewer.add_image(abyss)
    layers = add_well(scene.viewer, scene, LAYERS - 1)
    assert abyss.asked.wait(WAIT)
    drag_and_look(scene, layers, sick)
    with pytest.warns(RuntimeWarning, match=r"1 read\(s\) did not return") as caught:
        scene.viewer.close()
    (left,) = [t for t in threading.enumerate() if t.name.startswith("lamella")]
    assert left.name in str(caught[0].message)
    assert left.daemon
    abyss.over.set()
    left.join(WAIT)
    assert not left.is_alive()


def test_an_array_that_hangs_is_given_up_and_its_late_answer_still_shown(
    scene: Scene, abyss: Abyss, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("reads", "losses", "lanes"):
        monkeypatch.setattr(f"lamella.slicing.{module}.STUCK_S", 0.2)
    sick = scene.viewer.add_image(abyss)
    scene.viewer.wait_until_loaded(WAIT)
    assert sick.status.failed == sick.status.needed == 1
    (line,) = map(str, scene.told)
    assert "Abyss" in line
    assert "has not answered for" in line
    scene.viewer.dims.set_current_step(0, 2)  # its only worker is stuck: fenced off, said at once
    scene.viewer.wait_until_loaded(WAIT)
    assert sick.status.failed == 1
    assert "fenced off" in sick.status.errors[0]
    abyss.over.set()
    scene.wait_until(lambda: complete(sick))
    np.testing.assert_array_equal(scene.shown(sick), scene.data[2])


WINDOW = """
import json, sys, threading, time, warnings
import numpy as np
import lamella.qt.viewer
from lamella.qt import application
from lamella.qt.viewer import Viewer
from qtpy.QtCore import QTimer

local, sick_url, well_url = sys.argv[1:]
data = np.load(local)

class Shelf:
    def __init__(self):
        self.shape, self.dtype = data.shape, data.dtype
    def __getitem__(self, index):
        return data[index]

class Abyss(Shelf):
    def __getitem__(self, index):
        threading.Event().wait()

app = application.get_app()
viewer = Viewer()
sick = [viewer.add_image(Abyss()), *viewer.open(sick_url)]
well = []
while len(viewer.layers) < 20:
    well += [viewer.add_image(data), viewer.add_image(Shelf()), *viewer.open(well_url)]
facts = {"layers": len(viewer.layers)}

def complete(layer):
    return not layer.status.loading and layer.status.have == layer.status.needed > 0

def look():
    if all(map(complete, well)):
        timer.stop()
        facts["loading"] = [layer.status.loading for layer in sick]
        facts["right"] = all(bool((viewer.slices[layer].as_array() == data[1]).all()) for layer in well)
        began = time.perf_counter()
        viewer.window.close()
        facts["took"] = time.perf_counter() - began

timer = QTimer()
timer.timeout.connect(look)
timer.start(10)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    lamella.run()
facts["warnings"] = [str(w.message) for w in caught if w.category is RuntimeWarning]
facts["threads"] = [t.name for t in threading.enumerate() if t.name.startswith("lamella")]
print(json.dumps(facts))
"""


def test_a_window_with_twenty_layers_closes_at_once_though_two_hang(scene: Scene, tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", scene.data)
    scene.server.fail_always(is_chunk, Fault("hang"))
    urls = [f"{server.url}/plain.zarr" for server in (scene.server, scene.beside)]
    ended = python(WINDOW, str(tmp_path / "data.npy"), *urls)
    assert ended.status == 0, ended.err
    facts = json.loads(ended.out)
    assert facts["layers"] >= LAYERS
    assert facts["loading"] == [True, True]
    assert facts["right"]
    assert facts["took"] < PROMPT
    (warning,) = facts["warnings"]
    (thread,) = facts["threads"]
    assert "1 read(s) did not return" in warning
    assert thread in warning
    assert "Abyss" in thread


def test_layers_of_one_host_are_not_held_up_by_one_of_them_that_hangs(tmp_path: Path) -> None:
    """Its reads take their own slots only, and other layers of the host have the rest."""
    data = write_plain(tmp_path, "sick.zarr")
    write_plain(tmp_path, "well.zarr")
    with HttpServer(tmp_path) as server, ViewerModel() as viewer:
        server.fail_always(lambda path: path.startswith("sick.zarr/c/"), Fault("hang"))
        (sick,) = viewer.open(f"{server.url}/sick.zarr", timeout=WAIT)
        wells = [viewer.open(f"{server.url}/well.zarr", timeout=WAIT)[0] for _ in range(4)]
        assert server.wait_for_hanging(4, WAIT)
        futures = [viewer.slice_layers_async([well]) for well in wells]
        for well, future in zip(wells, futures, strict=True):
            np.testing.assert_array_equal(future.result(WAIT)[well].as_array(), data[PLANE])
        assert not sick.status.failed
