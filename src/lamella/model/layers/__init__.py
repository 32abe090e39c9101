"""The layer types."""

from lamella.model.layers.base import Layer, LayerStatus
from lamella.model.layers.image import Image
from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES, ImageLook, PointsLook
from lamella.model.layers.point_cloud import PointCloud
from lamella.model.layers.points import Points

__all__ = [
    "BLENDING_MODES",
    "INTERPOLATION_MODES",
    "Image",
    "ImageLook",
    "Layer",
    "LayerStatus",
    "PointCloud",
    "Points",
    "PointsLook",
]
