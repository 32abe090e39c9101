"""What scenarios show is what their titles say: as many in each plane, of the sizes asked for, and never two alike."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import geometry
from benchmarks.data import labelled
from benchmarks.measures import drag_positions
from benchmarks.scenarios import ram_10x
from benchmarks.scenarios.parts import COLD
from lamella.slicing.response_points import POINT_VERTEX


@pytest.mark.parametrize("planes", [100, 10])
def test_each_plane_has_as_many_points(planes: int) -> None:
    coordinates = geometry.cloud(5_000, planes=planes)
    assert np.bincount(coordinates[:, 0].astype(int)).tolist() == [5_000 // planes] * planes


def test_points_of_a_plane_are_spread_over_the_memory() -> None:
    rows = np.flatnonzero(geometry.cloud(10_000)[:, 0] == 50)
    assert len(np.unique(rows // 1_000)) == 10


def test_vectors_stay_in_their_plane() -> None:
    starts, directions = geometry.arrows(1_000).swapaxes(0, 1)
    assert set(starts[:, 0]) == set(range(100))
    assert not directions[:, 0].any()
    assert (np.linalg.norm(directions, axis=1) >= 5).all()


def test_polygons_stay_in_their_plane_and_have_an_area() -> None:
    polygons = geometry.polygons(200)
    y, x = polygons[:, :, 1], polygons[:, :, 2]
    area = abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)) / 2
    assert np.ptp(polygons[:, :, 0], axis=1).max() == 0
    assert (area > 100).all()


def test_the_mesh_covers_its_square_once() -> None:
    vertices, faces = geometry.mesh(50)
    a, b, c = vertices[faces].swapaxes(0, 1).astype(float)
    area = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert len(faces) >= 50
    assert area.sum() == pytest.approx(geometry.SIDE**2)
    assert len(np.unique(faces)) == len(vertices)


def test_values_of_the_mesh_differ_from_time_to_time() -> None:
    values = geometry.waves(geometry.mesh(50)[0])
    assert values.shape[0] == geometry.PLANES
    assert len(np.unique(values, axis=0)) == geometry.PLANES
    assert 0 <= values.min() < values.max() <= 1


def test_tracks_go_through_all_times_and_stay_in_the_plane() -> None:
    data = geometry.paths(1_000, 10)
    ids, times = data[:, 0].reshape(10, 100), data[:, 1].reshape(10, 100)
    assert (ids == np.arange(10)[:, None]).all()
    assert (times == np.arange(100)).all()
    assert data[:, 2:].min() >= 0
    assert data[:, 2:].max() <= geometry.SIDE


def test_labels_have_the_ids_that_were_asked_for_and_no_two_equal_planes() -> None:
    data = labelled(5, 128, 20)
    assert data.dtype == np.int32
    assert all(set(np.unique(plane)) == set(range(21)) for plane in data)
    assert len({plane.tobytes() for plane in data}) == 5


def test_single_steps_go_where_no_drag_has_been() -> None:
    assert not set(COLD) & set(drag_positions(100))


def test_points_take_ten_times_their_budget_of_graphics_memory() -> None:
    assert ram_10x.POINTS * POINT_VERTEX[2].itemsize == 10 * ram_10x.POINTS_BUDGET
