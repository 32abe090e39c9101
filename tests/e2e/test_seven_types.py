"""A scene of all seven layer types over a remote image: none waits for another, none lags in the picture that rests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamella import ViewerModel
from lamella.slicing.types import TYPES
from lamella.testing import Fault, HttpServer
from tests.e2e.stores import is_chunk, write_volume

WAIT = 30.0
PLANES = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seven")
    write_volume(folder, (PLANES, 128, 128))
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[HttpServer]:
    with HttpServer(folder) as server:
        yield server


def add_others(viewer: ViewerModel) -> list[Any]:
    """One layer of each other type, with something of it in every plane."""
    z = np.arange(PLANES, dtype=float)
    at = np.stack([z, np.full(PLANES, 40.0), 10 * z], axis=1)
    square = np.array([[20, 20], [20, 60], [60, 60], [60, 20]], float)
    squares = [np.column_stack([np.full(4, k), square]) for k in z]
    vertices = np.concatenate(squares)
    faces = np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * k for k in range(PLANES)])
    track = np.column_stack([np.zeros(PLANES), z, 50 + z, 50 + 2 * z])
    labels = np.zeros((PLANES, 128, 128), np.uint8)
    labels[:, 80:100, 80:100] = np.arange(1, PLANES + 1)[:, None, None]
    return [
        viewer.add_labels(labels),
        viewer.add_points(at),
        viewer.add_vectors(np.stack([at, np.tile([0.0, 5.0, 5.0], (PLANES, 1))], axis=1)),
        viewer.add_shapes(squares, shape_type="polygon"),
        viewer.add_surface((vertices, faces, np.repeat(z, 4))),
        viewer.add_tracks(track),
    ]


def shows(viewer: ViewerModel, layer: Any, step: int) -> bool:
    response = viewer.slices.get(layer)
    return response is not None and response.complete and not response.empty and response.point[0] == step


def wait_until(viewer: ViewerModel, condition: Any) -> None:
    viewer._waiting.until(lambda: [] if condition() else ["the condition"], WAIT)


def test_the_scene_has_all_types() -> None:
    with ViewerModel() as viewer:
        viewer.add_image(np.zeros((PLANES, 128, 128), np.uint8))
        assert {layer.kind for layer in (viewer.layers[0], *add_others(viewer))} == set(TYPES)


def test_six_layers_are_shown_while_the_server_of_the_image_hangs(server: HttpServer) -> None:
    with ViewerModel() as viewer:
        viewer.screenshot()  # from now on it draws
        server.fail_always(is_chunk, Fault("hang"))
        (image,) = viewer.open(f"{server.url}/volume.zarr", timeout=WAIT)
        others = add_others(viewer)
        for step in (0, 5, 2):
            viewer.dims.set_current_step(0, step)
            wait_until(viewer, lambda step=step: all(shows(viewer, layer, step) for layer in others))
            assert image.status.loading


def test_each_type_shows_the_plane_that_was_asked_for_last_when_the_slider_rests(server: HttpServer) -> None:
    with ViewerModel() as viewer:
        (image,) = viewer.open(f"{server.url}/volume.zarr", timeout=WAIT)
        layers = [image, *add_others(viewer)]
        viewer.screenshot()
        for step in (*range(PLANES), 3, 6, 1):
            viewer.dims.set_current_step(0, step)
        picture = viewer.screenshot()
        assert all(shows(viewer, layer, 1) for layer in layers)
        viewer.dims.set_current_step(0, 4)
        assert not np.array_equal(viewer.screenshot(), picture)
        viewer.dims.set_current_step(0, 1)
        np.testing.assert_array_equal(viewer.screenshot(), picture)
