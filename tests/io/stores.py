"""Stores written by third parties (zarr-python, ome-zarr, tensorstore) for the tests of `lamella.io`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import ome_zarr.format
import ome_zarr.writer
import zarr

AXES = {
    "t": {"name": "t", "type": "time", "unit": "second"},
    "c": {"name": "c", "type": "channel"},
    "z": {"name": "z", "type": "space", "unit": "micrometer"},
    "y": {"name": "y", "type": "space", "unit": "micrometer"},
    "x": {"name": "x", "type": "space", "unit": "micrometer"},
}
FORMATS = {2: ome_zarr.format.FormatV04, 3: ome_zarr.format.FormatV05}


def ramp(*shape: int, dtype: str = "u2") -> np.ndarray[Any, Any]:
    return (np.arange(np.prod(shape)) % 60_000).reshape(shape).astype(dtype)


def write_ome(
    path: Path,
    levels: list[np.ndarray[Any, Any]],
    axes: str,
    *,
    zarr_format: int = 3,
    transforms: list[list[dict[str, Any]]] | None = None,
    omero: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """Write an image with ome-zarr, and put ``omero`` where its version wants it."""
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    ome_zarr.writer.write_multiscale(
        levels,
        group,
        axes=[AXES[a] for a in axes],
        fmt=FORMATS[zarr_format](),
        coordinate_transformations=transforms,
        **options,
    )
    if omero is not None and zarr_format == 3:
        group.attrs["ome"] = {**group.attrs["ome"], "omero": omero}
    elif omero is not None:
        group.attrs["omero"] = omero
    return path


def attributes_of(path: Path) -> dict[str, Any]:
    if (path / "zarr.json").exists():
        return json.loads((path / "zarr.json").read_text())["attributes"]
    return json.loads((path / ".zattrs").read_text())


def edit(path: Path, **changes: Any) -> None:
    """Change members of a JSON file."""
    document = json.loads(path.read_text())
    document.update(changes)
    path.write_text(json.dumps(document))
