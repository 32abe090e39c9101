"""How the arguments of a surface are given, and what slicing refers to."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model._validate import flag, number
from lamella.model.layers.colors import one_color
from lamella.model.layers.mesh import Mesh, OnVertices, colors_on, texcoords_of, texture_of, values_on

SHADINGS = ("none", "flat", "smooth")

_tokens = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Wireframe:
    """The edges of faces.

    Attributes
    ----------
    visible : bool
    color : tuple of int
        RGBA, 0 to 255.
    width : float
        Canvas pixels.
    """

    visible: bool = False
    color: tuple[int, int, int, int] = (0, 0, 0, 255)
    width: float = 1.0

    @classmethod
    def of(cls, value: Any) -> Wireframe:
        """A wireframe from True, False, or a dict of its attributes.

        Raises
        ------
        ValueError
        """
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            return cls(visible=flag("wireframe", value))
        unknown = set(value) - {"visible", "color", "width"}
        if unknown:
            raise ValueError(f"wireframe has visible, color and width, not {', '.join(sorted(map(str, unknown)))}")
        made = cls(visible=flag("wireframe visible", value.get("visible", True)))
        if "color" in value:
            r, g, b, a = one_color("wireframe color", value["color"]).tolist()
            made = replace(made, color=(r, g, b, a))
        if "width" in value:
            made = replace(made, width=number("wireframe width", value["width"], 0, 100))
        return made


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class SurfaceData:
    """All that decides what a slice of a surface holds, but for what `Surface.look` says.

    Attributes
    ----------
    mesh : Mesh
    values : OnVertices or None
        None: 1 everywhere.
    colors : OnVertices or None
    texture : (rows, columns, 4) uint8 or None
    texcoords : (n, 2) float32 or None
    leading : tuple of int
        Lengths of the axes before those of the vertices.
    token : int
        Identity in the keys of slices.
    """

    mesh: Mesh
    values: OnVertices | None
    colors: OnVertices | None
    texture: npt.NDArray[np.uint8] | None
    texcoords: npt.NDArray[np.float32] | None
    leading: tuple[int, ...]
    token: int = field(default_factory=lambda: next(_tokens))

    @property
    def ndim(self) -> int:
        """Axes of the layer."""
        return len(self.leading) + self.mesh.ndim

    @property
    def mapped(self) -> bool:
        """Whether colours follow from values by a colormap."""
        return self.colors is None and self.texture is None


def surface_data(mesh: Mesh, values: Any, colors: Any, texture: Any, texcoords: Any) -> SurfaceData:
    """Check what is on a mesh.

    Raises
    ------
    TypeError, ValueError
    """
    numbers = values if isinstance(values, OnVertices) else values_on(mesh, values)
    painted = colors if isinstance(colors, OnVertices) else colors_on(mesh, colors)
    leading = numbers.leading if numbers is not None else painted.leading if painted is not None else ()
    if painted is not None and painted.leading not in ((), leading):
        raise ValueError(
            f"vertex_colors must have the leading axes of values, {leading}, or none, not {painted.leading}"
        )
    if (texture is None) != (texcoords is None):
        raise ValueError("texture and texcoords are needed together: texcoords say where in the texture a vertex is")
    return SurfaceData(mesh, numbers, painted, texture_of(texture), texcoords_of(mesh, texcoords), leading)


def mesh_of(data: Any) -> tuple[Mesh, Any]:
    """The mesh of what a user gives, and the values on it, not checked yet.

    Raises
    ------
    TypeError, ValueError
    """
    if isinstance(data, Mesh):
        return data, None
    if hasattr(data, "vertices") and hasattr(data, "faces"):
        return Mesh.of(data.vertices, data.faces), None
    if isinstance(data, (tuple, list)) and len(data) in (2, 3):
        vertices, faces, *values = data
        return Mesh.of(vertices, faces), values[0] if values else None
    raise TypeError(
        "data must be a tuple (vertices, faces) or (vertices, faces, values), or a mesh with vertices and faces, not "
        f"{type(data).__name__}"
    )
