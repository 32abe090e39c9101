"""The symbols of points as shapes: a polygon or circles around (0, 0), one wide, y downwards. napari's proportions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Corners = list[tuple[float, float]]

_BAR = 1 / 6  # half the thickness of a bar
_QUARTER = [(_BAR, _BAR), (0.5, _BAR), (0.5, -_BAR), (_BAR, -_BAR), (_BAR, -0.5), (-_BAR, -0.5)]
_CROSS = _QUARTER + [(-x, -y) for x, y in _QUARTER]
_HEIGHT = np.sqrt(3) / 4  # half the height of a triangle with sides of 1
_TAIL = 1 / (8 * np.sqrt(2))  # half the thickness of a tail
_NECK = 0.25 - _TAIL  # where it meets its arrow


def _turned(corners: Corners, degrees: float) -> Corners:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return [(c * x - s * y, s * x + c * y) for x, y in corners]


def _star() -> Corners:
    """A pentagram, its tips half a width from its centre, which is a little below the point."""
    inner = 0.5 * np.cos(np.deg2rad(72)) / np.cos(np.deg2rad(36))
    angles = np.deg2rad(np.arange(10) * 36 - 90)
    return [(r * np.cos(a), r * np.sin(a) + 0.05) for r, a in zip([0.5, inner] * 5, angles, strict=True)]


_ARROW = [(0.5, 0.0), (0.0, 0.5), (-0.125, 0.375), (0.25, 0.0), (-0.125, -0.375), (0.0, -0.5)]
_LONG_TAIL = [(_NECK, _TAIL), (-0.5, _TAIL), (-0.5, -_TAIL), (_NECK, -_TAIL)]
_POLYGONS: dict[str, Corners] = {
    "square": [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)],
    "diamond": [(0.0, -0.5), (0.5, 0.0), (0.0, 0.5), (-0.5, 0.0)],
    "cross": _CROSS,
    "x": _turned(_CROSS, 45),
    "star": _star(),
    "triangle_up": [(0.0, -_HEIGHT), (0.5, _HEIGHT), (-0.5, _HEIGHT)],
    "triangle_down": [(0.0, _HEIGHT), (-0.5, -_HEIGHT), (0.5, -_HEIGHT)],
    "arrow": _ARROW,
    "hbar": [(-0.5, -_BAR), (0.5, -_BAR), (0.5, _BAR), (-0.5, _BAR)],
    "vbar": [(-_BAR, -0.5), (_BAR, -0.5), (_BAR, 0.5), (-_BAR, 0.5)],
    "tailed_arrow": [*_ARROW[:3], *_LONG_TAIL, *_ARROW[4:]],
}
_LOBES = [(0.36 / np.sqrt(3) * np.cos(a), 0.36 / np.sqrt(3) * (np.sin(a) + 0.25)) for a in np.deg2rad([-90, 30, 150])]


def covers(symbol: str, x: Floats, y: Floats, size: float, grown: float = 0.0) -> Mask:
    """Whether places lie in a symbol.

    Parameters
    ----------
    symbol : str
    x, y : arrays
        Relative to the point.
    size : float
        Diameter, in the unit of the places.
    grown : float
        How far the outline is moved outwards, or inwards if negative; corners stay corners.
    """
    if symbol == "disc":
        return _in_circle(x, y, size / 2 + grown)
    if symbol == "ring":
        return _in_circle(x, y, size / 2 + grown) & ~_in_circle(x, y, size / 4 - grown)
    if symbol == "clobber":
        hits = [_in_circle(x - cx * size, y - cy * size, 0.32 * size + grown) for cx, cy in _LOBES]
        return hits[0] | hits[1] | hits[2]
    corners = np.array(_POLYGONS[symbol]) * size
    moved = _moved_outwards(corners, grown)
    before, after = (np.roll(corners, -1, axis=0) - corners, np.roll(moved, -1, axis=0) - moved)
    if ((before * after).sum(axis=1) <= 0).any():
        return np.zeros(np.broadcast(x, y).shape, bool)  # moved inwards beyond its middle: nothing is left
    return _in_polygon(x, y, moved)


def _in_circle(x: Floats, y: Floats, radius: float) -> Mask:
    hit: Mask = np.hypot(x, y) < radius
    return hit


def _moved_outwards(corners: Floats, distance: float) -> Floats:
    edges = np.roll(corners, -1, axis=0) - corners
    area = (corners[:, 0] * np.roll(corners[:, 1], -1) - corners[:, 1] * np.roll(corners[:, 0], -1)).sum()
    normals = np.stack([edges[:, 1], -edges[:, 0]], axis=1) / np.hypot(*edges.T)[:, None] * np.sign(area)
    before = np.roll(normals, 1, axis=0)
    moved: Floats = corners + distance * (normals + before) / (1 + (normals * before).sum(axis=1, keepdims=True))
    return moved


def _in_polygon(x: Floats, y: Floats, corners: Floats) -> Mask:
    """By counting the edges to the right."""
    inside = np.zeros(np.broadcast(x, y).shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside
