"""What layers have in common whose values are drawn with a colormap: contrast limits, gamma, the colours."""

from __future__ import annotations

import math
import numbers as numbers_abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cmap
import numpy as np
import numpy.typing as npt
from psygnal import Signal

from lamella.model._validate import number, numbers
from lamella.model.layers.base import Layer, LayerEvents

Limits = tuple[float, float]


class ColormappedEvents(LayerEvents):
    """The signals of every layer and those of a colormap."""

    colormap = Signal(object, reemission="latest-only")
    contrast_limits = Signal(object, reemission="latest-only")
    contrast_limits_range = Signal(object, reemission="latest-only")
    auto_contrast = Signal(object, reemission="latest-only")
    gamma = Signal(object, reemission="latest-only")


class ColormappedLayer(Layer):
    """Values drawn with a colormap between contrast limits. Owned by the main thread.

    A layer of this kind calls `_check_colormap` before the ``__init__`` of `Layer`.
    """

    events: ColormappedEvents

    def _check_colormap(self, colormap: Any, limits: Sequence[float] | None, gamma: float) -> None:
        self._gamma = number("gamma", gamma, 0.01, 100)
        self._colormap, self._lut = checked_colormap(colormap)
        self._user_limits = None if limits is None else checked_limits("contrast_limits", limits)
        self._auto_limits: Limits | None = None
        self._limits_range = self._user_limits

    @property
    def colormap(self) -> cmap.Colormap:
        return self._colormap

    @colormap.setter
    def colormap(self, value: Any) -> None:
        colormap, lut = checked_colormap(value)
        if colormap.name == self._colormap.name and np.array_equal(lut, self._lut):
            return  # not ==, which cmap raises from when the numbers of colours differ
        self._colormap, self._lut = colormap, lut
        self._emit("colormap", "look")

    @property
    def contrast_limits(self) -> tuple[float, float] | None:
        """Values drawn as the first and the last colour; None until the first picture tells. None sets them free."""
        return self._user_limits or self._auto_limits

    @contrast_limits.setter
    def contrast_limits(self, value: Sequence[float] | None) -> None:
        limits = None if value is None else checked_limits("contrast_limits", value)
        before = self._limits_and_range()
        self._user_limits = limits
        self._limits_range = _union(self._limits_range, limits)
        self._emit(*self._changed_limits(before))

    @property
    def contrast_limits_range(self) -> tuple[float, float] | None:
        """What a slider for the limits spans; None until the limits are known. It grows to hold the limits."""
        return self._limits_range

    @contrast_limits_range.setter
    def contrast_limits_range(self, value: Sequence[float]) -> None:
        given = checked_limits("contrast_limits_range", value)
        before = self._limits_and_range()
        self._limits_range = _union(given, self.contrast_limits)
        self._emit(*self._changed_limits(before))

    @property
    def auto_contrast(self) -> bool:
        """True until the user has set limits."""
        return self._user_limits is None

    def set_auto_limits(self, limits: Sequence[float]) -> None:
        """Limits that the data suggest. The user's, if there are any, stay.

        Parameters
        ----------
        limits : (low, high)
            Smallest and largest value. Equal ones are widened; without finite ones (0, 1) is used.
        """
        before = self._limits_and_range()
        self._auto_limits = _widened(limits)
        self._limits_range = _union(_union(self._limits_range, self._auto_limits), self._user_limits)
        self._emit(*self._changed_limits(before))

    @property
    def gamma(self) -> float:
        """0.01 to 100."""
        return self._gamma

    @gamma.setter
    def gamma(self, value: float) -> None:
        self._change("gamma", number("gamma", value, 0.01, 100), "look")

    # ---- inside --------------------------------------------------------------------------------------------------

    def _forget_auto_limits(self, known: Limits | None = None) -> None:
        """The data are others; ``known`` is what is known of them without a look."""
        self._auto_limits = known
        self._limits_range = _union(known, self._user_limits)

    def _limits_and_range(self) -> dict[str, Any]:
        return {
            "contrast_limits": self.contrast_limits,
            "contrast_limits_range": self._limits_range,
            "auto_contrast": self.auto_contrast,
        }

    def _changed_limits(self, before: Mapping[str, Any]) -> list[str]:
        changed = [field for field, value in self._limits_and_range().items() if before[field] != value]
        return [*changed, "look"] if "contrast_limits" in changed else changed


def checked_colormap(value: Any) -> tuple[cmap.Colormap, npt.NDArray[np.uint8]]:
    """The colormap and its 256 colours."""
    makers: list[Callable[[], cmap.Colormap]] = []
    if value is not None and not isinstance(value, (numbers_abc.Number, bytes, cmap.Color)):
        makers.append(lambda: cmap.Colormap(value))
    if isinstance(value, (str, cmap.Color)):
        makers.append(lambda: _from_black(cmap.Color(value)))
    for make in makers:
        try:
            colormap = make()
            lut = np.asarray(colormap.lut(256))
        except (TypeError, ValueError, LookupError, AttributeError):  # what cmap raises for what it does not know
            continue
        colours: npt.NDArray[np.uint8] = np.round(np.clip(lut, 0, 1) * 255).astype(np.uint8)
        colours.setflags(write=False)
        return colormap, colours
    raise ValueError(
        f"colormap must be a name such as 'gray' or 'viridis', a colour or a list of colours, not {value!r}"
    )


def _from_black(colour: cmap.Color) -> cmap.Colormap:
    return cmap.Colormap(["black", colour], name=colour.name or colour.hex)


def checked_limits(name: str, value: Any) -> tuple[float, float]:
    try:
        low, high = numbers(name, value, 2)
    except ValueError:
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        raise ValueError(f"{name} must be two finite numbers, the lower one first, not {value!r}")
    return low, high


def _widened(limits: Sequence[float]) -> tuple[float, float]:
    low, high = (float(v) for v in limits)
    if not (math.isfinite(low) and math.isfinite(high) and math.isfinite(high - low)) or low > high:
        return (0.0, 1.0)
    if low == high:
        return (low, low + max(1.0, abs(low) * 1e-6))
    return (low, high)


def _union(a: tuple[float, float] | None, b: tuple[float, float] | None) -> tuple[float, float] | None:
    if a is None or b is None:
        return a or b
    return (min(a[0], b[0]), max(a[1], b[1]))
