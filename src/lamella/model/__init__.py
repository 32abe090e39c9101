"""What is shown: evented state of layers and views. Main thread only; no Qt, no GL, no threads."""

from lamella.model.camera import Camera
from lamella.model.dims import Dims, RangeTuple
from lamella.model.layer_list import LayerList
from lamella.model.layers import Image, ImageLook, Layer, LayerStatus
from lamella.model.selection import Selection
from lamella.model.transforms import Affine
from lamella.model.view import View
from lamella.model.view_state import ViewState

__all__ = [
    "Affine",
    "Camera",
    "Dims",
    "Image",
    "ImageLook",
    "Layer",
    "LayerList",
    "LayerStatus",
    "RangeTuple",
    "Selection",
    "View",
    "ViewState",
]
