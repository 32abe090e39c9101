"""The promises on the whole road without a window: model, slicer, engine, renderer and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from lamella.render import make_renderer
from lamella.render.messages import Frame
from lamella.sources.base import Failed, FailureKind
from lamella.sources.multiscale import Multiscale
from lamella.testing import CountingSource, GatedSource
from lamella.viewer_model import ViewerModel


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def planes(n: int = 12, side: int = 64) -> np.ndarray:
    """Plane z is z + 1 everywhere."""
    return np.broadcast_to(np.arange(1, n + 1, dtype="u1")[:, None, None], (n, side, side)).copy()


def gated(n: int = 12, levels: int = 2) -> tuple[list[GatedSource], Multiscale]:
    """Level 0 of 64² in chunks of 16², so that the first rung is level 1."""
    data = planes(n)
    sources = [GatedSource(np.ascontiguousarray(data[:, :: 2**k, :: 2**k]), (1, 16, 16)) for k in range(levels)]
    return sources, Multiscale(tuple(sources))


def test_an_image_is_shown_in_its_middle(viewer: ViewerModel) -> None:
    data = np.random.default_rng(0).integers(0, 60_000, (9, 40, 50)).astype("u2")
    layer = viewer.add_image(data)
    viewer.wait_until_loaded()
    response = viewer.slices[layer]
    assert viewer.dims.current_step[0] == 4
    np.testing.assert_array_equal(response.as_array(), data[4])
    assert layer.contrast_limits == (data[4].min(), data[4].max())
    assert viewer.loaded


def test_slice_ready_is_emitted_on_the_main_thread_for_what_is_shown(viewer: ViewerModel) -> None:
    seen = []
    viewer.slice_ready.connect(lambda view, layer, response: seen.append((threading.current_thread(), view, layer)))
    layer = viewer.add_image(planes())
    viewer.wait_until_loaded()
    assert seen[-1] == (threading.main_thread(), viewer.views[0], layer)


@pytest.mark.parametrize("renderer", ["null", "reference"])
def test_slider_never_returns_to_an_older_position(viewer: ViewerModel, renderer: str) -> None:
    """Reads end in a wild order while the slider moves; what is shown only ever moves on."""
    viewer.use_renderer(lambda on_frame: make_renderer(renderer, on_frame))
    sources, image = gated()
    shown: list[int] = []
    viewer.frame_ready.connect(lambda view, frame: shown.extend(r.generation for r in frame.slices.values()))
    layer = viewer.add_image(image, contrast_limits=(0, 20))
    rng = np.random.default_rng(1)
    for z in range(12):
        viewer.dims.set_point(0, z)
        for source in sources:
            for place in rng.permutation(np.array(source.waiting, dtype=object).reshape(-1, 3, 2))[::2]:
                source.release(tuple((int(a), int(b)) for a, b in place))
        viewer.drain()
    for source in sources:
        source.open()
    viewer.wait_until_loaded()
    assert shown == sorted(shown)
    assert viewer.slices[layer].point[0] == 11


def test_a_drag_never_blanks_the_view(viewer: ViewerModel) -> None:
    """While nothing of the newer positions has arrived, the picture of the old one stays, whole."""
    viewer.use_renderer(lambda on_frame: make_renderer("reference", on_frame))
    sources, image = gated()
    viewer.add_image(image, contrast_limits=(0, 20))
    for source in sources:
        source.wait_for(4)
        source.release()
    viewer.dims.set_point(0, 0)
    sources[1].wait_for(4)
    sources[1].release()
    sources[0].wait_for(16)
    sources[0].release()
    viewer.wait_until_loaded()
    pictures = []
    viewer.frame_ready.connect(lambda view, frame: pictures.append(frame.pixels.copy()))
    for z in range(1, 12):
        viewer.dims.set_point(0, z)
        viewer.drain()
    for source in sources:
        source.open()
    viewer.wait_until_loaded()
    centre = [p[p.shape[0] // 2, p.shape[1] // 2, 0] for p in pictures]
    assert pictures
    assert min(centre) > 0, "the middle of the image is never black"


def test_a_picture_never_mixes_two_positions(viewer: ViewerModel) -> None:
    """Every pixel of the image in a frame shows the same plane."""
    viewer.use_renderer(lambda on_frame: make_renderer("reference", on_frame))
    sources, image = gated()
    viewer.views[0].canvas_size = (120, 90)
    viewer.add_image(image, contrast_limits=(0, 255))
    mixtures = []

    def look(view: object, frame: Frame) -> None:
        if frame.pixels is None:
            return  # the null renderer's last
        values = set(np.unique(frame.pixels[..., 0])) - {0, 0x20}  # background and placeholder
        if len(values) > 1:
            mixtures.append(values)

    viewer.frame_ready.connect(look)
    rng = np.random.default_rng(2)
    for z in range(12):
        viewer.dims.set_point(0, z)
        for source in sources:
            for place in rng.permutation(np.array(source.waiting, dtype=object).reshape(-1, 3, 2))[::3]:
                source.release(tuple((int(a), int(b)) for a, b in place))
        viewer.drain()
    for source in sources:
        source.open()
    viewer.wait_until_loaded()
    assert not mixtures


def test_two_views_of_one_source_read_a_chunk_once(viewer: ViewerModel) -> None:
    source = CountingSource(GatedSource(planes()))
    source.wrapped.open()  # type: ignore[attr-defined]
    viewer.add_image(Multiscale((source,)), contrast_limits=(0, 9))
    viewer.add_view()
    viewer.wait_until_loaded()
    assert len(viewer.views) == 2
    assert set(source.reads.values()) == {1}


def test_only_what_the_view_needs_is_read(viewer: ViewerModel) -> None:
    source = CountingSource(GatedSource(planes(4, 64), (1, 16, 16)))
    source.wrapped.open()  # type: ignore[attr-defined]
    layer = viewer.add_image(Multiscale((source,)), contrast_limits=(0, 9), visible=False)
    viewer.views[0].canvas_size = (16, 16)
    viewer.camera.zoom = 1
    viewer.camera.center = (0, 8, 8)
    assert not source.reads, "an invisible layer is not sliced"
    layer.visible = True
    viewer.wait_until_loaded()
    assert {place[1:] for place in source.reads} == {((a, a + 16), (b, b + 16)) for a in (0, 16) for b in (0, 16)}


def test_a_layer_that_no_axis_of_the_slider_touches_is_not_sliced_again(viewer: ViewerModel) -> None:
    flat = CountingSource(GatedSource(np.ones((32, 32), "u1")))
    flat.wrapped.open()  # type: ignore[attr-defined]
    viewer.add_image(planes())
    layer = viewer.add_image(Multiscale((flat,)), contrast_limits=(0, 9))
    viewer.wait_until_loaded()
    generation = viewer.slices[layer].generation
    for z in range(12):
        viewer.dims.set_point(0, z)
    viewer.wait_until_loaded()
    assert viewer.slices[layer].generation == generation
    assert sum(flat.reads.values()) == 1


def test_refresh_reads_again(viewer: ViewerModel) -> None:
    data = planes()
    layer = viewer.add_image(data, contrast_limits=(0, 9))
    viewer.wait_until_loaded()
    data[:] = 200
    layer.refresh()
    viewer.wait_until_loaded()
    assert viewer.slices[layer].as_array().min() == 200


def test_a_response_does_not_change_when_the_array_does(viewer: ViewerModel) -> None:
    data = planes()
    layer = viewer.add_image(data, contrast_limits=(0, 9))
    viewer.wait_until_loaded()
    before = viewer.slices[layer].as_array().copy()
    data[:] = 200
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), before)


def test_failures_are_counted_told_once_and_end_the_wait(viewer: ViewerModel) -> None:
    source = GatedSource(planes(), (1, 16, 16))
    told = []
    viewer.events.notification.connect(told.append)
    layer = viewer.add_image(Multiscale((source,)), contrast_limits=(0, 9))
    assert source.wait_for(16)
    source.release(outcome=Failed(FailureKind.CORRUPT, "does not decode"))
    viewer.wait_until_loaded()
    assert layer.status.failed == 16
    assert len(viewer.failures) == 16
    assert len(told) == 1
    viewer.retry_failed()
    assert source.wait_for(16)
    source.release()
    viewer.wait_until_loaded()
    assert layer.status.failed == 0


def test_a_timeout_names_what_is_missing(viewer: ViewerModel) -> None:
    source = GatedSource(planes())
    viewer.add_image(Multiscale((source,)), name="nuclei", contrast_limits=(0, 9))
    with pytest.raises(TimeoutError, match="nuclei"):
        viewer.wait_until_loaded(0.01)
    source.open()
    viewer.wait_until_loaded()


def test_waiting_elsewhere_or_inside_a_callback_is_refused(viewer: ViewerModel) -> None:
    errors = []

    def wait() -> None:
        try:
            viewer.wait_until_loaded(1)
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    viewer.slice_ready.connect(lambda *_: wait())
    viewer.add_image(planes())
    viewer.wait_until_loaded()
    assert "thread" in errors[0]
    assert "callback" in errors[1]


def test_futures_complete_without_the_main_thread(viewer: ViewerModel) -> None:
    data = planes()
    layer = viewer.add_image(data)
    viewer.dims.set_point(0, 7)
    future = viewer.slice_layers_async()
    viewer.dims.set_point(0, 2)
    np.testing.assert_array_equal(future.result(20)[layer].as_array(), data[7])


def test_the_picture_is_that_of_numpy(viewer: ViewerModel) -> None:
    data = np.random.default_rng(3).integers(0, 256, (3, 30, 40)).astype("u1")
    viewer.views[0].canvas_size = (80, 60)
    viewer.add_image(data, contrast_limits=(0, 255))
    viewer.camera.zoom = 2
    viewer.camera.center = (0, 14.5, 19.5)
    picture = viewer.screenshot()
    expected = np.kron(data[1], np.ones((2, 2), "u1"))
    assert picture.shape == (60, 80, 4)
    assert np.abs(picture[..., 0].astype(int) - expected).max() <= 1
    assert (picture[..., 3] == 255).all()
    assert viewer._repr_png_().startswith(b"\x89PNG")


def test_picking_reads_the_picture_that_is_shown(viewer: ViewerModel) -> None:
    sources, image = gated(levels=1)
    layer = viewer.add_image(image, contrast_limits=(0, 20), scale=(2, 1, 1))
    sources[0].wait_for(16)
    sources[0].release()
    viewer.wait_until_loaded()
    view = viewer.views[0]
    ((picked, value, position),) = view.pick(400, 300)
    assert (picked, value) == (layer, 6)
    assert position[0] == 5
    viewer.dims.set_point(0, 20)  # asked for, not shown
    assert view.pick(400, 300)[0][1] == 6
    assert "6" in viewer.value_at(view, 400, 300)
    assert view.pick(1, 1) == []


def test_bad_input_leaves_the_viewer_as_it_was(viewer: ViewerModel) -> None:
    good = viewer.add_image(planes())
    for bad, kwargs in [
        (np.array(["a", "b"], dtype=object), {}),
        (np.float64(3), {}),
        (np.zeros((0, 5)), {}),
        (planes(), {"contrast_limits": (5, 1)}),
        (planes(), {"scale": (0, 1, 1)}),
        (planes(), {"colormap": "no such map"}),
    ]:
        with pytest.raises((TypeError, ValueError)) as error:
            viewer.add_image(bad, **kwargs)
        assert "\n" not in str(error.value)
    assert list(viewer.layers) == [good]
    viewer.wait_until_loaded()
    assert viewer.slices[good].complete


def test_nan_and_infinity_are_drawn_around(viewer: ViewerModel) -> None:
    data = np.ones((20, 20), "f4")
    data[5:10] = np.nan
    data[10:12] = np.inf
    data[12:14] = -np.inf
    data[15:] = 3
    layer = viewer.add_image(data)
    picture = viewer.screenshot()
    assert layer.contrast_limits == (1, 3)
    assert picture.shape == (600, 800, 4)


def test_close_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    viewer = ViewerModel()
    viewer.add_image(planes())
    viewer.screenshot()
    viewer.close()
    viewer.close()
    assert set(threading.enumerate()) <= before
    with pytest.raises(RuntimeError, match="closed"):
        viewer.wait_until_loaded()


def test_removing_and_reordering_layers_while_they_load(viewer: ViewerModel) -> None:
    source = GatedSource(planes())
    slow = viewer.add_image(Multiscale((source,)), contrast_limits=(0, 9))
    fast = viewer.add_image(planes())
    assert source.wait_for(1)
    viewer.layers.move(0, 1)
    viewer.layers.remove(slow)
    source.release()
    viewer.wait_until_loaded()
    assert list(viewer.slices) == [fast]


def test_resetting_the_contrast_measures_the_slice_that_is_shown(viewer: ViewerModel) -> None:
    data = np.arange(4, dtype=np.uint16)[:, None, None] * 100 + np.arange(16, dtype=np.uint16)[None, :, None]
    layer = viewer.add_image(np.broadcast_to(data, (4, 16, 16)).copy())
    viewer.dims.set_current_step(0, 0)
    viewer.wait_until_loaded()
    first = layer.contrast_limits
    viewer.dims.set_current_step(0, 3)
    viewer.wait_until_loaded()
    assert layer.contrast_limits == first, "moving does not change it"
    layer.contrast_limits = (7, 8)
    layer.reset_contrast_limits()
    viewer.wait_until_loaded()
    assert layer.contrast_limits == (300, 315)
    assert layer.auto_contrast


def test_a_thick_slice_is_that_of_the_margins(viewer: ViewerModel) -> None:
    data = np.random.default_rng(0).integers(0, 255, (12, 20, 30)).astype(np.uint8)
    layer = viewer.add_image(data)
    viewer.dims.set_current_step(0, 5)
    viewer.dims.thickness_step = (4, 0, 0)
    viewer.wait_until_loaded()
    np.testing.assert_allclose(viewer.slices[layer].as_array(), data[3:8].mean(axis=0))
    layer.projection_mode = "max"
    viewer.wait_until_loaded()
    assert np.array_equal(viewer.slices[layer].as_array(), data[3:8].max(axis=0))
    layer.projection_mode = "none"
    viewer.wait_until_loaded()
    assert np.array_equal(viewer.slices[layer].as_array(), data[5])
