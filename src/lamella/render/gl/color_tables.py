"""Colour tables as textures, one a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from vispy import gloo


class ColorTables:
    """Owned by the render thread, used with the gloo lock held."""

    def __init__(self) -> None:
        self._textures: dict[int, tuple[npt.NDArray[np.uint8], Any]] = {}

    def of(self, layer: int, lut: npt.NDArray[np.uint8]) -> Any:
        """The texture of the layer's colours; uploaded again only when they are other ones."""
        held = self._textures.get(layer)
        if held is not None and held[0] is lut:
            return held[1]
        if held is None:
            texture = gloo.Texture2D(lut[np.newaxis], interpolation="nearest")
        else:
            texture = held[1]
            texture.set_data(lut[np.newaxis])
        self._textures[layer] = lut, texture
        return texture

    def forget(self, layers: set[int]) -> None:
        """Keep those of these layers."""
        for layer in [layer for layer in self._textures if layer not in layers]:
            self._textures.pop(layer)[1].delete()

    def delete(self) -> None:
        self.forget(set())
