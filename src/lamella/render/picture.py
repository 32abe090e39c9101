"""What a drawing backend is asked to draw: one picture a layer of a frame, and the rules that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lamella.model.layers.look import ImageLook, LabelsLook, PointsLook, PrimitivesLook
from lamella.model.transforms import Affine
from lamella.render.visibility import Box, Placed, PlacedPoints, PlacedPrimitives, PlacedValues
from lamella.slicing.primitives import Clock, PrimitivesTile, ValuesTile
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.response_points import PointsTile
from lamella.slicing.text import TextBlock

PLACEHOLDER_GREY = 0x20 / 255  # dim: something comes, nothing is there yet
VEIL = 0.25  # of the opacity: a placeholder of layers that lie over others, such as labels, lets those be seen
HATCH_GREY = 0x80 / 255
HATCH_PERIOD = 8  # canvas pixels; stripes take half of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One layer of a frame, ready to draw.

    Attributes
    ----------
    layer : int
    opacity : float
    blending : str
        How it is blended here: see `blending_over`.
    transform : Affine
        Displayed data → displayed world.
    failed : sequence of box
        Hatched.
    placeholder : box or None
        Filled where nothing else of the layer is.
    placeholder_opacity : float
    text : TextBlock or None
        Drawn after the rest of the layer.
    """

    layer: int
    opacity: float
    blending: str
    transform: Affine
    failed: Sequence[Box] = ()
    placeholder: Box | None = None
    placeholder_opacity: float = 1.0
    text: TextBlock | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TiledPicture(Picture):
    """A picture of tiles.

    Attributes
    ----------
    tiles : list of Placed
        Finest first; where two cover a pixel, the first one is drawn.
    level : int
        Of the failed boxes: they are above all tiles coarser than that.
    """

    tiles: list[Placed]
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePicture(TiledPicture):
    """An image layer.

    Attributes
    ----------
    look : ImageLook
    limits : (float, float)
        Values drawn as the first and the last colour; low < high.
    rgb : bool
    """

    look: ImageLook
    limits: tuple[float, float]
    rgb: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsPicture(TiledPicture):
    """A labels layer."""

    look: LabelsLook


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsPicture(Picture):
    """A points layer.

    Attributes
    ----------
    look : PointsLook
    points : PointsTile
        The arrays that the buffer was made of.
    tile : PlacedPoints or None
        None: not uploaded yet, or nothing to draw.
    """

    look: PointsLook
    points: PointsTile
    tile: PlacedPoints | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimitivesPicture(Picture):
    """A layer of triangles and lines.

    Attributes
    ----------
    look : PrimitivesLook
    primitives : PrimitivesTile or None
        The arrays that the buffers were made of.
    values : ValuesTile or None
    tile : PlacedPrimitives or None
        None: not uploaded yet, or nothing to draw.
    placed_values : PlacedValues or None
        None as `tile`.
    limits : (float, float)
        Values drawn as the first and the last colour; low < high.
    span : (int, int)
        The segments that are drawn.
    clock : Clock or None
    """

    look: PrimitivesLook
    primitives: PrimitivesTile | None
    values: ValuesTile | None
    tile: PlacedPrimitives | None
    placed_values: PlacedValues | None
    limits: tuple[float, float]
    span: tuple[int, int]
    clock: Clock | None

    @property
    def mapped(self) -> bool:
        """Whether colours follow from values: a look with a table may be newer than a slice without any."""
        return self.look.lut is not None and self.values is not None

    @property
    def drawable(self) -> bool:
        """Whether all that it needs is uploaded."""
        return self.tile is not None and (not self.mapped or self.placed_values is not None)


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


def needs_placeholder(response: LayerSliceResponse, blending: str, uploaded: bool) -> bool:
    """Whether the slice is incomplete or not ``uploaded`` in full; never where a grey would darken what is beneath."""
    if (response.complete and uploaded) or response.empty:
        return False
    return blending not in ("minimum", "multiplicative")


def layer_z(index: int, count: int) -> float:
    """Depth of a layer in (-1, 1), higher layers nearer: with one depth per layer and the test LESS, each layer draws
    each pixel once and always over the layers beneath."""
    return 1.0 - 2.0 * (index + 1) / (count + 1)
