"""The Shapes layer: rectangles, ellipses, polygons, paths and lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from lamella.model.edits import new_version
from lamella.model.layers.base import Array, Layer, LayerEvents, same_extent
from lamella.model.layers.features import Features, joined
from lamella.model.layers.look import PrimitivesLook
from lamella.model.layers.point_arguments import Parsed, joined_values
from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shape_geometry import geometry_of
from lamella.model.layers.shape_style import ENCODED, STYLE, ShapeStyle, parse, stale, style_of
from lamella.model.layers.style_field import StyleField, is_unchanged
from lamella.model.layers.text import text_style, text_with_more

DEFAULT_TYPE = "rectangle"


class ShapesEvents(LayerEvents):
    """The signals of every layer and those of shapes."""

    shape_type = Signal(object, reemission="latest-only")
    features = Signal(object, reemission="latest-only")
    edge_width = Signal(object, reemission="latest-only")
    edge_color = Signal(object, reemission="latest-only")
    edge_colormap = Signal(object, reemission="latest-only")
    edge_contrast_limits = Signal(object, reemission="latest-only")
    edge_color_cycle = Signal(object, reemission="latest-only")
    edge_color_mode = Signal(object, reemission="latest-only")
    face_color = Signal(object, reemission="latest-only")
    face_colormap = Signal(object, reemission="latest-only")
    face_contrast_limits = Signal(object, reemission="latest-only")
    face_color_cycle = Signal(object, reemission="latest-only")
    face_color_mode = Signal(object, reemission="latest-only")
    z_index = Signal(object, reemission="latest-only")
    text = Signal(object, reemission="latest-only")


class Shapes(Layer):
    """Shapes in n dimensions. A slice shows those that it meets: see the guide.

    Owned by the main thread. Shapes are copied at the call. After an edit in place call `refresh`.

    Parameters
    ----------
    data : list of shapes, (n, v, ndim) array, ShapeCloud or None
        Data coordinates. Each shape is a (v, ndim) array of vertices, or a tuple of these and its type:

        - rectangle: all four corners in turn, or two opposite ones if it lies along two axes;
        - ellipse: the four corners around it in turn, or its centre and its radii if it lies along two axes;
        - polygon: two or more vertices; one with holes is a list of rings of vertices, the outer one first;
        - path: two or more vertices; line: two.

        Shapes with NaN on an axis that is not displayed are never shown.
    ndim : int, optional
        Axes of a layer without shapes; 2 by default.
    shape_type : {"rectangle", "ellipse", "polygon", "path", "line"} or sequence of these
        Of the shapes that do not say it themselves.
    features : mapping of columns, pandas.DataFrame or pyarrow.Table, optional
        One row a shape.
    edge_width : float, (n,) array or str
        Data units; 0 draws no edge. A string is the name of a column of ``features``, here and below.
    edge_color, face_color : colour, (n, 3 or 4) array, sequence of colours, or str
        Arrays hold uint8, or numbers from 0 to 1. The name of a column comes before the name of a colour. Paths and
        lines have no face.
    edge_colormap, face_colormap : str or cmap.Colormap
        For a column of numbers.
    edge_contrast_limits, face_contrast_limits : (float, float), optional
        Numbers with the first and the last colour; the smallest and largest of the column by default.
    edge_color_cycle, face_color_cycle : str or sequence of colours
        For a column of categories, which are sorted.
    edge_color_mode, face_color_mode : {None, "colormap", "cycle"}
        None: floats have a colormap, and so have integers of more than 16 different values.
    z_index : int or (n,) array of int
        Shapes with a larger one are drawn over the others; of equal ones, the later.
    text : str, sequence of str, mapping or None
        Written in the middle of the shapes, as far as it does not overlap; as for `Points`.
    name, visible, opacity, blending, scale, translate, rotate, shear, affine, units, axis_labels, metadata
        As for `Layer`.

    Raises
    ------
    TypeError
        Coordinates that are no numbers, features that are no table.
    ValueError
        Shapes of other numbers of axes or vertices than they must have, one value a shape for another number of shapes,
        or a bad argument.
    """

    kind: ClassVar[str] = "shapes"
    events: ShapesEvents

    def __init__(
        self,
        data: Any = None,
        *,
        ndim: int | None = None,
        shape_type: str | Sequence[str] = DEFAULT_TYPE,
        features: Any = None,
        edge_width: Any = 1.0,
        edge_color: Any = "#777777",
        edge_colormap: Any = "viridis",
        edge_contrast_limits: Sequence[float] | None = None,
        edge_color_cycle: Any = "tab10",
        edge_color_mode: str | None = None,
        face_color: Any = "white",
        face_colormap: Any = "viridis",
        face_contrast_limits: Sequence[float] | None = None,
        face_color_cycle: Any = "tab10",
        face_color_mode: str | None = None,
        z_index: Any = 0,
        text: Any = None,
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
        self._cloud = data if isinstance(data, ShapeCloud) else ShapeCloud.of(data, shape_type, ndim)
        self._source = data
        self._type_given = shape_type
        self._features = Features(features, self._cloud.count, "shape")
        self._given: dict[str, Any] = {field: arguments[field] for field in STYLE}
        self._parsed = parse(self._given, ENCODED, self._cloud.count, self._features)
        self._text = text_style(text, self._cloud.count, self._cloud.ndim, self._features)
        self._style = style_of(self._parsed, self._text)
        self._look: PrimitivesLook | None = None
        super().__init__(
            self._cloud.ndim,
            name="Shapes" if name is None else name,
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

    def _make_events(self) -> ShapesEvents:
        return ShapesEvents(self)

    def __repr__(self) -> str:
        return f"<Shapes {self.name!r} {self._cloud.count} × {self.ndim}>"

    # ---- data ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Shapes as they were given; after `add` a sequence of the vertices of each. Another number of shapes may be
        set if nothing has one value a shape; `update` sets these too."""
        if self._source is None:
            return []
        return self._source.data if isinstance(self._source, ShapeCloud) else self._source

    @data.setter
    def data(self, value: Any) -> None:
        self.update(data=value)

    @property
    def cloud(self) -> ShapeCloud:
        """What slicing refers to."""
        return self._cloud

    @property
    def style(self) -> ShapeStyle:
        """What slicing refers to."""
        return self._style

    @property
    def shape_type(self) -> list[str]:
        """The type of each shape. Set one for all of them or a sequence: it counts for those of which the data do not
        say it."""
        return self._cloud.types

    @shape_type.setter
    def shape_type(self, value: str | Sequence[str]) -> None:
        self.update(shape_type=value)

    @property
    def features(self) -> Any:
        """The table as it was given; None without one."""
        return self._features.table

    @features.setter
    def features(self, value: Any) -> None:
        self.update(features=value)

    @property
    def extent_data(self) -> Array | None:
        """Smallest and largest coordinate of all vertices, shape (2, ndim); None without shapes. Read-only.

        Those of an ellipse are the corners around it.
        """
        return self._cloud.extent

    @property
    def drawn_extent_data(self) -> Array | None:
        """The same with the widest edge around it, as far as widths are known without reading features."""
        return None if self._cloud.extent is None else _with_margin(self._cloud.extent, self._parsed)

    def update(self, **changes: Any) -> None:
        """Change data, features and any part of the style at once: no picture shows one of them without the others.

        Parameters
        ----------
        **changes
            Arguments of `Shapes` from ``data`` to ``text``, without ``ndim``.

        Raises
        ------
        TypeError, ValueError
            As for `Shapes`; nothing has changed then.
        """
        unknown = set(changes) - {"data", "shape_type", "features", *STYLE}
        if unknown:
            raise TypeError(
                f"update takes data, shape_type, features, {', '.join(STYLE)}; not {', '.join(sorted(unknown))}"
            )
        changes = {field: value for field, value in changes.items() if not self._has(field, value)}
        if changes:
            self._replace(changes)

    def refresh(self) -> None:
        """Vertices, features or values were edited in place: read all of them again.

        Raises
        ------
        ValueError
            They are not what they should be any more; what is shown stays.
        """
        again = {field: parsed.value for field, parsed in self._parsed.items() if parsed.varies}
        if self._text is not None:
            again["text"] = self._given["text"]
        self._replace({"data": self._source, "features": self._features.table, **again})

    def add(
        self, shapes: Any, *, shape_type: str | Sequence[str] = DEFAULT_TYPE, features: Any = None, **values: Any
    ) -> None:
        """Add shapes after the others. From then on `data` is lamella's own list of vertices, read-only.

        Parameters
        ----------
        shapes, shape_type
            As for `Shapes`.
        features : table, optional
            Of the new shapes; needed if the layer has features.
        **values
            ``edge_width``, ``edge_color``, ``face_color``, ``z_index`` or ``text`` of the new shapes; needed where the
            others have one value a shape.

        Raises
        ------
        TypeError, ValueError
            Nothing has changed then.
        """
        more = geometry_of(shapes, self.ndim, shape_type)
        count = len(more.kinds)
        unknown = set(values) - {*ENCODED, "text"}
        if unknown:
            raise TypeError(
                f"add takes shape_type, features, {', '.join(ENCODED)} and text; not {', '.join(sorted(unknown))}"
            )
        if (features is None) != (self._features.table is None):
            raise ValueError("features of the new shapes are needed if, and only if, the layer has features")
        changes = text_with_more(self._text, self._given["text"], values.pop("text", None), "shape")
        new = parse({**self._given, **values}, values, count, Features(None, count, "shape"))
        if features is not None:
            Features(features, count, "shape")
            changes["features"] = joined(self._features.table, features)
        for field, old in self._parsed.items():
            if field not in values and old.varies and old.column is None:
                raise ValueError(f"{field} of the new shapes is needed: the layer has one value a shape")
            if field in values and old.column is not None:
                raise ValueError(f"{field} follows from the column {old.column!r} of features: give features instead")
            if field in values:
                changes[field] = joined_values(field, old, self._cloud.count, new[field], count)
        if count:
            self._replace({"data": self._cloud.with_more(more), **changes})

    # ---- style ---------------------------------------------------------------------------------------------------

    edge_width = StyleField()
    """Number, (n,) array or the name of a column; data units."""
    edge_color = StyleField()
    """RGBA from 0 to 1, an array of one colour a shape, or the name of a column."""
    edge_colormap = StyleField()
    edge_contrast_limits = StyleField()
    edge_color_cycle = StyleField()
    edge_color_mode = StyleField()
    face_color = StyleField()
    """As `edge_color`."""
    face_colormap = StyleField()
    face_contrast_limits = StyleField()
    face_color_cycle = StyleField()
    face_color_mode = StyleField()
    z_index = StyleField()
    """Integer or (n,) array of integers."""
    text = StyleField()
    """What is written in the shapes, as it was given; None for nothing."""

    def column_of(self, field: str) -> str | None:
        """The column of features that a property of `ENCODED` follows from; None if it follows from none."""
        return self._parsed[field].column

    def varies(self, field: str) -> bool:
        """Whether a property of `ENCODED` has one value a shape."""
        return self._parsed[field].varies

    def look(self) -> PrimitivesLook:
        """The look now, frozen; the same object until it changes."""
        look = PrimitivesLook(opacity=self._opacity, blending=self._blending, visible=self._visible)
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
        cloud, source, type_given = self._cloud, self._source, changes.get("shape_type", self._type_given)
        if "shape_type" in changes and "data" not in changes:
            source = self.data  # of a cloud without the types that it knows
        if "data" in changes or "shape_type" in changes:
            source = changes.get("data", source)
            cloud = source if isinstance(source, ShapeCloud) else ShapeCloud.of(source, type_given, self.ndim)
            if cloud.ndim != self.ndim:
                raise ValueError(f"data must have {self.ndim} columns, one an axis, not {cloud.ndim}")
        features = self._features
        if "features" in changes or cloud.count != features.rows:
            features = Features(changes.get("features", features.table), cloud.count, "shape")
        given = {**self._given, **{f: v for f, v in changes.items() if f in STYLE}}
        again = stale(self._parsed, changes, cloud.count != self._cloud.count, features is not self._features)
        parsed = {**self._parsed, **parse(given, again, cloud.count, features)}
        text = self._text
        if "text" in changes or (text is not None and features is not self._features):
            text = text_style(given["text"], cloud.count, cloud.ndim, features)
        if cloud.extent is not None:
            self._check_extent(_with_margin(cloud.extent, parsed), self.transform)
        moved = [] if same_extent(cloud.extent, self._cloud.extent) else ["extent"]
        if again or text is not self._text:
            self._style = style_of(parsed, text)
        version = []
        if cloud is not self._cloud or "data" in changes:
            self._version = new_version((cloud.token,))
            version = ["version"]
        self._cloud, self._source, self._features, self._type_given = cloud, source, features, type_given
        self._given, self._parsed, self._text = given, parsed, text
        self._emit(*changes, *version, *moved, "slicing")


def _with_margin(extent: Array, parsed: Mapping[str, Parsed]) -> Array:
    """An extent with the widest edge around it."""
    margin = parsed["edge_width"].largest / 2
    drawn: Array = extent + np.array([[-margin], [margin]])
    return drawn
