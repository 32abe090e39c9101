"""The Surface layer: triangles between vertices, coloured by values, colours or a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from lamella.model._validate import one_of
from lamella.model.edits import new_version
from lamella.model.layers.base import Array, same_extent
from lamella.model.layers.colormapped import ColormappedEvents, ColormappedLayer
from lamella.model.layers.look import PrimitivesLook
from lamella.model.layers.mesh import Mesh
from lamella.model.layers.surface_arguments import SHADINGS, SurfaceData, Wireframe, mesh_of, surface_data

PROJECTION_MODES = ("none", "all")
_ON_VERTICES = ("vertex_colors", "texture", "texcoords")


class SurfaceEvents(ColormappedEvents):
    """The signals of every layer and those of surfaces."""

    vertex_colors = Signal(object, reemission="latest-only")
    texture = Signal(object, reemission="latest-only")
    texcoords = Signal(object, reemission="latest-only")
    shading = Signal(object, reemission="latest-only")
    wireframe = Signal(object, reemission="latest-only")
    projection_mode = Signal(object, reemission="latest-only")


class Surface(ColormappedLayer):
    """Triangles in n dimensions.

    Owned by the main thread. Arrays of up to 1 MiB are copied at the call; larger ones are read by slices, on other
    threads: call `refresh` after an edit in place. Values with leading axes are read where they are looked at, not as
    a whole.

    Parameters
    ----------
    data : (vertices, faces), (vertices, faces, values), a mesh or a Mesh
        Vertices (n, d) in data coordinates, faces (m, 3) integers, values (…, n) numbers; or anything with ``vertices``
        and ``faces``, such as a mesh of trimesh; or a `Mesh`, which is checked already. Leading axes of the values come
        before the axes of the vertices: values (T, n) on vertices (n, 3) make a layer of four axes.
    colormap : str, cmap.Colormap or anything that cmap makes one of
        Of the values. Without values all of the surface has its last colour.
    contrast_limits : (float, float), optional
        Values with the first and the last colour; by default the smallest and largest, found on another thread: of all
        values, or of 256 MiB of them.
    gamma : float
    vertex_colors : (…, n, 3 or 4) array, optional
        uint8, or numbers from 0 to 1: instead of the colours of values.
    texture : (rows, columns[, 3 or 4]) array, optional
        A picture instead of the colours of values, with ``texcoords``.
    texcoords : (n, 2) array, optional
        Where in the texture each vertex is: x and y from 0 to 1, (0, 0) at its first pixel.
    shading : {"none", "flat", "smooth"}
        Darken what is turned away from the viewer, face by face or smoothly, where one of the last three axes of the
        vertices is not displayed. A slice of a mesh of two axes is never shaded.
    wireframe : bool or dict
        Draw the edges of faces: ``visible``, ``color``, ``width`` in canvas pixels.
    projection_mode : {"none", "all"}
        What the margins of dims do: nothing, or show all faces of which the vertices lie within them.
    name, visible, opacity, blending, scale, translate, rotate, shear, affine, units, axis_labels, metadata
        As for `Layer`.

    Raises
    ------
    TypeError
        Data of another kind, faces that are no integers.
    ValueError
        Faces of vertices that are not there, values or colours of another number of vertices, or a bad argument.
    """

    kind: ClassVar[str] = "surface"
    events: SurfaceEvents

    def __init__(
        self,
        data: Any,
        *,
        colormap: Any = "gray",
        contrast_limits: Sequence[float] | None = None,
        gamma: float = 1.0,
        vertex_colors: Any = None,
        texture: Any = None,
        texcoords: Any = None,
        shading: str = "none",
        wireframe: Any = False,
        projection_mode: str = "all",
        name: str | None = None,
        visible: bool = True,
        opacity: float = 1.0,
        blending: str = "translucent",
        scale: Any = None,
        translate: Any = None,
        rotate: Any = None,
        shear: Any = None,
        affine: Any = None,
        units: str | Sequence[str] | None = None,
        axis_labels: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        mesh, values = mesh_of(data)
        self._given = {"vertex_colors": vertex_colors, "texture": texture, "texcoords": texcoords}
        self._surface = surface_data(mesh, values, vertex_colors, texture, texcoords)
        self._source = data
        self._extent = _extent(self._surface)
        self._check_colormap(colormap, contrast_limits, gamma)
        self._shading = str(one_of("shading", shading, SHADINGS))
        self._wireframe = Wireframe.of(wireframe)
        self._projection_mode = str(one_of("projection_mode", projection_mode, PROJECTION_MODES))
        self._look: PrimitivesLook | None = None
        super().__init__(
            self._surface.ndim,
            name="Surface" if name is None else name,
            visible=visible,
            opacity=opacity,
            blending=blending,
            scale=scale,
            translate=translate,
            rotate=rotate,
            shear=shear,
            affine=affine,
            units=units,
            axis_labels=axis_labels,
            metadata=metadata,
        )

    def _make_events(self) -> SurfaceEvents:
        return SurfaceEvents(self)

    def __repr__(self) -> str:
        mesh = self._surface.mesh
        return f"<Surface {self.name!r} {mesh.count} vertices, {len(mesh.faces)} faces, {self.ndim} axes>"

    # ---- data ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Vertices, faces and perhaps values, as they were given; of a `Mesh` its vertices and faces."""
        source = self._source
        return (source.cloud.data, source.faces) if isinstance(source, Mesh) else source

    @data.setter
    def data(self, value: Any) -> None:
        self.update(data=value)

    @property
    def vertices(self) -> Any:
        """(n, d), data coordinates."""
        return self._surface.mesh.cloud.data

    @property
    def faces(self) -> Any:
        """(m, 3), indices into `vertices`."""
        return self._surface.mesh.faces

    @property
    def values(self) -> Any:
        """(…, n), None without."""
        return None if self._surface.values is None else self._surface.values.array

    @property
    def vertex_colors(self) -> Any:
        """As they were given; None where colours follow from values or a texture."""
        return self._given["vertex_colors"]

    @vertex_colors.setter
    def vertex_colors(self, value: Any) -> None:
        self.update(vertex_colors=value)

    @property
    def texture(self) -> Any:
        """As it was given. `update` sets it and `texcoords` at once."""
        return self._given["texture"]

    @property
    def texcoords(self) -> Any:
        """As they were given."""
        return self._given["texcoords"]

    @property
    def surface(self) -> SurfaceData:
        """What slicing refers to."""
        return self._surface

    @property
    def extent_data(self) -> Array | None:
        """Smallest and largest coordinate, (2, ndim): of the vertices, and 0 to n − 1 on leading axes; None without
        vertices."""
        return self._extent

    def update(self, **changes: Any) -> None:
        """Change data, vertex colours and texture at once: no picture shows one of them without the others.

        Parameters
        ----------
        **changes
            ``data``, ``vertex_colors``, ``texture`` and ``texcoords`` as for `Surface`.

        Raises
        ------
        TypeError, ValueError
            As for `Surface`; nothing has changed then.
        """
        unknown = set(changes) - {"data", *_ON_VERTICES}
        if unknown:
            raise TypeError(f"update takes data, {', '.join(_ON_VERTICES)}; not {', '.join(sorted(unknown))}")
        if changes:
            self._replace(changes)

    def refresh(self) -> None:
        """Vertices, faces, values or colours were edited in place: read all of them again.

        Raises
        ------
        ValueError
            They are not what they should be any more; what is shown stays.
        """
        self._replace({"data": self._source, **self._given})

    # ---- look ----------------------------------------------------------------------------------------------------

    @property
    def shading(self) -> str:
        """One of `SHADINGS`."""
        return self._shading

    @shading.setter
    def shading(self, value: str) -> None:
        self._change("shading", one_of("shading", value, SHADINGS), "slicing")

    @property
    def wireframe(self) -> Wireframe:
        """Set True, False, or a dict of ``visible``, ``color`` and ``width``."""
        return self._wireframe

    @wireframe.setter
    def wireframe(self, value: Any) -> None:
        self._change("wireframe", Wireframe.of(value), "look", "slicing")

    @property
    def projection_mode(self) -> str:
        """What the margins of dims do: one of `PROJECTION_MODES`."""
        return self._projection_mode

    @projection_mode.setter
    def projection_mode(self, value: str) -> None:
        self._change("projection_mode", one_of("projection_mode", value, PROJECTION_MODES), "slicing")

    def look(self) -> PrimitivesLook:
        """The look now, frozen; the same object until it changes."""
        look = PrimitivesLook(
            opacity=self._opacity,
            blending=self._blending,
            visible=self._visible,
            width_unit="pixels",
            width=self._wireframe.width,
            lut=self._lut if self._surface.mapped else None,
            limits=self.contrast_limits,
            gamma=self._gamma,
            segments=self._wireframe.visible,
        )
        if self._look is None or not look.same_as(self._look):
            self._look = look
        return self._look

    # ---- inside --------------------------------------------------------------------------------------------------

    def _replace(self, changes: dict[str, Any]) -> None:
        old = self._surface
        given = {field: changes.get(field, self._given[field]) for field in _ON_VERTICES}
        mesh, values = old.mesh, old.values
        if "data" in changes:
            mesh, values = mesh_of(changes["data"])
        surface = surface_data(mesh, values, *given.values())
        if surface.ndim != self.ndim:
            raise ValueError(f"data must have {self.ndim} axes, those of values included, not {surface.ndim}")
        extent = _extent(surface)
        self._check_extent(extent, self.transform)
        moved = [] if same_extent(extent, self._extent) else ["extent"]
        before = self._limits_and_range()
        if surface.values is not old.values:
            self._forget_auto_limits()
        self._version = new_version((mesh.token,))
        self._surface, self._extent, self._given = surface, extent, given
        self._source = changes.get("data", self._source)
        limits = [field for field in self._changed_limits(before) if field != "look"]
        self._emit(*changes, *limits, "version", "look", *moved, "slicing")


def _extent(surface: SurfaceData) -> Array | None:
    """The box of the vertices, with the leading axes before theirs."""
    box = surface.mesh.cloud.extent
    if box is None:
        return None
    steps = np.array([[0.0] * len(surface.leading), [n - 1.0 for n in surface.leading]])
    extent: Array = np.concatenate([steps, box], axis=1)
    extent.setflags(write=False)
    return extent
