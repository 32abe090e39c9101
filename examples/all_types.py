"""All seven layer types in one scene: cells, their outlines, how they move, and what flows around them.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import specimen

import lamella

PLANE = 11


def show(viewer: lamella.ViewerModel) -> None:
    cells = specimen.make()
    viewer.add_image(cells.image, colormap="gray", contrast_limits=(0, 255), name="cells")
    viewer.add_surface(terrain(), colormap="magma", opacity=0.35, name="depth")
    viewer.add_labels(cells.labels, contour=1, opacity=0.8, name="outlines")
    viewer.add_vectors(flow(), vector_style="arrow", edge_width=1.5, length=9, edge_color="deepskyblue", name="flow")
    viewer.add_tracks(wander(cells.centres), tail_length=12, tail_width=2, colormap="hsv", name="wander")
    viewer.add_points(
        cells.centres, size=cells.radii / 2, face_color="gold", border_color="black", out_of_slice_display=True,
        name="centres",
    )  # fmt: skip
    viewer.add_shapes(
        [
            np.array([[PLANE, 20, 20], [PLANE, 95, 130]]),
            np.array([[PLANE, 180, 250], [0, 32, 45]]),
            np.array([[PLANE, 130, 30], [PLANE, 215, 50], [PLANE, 200, 120], [PLANE, 150, 100]]),
        ],
        shape_type=["rectangle", "ellipse", "polygon"],
        face_color=[0, 0, 0, 0],
        edge_color=["white", "orange", "lime"],
        edge_width=2,
        name="regions",
    )
    viewer.dims.set_point(0, PLANE)
    viewer.reset_view()


def terrain() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A sheet of triangles over the right half, in the plane that is shown, coloured by a wave."""
    rows, columns = np.mgrid[0:240:25j, 190:320:20j]
    vertices = np.stack([np.full(rows.size, PLANE), rows.ravel(), columns.ravel()], axis=1)
    corner = (np.arange(24)[:, None] * 20 + np.arange(19)).ravel()
    upper = np.stack([corner, corner + 1, corner + 20], axis=1)
    lower = np.stack([corner + 1, corner + 21, corner + 20], axis=1)
    return vertices, np.concatenate([upper, lower]), np.sin(rows / 25).ravel() + np.cos(columns / 20).ravel()


def flow() -> np.ndarray:
    """A whirl: starts and directions, shape (n, 2, 3)."""
    y, x = (grid.ravel() for grid in np.mgrid[16:240:16, 16:320:16])
    away = np.stack([y - 120, x - 160], axis=1)
    turned = np.stack([np.zeros(len(y)), away[:, 1], -away[:, 0]], axis=1)
    directions = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1)
    return np.stack([np.stack([np.full(len(y), PLANE), y, x], axis=1), directions], axis=1)


def wander(centres: np.ndarray) -> np.ndarray:
    """Walks that begin at the first cells: rows of track, time, y and x. Time is the axis that is z elsewhere."""
    rng = np.random.default_rng(7)
    walks = []
    for number, (_, y, x) in enumerate(centres[:12]):
        steps = np.cumsum(rng.normal(0, 5, (24, 2)), axis=0) + np.array([y, x])
        walks.append(np.column_stack([np.full(24, number), np.arange(24), steps]))
    return np.concatenate(walks)


def main(picture: Path | None) -> None:
    if picture is None:
        show(lamella.Viewer())
        lamella.run()
        return
    with lamella.ViewerModel() as viewer:
        viewer.views[0].canvas_size = (680, 500)
        show(viewer)
        viewer.screenshot(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
