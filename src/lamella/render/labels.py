"""Labels: ids in the atlas as they are, coloured where they are drawn."""

from __future__ import annotations

from lamella.model.layers.look import LabelsLook
from lamella.model.view_state import ViewState
from lamella.render.image import ImageVisual, tiled
from lamella.render.picture import VEIL, LabelsPicture
from lamella.render.visual import Held
from lamella.slicing.response import ImageSliceResponse


class LabelsVisual:
    """Labels layers. Their tiles are placed like those of an image of four 8-bit channels."""

    placed = ImageVisual.placed
    place = ImageVisual.place

    def picture(self, layer: int, look: LabelsLook, held: Held, state: ViewState) -> LabelsPicture:
        response = held.response
        assert isinstance(response, ImageSliceResponse)
        return LabelsPicture(
            layer=layer,
            look=look,
            opacity=look.opacity,
            placeholder_opacity=VEIL * look.opacity,
            **tiled(response, look.blending, held, state),
        )
