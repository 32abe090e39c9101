"""Which visual draws which layer kind."""

from __future__ import annotations

from lamella.render.image import ImageVisual
from lamella.render.labels import LabelsVisual
from lamella.render.points import PointsVisual
from lamella.render.primitives import PrimitivesVisual
from lamella.render.visual import Visual

_primitives = PrimitivesVisual()

VISUALS: dict[str, Visual] = {
    "image": ImageVisual(),
    "labels": LabelsVisual(),
    "points": PointsVisual(),
    "vectors": _primitives,
    "shapes": _primitives,
    "surface": _primitives,
    "tracks": _primitives,
}
"""Layer kind → its visual. Each backend draws the pictures that these make."""
