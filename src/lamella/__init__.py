"""lamella: an n-D viewer whose window never freezes.

This page is the table of contents. Each name is imported when it is first used, so that ``import lamella`` loads
neither Qt nor GL nor any file format.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamella.failures import SlicingError
    from lamella.model.layers.image import Image
    from lamella.model.layers.labels import Labels
    from lamella.model.layers.point_cloud import PointCloud
    from lamella.model.layers.points import Points
    from lamella.model.layers.shapes import Shapes
    from lamella.model.layers.surface import Surface
    from lamella.model.layers.tracks import Tracks
    from lamella.model.layers.vectors import Vectors
    from lamella.qt.application import run
    from lamella.qt.viewer import Viewer, view
    from lamella.viewer_model import ViewerModel

__version__ = "0.1.0"

__all__ = [
    "Image",
    "Labels",
    "PointCloud",
    "Points",
    "Shapes",
    "SlicingError",
    "Surface",
    "Tracks",
    "Vectors",
    "Viewer",
    "ViewerModel",
    "__version__",
    "run",
    "view",
]

_HOMES = {
    "Image": "lamella.model.layers.image",
    "PointCloud": "lamella.model.layers.point_cloud",
    "Labels": "lamella.model.layers.labels",
    "Points": "lamella.model.layers.points",
    "Shapes": "lamella.model.layers.shapes",
    "SlicingError": "lamella.failures",
    "Surface": "lamella.model.layers.surface",
    "Tracks": "lamella.model.layers.tracks",
    "Vectors": "lamella.model.layers.vectors",
    "Viewer": "lamella.qt.viewer",
    "ViewerModel": "lamella.viewer_model",
    "run": "lamella.qt.application",
    "view": "lamella.qt.viewer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lamella' has no attribute {name!r}")
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "lamella":
            raise
        raise ImportError(
            f"lamella.{name} needs the package {error.name!r}, which is not installed: pip install 'lamella[all]'"
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
