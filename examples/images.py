"""A thick slice: the brightest of seven planes, and beside it the middle one alone.

Run it with the name of a picture to write, or without to open a window.
"""

from __future__ import annotations

import sys
from pathlib import Path

import specimen

import lamella


def show(viewer: lamella.ViewerModel) -> None:
    cells = specimen.make()
    width = cells.image.shape[-1]
    viewer.add_image(cells.image, colormap="magma", contrast_limits=(0, 255), projection_mode="none", name="one plane")
    viewer.add_image(
        cells.image,
        colormap="magma",
        contrast_limits=(0, 255),
        projection_mode="max",
        translate=(0, width + 12),
        name="seven planes",
    )
    viewer.dims.set_point(0, 11)
    viewer.dims.margin_left = viewer.dims.margin_right = (3, 0, 0)
    viewer.reset_view()


def main(picture: Path | None) -> None:
    if picture is None:
        show(lamella.Viewer())
        lamella.run()
        return
    with lamella.ViewerModel() as viewer:
        viewer.views[0].canvas_size = (680, 270)
        show(viewer)
        viewer.screenshot(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
