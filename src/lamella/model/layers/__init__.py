"""The layer types."""

from lamella.model.layers.base import Layer, LayerStatus
from lamella.model.layers.image import Image
from lamella.model.layers.labels import Labels
from lamella.model.layers.look import (
    BLENDING_MODES,
    INTERPOLATION_MODES,
    ImageLook,
    LabelsLook,
    PointsLook,
    PrimitivesLook,
)
from lamella.model.layers.point_cloud import PointCloud
from lamella.model.layers.points import Points
from lamella.model.layers.shape_cloud import ShapeCloud
from lamella.model.layers.shapes import Shapes
from lamella.model.layers.surface import Surface
from lamella.model.layers.track_cloud import TrackCloud
from lamella.model.layers.tracks import Tracks
from lamella.model.layers.vector_cloud import VectorCloud
from lamella.model.layers.vectors import Vectors

__all__ = [
    "BLENDING_MODES",
    "INTERPOLATION_MODES",
    "Image",
    "ImageLook",
    "Labels",
    "LabelsLook",
    "Layer",
    "LayerStatus",
    "PointCloud",
    "Points",
    "PointsLook",
    "PrimitivesLook",
    "ShapeCloud",
    "Shapes",
    "Surface",
    "TrackCloud",
    "Tracks",
    "VectorCloud",
    "Vectors",
]
