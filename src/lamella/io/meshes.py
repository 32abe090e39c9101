"""Surfaces from files of meshes, read with the trimesh library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lamella.io.errors import OpenError
from lamella.io.stored_image import Description, LayerData, LevelDescription
from lamella.sources.base import Source

SUFFIXES = (".stl", ".ply", ".obj", ".off", ".glb")


@dataclass(frozen=True, slots=True)
class StoredMeshes:
    """The meshes in a file.

    Attributes
    ----------
    location, name, format : str
    meshes : tuple of (str, trimesh.Trimesh)
        With their names, placed as the file says.
    sources : tuple
        Empty: nothing stays open.
    """

    location: str
    name: str
    format: str
    meshes: tuple[tuple[str, Any], ...]
    sources: tuple[Source, ...] = ()

    def layers(self) -> list[LayerData]:
        """One surface a mesh, with the colours of its vertices where it has some.

        Files have x first; layers have it last, as pictures do.
        """
        found = []
        for name, mesh in self.meshes:
            vertices = np.ascontiguousarray(np.asarray(mesh.vertices, np.float64)[:, ::-1])
            vertices.setflags(write=False)
            faces = np.array(mesh.faces)
            faces.setflags(write=False)
            kwargs: dict[str, Any] = {"name": name, "axis_labels": ("z", "y", "x")}
            if mesh.visual.kind == "vertex":
                kwargs["vertex_colors"] = np.array(mesh.visual.vertex_colors)
            found.append(LayerData("surface", (vertices, faces), kwargs))
        return found

    def description(self) -> Description:
        """What the file holds."""
        return Description(
            location=self.location,
            format=self.format,
            dtype="triangles",
            axes=("vertices and faces", "3"),
            units=("", ""),
            scale=(1.0, 1.0),
            translate=(0.0, 0.0),
            levels=tuple(
                LevelDescription(name, (len(mesh.vertices) + len(mesh.faces), 3), None, None, "", _nbytes(mesh))
                for name, mesh in self.meshes
            ),
            layers=len(self.meshes),
            layer_names=tuple(name for name, _ in self.meshes),
        )


def open_meshes(path: Path, name: str) -> StoredMeshes:
    """Read the meshes of a file.

    Raises
    ------
    OpenError
        It is damaged, holds no triangles, or the trimesh library is missing.
    """
    load = _loader(path)
    try:
        scene = load(path)
        meshes = list(scene.geometry.items())
        placed = [(node or name, mesh) for node, mesh in _placed(scene)] if meshes else []
    except Exception as error:  # whatever trimesh raises for a file that is damaged
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise OpenError(f"{path} cannot be read as a mesh: {said}") from None
    found = [(label, mesh) for label, mesh in placed if len(getattr(mesh, "faces", ()))]
    if not found:
        raise OpenError(f"{path} has no triangles that could be shown")
    if len(found) == 1:
        found = [(name, found[0][1])]
    return StoredMeshes(str(path), name, f"mesh ({path.suffix.lower()[1:]})", tuple(found))


def _loader(path: Path) -> Callable[[Path], Any]:
    try:
        import trimesh
    except ImportError:
        raise OpenError(
            f"{path} is a mesh, which needs the package 'trimesh', which is not installed: "
            "pip install 'lamella[meshes]'"
        ) from None
    # As they are: trimesh would else merge vertices, and with them what is known of each.
    return lambda file: trimesh.load_scene(str(file), process=False)


def _placed(scene: Any) -> list[tuple[str, Any]]:
    """Each mesh of a scene where the scene has it."""
    found = []
    for node in scene.graph.nodes_geometry:
        transform, geometry = scene.graph[node]
        mesh = scene.geometry[geometry].copy()
        mesh.apply_transform(transform)
        found.append((str(geometry), mesh))
    return found


def _nbytes(mesh: Any) -> int:
    return int(mesh.vertices.nbytes + getattr(mesh, "faces", np.empty(0)).nbytes)
