"""Meshes from files: a surface each, where the file says; what is damaged is one sentence."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner

from lamella import Surface, ViewerModel
from lamella.cli import app
from lamella.io import OpenError, describe, open_layers

VERTICES = np.array([[0, 0, 0], [10, 0, 0], [10, 20, 0], [0, 20, 30]], float)  # x, y, z
FACES = np.array([[0, 1, 2], [0, 2, 3]])
PLY = b"""ply
format ascii 1.0
element vertex 3
property float x
property float y
property float z
element face 1
property list uchar int vertex_indices
end_header
0 0 0
1 0 0
0 1 0
3 0 1 2
"""


def triangles(layer: Any) -> set[tuple[tuple[float, ...], ...]]:
    """Each face by its corners, whatever their order."""
    vertices, faces = layer.data.cloud.data, layer.data.faces
    return {tuple(sorted(map(tuple, np.round(vertices[face], 3).tolist()))) for face in faces}


@pytest.fixture
def mesh() -> trimesh.Trimesh:
    return trimesh.Trimesh(VERTICES, FACES, process=False)


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".off", ".glb"])
def test_a_mesh_is_a_surface_with_x_last(tmp_path: Path, mesh: trimesh.Trimesh, suffix: str) -> None:
    mesh.export(tmp_path / f"part{suffix}")
    (layer,) = open_layers(tmp_path / f"part{suffix}")
    assert (layer.kind, layer.kwargs["name"], layer.kwargs["axis_labels"]) == ("surface", "part", ("z", "y", "x"))
    expected = {tuple(sorted(map(tuple, VERTICES[face][:, ::-1].tolist()))) for face in FACES}
    assert triangles(layer) == expected


def test_colours_of_vertices_come_along(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    colors = np.array([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [9, 9, 9, 255]], np.uint8)
    mesh.visual.vertex_colors = colors
    mesh.export(tmp_path / "part.ply")
    (layer,) = open_layers(tmp_path / "part.ply")
    np.testing.assert_array_equal(layer.kwargs["vertex_colors"], colors)


def test_colours_of_faces_are_those_of_their_corners(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    mesh.visual.face_colors = [[255, 0, 0, 255], [0, 0, 255, 255]]
    mesh.export(tmp_path / "part.ply")
    (layer,) = open_layers(tmp_path / "part.ply")
    assert layer.kwargs["vertex_colors"][layer.data.faces].tolist() == [[[255, 0, 0, 255]] * 3, [[0, 0, 255, 255]] * 3]


def test_faces_of_an_stl_file_share_their_corners(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    mesh.export(tmp_path / "PART.STL", file_type="stl")
    (layer,) = open_layers(tmp_path / "PART.STL")
    assert layer.data.count == len(VERTICES)
    assert sorted(layer.data.cloud.data.tolist()) == sorted(VERTICES[:, ::-1].tolist())


def test_each_mesh_of_a_scene_is_a_layer_in_its_place(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    scene = trimesh.Scene()
    scene.add_geometry(mesh, geom_name="here")
    scene.add_geometry(mesh, geom_name="there", transform=trimesh.transformations.translation_matrix([100, 0, 0]))
    scene.export(tmp_path / "both.glb")
    layers = {layer.kwargs["name"]: layer for layer in open_layers(tmp_path / "both.glb")}
    assert len(layers) == 2
    lows = sorted(float(layer.data.cloud.data[:, 2].min()) for layer in layers.values())
    assert lows == pytest.approx([0, 100], abs=1e-3)


def test_the_viewer_shows_what_it_opens(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    mesh.export(tmp_path / "part.ply")
    with ViewerModel() as viewer:
        (layer,) = viewer.open(tmp_path / "part.ply")
        assert isinstance(layer, Surface)
        viewer.dims.margin_left = viewer.dims.margin_right = (50, 0, 0)
        assert viewer.screenshot()[..., :3].any()


def test_info_says_what_is_in_the_file(tmp_path: Path, mesh: trimesh.Trimesh) -> None:
    mesh.export(tmp_path / "part.ply")
    assert describe(tmp_path / "part.ply").layer_names == ("part",)
    result = CliRunner().invoke(app, ["info", str(tmp_path / "part.ply")])
    assert result.exit_code == 0
    assert "mesh (ply)" in result.output


@pytest.mark.parametrize(("name", "content"), [
    ("empty.ply", b""), ("torn.ply", b"ply\nformat ascii 1.0\nelement vertex 4\n"), ("noise.glb", b"\x00" * 40),
    ("empty.stl", b""), ("text.off", b"OFF\n3 1"), ("empty.obj", b""), ("torn.glb", b"glTF\x02\x00\x00\x00"),
    ("strange.ply", PLY.replace(b"3 0 1 2", b"3 0 1 9")), ("huge.ply", PLY.replace(b"vertex 3", b"vertex 999999999")),
])  # fmt: skip
def test_what_is_damaged_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OpenError, match=rf"{name} (cannot be read as a mesh|has no triangles)") as caught:
        open_layers(tmp_path / name)
    assert "\n" not in str(caught.value)
    result = CliRunner().invoke(app, ["info", str(tmp_path / name)])
    assert result.exit_code == 1
    assert result.output == f"lamella: {caught.value}\n"


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".off", ".glb"])
def test_half_a_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ball{suffix}"
    trimesh.creation.icosphere(subdivisions=2).export(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OpenError, match=rf"ball\{suffix} (cannot be read as a mesh|has no triangles)"):
        open_layers(path)


def test_a_corner_that_is_nowhere_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "part.ply").write_bytes(PLY.replace(b"1 0 0", b"nan 0 0"))
    with ViewerModel() as viewer:
        viewer.open(tmp_path / "part.ply")
        viewer.wait_until_loaded()


def test_a_cloud_without_faces_has_no_triangles(tmp_path: Path) -> None:
    trimesh.PointCloud(VERTICES).export(tmp_path / "cloud.ply")
    with pytest.raises(OpenError, match="has no triangles"):
        open_layers(tmp_path / "cloud.ply")


def test_without_trimesh_it_says_what_to_install(
    tmp_path: Path, mesh: trimesh.Trimesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh.export(tmp_path / "part.ply")
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "trimesh":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OpenError, match=r"pip install 'lamella\[meshes\]'"):
        open_layers(tmp_path / "part.ply")
