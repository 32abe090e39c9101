"""Points on the whole road without a window: added, moved through, edited, replaced and closed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamella.model.layers.points import Points
from lamella.slicing import point_index, point_table, points
from lamella.viewer_model import ViewerModel


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def planes(n: int = 60, count: int = 6) -> np.ndarray:
    """n points in ``count`` planes, one after the other."""
    return np.column_stack([np.arange(n) % count, np.arange(n), np.arange(n)]).astype(float)


def shown(viewer: ViewerModel, layer: Points) -> list[int]:
    viewer.wait_until_loaded()
    return viewer.slices[layer].indices.tolist()  # type: ignore[attr-defined]


def test_points_are_shown_in_their_middle_and_wherever_the_slider_goes(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes())
    assert viewer.dims.current_step[0] == 2
    for plane in (2, 5, 0, 3):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == list(range(plane, 60, 6))


def test_a_slice_is_computed_once_however_many_views_ask_and_however_they_zoom(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes())
    shown(viewer, layer)
    viewer.add_view()
    viewer.camera.zoom *= 3
    viewer.camera.center = (0, 9, 9)
    viewer.wait_until_loaded()
    assert viewer.reads == 1
    assert viewer.views[1].slices[layer].indices.tolist() == viewer.slices[layer].indices.tolist()  # type: ignore[attr-defined]
    viewer.dims.set_point(0, 0)
    shown(viewer, layer)
    viewer.dims.set_point(0, 2)
    shown(viewer, layer)
    ahead = viewer.statistics().prefetched  # of planes that may come next
    assert viewer.reads - ahead == 2  # the first plane is still in the cache


def test_moving_the_camera_asks_for_nothing(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes())
    shown(viewer, layer)
    generation = viewer.slices[layer].generation
    viewer.camera.zoom *= 2
    assert viewer.loaded_in(viewer.views[0]) or shown(viewer, layer)
    assert viewer.slices[layer].generation == generation


def test_layers_without_points_cost_nothing_when_the_slider_moves(viewer: ViewerModel) -> None:
    full = viewer.add_points(planes())
    empty = [viewer.add_points(ndim=3) for _ in range(30)]
    viewer.wait_until_loaded()
    generations = [viewer.slices[layer].generation for layer in empty]
    for plane in range(6):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, full)
    assert [viewer.slices[layer].generation for layer in empty] == generations
    assert all(viewer.slices[layer].empty for layer in empty)


def test_an_empty_layer_that_gets_points_shows_them(viewer: ViewerModel) -> None:
    layer = viewer.add_points(ndim=3)
    assert shown(viewer, layer) == []
    layer.add([[0, 1, 1], [1, 2, 2]])
    viewer.dims.set_point(0, 1)
    assert shown(viewer, layer) == [1]


@pytest.mark.parametrize("large", [False, True])
def test_editing_replacing_and_adding_show_old_or_new(viewer: ViewerModel, large: bool) -> None:
    data = planes(120_000 if large else 60)
    n = len(data)
    layer = viewer.add_points(data)
    viewer.dims.set_point(0, 2)
    assert len(shown(viewer, layer)) == n // 6
    data[:, 0] = 2  # nobody has been told
    viewer.dims.set_point(0, 0)
    assert len(shown(viewer, layer)) == n // 6
    layer.refresh()
    viewer.dims.set_point(0, 2)
    assert len(shown(viewer, layer)) == n
    layer.data = planes(12)
    viewer.dims.set_point(0, 1)
    assert shown(viewer, layer) == [1, 7]
    layer.add([[1, 0, 0]])
    assert shown(viewer, layer) == [1, 7, 12]


def test_no_picture_has_points_of_one_state_and_values_of_another(viewer: ViewerModel) -> None:
    layer = viewer.add_points(np.zeros((4, 2)), size=[1, 1, 1, 1])
    seen = []

    def note(view: object, which: object, response: points.PointsSliceResponse) -> None:
        seen.append((len(response.indices), set(response.size.tolist())))

    viewer.slice_ready.connect(note)
    for count in range(1, 12):
        layer.update(data=np.zeros((count, 2)), size=np.full(count, float(count)))
        viewer.drain()
    viewer.wait_until_loaded()
    assert seen[-1] == (11, {11.0})
    assert all(sizes == {float(count)} or (count, sizes) == (4, {1.0}) for count, sizes in seen)


def test_bad_input_leaves_the_viewer_as_it_was(viewer: ViewerModel) -> None:
    viewer.add_points(planes())
    viewer.wait_until_loaded()
    before = (list(viewer.layers), viewer.dims.range, viewer.dims.point)
    for arguments in ({"data": [[1, 2], [3]]}, {"data": planes(), "size": -1}, {"data": planes(), "symbol": "blob"}):
        with pytest.raises(ValueError, match=r"must|rows"):
            viewer.add_points(**arguments)
    assert (list(viewer.layers), viewer.dims.range, viewer.dims.point) == before
    assert viewer.loaded


def test_a_slice_that_fails_is_told_of_and_the_others_go_on(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = viewer.add_points(planes())
    bad = viewer.add_points(planes(), features={"n": np.arange(60.0)}, face_color="n")

    def broken(*_: object) -> None:
        raise RuntimeError("the column was lost")

    monkeypatch.setattr("lamella.model.layers.features.Features.numbers", broken)
    bad.face_colormap = "magma"
    assert len(shown(viewer, good)) == 10
    assert "the column was lost" in viewer.failures[-1].message
    monkeypatch.undo()
    viewer.retry_failed()
    assert len(shown(viewer, bad)) == 10


def test_the_index_comes_after_the_first_picture_and_changes_none(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = 5 * point_index.BLOCK
    data = np.column_stack([np.arange(n) % 50, np.arange(n) % 100, np.arange(n) % 100]).astype("f4")
    gate, built = threading.Event(), threading.Event()

    def build(*arguments: Any) -> None:
        gate.wait(30)
        point_table.build_index(*arguments)
        built.set()

    monkeypatch.setattr(points, "build_index", build)
    layer = viewer.add_points(data)
    index = point_table.columns_of(layer.cloud).index
    assert shown(viewer, layer) == list(range(24, n, 50))
    assert index[0] is None
    gate.set()
    assert built.wait(30)
    assert index[0] is not None
    for plane in (26, 27, 28):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == list(range(plane, n, 50))


def test_closing_does_not_wait_for_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def build(cloud: object, axes: object, stopped: object) -> None:
        begun.set()
        while not stopped():  # type: ignore[operator]
            ended.wait(0.001)
        ended.set()

    monkeypatch.setattr(points, "build_index", build)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with ViewerModel() as viewer:
            viewer.add_points(planes())
            viewer.wait_until_loaded()
            assert begun.wait(10)
    assert ended.is_set()


def test_picking_tells_the_index_of_the_point(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes(), size=3)
    viewer.dims.set_point(0, 3)
    viewer.wait_until_loaded()
    view = viewer.views[0]
    assert view.pick(*view.snapshot().world_to_canvas(9.0, 9.0)) == [(layer, 9, (3.0, 9.0, 9.0))]
    assert view.pick(*view.snapshot().world_to_canvas(12.0, 9.0)) == []


def test_a_margin_shows_the_points_of_the_planes_around(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes(), projection_mode="rescale_linear")
    viewer.dims.set_point(0, 2)
    viewer.dims.margin_left = (2, 0, 0)
    assert shown(viewer, layer) == [i for i in range(60) if i % 6 in (0, 1, 2)]
    sizes = viewer.slices[layer].size  # type: ignore[attr-defined]
    assert sizes[:3].tolist() == [0, 5, 10]
    layer.projection_mode = "none"
    assert shown(viewer, layer) == list(range(2, 60, 6))


def test_hidden_points_are_not_sliced_until_they_are_shown(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes(), visible=False)
    viewer.wait_until_loaded()
    assert viewer.reads == 0
    viewer.dims.set_point(0, 4)
    layer.visible = True
    assert shown(viewer, layer) == list(range(4, 60, 6))
    assert viewer.reads == 1


def test_a_slice_of_more_than_half_the_cache_is_shown_and_not_kept(
    viewer: ViewerModel,
) -> None:
    layer = viewer.add_points(np.random.default_rng(0).uniform(0, 9, (50_000, 2)), visible=False)
    viewer._engine.resize_cache(5_000_000)  # the slice takes 3.4 MB
    layer.visible = True
    assert len(shown(viewer, layer)) == 50_000
    statistics = viewer.statistics()
    assert statistics.resident == 0
    assert 3_000_000 < statistics.reserved < 5_000_000


def test_a_slice_that_does_not_fit_into_the_cache_is_told_of(viewer: ViewerModel) -> None:
    layer = viewer.add_points(np.zeros((50_000, 2)), visible=False)
    viewer._engine.resize_cache(1_000_000)
    layer.visible = True
    assert shown(viewer, layer) == []
    assert "do not fit into the cache of 1,000,000 bytes" in viewer.failures[-1].message


def written(viewer: ViewerModel, layer: Points) -> tuple[str, ...]:
    viewer.wait_until_loaded()
    text = viewer.slices[layer].text  # type: ignore[attr-defined]
    return () if text is None else text.strings


def test_text_follows_the_slider_and_its_changes(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes(12), features={"v": np.arange(12) / 2}, text="{v:.1f}")
    viewer.dims.set_point(0, 3)
    assert written(viewer, layer) == ("1.5", "4.5")
    layer.text = {"string": "no. {v}", "size": 20}
    assert written(viewer, layer) == ("no. 1.5", "no. 4.5")
    layer.update(data=planes(6), features={"w": list("abcdef")}, text="w")
    assert written(viewer, layer) == ("d",)
    layer.add([[3, 0, 0]], features={"w": ["new"]})
    assert written(viewer, layer) == ("d", "new")
    layer.text = None
    assert written(viewer, layer) == ()


def test_text_is_in_the_picture(viewer: ViewerModel) -> None:
    how = {"string": ["here"], "color": "lime", "size": 30}
    layer = viewer.add_points([[0.0, 10, 10]], size=1, face_color="red", text=how)
    green = []
    for changes in ({}, {"text": {**how, "visible": False}}, {"text": how}):
        layer.update(**changes)
        picture = viewer.screenshot()
        green.append(int(((picture[..., 1] > 200) & (picture[..., 0] < 50)).sum()))
    assert green[0] == green[2] > 50
    assert green[1] == 0


def test_text_that_cannot_be_is_said_at_the_call(viewer: ViewerModel) -> None:
    layer = viewer.add_points(planes(), features={"v": np.arange(60)}, text="v")
    before = written(viewer, layer)
    for text in ("{w}", "{v:q}", ["a"], {"string": "v", "anchor": "here"}):
        with pytest.raises(ValueError, match=r"^text "):
            viewer.add_points(planes(), features={"v": np.arange(60)}, text=text)
        with pytest.raises(ValueError, match=r"^text "):
            layer.text = text
    assert len(viewer.layers) == 1
    assert written(viewer, layer) == before
