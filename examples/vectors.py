"""Vectors over an image: where it gets brighter, and how steeply.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import specimen

import lamella

EVERY = 9  # samples from one arrow to the next


def show(viewer: lamella.ViewerModel) -> None:
    cells = specimen.make()
    slopes = np.stack(np.gradient(cells.image.astype(np.float32), axis=(1, 2)), axis=-1)
    z, y, x = (grid.ravel() for grid in np.mgrid[0:24, EVERY // 2 : 240 : EVERY, EVERY // 2 : 320 : EVERY])
    slope = slopes[z, y, x]
    steepness = np.linalg.norm(slope, axis=1)
    directions = np.column_stack([np.zeros(len(z)), slope]) / np.maximum(steepness, 1e-6)[:, None]

    viewer.add_image(cells.image, colormap="gray", contrast_limits=(0, 255), opacity=0.7, name="cells")
    viewer.add_vectors(
        np.stack([np.stack([z, y, x], axis=1), directions], axis=1),
        features={"steepness": steepness},
        vector_style="arrow",
        length=EVERY - 2,
        edge_width=0.9,
        edge_color="steepness",
        edge_colormap="cool",
        edge_contrast_limits=(0, 20),
        shown=steepness > 3,
        opacity=1,
        name="uphill",
    )
    viewer.dims.set_point(0, 11)
    viewer.reset_view()


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
