"""Tracks over an image: cells that wander and divide, each with the way that it has come.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import lamella

FRAMES, ROWS, COLUMNS = 48, 240, 320


def show(viewer: lamella.ViewerModel) -> None:
    vertices, graph = wander()
    viewer.add_image(film(vertices), colormap="gray", contrast_limits=(0, 1), opacity=0.7, name="cells")
    viewer.add_tracks(
        vertices,
        graph=graph,
        tail_width=3,
        tail_length=FRAMES,
        colormap="turbo",
        blending="translucent",
        display_id=True,
        name="tracks",
    )
    viewer.dims.set_point(0, 40)
    viewer.reset_view()


def wander() -> tuple[np.ndarray, dict[int, list[int]]]:
    """Rows of track id, time, y and x, and the parent of each cell that a division has made."""
    rng = np.random.default_rng(3)
    rows: list[np.ndarray] = []
    graph: dict[int, list[int]] = {}
    waiting = [(0, np.array([y, x]), rng.uniform(0, 2 * np.pi)) for y in (65, 120, 175) for x in (70, 160, 250)]
    parents: list[int | None] = [None] * len(waiting)
    for track, (born, place, heading) in enumerate(waiting):  # divisions add to it
        life = min(born + int(rng.integers(14, 26)), FRAMES)
        turns = heading + np.cumsum(rng.normal(0, 0.35, life - born))
        way = place + np.cumsum(1.5 * np.stack([np.sin(turns), np.cos(turns)], axis=1), axis=0)
        rows.append(np.column_stack([np.full(life - born, track), np.arange(born, life), way]))
        if parents[track] is not None:
            graph[track] = [parents[track]]
        if life < FRAMES:
            for side in (-1.0, 1.0):
                waiting.append((life, way[-1], turns[-1] + side))
                parents.append(track)
    return np.concatenate(rows), graph


def film(vertices: np.ndarray) -> np.ndarray:
    """A picture of the cells at each time, (frames, rows, columns)."""
    pictures = np.zeros((FRAMES, ROWS, COLUMNS), np.float32)
    y, x = np.ogrid[:ROWS, :COLUMNS]
    for _, time, cy, cx in vertices:
        spot = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 60, dtype=np.float32)
        pictures[int(time)] = np.maximum(pictures[int(time)], spot)
    return pictures


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
