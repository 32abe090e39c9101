"""Points over an image: the centres of cells, as large and as bright as the cells that the plane cuts.

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
    viewer.add_image(cells.image, colormap="gray", contrast_limits=(0, 255), opacity=0.6, name="cells")
    viewer.add_points(
        cells.centres,
        features={"radius": cells.radii, "kind": np.where(cells.radii > 14, "large", "small")},
        size=cells.radii,
        symbol=np.where(cells.radii > 14, "disc", "star"),
        face_color="radius",
        face_colormap="viridis",
        border_color="white",
        border_width=0.08,
        opacity=0.85,
        out_of_slice_display=True,
        text={"string": "{radius:.0f} µm", "anchor": "upper_left", "translation": (3, 3)},
        name="centres",
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
