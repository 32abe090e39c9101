"""The Image layer: an n-D array of intensities or colours, at one or more resolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from psygnal import Signal

from lamella.model._validate import flag, one_of
from lamella.model.layers.chunked import ChunkedLayer, ChunkedLayerEvents, as_multiscale, check_levels
from lamella.model.layers.colormapped import ColormappedEvents, ColormappedLayer
from lamella.model.layers.look import INTERPOLATION_MODES, PROJECTION_MODES, ImageLook
from lamella.sources.multiscale import Multiscale

MIN_RGB_SIDE = 30  # the sides of an image are longer than this before its last axis is guessed to be colours


class ImageEvents(ColormappedEvents, ChunkedLayerEvents):
    """The signals of every layer and those of an image."""

    interpolation = Signal(object, reemission="latest-only")
    projection_mode = Signal(object, reemission="latest-only")


class Image(ColormappedLayer, ChunkedLayer):
    """An n-D image.

    Owned by the main thread.

    Parameters
    ----------
    data : array or sequence of arrays
        Boolean, integer or floating numbers with at least two axes: an array of numpy, zarr, dask, h5py, xarray, CuPy
        or torch, an OME-Zarr group, anything with ``shape``, ``dtype`` and ``__getitem__``, or a list of them, finest
        first, each as large as or smaller than the one before. Names, units and coordinates of the axes are taken from
        xarray and zarr where the arguments below do not say them.
    name : str, optional
        The name of the source, or ``"Image"``.
    colormap : str, cmap.Colormap or anything that cmap makes one of
        A single colour gives black to that colour.
    contrast_limits : (float, float), optional
        Values drawn as the first and the last colour. By default the range of 8-bit types; otherwise they follow from
        the first picture.
    gamma : float
        0.01 to 100.
    opacity : float
        0 to 1.
    blending, interpolation : str
        See `lamella.model.layers.look`.
    projection_mode : {"mean", "none", "sum", "max", "min"}
        How the planes of a thick slice, where the dims have margins, become one; ``"none"`` ignores margins.
    visible : bool
    scale, translate, rotate, shear, affine : optional
        Data → world, see `lamella.model.transforms.layer_transform`.
    units : str or sequence of str, optional
    axis_labels : sequence of str, optional
    rgb : bool, optional
        Whether the last axis, of length 3 or 4, is colours. Guessed by default: it is if there are more than two axes
        and the two before it are longer than 30.
    multiscale : bool, optional
        Whether ``data`` is a list of levels. Guessed by default.
    metadata : mapping, optional

    Raises
    ------
    TypeError
        Data that is no image: objects, strings, structures, complex numbers.
    ValueError
        Fewer than two axes, an axis of length 0, levels that do not get coarser, or a bad argument.
    """

    kind: ClassVar[str] = "image"
    events: ImageEvents

    def __init__(
        self,
        data: Any,
        *,
        name: str | None = None,
        colormap: Any = "gray",
        contrast_limits: Sequence[float] | None = None,
        gamma: float = 1.0,
        opacity: float = 1.0,
        blending: str = "translucent",
        interpolation: str = "nearest",
        projection_mode: str = "mean",
        visible: bool = True,
        scale: Any = None,
        translate: Any = None,
        rotate: Any = None,
        shear: Any = None,
        affine: Any = None,
        units: str | Sequence[str] | None = None,
        axis_labels: Sequence[str] | None = None,
        rgb: bool | None = None,
        multiscale: bool | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        source = as_multiscale(data, multiscale)
        self._rgb = guess_rgb(source.shape) if rgb is None else flag("rgb", rgb)
        self.check(source, self._rgb)
        self._interpolation = str(one_of("interpolation", interpolation, INTERPOLATION_MODES))
        self._projection_mode = str(one_of("projection_mode", projection_mode, PROJECTION_MODES))
        self._check_colormap(colormap, contrast_limits, gamma)
        self._forget_auto_limits(_limits_of_dtype(source.dtype))
        self._contrast_resets = 0
        self._last_look: ImageLook | None = None
        super().__init__(
            data,
            source,
            colours=self._rgb,
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

    def _make_events(self) -> ImageEvents:
        return ImageEvents(self)

    # ---- data ----------------------------------------------------------------------------------------------------

    @classmethod
    def check(cls, source: Multiscale, colours: bool) -> None:
        check_levels(source, "an image")
        _check_dtype(source.dtype)
        _check_axes(source, colours)

    def _follow_data(self) -> list[str]:
        before = self._limits_and_range()
        self._forget_auto_limits(_limits_of_dtype(self._source.dtype))
        return self._changed_limits(before)

    @property
    def rgb(self) -> bool:
        """Whether the last axis of the data is colours. It is no axis of the layer."""
        return self._rgb

    # ---- look ----------------------------------------------------------------------------------------------------

    def reset_contrast_limits(self) -> None:
        """Let the slice that is shown decide: it is measured anew, off the main thread. 8-bit types get their range."""
        self._contrast_resets += 1
        before = self._limits_and_range()
        self._user_limits = None
        self._emit(*self._changed_limits(before), "slicing")

    @property
    def contrast_resets(self) -> int:
        """How often the limits were reset: slices of before do not decide any more."""
        return self._contrast_resets

    def set_auto_limits(self, limits: Sequence[float]) -> None:
        """Limits that the data suggest. The user's, if there are any, stay, and so does the range of 8-bit types.

        Parameters
        ----------
        limits : (low, high)
            Smallest and largest value. Equal ones are widened; without finite ones (0, 1) is used.
        """
        if _limits_of_dtype(self._source.dtype) is None:
            super().set_auto_limits(limits)

    @property
    def projection_mode(self) -> str:
        """How the planes of a thick slice become one: ``"mean"``, ``"sum"``, ``"max"``, ``"min"``; ``"none"``: only the
        plane at the point.
        """
        return self._projection_mode

    @projection_mode.setter
    def projection_mode(self, value: str) -> None:
        self._change("projection_mode", one_of("projection_mode", value, PROJECTION_MODES), "slicing")

    @property
    def interpolation(self) -> str:
        """Between samples: one of `INTERPOLATION_MODES`."""
        return self._interpolation

    @interpolation.setter
    def interpolation(self, value: str) -> None:
        self._change("interpolation", one_of("interpolation", value, INTERPOLATION_MODES), "look")

    def look(self) -> ImageLook:
        """The look now, frozen; the same object until it changes."""
        look = ImageLook(
            lut=self._lut,
            contrast_limits=self.contrast_limits,
            gamma=self._gamma,
            opacity=self._opacity,
            blending=self._blending,
            interpolation=self._interpolation,
            visible=self._visible,
        )
        if self._last_look is None or not look.same_as(self._last_look):
            self._last_look = look
        return self._last_look


def guess_rgb(shape: Sequence[int]) -> bool:
    """Whether an array looks like colours: more than two axes, the last one 3 or 4 long, the two before it above 30."""
    return len(shape) > 2 and shape[-1] in (3, 4) and min(shape[-3:-1]) > MIN_RGB_SIDE


# ---- checks ----------------------------------------------------------------------------------------------------------


def _check_dtype(dtype: np.dtype[Any]) -> None:
    if dtype.kind == "c":
        raise TypeError(f"an image cannot show complex numbers ({dtype}): give np.abs(data) or np.angle(data)")
    if dtype.kind not in "biuf":
        raise TypeError(f"an image needs boolean, integer or floating numbers, not an array of {dtype}")


def _check_axes(source: Multiscale, rgb: bool) -> None:
    if rgb and (source.ndim < 3 or source.shape[-1] not in (3, 4)):
        raise ValueError(f"an RGB image needs two axes and a last one of length 3 or 4, not the shape {source.shape}")
    if rgb and any(source.shape_of(level)[-1] != source.shape[-1] for level in range(len(source.levels))):
        raise ValueError("all levels of an RGB image must have the same number of colours")
    if source.ndim < 2:
        raise ValueError(f"an image needs at least two axes, not the shape {source.shape}")


def _limits_of_dtype(dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Limits that need no look at the data."""
    if dtype.kind == "b":
        return (0.0, 1.0)
    if dtype.kind in "iu" and dtype.itemsize == 1:
        info = np.iinfo(dtype)
        return (float(info.min), float(info.max))
    return None
