"""The Points layer: coordinates, and for each point a size, a symbol and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from lamella.model._validate import flag, number, one_of
from lamella.model.edits import new_version
from lamella.model.layers.base import Array, Layer, LayerEvents, same_extent
from lamella.model.layers.features import Features, joined
from lamella.model.layers.look import PointsLook
from lamella.model.layers.point_arguments import ENCODED, STYLE, Parsed, joined_values, parse, stale, style_of
from lamella.model.layers.point_cloud import Growing, PointCloud, checked_coordinates
from lamella.model.layers.point_style import PerPoint, PointStyle
from lamella.model.layers.style_field import StyleField, is_unchanged
from lamella.model.layers.text import text_style, text_with_more

PROJECTION_MODES = ("none", "all", "rescale_linear", "rescale_spherical")


class PointsEvents(LayerEvents):
    """The signals of every layer and those of points."""

    features = Signal(object, reemission="latest-only")
    size = Signal(object, reemission="latest-only")
    symbol = Signal(object, reemission="latest-only")
    face_color = Signal(object, reemission="latest-only")
    face_colormap = Signal(object, reemission="latest-only")
    face_contrast_limits = Signal(object, reemission="latest-only")
    face_color_cycle = Signal(object, reemission="latest-only")
    face_color_mode = Signal(object, reemission="latest-only")
    border_color = Signal(object, reemission="latest-only")
    border_colormap = Signal(object, reemission="latest-only")
    border_contrast_limits = Signal(object, reemission="latest-only")
    border_color_cycle = Signal(object, reemission="latest-only")
    border_color_mode = Signal(object, reemission="latest-only")
    border_width = Signal(object, reemission="latest-only")
    border_width_is_relative = Signal(object, reemission="latest-only")
    shown = Signal(object, reemission="latest-only")
    text = Signal(object, reemission="latest-only")
    projection_mode = Signal(object, reemission="latest-only")
    out_of_slice_display = Signal(object, reemission="latest-only")
    antialiasing = Signal(object, reemission="latest-only")


class Points(Layer):
    """Points in n dimensions.

    Owned by the main thread. Arrays of up to 1 MiB are copied at the call. Larger ones are copied by the first slice,
    on another thread: do not edit them before the viewer is loaded. After an edit in place call `refresh`. Read-only
    arrays are not copied.

    Parameters
    ----------
    data : (n, ndim) array, PointCloud or None
        Data coordinates, one row a point. A point with NaN on an axis that is not displayed is never shown.
    ndim : int, optional
        Axes of a layer without points; 2 by default.
    features : mapping of columns, pandas.DataFrame or pyarrow.Table, optional
        One row a point.
    size : float, (n,) array or str
        Diameter in data units. A string is the name of a column of ``features``, here and below.
    symbol : str or sequence of str
        One of `SYMBOLS`, or a short form such as ``"o"`` or ``"+"``. A column of other values has one symbol for each.
    face_color, border_color : colour, (n, 3 or 4) array, sequence of colours, or str
        Arrays hold uint8, or numbers from 0 to 1. The name of a column comes before the name of a colour.
    face_colormap, border_colormap : str or cmap.Colormap
        For a column of numbers.
    face_contrast_limits, border_contrast_limits : (float, float), optional
        Numbers with the first and the last colour; the smallest and largest of the column by default.
    face_color_cycle, border_color_cycle : str or sequence of colours
        For a column of categories, which are sorted.
    face_color_mode, border_color_mode : {None, "colormap", "cycle"}
        None: floats have a colormap, and so have integers of more than 16 different values.
    border_width : float, (n,) array or str
        Inside the size; in data units, or from 0 to 1 as a share of the size.
    border_width_is_relative : bool
    shown : bool, (n,) array of bool or str
    text : str, sequence of str, mapping or None
        Written beside the points, as far as it does not overlap: the name of a column; a format string with names of
        columns such as ``"{name}: {area:.1f}"``; one string a point; or a mapping with one of these as ``string`` and
        any of ``color`` (as ``face_color``), ``size`` (canvas pixels), ``anchor`` (``"center"``, ``"upper_left"``,
        ``"upper_right"``, ``"lower_left"`` or ``"lower_right"``: which point of the text is at the point),
        ``rotation`` (degrees), ``translation`` (data units) and ``visible``.
    projection_mode : {"none", "all", "rescale_linear", "rescale_spherical"}
        What the margins of dims do: nothing, show all points within them, or show these smaller with their distance.
    out_of_slice_display : bool
        Show each point as a ball that the slice cuts, whatever the margins.
    antialiasing : float
        Canvas pixels over which edges fade.
    name, visible, opacity, blending, scale, translate, rotate, shear, affine, units, axis_labels, metadata
        As for `Layer`.

    Raises
    ------
    TypeError
        Coordinates that are no numbers, features that are no table.
    ValueError
        Fewer than two columns, one value a point for another number of points, or a bad argument.
    """

    kind: ClassVar[str] = "points"
    events: PointsEvents

    def __init__(
        self,
        data: Any = None,
        *,
        ndim: int | None = None,
        features: Any = None,
        size: Any = 10.0,
        symbol: Any = "disc",
        face_color: Any = "white",
        face_colormap: Any = "viridis",
        face_contrast_limits: Sequence[float] | None = None,
        face_color_cycle: Any = "tab10",
        face_color_mode: str | None = None,
        border_color: Any = "dimgray",
        border_colormap: Any = "viridis",
        border_contrast_limits: Sequence[float] | None = None,
        border_color_cycle: Any = "tab10",
        border_color_mode: str | None = None,
        border_width: Any = 0.05,
        border_width_is_relative: bool = True,
        shown: Any = True,
        text: Any = None,
        projection_mode: str = "all",
        out_of_slice_display: bool = False,
        antialiasing: float = 1.0,
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
        arguments = locals()
        self._cloud = data if isinstance(data, PointCloud) else PointCloud.of(data, ndim)
        self._source = self._cloud if data is None else data
        self._features = Features(features, self._cloud.count)
        self._given: dict[str, Any] = {field: arguments[field] for field in STYLE}
        self._parsed = parse(self._given, ENCODED, self._cloud.count, self._features)
        self._text = text_style(text, self._cloud.count, self._cloud.ndim, self._features)
        self._style = style_of(self._parsed, self._given, self._text)
        self._growing: Growing | None = None
        self._projection_mode = str(one_of("projection_mode", projection_mode, PROJECTION_MODES))
        self._out_of_slice_display = flag("out_of_slice_display", out_of_slice_display)
        self._antialiasing = number("antialiasing", antialiasing, 0, 100)
        self._look: PointsLook | None = None
        super().__init__(
            self._cloud.ndim,
            name="Points" if name is None else name,
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

    def _make_events(self) -> PointsEvents:
        return PointsEvents(self)

    def __repr__(self) -> str:
        return f"<Points {self.name!r} {self._cloud.count} × {self.ndim}>"

    # ---- data ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Coordinates as they were given, (n, ndim). Another number of points may be set if no property has one value
        a point; `update` sets both at once."""
        return self._source.data if isinstance(self._source, PointCloud) else self._source

    @data.setter
    def data(self, value: Any) -> None:
        self.update(data=value)

    @property
    def cloud(self) -> PointCloud:
        """What slicing refers to."""
        return self._cloud

    @property
    def style(self) -> PointStyle:
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
        """Smallest and largest coordinate of all points, shape (2, ndim); None without points. Read-only."""
        return self._cloud.extent

    @property
    def drawn_extent_data(self) -> Array | None:
        """The same with the largest symbols around it, as far as their size is known without reading features."""
        return None if self._cloud.extent is None else _with_margin(self._cloud.extent, self._parsed)

    def update(self, **changes: Any) -> None:
        """Change data, features and any part of the style at once: no picture shows one of them without the others.

        Parameters
        ----------
        **changes
            Arguments of `Points` from ``data`` to ``text``.

        Raises
        ------
        TypeError, ValueError
            As for `Points`; nothing has changed then.
        """
        unknown = set(changes) - {"data", "features", *STYLE}
        if unknown:
            raise TypeError(f"update takes data, features, {', '.join(STYLE)}; not {', '.join(sorted(unknown))}")
        changes = {field: value for field, value in changes.items() if not self._has(field, value)}
        if changes:
            self._replace(changes)

    def refresh(self) -> None:
        """Coordinates, features or values were edited in place: read all of them again.

        Raises
        ------
        ValueError
            They are not what they should be any more; what is shown stays.
        """
        again = {field: parsed.value for field, parsed in self._parsed.items() if parsed.varies}
        if self._text is not None:
            again["text"] = self._given["text"]
        self._replace({"data": self._source, "features": self._features.table, **again})

    def add(self, points: Any, *, features: Any = None, **values: Any) -> None:
        """Add points after the others, without copying the coordinates that are there: it may be called often.

        From then on `data` is lamella's own array and read-only.

        Parameters
        ----------
        points : (k, ndim) array
        features : table, optional
            Of the new points; needed if the layer has features.
        **values
            ``size``, ``symbol``, ``face_color``, ``border_color``, ``border_width``, ``shown`` or ``text`` of the new
            points; needed where the others have one value a point.

        Raises
        ------
        TypeError, ValueError
            Nothing has changed then.
        """
        more = checked_coordinates(points, self.ndim)
        unknown = set(values) - {*ENCODED, "text"}
        if unknown:
            raise TypeError(f"add takes features, {', '.join(ENCODED)} and text; not {', '.join(sorted(unknown))}")
        if (features is None) != (self._features.table is None):
            raise ValueError("features of the new points are needed if, and only if, the layer has features")
        changes = text_with_more(self._text, self._given["text"], values.pop("text", None), "point")
        new = parse({**self._given, **values}, values, len(more), Features(None, len(more)))
        if features is not None:
            Features(features, len(more))
            changes["features"] = joined(self._features.table, features)
        for field, parsed in self._parsed.items():
            if field in new and parsed.column is not None:
                raise ValueError(f"{field} follows from the column {parsed.column!r} of features: give it there")
            if isinstance(parsed.encoding, PerPoint) and field not in new:
                raise ValueError(f"{field} has one value a point: give it for the new points too")
            if field in new:
                changes[field] = joined_values(field, parsed, self._cloud.count, new[field], len(more))
        growing = self._growing or Growing(self._cloud)
        before = growing.cloud
        try:
            self._replace({"data": growing.add(more), **changes}, growing)
        except ValueError:
            growing.cloud = before  # the rows after those of a cloud are nobody's
            raise

    # ---- style ---------------------------------------------------------------------------------------------------

    size = StyleField()
    """Diameter in data units: a number, (n,) array or the name of a column."""
    symbol = StyleField()
    """One of `SYMBOLS`, one a point, or the name of a column."""
    face_color = StyleField()
    """RGBA from 0 to 1, an array of one colour a point, or the name of a column."""
    face_colormap = StyleField()
    face_contrast_limits = StyleField()
    face_color_cycle = StyleField()
    face_color_mode = StyleField()
    border_color = StyleField()
    """As `face_color`."""
    border_colormap = StyleField()
    border_contrast_limits = StyleField()
    border_color_cycle = StyleField()
    border_color_mode = StyleField()
    border_width = StyleField()
    """Number, (n,) array or the name of a column; data units, or a share of the size."""
    border_width_is_relative = StyleField()
    """Whether `border_width` is a share of the size."""
    shown = StyleField()
    """True, False, one of them a point, or the name of a column."""
    text = StyleField()
    """What is written beside the points, as it was given; None for nothing."""

    def column_of(self, field: str) -> str | None:
        """The column of features that a property of `ENCODED` follows from; None if it follows from none."""
        return self._parsed[field].column

    def varies(self, field: str) -> bool:
        """Whether a property of `ENCODED` has one value a point."""
        return self._parsed[field].varies

    @property
    def projection_mode(self) -> str:
        """What the margins of dims do: one of `PROJECTION_MODES`."""
        return self._projection_mode

    @projection_mode.setter
    def projection_mode(self, value: str) -> None:
        self._change("projection_mode", one_of("projection_mode", value, PROJECTION_MODES), "slicing")

    @property
    def out_of_slice_display(self) -> bool:
        """Whether each point is a ball that the slice cuts, whatever the margins."""
        return self._out_of_slice_display

    @out_of_slice_display.setter
    def out_of_slice_display(self, value: bool) -> None:
        self._change("out_of_slice_display", flag("out_of_slice_display", value), "slicing")

    @property
    def antialiasing(self) -> float:
        """Canvas pixels over which edges fade, 0 to 100."""
        return self._antialiasing

    @antialiasing.setter
    def antialiasing(self, value: float) -> None:
        self._change("antialiasing", number("antialiasing", value, 0, 100), "look")

    def look(self) -> PointsLook:
        """The look now, frozen; the same object until it changes."""
        look = PointsLook(self._opacity, self._blending, self._visible, self._antialiasing)
        if self._look is None or not look.same_as(self._look):
            self._look = look
        return self._look

    # ---- inside --------------------------------------------------------------------------------------------------

    def _field(self, name: str) -> Any:
        return self._parsed[name].value if name in self._parsed else self._given[name]

    def _has(self, field: str, value: Any) -> bool:
        """Whether a field of the style has this value already; arrays may have been edited."""
        return field in STYLE and is_unchanged(value, self._given[field], self._field(field))

    def _replace(self, changes: dict[str, Any], growing: Growing | None = None) -> None:
        cloud, source = self._cloud, self._source
        if "data" in changes:
            data = changes["data"]
            cloud = data if isinstance(data, PointCloud) else PointCloud.of(data, self.ndim)
            source = cloud if data is None else data
            if cloud.ndim != self.ndim:
                raise ValueError(f"data must have {self.ndim} columns, one an axis, not {cloud.ndim}")
        features = self._features
        if "features" in changes or cloud.count != features.rows:
            features = Features(changes.get("features", features.table), cloud.count)
        given = {**self._given, **{f: v for f, v in changes.items() if f in STYLE}}
        again = stale(self._parsed, changes, cloud.count != self._cloud.count, features is not self._features)
        parsed = {**self._parsed, **parse(given, again, cloud.count, features)}
        text, relative = self._text, given["border_width_is_relative"]
        if "text" in changes or (text is not None and features is not self._features):
            text = text_style(given["text"], cloud.count, cloud.ndim, features)
        if cloud.extent is not None:
            self._check_extent(_with_margin(cloud.extent, parsed), self.transform)
        moved = [] if same_extent(cloud.extent, self._cloud.extent) else ["extent"]
        if again or text is not self._text or relative != self._given["border_width_is_relative"]:
            self._style = style_of(parsed, given, text)
        if "data" in changes:
            self._growing = growing or (self._growing if cloud is self._cloud else None)
            self._version = new_version((cloud.token,))
        self._cloud, self._source, self._features = cloud, source, features
        self._given, self._parsed, self._text = given, parsed, text
        version = ["version"] if "data" in changes else []
        self._emit(*changes, *version, *moved, "slicing")


def _with_margin(extent: Array, parsed: Mapping[str, Parsed]) -> Array:
    """An extent with the largest symbols around it."""
    radius = parsed["size"].largest / 2
    drawn: Array = extent + np.array([[-radius], [radius]])
    return drawn
