"""Bad input gives one clear sentence: no traceback, a status that says so, nothing left half done."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import numpy as np
import pytest
import zarr

from lamella.testing import Fault, HttpServer
from tests.e2e.processes import Ended, lamella, python


def one_sentence(ended: Ended, *words: str) -> None:
    """The command failed with one line that holds all the words."""
    lines = [line for line in ended.err.splitlines() if line.startswith("lamella: ")]
    assert ended.status == 1, ended
    assert len(lines) == 1, ended.err
    assert "Traceback" not in ended.err
    for word in words:
        assert word in lines[0]


def array(path: Path, **changes: object) -> Path:
    """A small zarr 3 array whose metadata say something else."""
    zarr.create_array(path, shape=(8, 8), chunks=(4, 4), dtype="u1")
    file = path / "zarr.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    return path


def grid(*chunk: int) -> dict[str, object]:
    return {"name": "regular", "configuration": {"chunk_shape": chunk}}


@pytest.mark.parametrize("command", [["info"], ["screenshot", "-o", "x.png"]])
def test_a_path_that_is_not_there(command: list[str], tmp_path: Path) -> None:
    one_sentence(lamella(*command, tmp_path / "nothing.zarr"), "nothing.zarr")


def test_a_folder_that_is_no_zarr(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    one_sentence(lamella("info", tmp_path), str(tmp_path), "zarr")


def test_corrupt_metadata(tmp_path: Path) -> None:
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3, "node_type": ')
    one_sentence(lamella("info", tmp_path), "zarr.json")


def test_a_host_that_refuses() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    one_sentence(lamella("info", f"http://127.0.0.1:{port}/x.zarr"), f"127.0.0.1:{port}")


def test_a_host_that_does_not_answer(tmp_path: Path) -> None:
    with HttpServer(tmp_path) as server:
        server.fail_always(lambda path: True, Fault("hang"))
        one_sentence(lamella("info", f"{server.url}/x.zarr", "--timeout", "0.5"), server.url, "0.5 s")


def test_a_host_that_wants_a_password(tmp_path: Path) -> None:
    with HttpServer(tmp_path) as server:
        server.fail_always(lambda path: True, Fault(status=401))
        one_sentence(lamella("info", f"{server.url}/x.zarr"), "401")


def test_chunks_of_a_terabyte(tmp_path: Path) -> None:
    huge = array(tmp_path / "a.zarr", shape=[2**20, 2**20], chunk_grid=grid(2**20, 2**20))
    one_sentence(lamella("screenshot", huge, "-o", tmp_path / "x.png"), "chunk")


def test_ten_to_the_thirty_voxels(tmp_path: Path) -> None:
    one_sentence(lamella("info", array(tmp_path / "a.zarr", shape=[10**15, 10**15])), "voxels")


def test_dataset_paths_that_leave_the_store(tmp_path: Path) -> None:
    array(tmp_path / "secret")
    image = tmp_path / "image.zarr"
    zarr.create_group(image)
    datasets = [{"path": "../secret", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}]
    axes = [{"name": n, "type": "space"} for n in "yx"]
    ome = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    (image / "zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}))
    one_sentence(lamella("info", image), "../secret")


def test_metadata_nested_a_thousand_deep(tmp_path: Path) -> None:
    deep = '{"a":' * 1000 + "1" + "}" * 1000
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": ' + deep + "}")
    one_sentence(lamella("info", tmp_path), "zarr.json")


def test_an_array_of_objects_or_of_no_axis_or_empty(tmp_path: Path) -> None:
    for number, data in enumerate([np.array([{}], dtype=object), np.float64(3), np.zeros((0, 4))]):
        path = tmp_path / f"{number}.npy"
        np.save(path, data, allow_pickle=True)
        one_sentence(lamella("info", path), path.name)


def test_bad_options_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 40, 50), "u1"))
    file, out = tmp_path / "a.npy", tmp_path / "x.png"
    one_sentence(lamella("screenshot", file, "-o", tmp_path / "x.doc"), "x.doc")
    one_sentence(lamella("screenshot", file, "-o", out, "--size", "10by10"), "10by10")
    one_sentence(lamella("screenshot", file, "-o", out, "--point", "1,2,3,4"), "4 coordinates", "3 axes")
    one_sentence(lamella("screenshot", file, "-o", tmp_path / "no" / "x.png"), "no folder")
    (tmp_path / "taken.png").mkdir()
    one_sentence(lamella("screenshot", file, "-o", tmp_path / "taken.png"), "taken.png cannot be written")
    assert not out.exists()
    assert lamella("screenshot", file, "-o", out, "--point", "2").status == 0
    assert out.stat().st_size > 0


def test_a_picture_with_failed_chunks_says_so(tmp_path: Path) -> None:
    zarr.save_array(tmp_path / "a.zarr", np.full((8, 8), 7, "u1"))
    with HttpServer(tmp_path) as server:
        server.fail_always(lambda path: "/c/" in path, Fault("corrupt"))
        one_sentence(lamella("screenshot", f"{server.url}/a.zarr", "-o", tmp_path / "x.png"), "could not be read")


def test_view_without_a_display_says_what_would_work(tmp_path: Path) -> None:
    gone = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    one_sentence(lamella("view", tmp_path, **gone), "display", "screenshot")


def test_usage_errors_have_a_status_of_their_own() -> None:
    assert lamella("info", "--no-such-option").status == 2
    assert lamella("screenshot", "x").status == 2


VIEW = """
import sys
import lamella.qt.viewer
from lamella.cli import main
from lamella.qt import application
from qtpy.QtCore import QTimer
app = application.get_app()
def look():
    for viewer in application.open_viewers():
        if not viewer.opening and viewer.loaded:
            print(viewer.window.status_bar.isVisible(), len(viewer.layers), viewer.screenshot().max())
            timer.stop()
            viewer.window.close()
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
sys.argv = ["lamella", "view", *sys.argv[1:]]
main()
"""


def test_a_window_on_something_bad_still_works_and_shows_the_rest(tmp_path: Path) -> None:
    np.save(tmp_path / "good.npy", np.full((3, 40, 50), 77, "u1"))
    np.save(tmp_path / "bad.npy", np.zeros((0, 5)))
    nothing, bad, good = (str(tmp_path / name) for name in ("nothing.zarr", "bad.npy", "good.npy"))
    ended = python(VIEW, nothing, bad, good)
    assert ended.out.split() == ["True", "1", "255"]  # the last is alpha
    lines = [line for line in ended.err.splitlines() if line.startswith("lamella: ")]
    assert [nothing in lines[0], bad in lines[1], len(lines)] == [True, True, 2]
    assert "Traceback" not in ended.err
    assert ended.status == 0
    assert python(VIEW, nothing).status == 1


@pytest.mark.parametrize("what", ["nothing else", "some numbers"])
def test_nan_and_infinity_are_drawn_around(tmp_path: Path, what: str) -> None:
    data = np.full((40, 50), np.nan, "f4")
    if what == "some numbers":
        data[:, ::5], data[:, 1::5], data[:, 2::5] = 3, np.inf, -np.inf
    np.save(tmp_path / "a.npy", data)
    ended = lamella("screenshot", tmp_path / "a.npy", "-o", tmp_path / "x.png")
    assert ended.status == 0, ended.err
    assert "Warning" not in ended.err
