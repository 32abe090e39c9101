"""Surfaces from files of meshes, read with the trimesh library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.io.errors import OpenError
from lamella.io.stored_image import Description, LayerData, LevelDescription
from lamella.model.layers.mesh import Mesh
from lamella.sources.base import Source

SUFFIXES = (".stl", ".ply", ".obj", ".off", ".glb")


@dataclass(frozen=True, slots=True)
class NamedMesh:
    """One mesh of a file, placed as the file says.

    Attributes
    ----------
    name : str
    mesh : Mesh
        x is its last axis.
    colors : (n, 4) uint8 array or None
        Of its vertices, where the file has some.
    """

    name: str
    mesh: Mesh
    colors: npt.NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class StoredMeshes:
    """The meshes in a file.

    Attributes
    ----------
    location, name, format : str
    meshes : tuple of NamedMesh
    sources : tuple
        Empty: nothing stays open.
    """

    location: str
    name: str
    format: str
    meshes: tuple[NamedMesh, ...]
    sources: tuple[Source, ...] = ()

    def layers(self) -> list[LayerData]:
        """One surface a mesh, with the colours of its vertices where it has some."""
        found = []
        for named in self.meshes:
            kwargs: dict[str, Any] = {"name": named.name, "axis_labels": ("z", "y", "x")}
            if named.colors is not None:
                kwargs["vertex_colors"] = named.colors
            found.append(LayerData("surface", named.mesh, kwargs))
        return found

    def description(self) -> Description:
        """What the file holds."""
        return Description(
            location=self.location,
            format=self.format,
            dtype="triangles",
            axes=("triangles", "corners"),
            units=("", ""),
            scale=(1.0, 1.0),
            translate=(0.0, 0.0),
            levels=tuple(
                LevelDescription(
                    f"{named.name}, {named.mesh.count} vertices", named.mesh.faces.shape, None, None, "", _nbytes(named)
                )
                for named in self.meshes
            ),
            layers=len(self.meshes),
            layer_names=tuple(named.name for named in self.meshes),
        )


def open_meshes(path: Path, name: str) -> StoredMeshes:
    """Read the meshes of a file: vertices, faces and colours; pictures on them are left out.

    Raises
    ------
    OpenError
        It is damaged, holds no triangles, or the trimesh library is missing.
    """
    load = _loader(path)
    try:
        if path.stat().st_size == 0:
            raise ValueError("it is empty")
        placed = _placed(load(path))
        if path.suffix.lower() == ".stl":
            for _, mesh in placed:
                _merge(mesh)
        found = [_named(label, mesh) for label, mesh in placed if len(getattr(mesh, "faces", ()))]
    except Exception as error:  # whatever trimesh raises for a file that is damaged
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise OpenError(f"{path} cannot be read as a mesh: {said}") from None
    if not found:
        raise OpenError(f"{path} has no triangles that could be shown")
    if len(found) == 1:
        found = [replace(found[0], name=name)]
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


def _merge(mesh: Any) -> None:
    """Give faces the corners that they share: STL repeats them for each face. 4·10⁶ vertices take about 2 s."""
    vertices = np.asarray(mesh.vertices)
    order = np.lexsort(vertices.T)
    ordered = vertices[order]
    first = np.ones(len(order), bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    inverse = np.empty(len(order), np.int64)
    inverse[order] = np.cumsum(first) - 1
    mesh.update_vertices(order[first], inverse)


def _named(name: str, mesh: Any) -> NamedMesh:
    """What is shown of a mesh. Files have x first; layers have it last, as pictures do."""
    if mesh.visual.kind == "face":
        mesh.unmerge_vertices()  # corners of two faces cannot have both colours
    colors = np.array(mesh.visual.vertex_colors) if mesh.visual.kind in ("vertex", "face") else None
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.array(mesh.faces)
    columns = np.ascontiguousarray(vertices.T[::-1])
    for array in (columns, faces, colors):
        if array is not None:
            array.setflags(write=False)
    return NamedMesh(name, Mesh.of(columns.T, faces), colors)


def _nbytes(named: NamedMesh) -> int:
    return int(named.mesh.cloud.data.nbytes + named.mesh.faces.nbytes)
