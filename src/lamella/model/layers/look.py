"""How an image looks, as a frozen value that crosses threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

BLENDING_MODES = ("opaque", "translucent", "translucent_no_depth", "additive", "minimum", "multiplicative")
INTERPOLATION_MODES = ("nearest", "linear")
MAX_LABEL_COLORS = 2**14  # of a cyclic colormap: as many as a texture can be wide, and as ids can be counted by exactly
PROJECTION_MODES = ("mean", "none", "sum", "max", "min")
"""How the planes of a thick slice of an image become one."""


@dataclass(frozen=True, eq=False, slots=True)
class ImageLook:
    """Look of an Image layer.

    A value v is drawn as ``lut[round(255 · clip((v − low)/(high − low), 0, 1) ** gamma)]``; NaN is transparent. RGB
    images use neither limits, gamma nor lut.

    Attributes
    ----------
    lut : (256, 4) uint8 array, read-only
    contrast_limits : (low, high) or None
        None: the response's ``auto_limits``.
    gamma, opacity : float
    blending : one of `BLENDING_MODES`
    interpolation : one of `INTERPOLATION_MODES`
    visible : bool
    """

    lut: npt.NDArray[np.uint8]
    contrast_limits: tuple[float, float] | None
    gamma: float
    opacity: float
    blending: str
    interpolation: str
    visible: bool

    def same_as(self, other: ImageLook) -> bool:
        """Whether both look alike; a lookup table is only the same if it is the same array."""
        mine = (self.contrast_limits, self.gamma, self.opacity, self.blending, self.interpolation, self.visible)
        return self.lut is other.lut and mine == (
            other.contrast_limits,
            other.gamma,
            other.opacity,
            other.blending,
            other.interpolation,
            other.visible,
        )

    def limits(self, auto: tuple[float, float] | None, dtype: np.dtype[Any]) -> tuple[float, float]:
        """The contrast limits in force: the look's, the slice's, or the range of ``dtype`` (0 … 1 for floats)."""
        limits = self.contrast_limits or auto
        if limits is None:
            limits = (0.0, 1.0)
            if dtype.kind in "iu":
                info: np.iinfo[Any] = np.iinfo(dtype)
                limits = (float(info.min), float(info.max))
        low, high = limits
        return (low, high) if high > low else (low, low + 1.0)

    def colors_of(self, values: npt.NDArray[Any], limits: tuple[float, float]) -> npt.NDArray[np.uint8]:
        """RGBA of values between limits, (n,) → (n, 4)."""
        low, high = limits
        known = ~np.isnan(values)
        x = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1) ** self.gamma
        rgba: npt.NDArray[np.uint8] = self.lut[np.floor(x * 255 + 0.5).astype(np.intp)]
        rgba[~known] = 0
        return rgba


@dataclass(frozen=True, slots=True)
class PointsLook:
    """Look of a Points layer, as far as it does not change what a slice holds: sizes and colours are in the slice.

    Attributes
    ----------
    opacity : float
    blending : one of `BLENDING_MODES`
    visible : bool
    antialiasing : float
        Width in canvas pixels over which the edge of a symbol fades; 0 draws hard edges.
    """

    opacity: float
    blending: str
    visible: bool
    antialiasing: float

    def same_as(self, other: PointsLook) -> bool:
        """Whether both look alike."""
        return self == other


@dataclass(frozen=True, eq=False, slots=True)
class PrimitivesLook:
    """Look of a layer that is drawn as triangles and lines, as far as it does not change what a slice holds.

    Attributes
    ----------
    opacity : float
    blending : one of `BLENDING_MODES`
    visible : bool
    antialiasing : float
        Canvas pixels over which the edge of a line fades.
    width_unit : {"data", "pixels"}
        What the widths of segments count: data units or canvas pixels.
    width : float
        What these widths are multiplied with.
    lut : (256, 4) uint8 array or None
        Colours of values, read-only. None: there are none.
    limits : (low, high) or None
        Values with the first and the last colour; None: those of the `ValuesTile`.
    gamma : float
    triangles, segments : bool
        Whether they are drawn.
    """

    opacity: float
    blending: str
    visible: bool
    antialiasing: float = 1.0
    width_unit: Literal["data", "pixels"] = "data"
    width: float = 1.0
    lut: npt.NDArray[np.uint8] | None = None
    limits: tuple[float, float] | None = None
    gamma: float = 1.0
    triangles: bool = True
    segments: bool = True

    def same_as(self, other: PrimitivesLook) -> bool:
        """Whether both look alike; a lookup table is only the same if it is the same array."""
        return self.lut is other.lut and self._values() == other._values()

    def _values(self) -> tuple[object, ...]:
        lines = (self.antialiasing, self.width_unit, self.width, self.triangles, self.segments)
        return (self.opacity, self.blending, self.visible, self.limits, self.gamma, *lines)


@dataclass(frozen=True, eq=False, slots=True)
class LabelsLook:
    """Look of a Labels layer.

    An id v, as uint32, is drawn as ``colors[v % len(colors)]`` or, with `direct` colours, as the colour of the key that
    it equals, else as `default_color`. Id 0, the background, is transparent, and so are colours with alpha 0, in every
    blending mode.

    Attributes
    ----------
    colors : (n, 4) uint8 array, read-only
        1 to `MAX_LABEL_COLORS` colours, used in turn.
    direct : (keys, colors) or None
        (k,) uint32, ascending, and (k, 4) uint8, read-only.
    default_color : (int, int, int, int)
        RGBA, 0 to 255, of ids without a key.
    selected : int or None
        The only id that is shown, as uint32; None shows all.
    opacity : float
    blending : one of `BLENDING_MODES`
    visible : bool
    """

    colors: npt.NDArray[np.uint8]
    direct: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]] | None
    default_color: tuple[int, int, int, int]
    selected: int | None
    opacity: float
    blending: str
    visible: bool

    def same_as(self, other: LabelsLook) -> bool:
        """Whether both look alike; colours are only the same if they are the same arrays."""
        mine, theirs = self.direct or (), other.direct or ()
        same_arrays = self.colors is other.colors and list(map(id, mine)) == list(map(id, theirs))
        return same_arrays and self._values() == other._values()

    def colors_of(self, ids: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
        """RGBA of ids, (n,) → (n, 4)."""
        if self.direct is None:
            rgba: npt.NDArray[np.uint8] = self.colors[ids % np.uint32(len(self.colors))]
        else:
            keys, colors = self.direct
            rgba = np.empty((len(ids), 4), np.uint8)
            rgba[:] = self.default_color
            if len(keys):
                place = np.minimum(np.searchsorted(keys, ids), len(keys) - 1)
                found = keys[place] == ids
                rgba[found] = colors[place[found]]
        rgba[ids == 0] = 0
        if self.selected is not None:
            rgba[ids != self.selected] = 0
        return rgba

    def _values(self) -> tuple[object, ...]:
        return self.default_color, self.selected, self.opacity, self.blending, self.visible
