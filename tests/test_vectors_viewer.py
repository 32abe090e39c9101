"""Vectors on the whole road without a window: added, moved through, edited, replaced and picked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamella.model.layers.vectors import Vectors
from lamella.slicing import point_index, point_table, vectors
from lamella.viewer_model import ViewerModel


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def planes(n: int = 60, count: int = 6) -> np.ndarray:
    """n vectors that start in ``count`` planes, one after the other."""
    data = np.zeros((n, 2, 3))
    data[:, 0] = np.column_stack([np.arange(n) % count, np.arange(n), np.arange(n)])
    data[:, 1] = (0, 0, 10)
    return data


def shown(viewer: ViewerModel, layer: Vectors) -> list[int]:
    viewer.wait_until_loaded()
    return viewer.slices[layer].indices.tolist()  # type: ignore[attr-defined]


def test_vectors_are_shown_in_their_middle_and_wherever_the_slider_goes(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(planes())
    assert viewer.dims.current_step[0] == 2
    for plane in (2, 5, 0, 3):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == list(range(plane, 60, 6))


def test_dims_reach_from_the_starts_to_the_ends(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors([[[0, 0, 0], [4, 1, -2]]], length=2)
    assert [r[:2] for r in viewer.dims.range] == [(0, 8), (0, 2), (-4, 0)]
    layer.length = 1
    assert [r[:2] for r in viewer.dims.range] == [(0, 4), (0, 1), (-2, 0)]


def test_an_image_of_directions_is_shown(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(np.ones((4, 5, 6, 3)))
    viewer.dims.set_point(0, 3)
    assert shown(viewer, layer) == list(range(90, 120))


def test_the_width_of_lines_is_drawn_without_another_slice(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(planes(), vector_style="line", edge_width=2)
    shown(viewer, layer)
    viewer.slices[layer].value_at((12.0, 12.0))  # type: ignore[attr-defined]
    reads = viewer.reads - viewer.statistics().prefetched
    layer.edge_width = 6
    shown(viewer, layer)
    assert viewer.reads - viewer.statistics().prefetched == reads
    response = viewer.slices[layer]
    assert response.edge_width == 6  # type: ignore[attr-defined]
    layer.length = 3
    shown(viewer, layer)
    assert viewer.slices[layer].segments[0].tolist() == [[2, 2], [2, 32]]  # type: ignore[attr-defined]


def test_layers_without_vectors_cost_nothing_when_the_slider_moves(viewer: ViewerModel) -> None:
    full = viewer.add_vectors(planes())
    empty = [viewer.add_vectors(ndim=3) for _ in range(30)]
    viewer.wait_until_loaded()
    generations = [viewer.slices[layer].generation for layer in empty]
    for plane in range(6):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, full)
    assert [viewer.slices[layer].generation for layer in empty] == generations
    assert all(viewer.slices[layer].empty for layer in empty)


@pytest.mark.parametrize("large", [False, True])
def test_editing_and_replacing_show_old_or_new(viewer: ViewerModel, large: bool) -> None:
    data = planes(60_000 if large else 60)
    n = len(data)
    layer = viewer.add_vectors(data)
    viewer.dims.set_point(0, 2)
    assert len(shown(viewer, layer)) == n // 6
    data[:, 0, 0] = 2  # nobody has been told
    viewer.dims.set_point(0, 0)
    assert len(shown(viewer, layer)) == n // 6
    layer.refresh()
    viewer.dims.set_point(0, 2)
    assert len(shown(viewer, layer)) == n
    layer.data = planes(12)
    viewer.dims.set_point(0, 1)
    assert shown(viewer, layer) == [1, 7]


def test_no_picture_has_vectors_of_one_state_and_colours_of_another(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(np.ones((4, 2, 2)), edge_color=np.full((4, 3), 4, np.uint8), length=4)
    seen = []

    def note(view: object, which: object, response: vectors.VectorsSliceResponse) -> None:
        seen.append((len(response.indices), set(response.color[:, 0].tolist()), response.segments[0, 1, 0] - 1))

    viewer.slice_ready.connect(note)
    for n in range(1, 12):
        layer.update(data=np.ones((n, 2, 2)), edge_color=np.full((n, 3), n, np.uint8), length=n)
        viewer.drain()
    viewer.wait_until_loaded()
    assert seen[-1] == (11, {11}, 11)
    assert all(colors == {count} and length == count for count, colors, length in seen)


def test_bad_input_leaves_the_viewer_as_it_was(viewer: ViewerModel) -> None:
    viewer.add_vectors(planes())
    viewer.wait_until_loaded()
    before = (list(viewer.layers), viewer.dims.range, viewer.dims.point)
    bad: list[dict[str, Any]] = [
        {"data": np.zeros((3, 3))},
        {"data": planes(), "edge_width": -1},
        {"data": planes(), "vector_style": "cone"},
    ]
    for arguments in bad:
        with pytest.raises(ValueError, match="must"):
            viewer.add_vectors(**arguments)
    assert (list(viewer.layers), viewer.dims.range, viewer.dims.point) == before
    assert viewer.loaded


def test_a_slice_that_fails_is_told_of_and_the_others_go_on(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = viewer.add_vectors(planes())
    bad = viewer.add_vectors(planes(), features={"n": np.arange(60.0)}, edge_color="n")

    def broken(*_: object) -> None:
        raise RuntimeError("the column was lost")

    monkeypatch.setattr("lamella.model.layers.features.Features.numbers", broken)
    bad.edge_colormap = "magma"
    assert len(shown(viewer, good)) == 10
    assert "the column was lost" in viewer.failures[-1].message
    monkeypatch.undo()
    viewer.retry_failed()
    assert len(shown(viewer, bad)) == 10


def test_the_index_comes_after_the_first_picture_and_changes_none(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = 4 * point_index.BLOCK
    data = np.zeros((n, 2, 3), "f4")
    data[:, 0, 0] = np.arange(n) % 50
    gate, built = threading.Event(), threading.Event()

    def build(*arguments: Any) -> None:
        gate.wait(30)
        point_table.build_index(*arguments)
        built.set()

    monkeypatch.setattr(vectors, "build_index", build)
    layer = viewer.add_vectors(data)
    index = point_table.columns_of(layer.vectors.cloud).index
    assert shown(viewer, layer) == list(range(24, n, 50))
    assert index[0] is None
    gate.set()
    assert built.wait(30)
    assert index[0] is not None
    for plane in (26, 27, 28):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == list(range(plane, n, 50))


def test_picking_tells_the_index_of_the_vector(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(planes(), edge_width=0.5)
    viewer.dims.set_point(0, 3)
    viewer.wait_until_loaded()
    view = viewer.views[0]
    assert view.pick(*view.snapshot().world_to_canvas(9.0, 14.0)) == [(layer, 9, pytest.approx((3.0, 9.0, 14.0)))]
    x, y = view.snapshot().world_to_canvas(9.0, 14.0)
    assert [hit[1] for hit in view.pick(x, y + 2.9)] == [9], "within three pixels"
    assert view.pick(*view.snapshot().world_to_canvas(12.0, 9.0)) == []


def test_a_margin_shows_the_vectors_of_the_planes_around(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(planes(), projection_mode="fade")
    viewer.dims.set_point(0, 2)
    viewer.dims.margin_left = (2, 0, 0)
    assert shown(viewer, layer) == [i for i in range(60) if i % 6 in (0, 1, 2)]
    assert viewer.slices[layer].alpha[:3].tolist() == [0, 0.5, 1]  # type: ignore[attr-defined]
    layer.projection_mode = "none"
    assert shown(viewer, layer) == list(range(2, 60, 6))


def test_hidden_vectors_are_not_sliced_until_they_are_shown(viewer: ViewerModel) -> None:
    layer = viewer.add_vectors(planes(), visible=False)
    viewer.wait_until_loaded()
    assert viewer.reads == 0
    viewer.dims.set_point(0, 4)
    layer.visible = True
    assert shown(viewer, layer) == list(range(4, 60, 6))
    assert viewer.reads == 1


@pytest.mark.parametrize("style", ["line", "triangle", "arrow"])
def test_every_style_is_drawn_where_the_vector_is(viewer: ViewerModel, style: str) -> None:
    viewer.views[0].canvas_size = (60, 60)
    viewer.add_vectors([[[10, 10], [0, 40]]], vector_style=style, edge_width=6, edge_color="lime", opacity=1)
    viewer.camera.center, viewer.camera.zoom = (0, 30, 30), 1
    picture = viewer.screenshot()
    green = np.argwhere(picture[..., 1] > 200)
    assert len(green) and (picture[..., [0, 2]].max(axis=-1)[tuple(green.T)] < 60).all()
    assert np.abs(green[:, 0].mean() - 10) < 1
    assert 5 <= green[:, 1].min() <= 11 and 40 <= green[:, 1].max() <= 54
    widths = [(green[:, 1] == column).sum() for column in (14, 36)]
    assert {"line": widths[0] == widths[1], "triangle": widths[0] > widths[1], "arrow": widths[0] < widths[1]}[style]
