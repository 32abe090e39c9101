"""What scenarios show that is no array: points, vectors, polygons, a mesh, tracks. Axis 0 is the one that is dragged.

Points, vectors and polygons are in no order, as measured ones are: what lies in a plane is spread over the memory.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PLANES = 100
SIDE = 1024.0  # of a plane
CORNERS = 8  # of a polygon

Floats = npt.NDArray[np.float64]


def cloud(count: int, seed: int = 0, planes: int = PLANES) -> Floats:
    """(count, 3) coordinates: axis 0 whole numbers from 0 to ``planes`` − 1, as many points in each."""
    rng = np.random.default_rng(seed)
    coordinates = rng.uniform(0, SIDE, (count, 3))
    coordinates[:, 0] = rng.permutation(count) % planes
    return coordinates


def arrows(count: int, seed: int = 0) -> Floats:
    """(count, 2, 3) starts and directions; these lie within their plane and are 5 to 20 long."""
    rng = np.random.default_rng(seed)
    angle, length = rng.uniform(0, 2 * np.pi, count), rng.uniform(5, 20, count)
    data = np.zeros((count, 2, 3))
    data[:, 0] = cloud(count, seed)
    data[:, 1, 1], data[:, 1, 2] = length * np.sin(angle), length * np.cos(angle)
    return data


def polygons(count: int, seed: int = 0) -> Floats:
    """(count, 8, 3): stars of eight corners, each in one plane, so that every other corner points inwards."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False) + rng.uniform(0, np.pi, (count, 1))
    radius = rng.uniform(15, 40, (count, 1)) * np.where(np.arange(CORNERS) % 2, 0.5, 1)
    data = np.repeat(cloud(count, seed)[:, None], CORNERS, axis=1)
    data[:, :, 1] += radius * np.sin(angle)
    data[:, :, 2] += radius * np.cos(angle)
    return data


def mesh(faces: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Vertices (n, 2) of a square grid, and its (m, 3) faces, at least as many as asked for."""
    side = int(np.ceil(np.sqrt(faces / 2)))
    line = np.linspace(0, SIDE, side + 1, dtype=np.float32)
    vertices = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    corner = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    right, below, across = corner + 1, corner + side + 1, corner + side + 2
    return vertices, np.concatenate([np.stack([corner, right, below], 1), np.stack([right, across, below], 1)])


def waves(vertices: npt.NDArray[np.float32], times: int = PLANES) -> npt.NDArray[np.float32]:
    """(times, n) values from 0 to 1: a wave that goes once through the mesh."""
    phase = vertices.sum(axis=1) / (2 * SIDE)
    values = np.empty((times, len(vertices)), np.float32)
    for t in range(times):
        values[t] = 0.5 + 0.5 * np.cos(2 * np.pi * (phase - t / times), dtype=np.float32)
    return values


def paths(vertices: int, tracks: int, seed: int = 0) -> Floats:
    """(vertices, 4) rows of track id, time, y, x: walks that stay in the plane, each over all times from 0 on.

    Sorted by track and time, as files of tracks are.
    """
    rng = np.random.default_rng(seed)
    length = vertices // tracks
    walks = np.cumsum(rng.normal(0, 4, (tracks, length, 2)), axis=1) + rng.uniform(0, SIDE, (tracks, 1, 2))
    data = np.empty((tracks, length, 4))
    data[:, :, 0] = np.arange(tracks)[:, None]
    data[:, :, 1] = np.arange(length)
    data[:, :, 2:] = np.abs(walks % (2 * SIDE) - SIDE)  # turns round at the edge
    return data.reshape(-1, 4)
