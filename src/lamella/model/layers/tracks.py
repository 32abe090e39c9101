"""The Tracks layer: things that move, each a line through the places where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from psygnal import Signal

from lamella.model._validate import flag, number
from lamella.model.edits import new_version
from lamella.model.layers.base import Array, Layer, LayerEvents, same_extent
from lamella.model.layers.features import Features
from lamella.model.layers.look import PrimitivesLook
from lamella.model.layers.style_field import StyleField
from lamella.model.layers.track_cloud import TrackCloud
from lamella.model.layers.track_graph import TrackData, TrackGraph
from lamella.model.layers.track_style import STYLE, TrackStyle, style_of

TOGETHER = ("data", "features", "graph", *STYLE)
"""The arguments that `Tracks.update` changes together."""

MAX_WIDTH = 1000.0  # canvas pixels


class TracksEvents(LayerEvents):
    """The signals of every layer and those of tracks."""

    features = Signal(object, reemission="latest-only")
    graph = Signal(object, reemission="latest-only")
    color_by = Signal(object, reemission="latest-only")
    colormap = Signal(object, reemission="latest-only")
    contrast_limits = Signal(object, reemission="latest-only")
    color_cycle = Signal(object, reemission="latest-only")
    color_mode = Signal(object, reemission="latest-only")
    tail_width = Signal(object, reemission="latest-only")
    tail_length = Signal(object, reemission="latest-only")
    head_length = Signal(object, reemission="latest-only")
    display_id = Signal(object, reemission="latest-only")
    display_tail = Signal(object, reemission="latest-only")
    display_graph = Signal(object, reemission="latest-only")
    hide_completed_tracks = Signal(object, reemission="latest-only")


class Tracks(Layer):
    """Tracks in n dimensions, of which axis 0 is time: lines that fade with the time that has passed.

    Owned by the main thread. Arrays of up to 1 MiB are copied at the call. Larger ones are copied by the first slice,
    on another thread: do not edit them before the viewer is loaded. After an edit in place call `refresh`. Read-only
    arrays are not copied.

    Parameters
    ----------
    data : (n, 1 + ndim) array, pandas.DataFrame, pyarrow.Table, mapping of columns, TrackCloud or None
        One row a vertex, in any order: track id, time, and the other coordinates, such as z, y and x. Of a table with
        columns ``track_id`` (or ``id``, ``particle``), ``t`` (or ``time``, ``frame``), ``y``, ``x`` and perhaps ``z``
        these are taken, otherwise all in their order. Ids are whole numbers, and a track has one vertex at a time.
    ndim : int, optional
        Axes of a layer without vertices, time among them; 3 by default.
    features : mapping of columns, pandas.DataFrame or pyarrow.Table, optional
        One row a vertex.
    graph : mapping of int to int or sequence of int, optional
        The parents of a track by the child's id: two children of one parent are a split, two parents of one child a
        merge. The last vertex of a parent is joined with the first of its child.
    color_by : str
        ``"track_id"``, or the name of a column of ``features``.
    colormap : str or cmap.Colormap
        For ids and for a column of numbers.
    contrast_limits : (float, float), optional
        Numbers with the first and the last colour; the smallest and largest by default.
    color_cycle : str or sequence of colours
        For a column of categories, which are sorted.
    color_mode : {None, "colormap", "cycle"}
        None: ids and floats have a colormap, and so have integers of more than 16 different values.
    tail_width : float
        Canvas pixels.
    tail_length : float
        How long a place is seen after its time, in data units of axis 0: it fades until then.
    head_length : float
        How long it is seen before.
    display_id : bool
        Write the id beside each track that has a vertex at this very time.
    display_tail : bool
        Show the tracks.
    display_graph : bool
        Show the edges between tracks.
    hide_completed_tracks : bool
        Leave out tracks whose last time is past.
    name, visible, opacity, blending, scale, translate, rotate, shear, affine, units, axis_labels, metadata
        As for `Layer`.

    Raises
    ------
    TypeError
        Vertices that are no numbers, features that are no table.
    ValueError
        Fewer than three columns, ids that are no whole numbers, times that are not finite, two vertices of a track at
        one time, a graph with tracks that are not there, or a bad argument.
    """

    kind: ClassVar[str] = "tracks"
    events: TracksEvents

    def __init__(
        self,
        data: Any = None,
        *,
        ndim: int | None = None,
        features: Any = None,
        graph: Mapping[int, Any] | None = None,
        color_by: str = "track_id",
        colormap: Any = "turbo",
        contrast_limits: Sequence[float] | None = None,
        color_cycle: Any = "tab10",
        color_mode: str | None = None,
        tail_width: float = 2.0,
        tail_length: float = 30.0,
        head_length: float = 0.0,
        display_id: bool = False,
        display_tail: bool = True,
        display_graph: bool = True,
        hide_completed_tracks: bool = False,
        name: str | None = None,
        visible: bool = True,
        opacity: float = 1.0,
        blending: str = "additive",
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
        cloud = data if isinstance(data, TrackCloud) else TrackCloud.of(data, ndim)
        self._source = cloud if data is None else data
        self._features = Features(features, cloud.count, "vertex")
        self._tracks = TrackData.of(cloud, TrackGraph.of(graph))
        self._given: dict[str, Any] = {field: arguments[field] for field in STYLE}
        self._style = style_of(self._given, self._features)
        self._tail_width = number("tail_width", tail_width, 0, MAX_WIDTH)
        self._tail_length = number("tail_length", tail_length, 0)
        self._head_length = number("head_length", head_length, 0)
        self._display_id = flag("display_id", display_id)
        self._display_tail = flag("display_tail", display_tail)
        self._display_graph = flag("display_graph", display_graph)
        self._hide_completed_tracks = flag("hide_completed_tracks", hide_completed_tracks)
        self._look: PrimitivesLook | None = None
        super().__init__(
            cloud.ndim,
            name="Tracks" if name is None else name,
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

    def _make_events(self) -> TracksEvents:
        return TracksEvents(self)

    def __repr__(self) -> str:
        return f"<Tracks {self.name!r} {self._tracks.cloud.count} × {self.ndim}>"

    # ---- data ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """Vertices as they were given. If other tracks are set, features and graph may have to change too: `update`
        sets them together."""
        return self._source.cloud.data if isinstance(self._source, TrackCloud) else self._source

    @data.setter
    def data(self, value: Any) -> None:
        self.update(data=value)

    @property
    def tracks(self) -> TrackData:
        """What slicing refers to."""
        return self._tracks

    @property
    def style(self) -> TrackStyle:
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
    def columns(self) -> tuple[str, ...]:
        """What `color_by` may be."""
        return ("track_id", *(name for name in self._features.names if name != "track_id"))

    @property
    def graph(self) -> dict[int, list[int]]:
        """The parents of each child, by track id."""
        return self._tracks.graph.as_dict()

    @graph.setter
    def graph(self, value: Mapping[int, Any] | None) -> None:
        self.update(graph=value)

    @property
    def extent_data(self) -> Array | None:
        """Smallest and largest coordinate of all vertices, shape (2, ndim); None without vertices. Read-only."""
        return self._tracks.cloud.extent

    def update(self, **changes: Any) -> None:
        """Change data, features, graph and colours at once: no picture shows one of them without the others.

        Parameters
        ----------
        **changes
            ``data``, ``features``, ``graph``, ``color_by``, ``colormap``, ``contrast_limits``, ``color_cycle``,
            ``color_mode``.

        Raises
        ------
        TypeError, ValueError
            As for `Tracks`; nothing has changed then.
        """
        unknown = set(changes) - set(TOGETHER)
        if unknown:
            raise TypeError(f"update takes {', '.join(TOGETHER)}; not {', '.join(sorted(unknown))}")
        changes = {field: value for field, value in changes.items() if not self._has(field, value)}
        if changes:
            self._replace(changes)

    def refresh(self) -> None:
        """Vertices or features were edited in place: read all of them again.

        Raises
        ------
        ValueError
            They are not what they should be any more; what is shown stays.
        """
        self._replace({"data": self._source, "features": self._features.table})

    # ---- colours -------------------------------------------------------------------------------------------------

    color_by = StyleField()
    """``"track_id"``, or the name of a column of features."""
    colormap = StyleField()
    contrast_limits = StyleField()
    color_cycle = StyleField()
    color_mode = StyleField()

    # ---- what is shown of it -------------------------------------------------------------------------------------

    @property
    def tail_width(self) -> float:
        """Canvas pixels, 0 to 1000. It changes without another slice."""
        return self._tail_width

    @tail_width.setter
    def tail_width(self, value: float) -> None:
        self._change("tail_width", number("tail_width", value, 0, MAX_WIDTH), "look")

    @property
    def tail_length(self) -> float:
        """How long a place is seen after its time, in data units of axis 0."""
        return self._tail_length

    @tail_length.setter
    def tail_length(self, value: float) -> None:
        self._change("tail_length", number("tail_length", value, 0), "slicing")

    @property
    def head_length(self) -> float:
        """How long a place is seen before its time, in data units of axis 0."""
        return self._head_length

    @head_length.setter
    def head_length(self, value: float) -> None:
        self._change("head_length", number("head_length", value, 0), "slicing")

    @property
    def display_id(self) -> bool:
        """Whether ids are written beside the vertices at this very time."""
        return self._display_id

    @display_id.setter
    def display_id(self, value: bool) -> None:
        self._change("display_id", flag("display_id", value), "slicing")

    @property
    def display_tail(self) -> bool:
        """Whether tracks are shown."""
        return self._display_tail

    @display_tail.setter
    def display_tail(self, value: bool) -> None:
        self._change("display_tail", flag("display_tail", value), "slicing")

    @property
    def display_graph(self) -> bool:
        """Whether edges between tracks are shown."""
        return self._display_graph

    @display_graph.setter
    def display_graph(self, value: bool) -> None:
        self._change("display_graph", flag("display_graph", value), "slicing")

    @property
    def hide_completed_tracks(self) -> bool:
        """Whether tracks whose last time is past are left out."""
        return self._hide_completed_tracks

    @hide_completed_tracks.setter
    def hide_completed_tracks(self, value: bool) -> None:
        self._change("hide_completed_tracks", flag("hide_completed_tracks", value), "slicing")

    def look(self) -> PrimitivesLook:
        """The look now, frozen; the same object until it changes."""
        look = PrimitivesLook(
            opacity=self._opacity,
            blending=self._blending,
            visible=self._visible,
            width_unit="pixels",
            width=self._tail_width,
        )
        if self._look is None or not look.same_as(self._look):
            self._look = look
        return self._look

    # ---- inside --------------------------------------------------------------------------------------------------

    def _field(self, name: str) -> Any:
        return self._given[name]

    def _has(self, field: str, value: Any) -> bool:
        """Whether a field of the style has this value already; arrays may have been edited."""
        plain = (bool, int, float, str, tuple, type(None))
        return field in STYLE and isinstance(value, plain) and _equal(value, self._given[field])

    def _replace(self, changes: dict[str, Any]) -> None:
        old = self._tracks
        cloud, graph, source = old.cloud, old.graph, self._source
        if "data" in changes:
            data = changes["data"]
            cloud = data if isinstance(data, TrackCloud) else TrackCloud.of(data, self.ndim)
            source = cloud if data is None else data
            if cloud.ndim != self.ndim:
                raise ValueError(f"data must have {1 + self.ndim} columns, not {1 + cloud.ndim}")
        features = self._features
        if "features" in changes or cloud.count != features.rows:
            features = Features(changes.get("features", features.table), cloud.count, "vertex")
        if "graph" in changes:
            graph = TrackGraph.of(changes["graph"])
        tracks = old if cloud is old.cloud and graph is old.graph else TrackData.of(cloud, graph)
        given = {**self._given, **{f: v for f, v in changes.items() if f in STYLE}}
        restyled = features is not self._features or any(f in changes for f in STYLE)
        style = style_of(given, features) if restyled else self._style
        if cloud.extent is not None:
            self._check_extent(cloud.extent, self.transform)
        if "data" in changes:
            self._version = new_version((cloud.cloud.token,))
        self._tracks, self._source, self._features = tracks, source, features
        self._given, self._style = given, style
        version = ["version"] if "data" in changes else []
        self._emit(*changes, *version, *([] if same_extent(cloud.extent, old.cloud.extent) else ["extent"]), "slicing")


def _equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(a == b)
