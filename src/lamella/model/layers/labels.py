"""The Labels layer: an n-D array of ids, each drawn in a colour of its own; 0 is the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from psygnal import Signal

from lamella.model._validate import flag, integer, number
from lamella.model.label_ids import id_of
from lamella.model.layers.chunked import ChunkedLayer, ChunkedLayerEvents, as_multiscale, check_levels
from lamella.model.layers.label_colors import checked_label_colors, cyclic_colors
from lamella.model.layers.look import LabelsLook
from lamella.sources.multiscale import Multiscale

MAX_CONTOUR = 64


class LabelsEvents(ChunkedLayerEvents):
    """The signals of every layer and those of labels."""

    colormap = Signal(object, reemission="latest-only")
    contour = Signal(object, reemission="latest-only")
    selected_label = Signal(object, reemission="latest-only")
    show_selected_label = Signal(object, reemission="latest-only")


class Labels(ChunkedLayer):
    """An n-D array of ids.

    Owned by the main thread. Ids are exact: 64-bit ones are too for status and picking.

    Parameters
    ----------
    data : array or sequence of arrays
        Boolean or integer, with at least two axes: anything that `Image` takes.
    name : str, optional
    colormap : int, sequence of colours, or mapping of id → colour, optional
        A number of colours; colours used in turn; or a colour for each id, with None as the key of all others.
    contour : int
        Pixels of the outlines that are drawn instead of filled areas; 0 fills. In 2-D only.
    selected_label : int
    show_selected_label : bool
        Show no other id than the selected one.
    opacity : float
        0 to 1.
    blending : str
    visible : bool
    scale, translate, rotate, shear, affine : optional
        Data → world, see `lamella.model.transforms.layer_transform`.
    units : str or sequence of str, optional
    axis_labels : sequence of str, optional
    multiscale : bool, optional
        Whether ``data`` is a list of levels. Guessed by default.
    metadata : mapping, optional

    Raises
    ------
    TypeError
        Data that are no ids: floating or complex numbers, objects.
    ValueError
        Fewer than two axes, levels that do not belong together, or a bad argument.
    """

    kind: ClassVar[str] = "labels"
    events: LabelsEvents

    def __init__(
        self,
        data: Any,
        *,
        name: str | None = None,
        colormap: Any = None,
        contour: int = 0,
        selected_label: int = 1,
        show_selected_label: bool = False,
        opacity: float = 0.7,
        blending: str = "translucent",
        visible: bool = True,
        scale: Any = None,
        translate: Any = None,
        rotate: Any = None,
        shear: Any = None,
        affine: Any = None,
        units: str | Sequence[str] | None = None,
        axis_labels: Sequence[str] | None = None,
        multiscale: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        source = as_multiscale(data, multiscale)
        self.check(source, False)
        self._dtype = source.dtype
        self._colormap = colormap
        self._colors, self._direct, self._default_color = checked_label_colors(colormap, source.dtype)
        self._contour = _checked_contour(contour)
        self._selected_label = self._checked_id(selected_label)
        self._show_selected_label = flag("show_selected_label", show_selected_label)
        self._last_look: LabelsLook | None = None
        super().__init__(
            data,
            source,
            colours=False,
            multiscale=multiscale,
            name=name,
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

    def _make_events(self) -> LabelsEvents:
        return LabelsEvents(self)

    @classmethod
    def check(cls, source: Multiscale, colours: bool) -> None:
        check_levels(source, "a labels layer")
        if source.dtype.kind not in "biu":
            raise TypeError(
                f"labels need boolean or integer ids, not an array of {source.dtype}: give data.astype(int), or show "
                "it as an image"
            )
        if source.ndim < 2:
            raise ValueError(f"a labels layer needs at least two axes, not the shape {source.shape}")

    def _follow_data(self) -> list[str]:
        self._dtype = self._source.dtype
        return []

    # ---- look ----------------------------------------------------------------------------------------------------

    @property
    def colormap(self) -> Any:
        """What was given; None is the default palette."""
        return self._colormap

    @colormap.setter
    def colormap(self, value: Any) -> None:
        colors, direct, default = checked_label_colors(value, self._dtype)
        self._colormap = value
        self._colors, self._direct, self._default_color = colors, direct, default
        self._emit("colormap", "look")

    def new_colors(self, seed: int) -> None:
        """As many colours used in turn as before, but others."""
        self._colors, self._direct = cyclic_colors(len(self._colors), integer("seed", seed)), None
        self._colormap = self._colors
        self._emit("colormap", "look")

    @property
    def contour(self) -> int:
        """Pixels of the outlines that are drawn instead of filled areas; 0 fills."""
        return self._contour

    @contour.setter
    def contour(self, value: int) -> None:
        self._change("contour", _checked_contour(value), "slicing")

    @property
    def selected_label(self) -> int:
        return self._selected_label

    @selected_label.setter
    def selected_label(self, value: int) -> None:
        self._change("selected_label", self._checked_id(value), "look")

    @property
    def show_selected_label(self) -> bool:
        """Show no other id than the selected one."""
        return self._show_selected_label

    @show_selected_label.setter
    def show_selected_label(self, value: bool) -> None:
        self._change("show_selected_label", flag("show_selected_label", value), "look")

    def look(self) -> LabelsLook:
        """The look now, frozen; the same object until it changes."""
        selected = id_of("selected_label", self._selected_label, self._dtype) if self._show_selected_label else None
        look = LabelsLook(
            colors=self._colors,
            direct=self._direct,
            default_color=self._default_color,
            selected=selected,
            opacity=self._opacity,
            blending=self._blending,
            visible=self._visible,
        )
        if self._last_look is None or not look.same_as(self._last_look):
            self._last_look = look
        return self._last_look

    def _checked_id(self, value: Any) -> int:
        id_of("selected_label", value, self._dtype)
        return int(value)


def _checked_contour(value: Any) -> int:
    return integer("contour", number("contour", value, 0, MAX_CONTOUR))
