"""An image as it lies in a store, whatever the format, and the layers that it becomes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from lamella.io.errors import OpenError
from lamella.sources.base import Source
from lamella.sources.json_values import items, mapping
from lamella.sources.multiscale import Multiscale
from lamella.sources.ome_metadata import Axis, OmeChannel

MAX_GUESSED_CHANNELS = 16  # a longer channel axis without colours gets a slider instead of layers
CHANNEL_COLORS = ("#00FF00", "#FF00FF", "#00FFFF", "#FFFF00", "#FF0000", "#4040FF", "#FF8000", "#FFFFFF")


@dataclass(frozen=True, slots=True)
class LayerData:
    """One layer to be made: ``viewer.add_image(data, **kwargs)`` for ``kind`` ``"image"``, and so on.

    `data` is a `Multiscale`, for ``"points"`` a `PointCloud`, for ``"surface"`` a `Mesh`, for ``"tracks"`` a
    `TrackCloud`.
    """

    kind: str
    data: Any
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LevelDescription:
    """One resolution of a stored image.

    Attributes
    ----------
    path : str
        Inside the store.
    shape : tuple of int
    chunks : tuple of int or None
        The unit of reading.
    shards : tuple of int or None
    codec : str
    nbytes : int
        Of all samples, not compressed.
    """

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...] | None
    shards: tuple[int, ...] | None
    codec: str
    nbytes: int


@dataclass(frozen=True, slots=True)
class Description:
    """What is at a path or URL, without reading data.

    Attributes
    ----------
    location : str
    format : str
        ``"OME-Zarr 0.5 (zarr 3)"``, ``"zarr 2"``, ``"npy"`` …
    dtype : str
    axes, units : tuple of str
        One for each axis of the store; empty texts where the store says nothing.
    scale, translate : tuple of float
        World units a sample, and world position of the first sample, for each axis of the store.
    levels : tuple of LevelDescription
        Finest first.
    layers : int
    layer_names : tuple of str
    """

    location: str
    format: str
    dtype: str
    axes: tuple[str, ...]
    units: tuple[str, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    levels: tuple[LevelDescription, ...]
    layers: int
    layer_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredLabels:
    """Labels of an image, and the colours of their ids that the store says."""

    image: StoredImage
    colors: tuple[tuple[int, tuple[float, ...]], ...] = ()

    def layers(self) -> list[LayerData]:
        """One labels layer; none if the store holds no ids. A channel axis, which has one sample, is left out."""
        image = self.image
        if image.sources[0].dtype.kind not in "biu" or image.ndim < 2:
            return []
        channel = next((i for i, a in enumerate(image.axes or ()) if a.kind == "channel"), None)
        single = channel is not None and image.sources[0].shape[channel] == 1 and image.ndim > 2
        fixed = ((channel, 0),) if single and channel is not None else ()
        kwargs = {"name": image.name, **image._geometry(channel if single else None)}
        kwargs.pop("rgb", None)
        if self.colors:
            kwargs["colormap"] = dict(self.colors)
        return [LayerData("labels", Multiscale(image.sources, fixed), kwargs)]


def label_colors(ome: dict[str, Any], attributes: dict[str, Any]) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """Colours of ids as ``image-label`` has them; what is damaged is left out."""
    described = mapping(ome.get("image-label")) or mapping(attributes.get("image-label"))
    found: dict[int, tuple[float, ...]] = {}
    for entry in items(described.get("colors")):
        value, rgba = mapping(entry).get("label-value"), items(mapping(entry).get("rgba"))
        if not isinstance(value, int) or isinstance(value, bool):
            continue
        if len(rgba) == 4 and all(isinstance(v, (int, float)) and 0 <= v <= 255 for v in rgba):
            found[value] = tuple(float(v) / 255 for v in rgba)
    return tuple(found.items())


@dataclass(frozen=True, slots=True)
class StoredImage:
    """The levels of one image and what the store says about them.

    Attributes
    ----------
    location, name, format : str
    sources : tuple of Source
    levels : tuple of LevelDescription
    axes : tuple of Axis or None
    scale, translate : tuple of float or None
        Of the finest level, one for each axis.
    channels : tuple of OmeChannel
    rgb : bool or None
        None: not known.
    labels : tuple of StoredLabels
        Ids over the image, in the order of drawing.
    label_colors : tuple of (id, (r, g, b, a))
        If the image is labels itself: colours of ids, 0 to 1.
    """

    location: str
    name: str
    format: str
    sources: tuple[Source, ...]
    levels: tuple[LevelDescription, ...]
    axes: tuple[Axis, ...] | None = None
    scale: tuple[float, ...] | None = None
    translate: tuple[float, ...] | None = None
    channels: tuple[OmeChannel, ...] = field(default=())
    rgb: bool | None = None
    labels: tuple[StoredLabels, ...] = ()
    label_colors: tuple[tuple[int, tuple[float, ...]], ...] = ()

    @property
    def ndim(self) -> int:
        return len(self.sources[0].shape)

    def layers(self) -> list[LayerData]:
        """The layers of the image: one a channel, or one in all.

        Raises
        ------
        OpenError
            It has fewer than two axes.
        """
        if self.ndim < 2:
            raise OpenError(
                f"{self.location} has one axis only, of {self.sources[0].shape[0]} samples; a picture needs two"
            )
        over = [layer for labels in self.labels for layer in labels.layers()]
        axis = self._split_axis()
        if axis is None:
            return [LayerData("image", Multiscale(self.sources), {"name": self.name, **self._geometry(None)}), *over]
        return [*(self._channel_layer(axis, index) for index in range(self.sources[0].shape[axis])), *over]

    def description(self) -> Description:
        axes = self.axes or (Axis(""),) * self.ndim
        names = tuple(layer.kwargs["name"] for layer in self.layers()) if self.ndim > 1 else ()
        return Description(
            location=self.location,
            format=self.format,
            dtype=str(self.sources[0].dtype),
            axes=tuple(a.name for a in axes),
            units=tuple(a.unit for a in axes),
            scale=self.scale or (1.0,) * self.ndim,
            translate=self.translate or (0.0,) * self.ndim,
            levels=self.levels,
            layers=len(names),
            layer_names=names,
        )

    def _split_axis(self) -> int | None:
        """The channel axis if each of its samples becomes a layer."""
        if self.rgb or self.axes is None or self.ndim < 3:
            return None
        found = [i for i, a in enumerate(self.axes) if a.kind == "channel"]
        if len(found) != 1:
            return None
        axis = found[0]
        count = self.sources[0].shape[axis]
        if any(s.shape[axis] != count for s in self.sources):
            return None
        return axis if count <= max(MAX_GUESSED_CHANNELS, len(self.channels)) else None

    def _channel_layer(self, axis: int, index: int) -> LayerData:
        count = self.sources[0].shape[axis]
        known = self.channels[index] if index < len(self.channels) else OmeChannel()
        kwargs: dict[str, Any] = {"name": self.name, **self._geometry(axis)}
        color = known.color
        if count > 1:
            kwargs["name"] = known.name or f"{self.name} {index}"
            kwargs["blending"] = "additive"
            color = color or CHANNEL_COLORS[index % len(CHANNEL_COLORS)]
        if color is not None:
            kwargs["colormap"] = "gray" if color == "#FFFFFF" else color
        if known.window is not None:
            kwargs["contrast_limits"] = known.window
        if not known.active and any(c.active for c in self.channels[:count]):
            kwargs["visible"] = False
        return LayerData("image", Multiscale(self.sources, ((axis, index),)), kwargs)

    def _geometry(self, without: int | None) -> dict[str, Any]:
        """The keyword arguments that speak of axes, for all axes of the layer."""
        colour = self.ndim - 1 if self.rgb else None
        kept = [a for a in range(self.ndim) if a not in (without, colour)]
        kwargs: dict[str, Any] = {}
        if self.rgb is not None:
            kwargs["rgb"] = self.rgb
        if self.scale is not None:
            kwargs["scale"] = tuple(self.scale[a] for a in kept)
        if self.translate is not None:
            kwargs["translate"] = tuple(self.translate[a] for a in kept)
        if self.axes is not None:
            kwargs["axis_labels"] = tuple(self.axes[a].name for a in kept)
            if any(self.axes[a].unit for a in kept):
                kwargs["units"] = tuple(self.axes[a].unit or "pixel" for a in kept)
        return kwargs


def nbytes_of(shape: tuple[int, ...], itemsize: int) -> int:
    """Bytes of all samples of an array."""
    return math.prod(shape) * itemsize
