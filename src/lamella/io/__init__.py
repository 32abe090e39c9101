"""Paths and URLs ↔ layer data. Blocking: the window calls it on a worker thread."""

from __future__ import annotations

import os

from lamella.io.errors import OpenCancelled, OpenError
from lamella.io.keys import Cancelled
from lamella.io.opening import open_image
from lamella.io.stored_image import Description, LayerData, LevelDescription

__all__ = ["Description", "LayerData", "LevelDescription", "OpenCancelled", "OpenError", "describe", "open_layers"]

TIMEOUT = 10.0  # seconds


def open_layers(
    path_or_url: str | os.PathLike[str], *, timeout: float = TIMEOUT, cancelled: Cancelled | None = None
) -> list[LayerData]:
    """Open an image; its metadata are read, its data are not.

    Parameters
    ----------
    path_or_url : str or path
        A local path or an ``http``, ``https``, ``s3``, ``gs`` or ``file`` URL of OME-Zarr, zarr, n5 or neuroglancer
        precomputed data; or a local ``.npy`` file, table of points or tracks (``.csv``, ``.parquet``, GEFF) or mesh
        (``.stl``, ``.ply``, ``.obj``, ``.off``, ``.glb``). Tables and meshes are read. s3 and gs are untested.
    timeout : float
        Seconds to wait for a server in all.
    cancelled : Event-like, optional
        Once ``cancelled.is_set()``, the opening ends within 0.1 s with `OpenCancelled`.

    Returns
    -------
    list of LayerData
        One layer a channel, a table or a mesh.

    Raises
    ------
    OpenError
        One sentence that says what is wrong, where, and what would work.
    """
    return open_image(path_or_url, timeout, cancelled).layers()


def describe(
    path_or_url: str | os.PathLike[str], *, timeout: float = TIMEOUT, cancelled: Cancelled | None = None
) -> Description:
    """What is at a path or URL: levels, chunks, axes, sizes. Arguments and errors as in `open_layers`."""
    image = open_image(path_or_url, timeout, cancelled)
    try:
        return image.description()
    finally:
        for source in image.sources:
            source.close()
