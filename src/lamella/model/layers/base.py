"""What every layer has: a name, a place in the world and the part of its look that all types share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from psygnal import Signal, SignalGroup

from lamella.model._events import emit_each
from lamella.model._validate import flag, last_axes_texts, number, one_of, text
from lamella.model.layers.look import BLENDING_MODES
from lamella.model.transforms import Affine, layer_transform, rotation_matrix, shear_matrix
from lamella.model.units import PIXEL

Array = npt.NDArray[np.float64]

_ids = itertools.count(1)


@dataclass(frozen=True, slots=True)
class LayerStatus:
    """How far the layer is with what it was asked for, over all views. Set by the viewer.

    Attributes
    ----------
    loading : bool
        Something of it is still on its way.
    needed, have, failed : int
        Chunks.
    errors : tuple of str
        Distinct messages of what failed.
    """

    loading: bool = False
    needed: int = 0
    have: int = 0
    failed: int = 0
    errors: tuple[str, ...] = ()


class LayerEvents(SignalGroup):
    """One signal a field, emitted with the new value, and three that are emitted with the layer, once a change.

    ``look``: how it is drawn changed. ``slicing``: what is sliced changed (data, transform, version, level, shown or
    hidden). ``extent``: what dims take from it changed (extent, step, units, axis labels).
    """

    name = Signal(object, reemission="latest-only")
    visible = Signal(object, reemission="latest-only")
    opacity = Signal(object, reemission="latest-only")
    blending = Signal(object, reemission="latest-only")
    scale = Signal(object, reemission="latest-only")
    translate = Signal(object, reemission="latest-only")
    rotate = Signal(object, reemission="latest-only")
    shear = Signal(object, reemission="latest-only")
    affine = Signal(object, reemission="latest-only")
    units = Signal(object, reemission="latest-only")
    axis_labels = Signal(object, reemission="latest-only")
    metadata = Signal(object, reemission="latest-only")
    data = Signal(object, reemission="latest-only")
    version = Signal(object, reemission="latest-only")
    status = Signal(object, reemission="latest-only")
    look = Signal(object, reemission="latest-only")
    slicing = Signal(object, reemission="latest-only")
    extent = Signal(object, reemission="latest-only")


_WITH_THE_LAYER = ("look", "slicing", "extent")


class Layer:
    """Data plus how it looks. It holds no slice and no view state, and hashes by identity.

    Owned by the main thread. Setters raise a ValueError before anything changes; setting an equal value emits nothing.

    Parameters
    ----------
    ndim : int
        Axes of the layer.
    name : str
    visible : bool
    opacity : float
        0 to 1.
    blending : str
        One of `lamella.model.layers.look.BLENDING_MODES`.
    scale, translate, rotate, shear, affine : optional
        Data → world, see `lamella.model.transforms.layer_transform`. Shorter ones act on the last axes.
    units : str or sequence of str, optional
        One for all axes, or one each for the last ones; ``"pixel"`` for the others.
    axis_labels : sequence of str, optional
        Names of the last axes; an empty one is none.
    metadata : mapping, optional
        Whatever the user likes to keep with the layer.

    Attributes
    ----------
    id : int
        What messages call it.
    kind : str
        The layer type: its row in the tables of slicing and rendering.
    events : LayerEvents
    """

    kind: ClassVar[str]
    events: LayerEvents

    def __init__(
        self,
        ndim: int,
        *,
        name: str,
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
        self.id = next(_ids)
        self._ndim = ndim
        self._unique_name: Callable[[str], str] | None = None  # set by the list that the layer is in
        self._name = _checked_name(name)
        self._visible = flag("visible", visible)
        self._opacity = number("opacity", opacity, 0, 1)
        self._blending = str(one_of("blending", blending, BLENDING_MODES))
        self._transform = Affine.identity(ndim)
        placement = {"scale": scale, "translate": translate, "rotate": rotate, "shear": shear, "affine": affine}
        self._placement = {field: _normalised(field, value, ndim) for field, value in placement.items()}
        self._transform = self._checked_transform(self._placement)
        self._units = last_axes_texts("units", units, ndim, PIXEL)
        self._axis_labels = _checked_labels(axis_labels, ndim)
        self._metadata = _checked_metadata(metadata)
        self._version = 0
        self._status = LayerStatus()
        self.events = self._make_events()

    def _make_events(self) -> LayerEvents:
        return LayerEvents(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    # ---- identity ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Unique within its layer list, which adds " [1]", " [2]" … where it has to."""
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        name = _checked_name(value)
        self._change("name", self._unique_name(name) if self._unique_name is not None else name)

    @property
    def metadata(self) -> dict[str, Any]:
        return self._metadata

    @metadata.setter
    def metadata(self, value: Mapping[str, Any] | None) -> None:
        self._metadata = _checked_metadata(value)
        self._emit("metadata")

    @property
    def status(self) -> LayerStatus:
        return self._status

    @status.setter
    def status(self, value: LayerStatus) -> None:
        self._change("status", value)

    # ---- look ----------------------------------------------------------------------------------------------------

    @property
    def visible(self) -> bool:
        """A layer that is not visible is not sliced either."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self._change("visible", flag("visible", value), "look", "slicing")

    @property
    def opacity(self) -> float:
        """0, nothing to see, to 1."""
        return self._opacity

    @opacity.setter
    def opacity(self, value: float) -> None:
        self._change("opacity", number("opacity", value, 0, 1), "look")

    @property
    def blending(self) -> str:
        """How it is drawn over the layers below: one of `BLENDING_MODES`."""
        return self._blending

    @blending.setter
    def blending(self, value: str) -> None:
        self._change("blending", one_of("blending", value, BLENDING_MODES), "look")

    # ---- place in the world --------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        """Axes of the layer; the colours of an RGB image are none."""
        return self._ndim

    @property
    def scale(self) -> tuple[float, ...]:
        """World units per sample on each axis; not 0."""
        return tuple(self._placement["scale"].tolist())

    @scale.setter
    def scale(self, value: Any) -> None:
        self._place("scale", value)

    @property
    def translate(self) -> tuple[float, ...]:
        return tuple(self._placement["translate"].tolist())

    @translate.setter
    def translate(self, value: Any) -> None:
        self._place("translate", value)

    @property
    def rotate(self) -> Array:
        """(ndim, ndim) matrix, read-only. Set an angle in degrees, three angles or a matrix."""
        return self._placement["rotate"]

    @rotate.setter
    def rotate(self, value: Any) -> None:
        self._place("rotate", value)

    @property
    def shear(self) -> Array:
        """(ndim, ndim) matrix, read-only. Set a vector for its upper triangle or a triangular matrix."""
        return self._placement["shear"]

    @shear.setter
    def shear(self, value: Any) -> None:
        self._place("shear", value)

    @property
    def affine(self) -> Affine:
        """Applied after the others. Set an `Affine` or a homogeneous matrix."""
        matrix = self._placement["affine"]
        return Affine(matrix[:-1, :-1], matrix[:-1, -1])

    @affine.setter
    def affine(self, value: Any) -> None:
        self._place("affine", value)

    @property
    def transform(self) -> Affine:
        """Data → world: ``affine ∘ (translate, rotate · shear · scale)``, in the layer's units."""
        return self._transform

    @property
    def units(self) -> tuple[str, ...]:
        """Of the coordinates that `transform` ends in, one an axis. Units that are not known convert to no other."""
        return self._units

    @units.setter
    def units(self, value: str | Sequence[str] | None) -> None:
        self._change("units", last_axes_texts("units", value, self.ndim, PIXEL), "extent", "slicing")

    @property
    def axis_labels(self) -> tuple[str, ...]:
        """Name of each axis, empty where it has none."""
        return self._axis_labels

    @axis_labels.setter
    def axis_labels(self, value: Sequence[str] | None) -> None:
        self._change("axis_labels", _checked_labels(value, self.ndim), "extent")

    @property
    def extent_data(self) -> Array | None:
        """Low and high corner of the samples in data coordinates, shape (2, ndim); None without data."""
        raise NotImplementedError

    @property
    def drawn_extent_data(self) -> Array | None:
        """Low and high corner of what is drawn in data coordinates: the samples with the edges of their pixels."""
        return self.extent_data

    @property
    def extent_world(self) -> Array | None:
        """World box of the samples, shape (2, ndim), in the layer's units; None without data."""
        box = self.extent_data
        return None if box is None else self._transform.bounds(box)

    # ---- data ----------------------------------------------------------------------------------------------------

    def look(self) -> Any:
        """How it looks, as a frozen value that crosses threads."""
        raise NotImplementedError

    @property
    def version(self) -> int:
        """Counter of the states of the data: old data can never show as new."""
        return self._version

    def refresh(self) -> None:
        """The data changed where it lies: read it again."""
        self._version += 1
        self._emit("version", "slicing")

    # ---- inside --------------------------------------------------------------------------------------------------

    def _change(self, field: str, value: Any, *consequences: str) -> None:
        if getattr(self, "_" + field) == value:
            return
        setattr(self, "_" + field, value)
        self._emit(field, *consequences)

    def _emit(self, *signals: str) -> None:
        emit_each([partial(self._emit_one, signal) for signal in signals])

    def _emit_one(self, signal: str) -> None:
        self.events.signals[signal].emit(self if signal in _WITH_THE_LAYER else getattr(self, signal))

    def _place(self, field: str, value: Any) -> None:
        new = _normalised(field, value, self.ndim)
        if np.array_equal(new, self._placement[field]):
            return
        placement = {**self._placement, field: new}
        transform = self._checked_transform(placement)
        self._placement, self._transform = placement, transform
        self._emit(field, "extent", "slicing")

    def _checked_transform(self, placement: Mapping[str, Any]) -> Affine:
        transform = layer_transform(self.ndim, **placement)
        self._check_extent(self.drawn_extent_data, transform)
        return transform

    def _check_extent(self, extent: Array | None, transform: Affine) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            if extent is not None and np.isinf(transform.bounds(extent)).any():
                raise ValueError("scale, translate or affine is too large: the layer would lie beyond what floats hold")


def same_extent(a: Array | None, b: Array | None) -> bool:
    """Whether two extents are equal, NaN and None too."""
    return (a is None) == (b is None) and (a is None or b is None or np.array_equal(a, b, equal_nan=True))


def _normalised(field: str, value: Any, ndim: int) -> Array:
    """A parameter of the transform as a read-only array for all axes of the layer; ``affine`` homogeneous."""
    if value is not None and not isinstance(value, Affine):
        try:
            value = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"{field} must be numbers, not {value!r}") from None
    result: Array
    if field == "scale":
        result = np.diag(layer_transform(ndim, scale=value).linear).copy()
    elif field == "translate":
        result = layer_transform(ndim, translate=value).translate
    elif field == "rotate":
        result = np.eye(ndim) if value is None else rotation_matrix(value, ndim)
    elif field == "shear":
        result = np.eye(ndim) if value is None else shear_matrix(value, ndim)
    else:
        affine = layer_transform(ndim, affine=value)
        result = np.eye(ndim + 1)
        result[:-1, :-1], result[:-1, -1] = affine.linear, affine.translate
    result.setflags(write=False)
    return result


def _checked_name(value: Any) -> str:
    if not text("name", value):
        raise ValueError("name must not be empty")
    return str(value)


def _checked_labels(value: Any, ndim: int) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f"axis_labels must be a sequence of strings, one an axis, not {value!r}")
    return last_axes_texts("axis_labels", value, ndim, "")


def _checked_metadata(value: Any) -> dict[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"metadata must be a mapping, not {value!r}")
    return dict(value or {})
