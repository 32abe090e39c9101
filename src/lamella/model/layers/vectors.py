"""The Vectors layer: starts and directions, drawn as lines, triangles or arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from lamella.model._validate import number, one_of
from lamella.model.edits import new_version
from lamella.model.layers.base import Array, Layer, LayerEvents, same_extent
from lamella.model.layers.features import Features
from lamella.model.layers.look import PrimitivesLook
from lamella.model.layers.style_field import StyleField, is_unchanged
from lamella.model.layers.vector_cloud import VectorCloud
from lamella.model.layers.vector_style import ENCODED, HEAD, STYLE, VectorStyle, checked_shape, parse, stale, style_of

PROJECTION_MODES = ("none", "all", "fade")


class VectorsEvents(LayerEvents):
    """The signals of every layer and those of vectors."""

    features = Signal(object, reemission="latest-only")
    length = Signal(object, reemission="latest-only")
    edge_width = Signal(object, reemission="latest-only")
    vector_style = Signal(object, reemission="latest-only")
    edge_color = Signal(object, reemission="latest-only")
    edge_colormap = Signal(object, reemission="latest-only")
    edge_contrast_limits = Signal(object, reemission="latest-only")
    edge_color_cycle = Signal(object, reemission="latest-only")
    edge_color_mode = Signal(object, reemission="latest-only")
    shown = Signal(object, reemission="latest-only")
    projection_mode = Signal(object, reemission="latest-only")
    antialiasing = Signal(object, reemission="latest-only")


class Vectors(Layer):
    """Vectors in n dimensions: each from its start to start + length × direction.

    Owned by the main thread. Arrays of up to 1 MiB are copied at the call. Larger ones are copied by the first slice,
    on another thread: do not edit them before the viewer is loaded. After an edit in place call `refresh`. Read-only
    arrays are not copied.

    Parameters
    ----------
    data : (n, 2, ndim) array, (n1, …, nd, d) array, VectorCloud or None
        Data coordinates of the start, and the direction, of each vector; or an image of directions, which start at the
        places of its grid: the vector ``data[i, j]`` starts at ``(i, j)``. An array of shape (n, 2, 2) is n vectors.
        A vector with NaN in its start on an axis that is not displayed is never shown.
    ndim : int, optional
        Axes of a layer without vectors; 2 by default.
    features : mapping of columns, pandas.DataFrame or pyarrow.Table, optional
        One row a vector; of an image of directions in C order.
    length : float
        What directions are multiplied with.
    edge_width : float
        Data units: of a line, of the base of a triangle, and of an arrow's shaft, of which the head is three times as
        wide.
    vector_style : {"line", "triangle", "arrow"}
        Triangles and arrows point to the end.
    edge_color : colour, (n, 3 or 4) array, sequence of colours, or str
        Arrays hold uint8, or numbers from 0 to 1. The name of a column of ``features`` comes before that of a colour.
    edge_colormap : str or cmap.Colormap
        For a column of numbers.
    edge_contrast_limits : (float, float), optional
        Numbers with the first and the last colour; the smallest and largest of the column by default.
    edge_color_cycle : str or sequence of colours
        For a column of categories, which are sorted.
    edge_color_mode : {None, "colormap", "cycle"}
        None: floats have a colormap, and so have integers of more than 16 different values.
    shown : bool, (n,) array of bool or str
    projection_mode : {"none", "all", "fade"}
        What the margins of dims do: nothing, show all vectors that start within them, or let these fade with the
        distance of their start.
    antialiasing : float
        Canvas pixels over which the edges of lines fade.
    name, visible, opacity, blending, scale, translate, rotate, shear, affine, units, axis_labels, metadata
        As for `Layer`.

    Raises
    ------
    TypeError
        Vectors that are no numbers, features that are no table.
    ValueError
        Another shape, one value a vector for another number of vectors, or a bad argument.
    """

    kind: ClassVar[str] = "vectors"
    events: VectorsEvents

    def __init__(
        self,
        data: Any = None,
        *,
        ndim: int | None = None,
        features: Any = None,
        length: float = 1.0,
        edge_width: float = 1.0,
        vector_style: str = "triangle",
        edge_color: Any = "red",
        edge_colormap: Any = "viridis",
        edge_contrast_limits: Sequence[float] | None = None,
        edge_color_cycle: Any = "tab10",
        edge_color_mode: str | None = None,
        shown: Any = True,
        projection_mode: str = "all",
        antialiasing: float = 1.0,
        name: str | None = None,
        visible: bool = True,
        opacity: float = 0.7,
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
        arguments = locals()
        self._vectors = data if isinstance(data, VectorCloud) else VectorCloud.of(data, ndim)
        self._source = self._vectors if data is None else data
        self._features = Features(features, self._vectors.count, "vector")
        given = {field: arguments[field] for field in STYLE}
        self._given: dict[str, Any] = {**given, **checked_shape(given)}
        self._parsed = parse(self._given, ENCODED, self._vectors.count, self._features)
        self._style = style_of(self._parsed)
        self._projection_mode = str(one_of("projection_mode", projection_mode, PROJECTION_MODES))
        self._antialiasing = number("antialiasing", antialiasing, 0, 100)
        self._extent = self._vectors.extent(self._given["length"])
        self._look: PrimitivesLook | None = None
        super().__init__(
            self._vectors.ndim,
            name="Vectors" if name is None else name,
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

    def _make_events(self) -> VectorsEvents:
        return VectorsEvents(self)

    def __repr__(self) -> str:
        return f"<Vectors {self.name!r} {self._vectors.count} × {self.ndim}>"

    # ---- data ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Vectors as they were given. Another number of them may be set if no property has one value a vector;
        `update` sets both at once."""
        return self._source.data if isinstance(self._source, VectorCloud) else self._source

    @data.setter
    def data(self, value: Any) -> None:
        self.update(data=value)

    @property
    def vectors(self) -> VectorCloud:
        """What slicing refers to."""
        return self._vectors

    @property
    def style(self) -> VectorStyle:
        """What slicing refers to."""
        return self._style

    @property
    def features(self) -> Any:
        """The table as it was given; None without one."""
        return self._features.table

    @features.setter
    def features(self, value: Any) -> None:
        self.update(features=value)

    @property
    def extent_data(self) -> Array | None:
        """Smallest and largest coordinate of all starts and ends, shape (2, ndim); None without vectors. Read-only."""
        return self._extent

    @property
    def drawn_extent_data(self) -> Array | None:
        """The same with half the width around it."""
        return None if self._extent is None else _with_margin(self._extent, self._given)

    def update(self, **changes: Any) -> None:
        """Change data, features and any part of the style at once: no picture shows one of them without the others.

        Parameters
        ----------
        **changes
            Arguments of `Vectors` from ``data`` to ``shown``, without ``ndim``.

        Raises
        ------
        TypeError, ValueError
            As for `Vectors`; nothing has changed then.
        """
        unknown = set(changes) - {"data", "features", *STYLE}
        if unknown:
            raise TypeError(f"update takes data, features, {', '.join(STYLE)}; not {', '.join(sorted(unknown))}")
        shape = checked_shape({**self._given, **changes})
        changes.update({field: value for field, value in shape.items() if field in changes})
        changes = {field: value for field, value in changes.items() if not self._has(field, value)}
        if changes:
            self._replace(changes)

    def refresh(self) -> None:
        """Vectors, features or values were edited in place: read all of them again.

        Raises
        ------
        ValueError
            They are not what they should be any more; what is shown stays.
        """
        again = {field: parsed.value for field, parsed in self._parsed.items() if parsed.varies}
        self._replace({"data": self._source, "features": self._features.table, **again})

    # ---- style ---------------------------------------------------------------------------------------------------

    length = StyleField()
    """What directions are multiplied with."""
    edge_width = StyleField()
    """Data units: of a line, of the base of a triangle, or of an arrow's shaft."""
    vector_style = StyleField()
    """One of `VECTOR_STYLES`."""
    edge_color = StyleField()
    """RGBA from 0 to 1, an array of one colour a vector, or the name of a column."""
    edge_colormap = StyleField()
    edge_contrast_limits = StyleField()
    edge_color_cycle = StyleField()
    edge_color_mode = StyleField()
    shown = StyleField()
    """True, False, one of them a vector, or the name of a column."""

    def column_of(self, field: str) -> str | None:
        """The column of features that a property of `ENCODED` follows from; None if it follows from none."""
        return self._parsed[field].column

    def varies(self, field: str) -> bool:
        """Whether a property of `ENCODED` has one value a vector."""
        return self._parsed[field].varies

    @property
    def projection_mode(self) -> str:
        """What the margins of dims do: one of `PROJECTION_MODES`."""
        return self._projection_mode

    @projection_mode.setter
    def projection_mode(self, value: str) -> None:
        self._change("projection_mode", one_of("projection_mode", value, PROJECTION_MODES), "slicing")

    @property
    def antialiasing(self) -> float:
        """Canvas pixels over which the edges of lines fade, 0 to 100."""
        return self._antialiasing

    @antialiasing.setter
    def antialiasing(self, value: float) -> None:
        self._change("antialiasing", number("antialiasing", value, 0, 100), "look")

    def look(self) -> PrimitivesLook:
        """The look now, frozen; the same object until it changes."""
        look = PrimitivesLook(
            opacity=self._opacity,
            blending=self._blending,
            visible=self._visible,
            antialiasing=self._antialiasing,
            width=self._given["edge_width"],
        )
        if self._look is None or not look.same_as(self._look):
            self._look = look
        return self._look

    # ---- inside --------------------------------------------------------------------------------------------------

    def _field(self, name: str) -> Any:
        return self._parsed[name].value if name in self._parsed else self._given[name]

    def _has(self, field: str, value: Any) -> bool:
        """Whether a field of the style has this value already; arrays may have been edited."""
        return field in STYLE and is_unchanged(value, self._given[field], self._field(field))

    def _replace(self, changes: dict[str, Any]) -> None:
        vectors, source = self._vectors, self._source
        if "data" in changes:
            data = changes["data"]
            vectors = data if isinstance(data, VectorCloud) else VectorCloud.of(data, self.ndim)
            source = vectors if data is None else data
            if vectors.ndim != self.ndim:
                raise ValueError(f"data must have vectors of {self.ndim} axes, not {vectors.ndim}")
        features = self._features
        if "features" in changes or vectors.count != features.rows:
            features = Features(changes.get("features", features.table), vectors.count, "vector")
        given = {**self._given, **{f: v for f, v in changes.items() if f in STYLE}}
        again = stale(self._parsed, changes, vectors.count != self._vectors.count, features is not self._features)
        parsed = {**self._parsed, **parse(given, again, vectors.count, features)}
        extent = self._extent
        if vectors is not self._vectors or given["length"] != self._given["length"]:
            extent = vectors.extent(given["length"])
        if extent is not None:
            self._check_extent(_with_margin(extent, given), self.transform)
        moved = [] if same_extent(extent, self._extent) else ["extent"]
        if again:
            self._style = style_of(parsed)
        if "data" in changes:
            self._version = new_version((vectors.cloud.token,))
        self._vectors, self._source, self._features, self._extent = vectors, source, features, extent
        self._given, self._parsed = given, parsed
        version = ["version"] if "data" in changes else []
        look = ["look"] if "edge_width" in changes else []
        self._emit(*changes, *version, *look, *moved, "slicing")


def _with_margin(extent: Array, given: Mapping[str, Any]) -> Array:
    """An extent with what is drawn beside the middle of vectors."""
    margin = given["edge_width"] / 2 * (HEAD if given["vector_style"] == "arrow" else 1)
    drawn: Array = extent + np.array([[-margin], [margin]])
    return drawn
