"""Shapes over an image: an ellipse around each cut of a cell with its number, a region with a hole in it, and a path.

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
    viewer.add_image(cells.image, colormap="gray", contrast_limits=(0, 255), opacity=0.6, name="cells")
    viewer.add_shapes(
        [(region(), "polygon"), (way(), "path")],
        face_color="#40a0ff",
        edge_color=["#40a0ff", "white"],
        edge_width=[1, 3],
        opacity=0.45,
        name="region and way",
    )
    cuts, numbers = ellipses(cells)
    viewer.add_shapes(
        cuts,
        shape_type="ellipse",
        features={"radius": cells.radii[numbers], "cell": numbers},
        face_color="transparent",
        edge_color="radius",
        edge_colormap="plasma",
        edge_width=1.5,
        text={"string": "{cell}", "size": 11, "color": "white", "anchor": "center"},
        opacity=0.9,
        name="cuts",
    )
    viewer.dims.set_point(0, PLANE)
    viewer.reset_view()


def region() -> list[np.ndarray]:
    """The rings of a polygon in one plane: its outline, and a hole."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    outer = 1 + 0.18 * np.sin(5 * turn)
    rings = []
    for size in (95 * outer, np.full(60, 35.0)):
        rings.append(np.stack([np.full(60, PLANE), 120 + size * np.sin(turn), 160 + 1.4 * size * np.cos(turn)], axis=1))
    return rings


def way() -> np.ndarray:
    """A line of many vertices in one plane."""
    x = np.arange(10.0, 311, 12)
    return np.stack([np.full(len(x), PLANE), 120 + 85 * np.sin(x / 37), x], axis=1)


def ellipses(cells: specimen.Specimen) -> tuple[list[np.ndarray], np.ndarray]:
    """Centre and radii of each cut of a cell by a plane, and the number of the cell."""
    cuts, numbers = [], []
    for number, ((cz, cy, cx), radius) in enumerate(zip(cells.centres, cells.radii, strict=True)):
        for plane in range(specimen.SHAPE[0]):
            size = radius**2 - (3 * (plane - cz)) ** 2
            if size > 0:
                cuts.append(np.array([[plane, cy, cx], [0, size**0.5, size**0.5]]))
                numbers.append(number)
    return cuts, np.array(numbers)


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
