"""Images in folders, written by zarr and ome-zarr."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import zarr
from ome_zarr.writer import write_image

METADATA = ("zarr.json", ".zattrs", ".zgroup", ".zarray", "info", "attributes.json")


def is_chunk(path: str) -> bool:
    """Whether a path on a server is a chunk, not a metadata file."""
    return path.rsplit("/", 1)[-1] not in METADATA


def write_volume(folder: Path, shape: tuple[int, int, int] = (8, 600, 600), name: str = "volume.zarr") -> np.ndarray:
    """An OME-Zarr image of two levels in chunks of (1, 64, 64); returns its data."""
    data = np.random.default_rng(0).integers(1, 256, shape).astype("u1")
    write_image(
        data,
        str(folder / name),
        axes="zyx",
        scale_factors=[{"y": 2, "x": 2}],
        storage_options={"chunks": (1, 64, 64)},
    )
    return data


def write_plain(folder: Path, name: str = "plain.zarr") -> np.ndarray:
    """A zarr array (3, 32, 32) in four chunks a plane."""
    data = np.arange(1, 3 * 32 * 32 + 1).reshape(3, 32, 32).astype("u2")
    array = zarr.create_array(str(folder / name), shape=data.shape, chunks=(1, 16, 16), dtype="u2", fill_value=7)
    array[:] = data
    return data
