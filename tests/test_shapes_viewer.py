"""Shapes on the whole road without a window: added, moved through, edited, picked and drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamella.model.layers.shapes import Shapes
from lamella.viewer_model import ViewerModel

SQUARE = np.array([[0.0, 0], [0, 8], [8, 8], [8, 0]])
BOW = SQUARE[[0, 2, 3, 1]]


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def in_plane(plane: float, vertices: np.ndarray) -> np.ndarray:
    return np.column_stack([np.full(len(vertices), plane), vertices])


def planes(count: int = 6) -> list[np.ndarray]:
    """Two squares in each plane, one after the other."""
    return [in_plane(i % count, SQUARE + i) for i in range(2 * count)]


def shown(viewer: ViewerModel, layer: Shapes) -> list[int]:
    viewer.wait_until_loaded()
    return viewer.slices[layer].indices.tolist()  # type: ignore[attr-defined,no-any-return]


def told_by(viewer: ViewerModel) -> list[str]:
    told: list[str] = []
    viewer.events.notification.connect(lambda notification: told.append(str(notification)))
    return told


def test_shapes_are_shown_wherever_the_slider_goes(viewer: ViewerModel) -> None:
    layer = viewer.add_shapes(planes())
    for plane in (2, 5, 0, 3):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == [plane, plane + 6]


def test_dragging_within_a_plane_computes_nothing(viewer: ViewerModel) -> None:
    layer = viewer.add_shapes(planes())
    viewer.dims.set_point(0, 2)
    shown(viewer, layer)
    before = viewer.reads - viewer.statistics().prefetched
    for position in (1.75, 2.25, 2.5, 2):
        viewer.dims.set_point(0, position)
        assert shown(viewer, layer) == [2, 8]
    assert viewer.reads - viewer.statistics().prefetched == before


def test_editing_replacing_and_adding_show_old_or_new(viewer: ViewerModel) -> None:
    data = np.array(planes())
    layer = viewer.add_shapes(data)
    viewer.dims.set_point(0, 2)
    assert shown(viewer, layer) == [2, 8]
    data[:, :, 0] = 2  # nobody has been told
    viewer.camera.zoom *= 2
    assert shown(viewer, layer) == [2, 8]
    layer.refresh()
    viewer.dims.set_point(0, 2)
    assert shown(viewer, layer) == list(range(12))
    layer.data = [in_plane(1, SQUARE)]
    viewer.dims.set_point(0, 1)
    assert shown(viewer, layer) == [0]
    layer.add([(in_plane(1, SQUARE), "path"), (in_plane(2, SQUARE), "path")])
    assert shown(viewer, layer) == [0, 1]


def test_no_picture_has_shapes_of_one_state_and_colours_of_another(viewer: ViewerModel) -> None:
    layer = viewer.add_shapes([SQUARE])
    seen: list[tuple[int, int]] = []
    viewer.slice_ready.connect(lambda view, which, r: seen.append((len(r.indices), int(r.face_color[:, 0].max()))))
    for count in range(1, 12):
        color = np.full((count, 3), count, np.uint8)
        layer.update(data=[SQUARE] * count, face_color=color)
        viewer.drain()
    viewer.wait_until_loaded()
    assert seen[-1] == (11, 11)
    assert all(count == color for count, color in seen if color < 255)


def test_a_layer_without_shapes_gets_some(viewer: ViewerModel) -> None:
    layer = viewer.add_shapes(ndim=3)
    assert shown(viewer, layer) == []
    layer.add(planes())
    viewer.dims.set_point(0, 1)
    assert shown(viewer, layer) == [1, 7]


def test_shapes_that_cross_themselves_are_told_once_until_the_data_are_others(viewer: ViewerModel) -> None:
    told = told_by(viewer)
    layer = viewer.add_shapes([in_plane(z, BOW) for z in range(4)], shape_type="polygon", name="cells")
    for plane in range(4):
        viewer.dims.set_point(0, plane)
        assert shown(viewer, layer) == [plane]
    assert len(told) == 1 and told[0].startswith("cells: the lines of shape ")
    assert viewer.failures == ()
    layer.face_color = "red"
    shown(viewer, layer)
    assert len(told) == 1
    layer.data = [in_plane(z, SQUARE[[0, 2]]) for z in range(4)]
    shown(viewer, layer)
    assert len(told) == 2 and "has no area" in told[1]


def test_picking_is_of_the_picture_that_is_shown(viewer: ViewerModel) -> None:
    layer = viewer.add_shapes([in_plane(1, SQUARE), in_plane(1, SQUARE + 2)], edge_width=0)
    viewer.add_image(np.zeros((3, 12, 12), np.uint8))
    viewer.dims.set_point(0, 1)
    viewer.wait_until_loaded()
    viewer.screenshot()
    view = viewer.views[0]

    def under(y: float, x: float) -> Any:
        return [value for found, value, _ in view.pick(*view.snapshot().world_to_canvas(y, x)) if found is layer]

    assert under(1, 1) == [0]
    assert under(5, 5) == [1]
    assert under(11, 1) == []


def test_a_picture_has_the_faces_and_the_edges(viewer: ViewerModel) -> None:
    viewer.views[0].canvas_size = (60, 60)
    viewer.add_shapes(
        [SQUARE, SQUARE / 4 + 3], face_color=["red", "blue"], edge_color="white", edge_width=[1, 0], opacity=1
    )
    viewer.camera.center = (0, 4, 4)
    viewer.camera.zoom = 6
    picture = viewer.screenshot()
    assert picture[30, 30, :3].tolist() == [0, 0, 255]
    assert picture[12, 30, :3].tolist() == [255, 0, 0]
    assert picture[6, 30, :3].tolist() == [255, 255, 255]
    assert picture[1, 30, :3].tolist() == [0, 0, 0]
