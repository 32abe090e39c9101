"""The layer types."""

from lamella.model.layers.base import Layer, LayerStatus
from lamella.model.layers.image import Image
from lamella.model.layers.look import BLENDING_MODES, INTERPOLATION_MODES, ImageLook

__all__ = ["BLENDING_MODES", "INTERPOLATION_MODES", "Image", "ImageLook", "Layer", "LayerStatus"]
