"""A surface: the brightness of a plane of cells as a relief, shaded and seen from above.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import specimen

import lamella

PLANE = 11
EVERY = 4  # pixels between vertices


def show(viewer: lamella.ViewerModel) -> None:
    plane = specimen.make().image[PLANE][::EVERY, ::EVERY] / 255.0
    rows, columns = np.indices(plane.shape)
    vertices = np.stack([60 * plane.ravel(), EVERY * rows.ravel(), EVERY * columns.ravel()], axis=1)
    height, width = plane.shape
    corner = (np.arange(height - 1)[:, None] * width + np.arange(width - 1)).ravel()
    upper = np.stack([corner, corner + 1, corner + width], axis=1)
    lower = np.stack([corner + 1, corner + width + 1, corner + width], axis=1)
    viewer.add_surface(
        (vertices, np.concatenate([upper, lower]), plane.ravel()),
        colormap="gist_earth",
        shading="smooth",
        name="relief",
    )
    viewer.dims.set_point(0, 30)
    viewer.dims.thickness = (64, 0, 0)
    viewer.reset_view()


def main(picture: Path | None) -> None:
    if picture is None:
        show(lamella.Viewer())
        lamella.run()
        return
    with lamella.ViewerModel() as viewer:
        viewer.views[0].canvas_size = (560, 420)
        show(viewer)
        viewer.screenshot(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
