"""A real volume, by the writer that others use, from a server that knows nothing of it, in the real window.

The MNI152 T1 template (McConnell Brain Imaging Centre, 2009a symmetric) comes with nilearn.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import nibabel
import nilearn
import numpy as np
import pytest
import zarr
from ome_zarr.format import FormatV04, FormatV05
from ome_zarr.writer import write_image

from tests.e2e.processes import run

TEMPLATE = Path(nilearn.__file__).parent / "datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
DRIVER = Path(__file__).with_name("drive_window.py")
SHOTS = ("opened", "dragged", "near", "near-dragged", "far", "rolled", "rolled-far")
VERSIONS = {"0.4": (FormatV04(), 1.0, "millimeter"), "0.5": (FormatV05(), 1000.0, "micrometer")}


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def plain_server(folder: Path) -> Iterator[str]:
    handler = functools.partial(QuietFiles, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    """(z, y, x), uint8, 1 mm."""
    return np.ascontiguousarray(np.asarray(nibabel.load(TEMPLATE).dataobj).T)


@pytest.fixture(scope="module", params=VERSIONS)
def shown(
    request: pytest.FixtureRequest, brain: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    """What the window showed after each step, and the levels as zarr reads them."""
    form, scale, unit = VERSIONS[request.param]
    folder = tmp_path_factory.mktemp(f"mni-{request.param}")
    write_image(
        brain,
        str(folder / "mni152.zarr"),
        fmt=form,
        axes="zyx",
        scale_factors=[dict.fromkeys("zyx", factor) for factor in (2, 4)],
        scale=dict.fromkeys("zyx", scale),
        axes_units=dict.fromkeys("zyx", unit),
        storage_options={"chunks": (40, 64, 64)},
    )
    group = zarr.open_group(str(folder / "mni152.zarr"), mode="r")
    attributes = dict(group.attrs).get("ome", dict(group.attrs))
    paths = [d["path"] for d in attributes["multiscales"][0]["datasets"]]
    pictures = folder / "pictures"
    pictures.mkdir()
    with plain_server(folder) as url:
        command = [sys.executable, str(DRIVER), f"{url}/mni152.zarr", str(pictures)]
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1280x1024x24"] if shutil.which("xvfb-run") else []
        ended = run([*screen, *command], QT_QPA_PLATFORM="xcb" if screen else "offscreen")
    assert ended.status == 0, ended.err
    assert "Traceback" not in ended.err, ended.err
    return SimpleNamespace(folder=pictures, levels=[np.asarray(group[p][:]) for p in paths], scale=scale, err=ended.err)


def shot(shown: SimpleNamespace, name: str) -> SimpleNamespace:
    facts = json.loads((shown.folder / f"{name}.json").read_text())
    arrays = np.load(shown.folder / f"{name}.npz")
    return SimpleNamespace(**facts, plane=arrays["plane"], picture=arrays["picture"])


def plane_of(levels: list[np.ndarray], level: int, axis: int, step: int, displayed: list[int]) -> np.ndarray:
    data = levels[level]
    factor = levels[0].shape[axis] / data.shape[axis]
    index = round(min(max(step / factor, 0), data.shape[axis] - 1))
    plane = data.take(index, axis)
    return plane if displayed[0] < displayed[1] else plane.T


def expected_picture(
    facts: SimpleNamespace, plane: np.ndarray, shape: list[int], scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Nearest sampling and a grey colormap, by hand; and which pixels lie on no edge between two samples."""
    width, height = facts.size
    indices, clear = [], []
    for pixels, centre, n0, n in zip((height, width), facts.center[1:], shape, plane.shape, strict=True):
        world = centre + (np.arange(pixels) + 0.5 - pixels / 2) / facts.zoom
        sample = (world / scale + 0.5) / (n0 / n)
        indices.append(np.floor(sample).astype(int))
        clear.append(np.abs(sample - np.round(sample)) > 1e-3)
    rows, columns = indices
    inside = ((rows >= 0) & (rows < plane.shape[0]))[:, None] & ((columns >= 0) & (columns < plane.shape[1]))[None, :]
    values = plane[np.clip(rows, 0, plane.shape[0] - 1)][:, np.clip(columns, 0, plane.shape[1] - 1)]
    low, high = facts.limits
    grey = np.floor(np.clip((values - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.where(inside, grey, 0), clear[0][:, None] & clear[1][None, :]


@pytest.mark.parametrize("name", SHOTS)
def test_the_slice_is_the_plane_of_the_file(shown: SimpleNamespace, name: str) -> None:
    facts = shot(shown, name)
    (axis,) = set(range(3)) - set(facts.displayed)
    plane = plane_of(shown.levels, facts.level, axis, facts.step[axis], facts.displayed)
    (top, bottom), (left, right) = facts.region
    np.testing.assert_array_equal(facts.plane, plane[top:bottom, left:right])


@pytest.mark.parametrize("name", SHOTS)
def test_the_window_shows_every_pixel_as_numpy_would(shown: SimpleNamespace, name: str) -> None:
    facts = shot(shown, name)
    (axis,) = set(range(3)) - set(facts.displayed)
    plane = plane_of(shown.levels, facts.level, axis, facts.step[axis], facts.displayed)
    shape = [shown.levels[0].shape[a] for a in facts.displayed]
    expected, clear = expected_picture(facts, plane, shape, shown.scale)
    assert facts.picture.shape == (*expected.shape, 3)
    assert clear.mean() > 0.95
    wrong = (facts.picture != expected[..., None]).any(axis=-1) & clear
    assert not wrong.any(), f"{wrong.sum()} of {wrong.size} pixels, the first at {np.argwhere(wrong)[0]}"
    assert (facts.picture.max(axis=(0, 1)) > 100).all()


def test_sliders_lead_where_they_were_dragged(shown: SimpleNamespace) -> None:
    opened, dragged, near, rolled = (shot(shown, n) for n in ("opened", "dragged", "near-dragged", "rolled"))
    assert opened.step[0] == 94
    assert opened.names == {"0": "z"}
    assert 0.25 * 189 < dragged.step[0] < 0.45 * 189
    assert 0.5 * 189 < near.step[0] < 0.7 * 189
    assert rolled.names == {"2": "x"}
    assert 0.35 * 197 < rolled.step[2] < 0.55 * 197
    for facts in (opened, dragged, near, rolled):
        assert all(facts.step[int(axis)] == value for axis, value in facts.sliders.items())


def test_fine_levels_near_and_coarse_levels_far(shown: SimpleNamespace) -> None:
    levels = {name: shot(shown, name).level for name in SHOTS}
    assert levels["opened"] == levels["near"] == 0
    assert levels["far"] == 1
    assert levels["rolled-far"] == 2


def test_the_status_tells_the_value_at_the_cursor(shown: SimpleNamespace) -> None:
    facts = shot(shown, "dragged")
    step = [facts.step[0], *np.floor(np.array(facts.center[1:]) / shown.scale + 0.5 + 1e-9).astype(int)]
    assert facts.status.endswith(f"mni152: {shown.levels[0][tuple(step)]}")
