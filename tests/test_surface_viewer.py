"""Surfaces in the viewer: drawn, picked, replaced, through the engine and a renderer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lamella import ViewerModel

SQUARE = np.array([[0, 0], [0, 40], [40, 40], [40, 0]], float)
TWO = np.array([[0, 1, 2], [0, 2, 3]])
WAIT = 30.0


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        viewer.views[0].canvas_size = (100, 100)
        yield viewer


def test_values_over_time_are_drawn_with_the_colormap(viewer: ViewerModel) -> None:
    viewer.add_surface((SQUARE, TWO, np.repeat([[0.0], [5], [10]], 4, axis=1)), colormap="gray")
    for step, grey in ((0, 0), (1, 128), (2, 255)):
        viewer.dims.set_current_step(0, step)
        assert abs(int(viewer.screenshot()[50, 50, 0]) - grey) <= 1


def test_moving_along_the_axis_of_values_reads_only_values(viewer: ViewerModel) -> None:
    viewer.add_surface((SQUARE, TWO, np.zeros((3, 4))))
    viewer.dims.set_current_step(0, 0)
    viewer.wait_until_loaded(WAIT)
    before = viewer.reads
    viewer.dims.set_current_step(0, 2)
    viewer.wait_until_loaded(WAIT)
    assert viewer.reads == before + 1


def test_the_picture_that_is_shown_is_picked(viewer: ViewerModel) -> None:
    layer = viewer.add_surface((SQUARE, TWO, np.array([0.0, 40, 80, 40])), name="mesh")
    viewer.screenshot()
    ((picked, value, position),) = viewer.views[0].pick(50, 50)
    assert picked is layer
    assert value == pytest.approx(40, abs=1)
    assert position == pytest.approx((20, 20), abs=1)
    assert "mesh: 4" in viewer.value_at(viewer.views[0], 50, 50) or "mesh: 39" in viewer.value_at(
        viewer.views[0], 50, 50
    )


def test_new_data_are_shown_old_or_new_never_mixed(viewer: ViewerModel) -> None:
    layer = viewer.add_surface((SQUARE, TWO, np.zeros(4)), contrast_limits=(0, 1))
    assert viewer.screenshot()[50, 50, 0] == 0
    layer.data = (SQUARE / 4, TWO, np.ones(4))
    picture = viewer.screenshot()
    assert picture[50, 50, :3].max() == 0, "the new square is smaller,"
    assert picture[..., 0].max() == 255, "and white"


def test_edits_in_place_are_shown_after_refresh(viewer: ViewerModel) -> None:
    values = np.zeros(4)
    layer = viewer.add_surface((SQUARE, TWO, values), contrast_limits=(0, 1))
    viewer.screenshot()
    values[:] = 1
    assert viewer.screenshot()[50, 50, 0] == 0
    layer.refresh()
    assert viewer.screenshot()[50, 50, 0] == 255


def test_a_mesh_without_faces_and_one_without_vertices_show_nothing(viewer: ViewerModel) -> None:
    viewer.add_surface((SQUARE, np.empty((0, 3), int)))
    viewer.add_surface((np.empty((0, 2)), np.empty((0, 3), int)))
    assert not viewer.screenshot()[..., :3].any()


def test_wireframe_and_texture_are_drawn(viewer: ViewerModel) -> None:
    texture = np.zeros((1, 2, 3), np.uint8)
    texture[0, 1] = 200
    viewer.add_surface((SQUARE, TWO), texture=texture, texcoords=SQUARE[:, ::-1] / 40, wireframe={"color": "red"})
    picture = viewer.screenshot()
    assert picture[30, 75, 1] == 200
    assert picture[70, 25, 1] == 0
    assert ((picture[..., 0] > 200) & (picture[..., 1] < 50)).sum() > 60, "the edges"
