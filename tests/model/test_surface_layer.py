"""Surface: what it takes, what it refuses in one sentence, and what a change makes anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lamella import Surface
from lamella.model.layers.mesh import Mesh

VERTICES = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 0], [3, 1, 1]], float)
FACES = np.array([[0, 1, 2], [1, 2, 3]])
NONE: dict[str, Any] = {}


def heard(layer: Surface) -> list[str]:
    signals: list[str] = []
    for name, signal in layer.events.signals.items():
        signal.connect(lambda *args, name=name: signals.append(name))
    return signals


def test_axes_of_values_come_before_those_of_the_vertices() -> None:
    layer = Surface((VERTICES, FACES, np.zeros((5, 4))))
    assert layer.ndim == 4
    assert layer.extent_data.tolist() == [[0, 0, 0, 0], [4, 3, 9, 9]]
    assert Surface((VERTICES, FACES)).ndim == 3
    assert Surface((VERTICES, FACES), vertex_colors=np.zeros((2, 4, 3))).ndim == 4


def test_a_mesh_of_another_library_will_do() -> None:
    layer = Surface(SimpleNamespace(vertices=VERTICES, faces=FACES))
    assert layer.faces.tolist() == FACES.tolist()


def test_a_mesh_that_is_checked_already_is_taken_as_it_is() -> None:
    mesh = Mesh.of(VERTICES, FACES)
    layer = Surface(mesh, vertex_colors=np.ones((4, 3)))
    assert layer.surface.mesh is mesh
    vertices, faces = layer.data
    assert (vertices.tolist(), faces.tolist()) == (VERTICES.tolist(), FACES.tolist())
    version = layer.version
    layer.refresh()
    assert layer.surface.mesh is mesh
    assert layer.version != version
    layer.data = (2 * vertices, faces)
    assert layer.vertices.max() == 18
    layer.data = mesh
    assert layer.surface.mesh is mesh


@pytest.mark.parametrize(("data", "arguments", "error", "message"), [
    ((VERTICES, FACES + 1), NONE, ValueError, "faces must name vertices from 0 to 3, but there is 4"),
    ((VERTICES, FACES - 1), NONE, ValueError, "faces must name vertices from 0 to 3, but there is -1"),
    ((VERTICES, FACES.astype(float)), NONE, TypeError, "faces must be integers"),
    ((VERTICES, FACES[:, :2]), NONE, ValueError, r"faces must have the shape \(faces, 3\), not \(2, 2\)"),
    ((VERTICES[0], FACES), NONE, ValueError, "vertices must have the shape"),
    ((VERTICES.astype(str), FACES), NONE, TypeError, "must be numbers"),
    ((VERTICES, FACES, np.zeros(3)), NONE, ValueError, "values must have one number for each of the 4 vertices"),
    ((VERTICES, FACES, np.zeros((0, 4))), NONE, ValueError, "values must not be empty on their leading axes"),
    (VERTICES, NONE, TypeError, r"data must be a tuple \(vertices, faces\)"),
    ((VERTICES, FACES), {"vertex_colors": np.zeros((3, 3))}, ValueError, "vertex_colors must have 3 or 4 numbers"),
    ((VERTICES, FACES), {"vertex_colors": np.full((4, 3), 7.0)}, ValueError, "vertex_colors"),
    ((VERTICES, FACES, np.zeros((2, 4))), {"vertex_colors": np.zeros((3, 4, 3))}, ValueError, "leading axes of values"),
    ((VERTICES, FACES), {"texture": np.zeros((4, 4))}, ValueError, "texture and texcoords are needed together"),
    ((VERTICES, FACES), {"texture": np.zeros(4), "texcoords": np.zeros((4, 2))}, ValueError, "must be a picture"),
    ((VERTICES, FACES), {"texture": np.zeros((4, 4)), "texcoords": np.zeros((3, 2))}, ValueError, "texcoords must"),
    ((VERTICES, FACES), {"shading": "phong"}, ValueError, "shading must be one of"),
    ((VERTICES, FACES), {"wireframe": {"widht": 1}}, ValueError, "wireframe has visible, color and width, not widht"),
    ((VERTICES, FACES), {"wireframe": {"width": -1}}, ValueError, "wireframe width must be"),
    ((VERTICES, FACES), {"contrast_limits": (3, 1)}, ValueError, "contrast_limits must be two finite numbers"),
    ((VERTICES, FACES), {"projection_mode": "mean"}, ValueError, "projection_mode must be one of"),
])  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(data: Any, arguments: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        Surface(data, **arguments)
    assert "\n" not in str(caught.value)


def test_what_is_refused_changes_nothing() -> None:
    layer = Surface((VERTICES, FACES, np.arange(4.0)))
    signals, before, version = heard(layer), layer.surface, layer.version
    for data in ((VERTICES, FACES + 1), (VERTICES[:, :2], FACES), (VERTICES, FACES, np.zeros((2, 4)))):
        with pytest.raises(ValueError, match="must"):
            layer.data = data
    with pytest.raises(TypeError, match="update takes data"):
        layer.update(values=1)
    assert layer.surface is before
    assert layer.version == version
    assert not signals


def test_new_data_are_a_new_version_told_once() -> None:
    layer = Surface((VERTICES, FACES))
    signals, version = heard(layer), layer.version
    layer.data = (VERTICES * 2, FACES)
    assert layer.version > version
    assert signals == ["data", "version", "look", "extent", "slicing"]
    assert layer.extent_data[1].tolist() == [6, 18, 18]


def test_small_arrays_are_copied_and_refresh_reads_them_again() -> None:
    values = np.arange(4.0)
    layer = Surface((VERTICES, FACES, values))
    values[:] = 7
    assert layer.values.tolist() == [0, 1, 2, 3]
    layer.refresh()
    assert layer.values.tolist() == [7] * 4


def test_the_look_changes_without_a_new_slice() -> None:
    layer = Surface((VERTICES, FACES, np.arange(4.0)))
    signals = heard(layer)
    layer.colormap = "magma"
    layer.contrast_limits = (0, 2)
    layer.gamma = 2.0
    layer.opacity = 0.5
    assert "slicing" not in signals
    assert signals.count("look") == 4
    look = layer.look()
    assert (look.limits, look.gamma, look.opacity) == ((0, 2), 2, 0.5)
    assert layer.look() is look


def test_shading_and_wireframe_make_a_new_slice() -> None:
    layer = Surface((VERTICES, FACES))
    signals = heard(layer)
    layer.shading = "flat"
    layer.wireframe = True
    layer.wireframe = True
    assert signals.count("slicing") == 2
    assert layer.wireframe.visible
