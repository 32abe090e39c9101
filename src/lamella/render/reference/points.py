"""Points by numpy: each symbol as the polygon or the circles that it is, counted in samples a pixel.

It shares no formula with the shaders, which measure distances.
"""

from __future__ import annotations

import numpy as np

from lamella.model.layers.point_style import SYMBOLS
from lamella.model.view_state import ViewState
from lamella.render.picture import PointsPicture
from lamella.render.points import drawn_sizes, soft_edge
from lamella.render.reference.blending import Floats, blend, effective_alpha, eight_bits
from lamella.render.visibility import data_to_device
from lamella.slicing.symbols import covers

SAMPLES = 8  # along each side of a pixel


def draw_points(canvas: Floats, picture: PointsPicture, state: ViewState) -> None:
    """Draw over ``canvas`` (height, width, 3), point after point."""
    points = picture.points
    height, width = canvas.shape[:2]
    with np.errstate(invalid="ignore"):  # points may be at NaN and infinity: they are nowhere
        centers = data_to_device(state, picture.transform)(points.coordinates.reshape(-1, 2))
    sizes, borders = drawn_sizes(points.size, points.border_width, state, picture.transform)
    soft = soft_edge(picture.look, state)
    reach = (sizes + soft) / 2 + 1
    near = ((centers > -reach[:, None]) & (centers < [height, width] + reach[:, None])).all(axis=1) & (sizes > 0)
    for i in np.flatnonzero(near):
        (y, x), r = centers[i], reach[i]
        rows = slice(max(int(y - r), 0), min(int(np.ceil(y + r)), height))
        columns = slice(max(int(x - r), 0), min(int(np.ceil(x + r)), width))
        beneath = canvas[rows, columns]
        if not beneath.size:
            continue
        at = np.array([y - rows.start, x - columns.start])
        symbol, border = SYMBOLS[points.symbol[i]], borders[i]
        whole = _coverage(symbol, at, sizes[i], 0.0, beneath.shape[:2], soft)
        inner = _coverage(symbol, at, sizes[i], -border, beneath.shape[:2], soft) if border else whole
        faces, edges = points.face_color[i] / 255, points.border_color[i] / 255
        face = inner * effective_alpha(faces[3:], picture.opacity, picture.blending)
        edge = (whole - inner) * effective_alpha(edges[3:], picture.opacity, picture.blending)
        alpha = face + edge
        rgb = (faces[:3] * face[..., None] + edges[:3] * edge[..., None]) / np.where(alpha > 0, alpha, 1)[..., None]
        mixed = blend(picture.blending, beneath, np.concatenate([rgb, alpha[..., None]], axis=-1))
        canvas[rows, columns] = eight_bits(mixed)


def _coverage(symbol: str, at: Floats, size: float, grown: float, shape: tuple[int, ...], soft: float) -> Floats:
    """The part of each pixel, taken ``soft`` wide, that a symbol grown by ``grown`` pixels on all sides covers."""
    n = SAMPLES if soft else 1
    steps = 0.5 + ((np.arange(n) + 0.5) / n - 0.5) * soft
    y, x = ((np.arange(count)[:, None] + steps).ravel() for count in shape)
    hit = covers(symbol, x[None] - at[1], y[:, None] - at[0], size, grown)
    mean: Floats = hit.reshape(shape[0], n, shape[1], n).mean(axis=(1, 3))
    return mean
