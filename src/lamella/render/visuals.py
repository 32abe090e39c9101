"""Which visual draws which layer kind."""

from __future__ import annotations

from lamella.render.image import ImageVisual
from lamella.render.labels import LabelsVisual
from lamella.render.points import PointsVisual
from lamella.render.visual import Visual

VISUALS: dict[str, Visual] = {"image": ImageVisual(), "labels": LabelsVisual(), "points": PointsVisual()}
"""Layer kind → its visual. Each backend draws the pictures that these make."""
