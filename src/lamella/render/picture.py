"""What a drawing backend is asked to draw, and the rules of colour that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lamella.model.layers.look import ImageLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas, Page
from lamella.render.visibility import Box, Placed
from lamella.slicing.response import ImageSliceResponse

PLACEHOLDER_GREY = 0x20 / 255  # dim: something comes, nothing is there yet
HATCH_GREY = 0x80 / 255
HATCH_PERIOD = 8  # canvas pixels; stripes take half of it


@dataclass(frozen=True, slots=True)
class ImagePicture:
    """One image layer of a frame, ready to draw.

    Attributes
    ----------
    layer : int
    look : ImageLook
    blending : str
        How it is blended here: see `blending_over`.
    limits : (float, float)
        Values drawn as the first and the last colour; low < high.
    transform : Affine
        Displayed data → displayed world.
    rgb : bool
    tiles : list of Placed
        Finest first; where two cover a pixel, the first one is drawn.
    failed : sequence of box
        Hatched; above all tiles coarser than `level`.
    level : int
        Of the failed boxes.
    placeholder : box or None
        Filled where nothing else of the layer is.
    """

    layer: int
    look: ImageLook
    blending: str
    limits: tuple[float, float]
    transform: Affine
    rgb: bool
    tiles: list[Placed]
    failed: Sequence[Box]
    level: int
    placeholder: Box | None


class Backend(Protocol):
    """What draws, on the render thread. Made, used and closed on that thread."""

    name: str

    def write(self, tile: Placed, texture: npt.NDArray[Any], page: Page, atlas: Atlas) -> None:
        """Upload a page of a tile; it is done when this returns."""
        ...

    def finish(self, tile: Placed, texture: npt.NDArray[Any], pages: tuple[Page, ...], atlas: Atlas) -> None:
        """All pages of the tile are written: from now on it may be drawn."""
        ...

    def forget(self, atlas: Atlas, layers: set[int], views: set[int]) -> None:
        """Let go of all that is neither in the atlas nor among these layers and views."""
        ...

    def draw(
        self,
        view: int,
        state: ViewState,
        background: tuple[float, float, float],
        pictures: Sequence[ImagePicture],
        out: npt.NDArray[np.uint8],
    ) -> None:
        """Draw into ``out``: device height × width × BGRA, row 0 at the top, alpha 255."""
        ...

    def close(self) -> None: ...


def limits_of(look: ImageLook, response: ImageSliceResponse, tiles: Sequence[Placed]) -> tuple[float, float]:
    """The contrast limits in force: the look's, the slice's, or the range of the tiles' dtype (0 … 1 for floats)."""
    limits = look.contrast_limits or response.auto_limits
    if limits is None:
        limits = (0.0, 1.0)
        if tiles and tiles[0].dtype.kind in "iu":
            info: np.iinfo[Any] = np.iinfo(tiles[0].dtype)
            limits = (float(info.min), float(info.max))
    low, high = limits
    return (low, high) if high > low else (low, low + 1.0)


def blending_over(blending: str, lowest: bool) -> str:
    """The blending in force. `minimum` and `multiplicative` need a layer beneath: over a black background nothing would
    be seen, so the lowest layer is drawn `translucent` instead (as in napari)."""
    if blending == "translucent_no_depth" or (lowest and blending in ("minimum", "multiplicative")):
        return "translucent"
    return blending


def placeholder_color(background: tuple[float, float, float]) -> tuple[float, float, float]:
    """A dim grey on a dark background, a shade of the background on a light one."""
    if max(background) < PLACEHOLDER_GREY:
        return (PLACEHOLDER_GREY,) * 3
    r, g, b = background
    return (r * 0.85, g * 0.85, b * 0.85)


def placeholder_box(response: ImageSliceResponse, blending: str, uploaded: bool = True) -> Box | None:
    """The layer's extent while the slice is incomplete or not ``uploaded`` in full; None where a grey would darken
    what is beneath."""
    if (response.complete and uploaded) or response.empty or blending in ("minimum", "multiplicative"):
        return None
    return response.extent


def layer_z(index: int, count: int) -> float:
    """Depth of a layer in (-1, 1), higher layers nearer: with one depth per layer and the test LESS, each layer draws
    each pixel once and always over the layers beneath."""
    return 1.0 - 2.0 * (index + 1) / (count + 1)
