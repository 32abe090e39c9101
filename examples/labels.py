"""Labels over an image: each cell has its colour, and every second one only a contour.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import specimen

import lamella


def show(viewer: lamella.ViewerModel) -> None:
    cells = specimen.make()
    viewer.add_image(cells.image, colormap="gray", contrast_limits=(0, 255), name="cells")
    odd = cells.labels % 2 == 1
    viewer.add_labels(np.where(odd, cells.labels, 0), opacity=0.5, name="filled")
    viewer.add_labels(np.where(odd, 0, cells.labels), contour=2, opacity=1.0, name="outlined")
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
