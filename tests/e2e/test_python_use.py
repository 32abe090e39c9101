"""lamella as scripts and programs use it: what they may forget, and what they may do while data come."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from lamella.sources.multiscale import Multiscale
from lamella.testing import CountingSource, GatedSource, HttpServer
from lamella.viewer_model import ViewerModel
from tests.e2e.processes import lamella, python, run
from tests.e2e.stores import is_chunk, write_volume

WAIT = 60  # seconds, against hanging


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def gated(n: int = 6) -> GatedSource:
    """Plane z is z + 1 everywhere."""
    return GatedSource(np.broadcast_to(np.arange(1, n + 1, dtype="u1")[:, None, None], (n, 32, 32)).copy(), (1, 16, 16))


def add_gated(viewer: ViewerModel, source: GatedSource, **kwargs: object) -> object:
    return viewer.add_image(Multiscale((source,)), contrast_limits=(0, 10), **kwargs)


# ---- scripts ---------------------------------------------------------------------------------------------------------

UNGUARDED = """
import numpy, lamella
from qtpy.QtCore import QTimer
viewer = lamella.view(numpy.arange(3 * 40 * 50, dtype="u2").reshape(3, 40, 50))
def look():
    if viewer.loaded:
        print("loaded", viewer.slices[viewer.layers[0]].as_array()[0, 0])
        viewer.window.close()
timer = QTimer()
timer.timeout.connect(look)
timer.start(10)
lamella.run()
print("after run")
"""


def test_a_script_without_a_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(UNGUARDED)
    ended = run([sys.executable, str(script)])
    assert ended.status == 0, ended.err
    assert ended.out.splitlines() == ["loaded 2000", "after run"]
    assert "Traceback" not in ended.err


def test_a_script_that_forgets_run_gets_one_line() -> None:
    ended = python("import numpy, lamella\nlamella.view(numpy.zeros((4, 40, 50), 'u1'))")
    assert ended.status == 0
    lines = [line for line in ended.err.splitlines() if line.startswith("lamella:")]
    assert len(lines) == 1
    assert "lamella.run()" in lines[0]
    assert "Traceback" not in ended.err


def test_a_script_that_fails_tells_its_own_error_only() -> None:
    ended = python("import numpy, lamella\nlamella.view(numpy.zeros((4, 40, 50), 'u1'))\n1 / 0")
    assert ended.status == 1
    assert "ZeroDivisionError" in ended.err
    assert "lamella.run()" not in ended.err


def test_a_model_in_a_script_needs_no_run_and_no_qt() -> None:
    script = """
import sys, numpy
from lamella import ViewerModel
viewer = ViewerModel()
viewer.add_image(numpy.full((3, 20, 20), 200, "u1"))
print(viewer.screenshot()[300, 400].tolist())
print(sorted(m for m in ("PySide6", "qtpy") if m in sys.modules))
"""
    ended = python(script)
    assert ended.status == 0, ended.err
    assert ended.out.splitlines() == ["[200, 200, 200, 255]", "[]"]


def test_a_notebook_gets_a_picture(viewer: ViewerModel, tmp_path: Path) -> None:
    viewer.views[0].canvas_size = (64, 48)
    viewer.add_image(np.full((3, 48, 64), 90, "u1"))
    (tmp_path / "a.png").write_bytes(viewer._repr_png_())
    with Picture.open(tmp_path / "a.png") as picture:
        assert picture.size == (64, 48)
        assert picture.convert("L").getpixel((32, 24)) == 90


def test_screenshot_writes_the_complete_picture_of_a_server(tmp_path: Path) -> None:
    data = write_volume(tmp_path, (4, 100, 200))
    with HttpServer(tmp_path) as server:
        options = ["-o", str(tmp_path / "a.png"), "--point", "2", "--size", "200x100"]
        ended = lamella("screenshot", f"{server.url}/volume.zarr", *options)
    assert ended.status == 0, ended.err
    picture = np.asarray(Picture.open(tmp_path / "a.png").convert("L"))
    assert picture.shape == (100, 200)
    # fitted with a margin of 5 %: a canvas pixel is 1/0.95 of a sample
    rows, columns = ((np.arange(n) + 0.5 - n / 2) / 0.95 + n / 2 for n in (100, 200))
    inside = np.ix_((rows >= 0) & (rows < 100), (columns >= 0) & (columns < 200))
    clear = np.ix_(np.abs(rows - np.round(rows)) > 1e-3, np.abs(columns - np.round(columns)) > 1e-3)
    assert picture[inside].all()  # no value of the data is 0
    expected = np.zeros((100, 200), "u1")
    shown = data[2][np.ix_(np.floor(rows).clip(0, 99).astype(int), np.floor(columns).clip(0, 199).astype(int))]
    expected[inside] = shown[inside]
    np.testing.assert_array_equal(picture[clear], expected[clear])


def test_the_demo_without_a_display_measures_itself_and_writes_a_picture(tmp_path: Path) -> None:
    output = tmp_path / "demo.png"
    ended = lamella("demo", "--script", "-o", output, "--delay", "0.005", "--bandwidth", "1e8", timeout=110)
    assert ended.status == 0, ended.err
    assert re.search(r"stall", ended.out, re.IGNORECASE), ended.out
    assert str(output) in ended.out
    with Picture.open(output) as picture:
        assert np.asarray(picture).std() > 5


# ---- waiting ---------------------------------------------------------------------------------------------------------


def test_waiting_on_another_thread_is_refused(viewer: ViewerModel) -> None:
    viewer.add_image(np.ones((3, 20, 20), "u1"))
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            viewer.wait_until_loaded(WAIT)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(WAIT)
    assert isinstance(caught[0], RuntimeError)
    viewer.wait_until_loaded(WAIT)


@pytest.mark.parametrize("wait", ["wait_until_loaded", "screenshot"])
def test_waiting_inside_a_callback_is_refused(viewer: ViewerModel, wait: str) -> None:
    caught: list[BaseException] = []

    def callback(*_: object) -> None:
        try:
            getattr(viewer, wait)()
        except BaseException as error:
            caught.append(error)

    viewer.slice_ready.connect(callback)
    viewer.add_image(np.ones((3, 20, 20), "u1"))
    viewer.wait_until_loaded(WAIT)
    assert caught
    assert all(isinstance(error, RuntimeError) and "callback" in str(error) for error in caught)


def test_a_timeout_names_the_layer_and_what_it_lacks(viewer: ViewerModel) -> None:
    source = gated()
    add_gated(viewer, source, name="embryo")
    with pytest.raises(TimeoutError, match=r"'embryo': 4 of 4 chunks|'embryo': the slice"):
        viewer.wait_until_loaded(0.4)
    assert source.wait_for(4)
    source.release(2)
    with pytest.raises(TimeoutError, match=r"'embryo': 2 of 4 chunks"):
        viewer.wait_until_loaded(0.4)
    source.open()
    viewer.wait_until_loaded(WAIT)


def test_a_future_completes_while_the_main_thread_blocks_on_it(viewer: ViewerModel) -> None:
    layer = viewer.add_image(np.arange(3 * 20 * 20, dtype="u2").reshape(3, 20, 20))
    response = viewer.slice_layers_async().result(WAIT)[layer]
    np.testing.assert_array_equal(response.as_array(), layer.data[1])


def test_a_future_ends_when_its_layer_goes_or_the_viewer_closes(viewer: ViewerModel) -> None:
    source = gated()
    add_gated(viewer, source)
    future = viewer.slice_layers_async()
    assert source.wait_for(4)
    viewer.close()
    with pytest.raises((RuntimeError, CancelledError)):
        future.result(WAIT)


# ---- while data come -------------------------------------------------------------------------------------------------


def test_two_views_of_one_server_read_a_chunk_once(tmp_path: Path, viewer: ViewerModel) -> None:
    write_volume(tmp_path, (4, 128, 128))
    with HttpServer(tmp_path) as server:
        viewer.add_view()
        viewer.open(f"{server.url}/volume.zarr")
        viewer.wait_until_loaded(WAIT)
        viewer.views[1].dims.set_current_step(0, 3)
        viewer.views[0].dims.set_current_step(0, 3)
        viewer.wait_until_loaded(WAIT)
        paths = [request.path for request in server.log if is_chunk(request.path)]
    assert len(paths) == len(set(paths)) == 2 * 4


def test_hidden_layers_are_sliced_when_they_are_shown_and_where_they_are_then(viewer: ViewerModel) -> None:
    hidden = gated()
    hidden.open()
    counted = CountingSource(hidden)
    layer = viewer.add_image(Multiscale((counted,)), contrast_limits=(0, 10), visible=False)
    viewer.add_image(np.ones((6, 32, 32), "u1"))
    for step in (0, 5, 3):
        viewer.dims.set_current_step(0, step)
        viewer.wait_until_loaded(WAIT)
    assert counted.reads.total() == 0
    layer.visible = True
    viewer.wait_until_loaded(WAIT)
    assert (viewer.slices[layer].as_array() == 4).all()
    assert counted.reads.total() == 4


def test_layers_may_go_move_and_be_sliced_elsewhere_while_they_load(viewer: ViewerModel) -> None:
    sources = [gated() for _ in range(3)]
    layers = [add_gated(viewer, s, name=n) for s, n in zip(sources, "abc", strict=True)]
    assert all(s.wait_for(4) for s in sources)
    del viewer.layers["b"]
    viewer.layers.move(0, 1)
    viewer.dims.set_current_step(0, 5)
    for source in sources:
        source.open()
    viewer.wait_until_loaded(WAIT)
    assert [layer.name for layer in viewer.layers] == ["c", "a"]
    assert layers[1] not in viewer.slices
    assert all((viewer.slices[layer].as_array() == 6).all() for layer in viewer.layers)
    assert not any(layer.status.loading for layer in viewer.layers)
