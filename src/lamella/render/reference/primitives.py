"""Triangles and lines by numpy: triangles where pixel centres lie in them, lines counted in samples a pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.picture import PrimitivesPicture
from lamella.render.primitives import corner_scale, line_scale, slack
from lamella.render.reference.blending import Floats, blend, effective_alpha, eight_bits
from lamella.render.visibility import data_to_device
from lamella.slicing.primitives import Clock, PrimitivesTile

SAMPLES = 8  # along each side of a pixel


def draw_primitives(canvas: Floats, picture: PrimitivesPicture, state: ViewState) -> None:
    """Draw over ``canvas`` (height, width, 3), triangle after triangle, then line after line."""
    tile = picture.primitives
    assert tile is not None
    to_device = data_to_device(state, picture.transform)
    if picture.look.triangles and len(tile.triangles):
        _draw_triangles(canvas, picture, tile, to_device, state)
    if picture.look.segments:
        _draw_segments(canvas, picture, tile, to_device, state)


def _draw_triangles(
    canvas: Floats, picture: PrimitivesPicture, tile: PrimitivesTile, to_device: Affine, state: ViewState
) -> None:
    corners = tile.corners
    unit, least = corner_scale(picture.transform, state)
    width = corners["width"] * unit
    with np.errstate(divide="ignore"):
        grown = np.where(width > 0, np.maximum(least / width, 1), 1)
    at = to_device(corners["position"] + corners["offset"] * grown[:, None].astype(np.float64) + tile.origin)
    values = None
    if picture.mapped:
        assert picture.values is not None
        values = np.clip(picture.values.values.astype(np.float64), -1e30, 1e30)  # infinity cannot be mixed
    for triangle in tile.triangles:
        places = at[triangle]
        if values is not None and np.isnan(values[triangle]).any():
            continue
        inside = _weights(places, canvas.shape[:2])
        if inside is None:
            continue
        rows, columns, weights = inside
        rgba = weights @ (corners["color"][triangle] / 255)
        if tile.texture is not None:
            rgba = rgba * _texels(tile.texture, weights @ corners["uv"][triangle].astype(np.float64))
        if values is not None:
            rgba = rgba * _mapped(picture, weights @ values[triangle])
        rgba[:, 3:] = effective_alpha(rgba[:, 3:], picture.opacity, picture.blending)
        canvas[rows, columns] = eight_bits(blend(picture.blending, canvas[rows, columns], rgba))


def _weights(
    places: Floats, shape: tuple[int, int]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats] | None:
    """Pixels of which the centre lies in a triangle, and their barycentric coordinates (n, 3)."""
    low = np.maximum(np.floor(places.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(places.max(axis=0)), shape).astype(int)
    if (low >= high).any():
        return None
    rows, columns = (grid.ravel() for grid in np.mgrid[low[0] : high[0], low[1] : high[1]])
    points = np.stack([rows, columns], axis=1) + 0.5
    (a, b, c) = places
    area = _cross(b - a, c - a)
    if area == 0:
        return None
    edges = np.stack([c - b, a - c, b - a])
    weights = np.stack([_cross(e, points - p) for e, p in zip(edges, (b, c, a), strict=True)], axis=1) / area
    weights[np.abs(weights) < 1e-9] = 0
    # A centre on an edge belongs to one of the triangles that share it.
    y, x = (edges * np.sign(area)).T
    inside = ((weights > 0) | ((weights == 0) & ((y < 0) | ((y == 0) & (x > 0))))).all(axis=1)
    return rows[inside], columns[inside], weights[inside]


def _cross(a: Floats, b: Floats) -> Floats:
    result: Floats = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return result


def _texels(texture: npt.NDArray[np.uint8], uv: Floats) -> Floats:
    """Linear between the centres of texels, the outer ones beyond."""
    height, width = texture.shape[:2]
    x, y = np.clip(uv[:, 0] * width - 0.5, 0, width - 1), np.clip(uv[:, 1] * height - 0.5, 0, height - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    near = texture[y0, x0] * (1 - fx) + texture[y0, x1] * fx
    far = texture[y1, x0] * (1 - fx) + texture[y1, x1] * fx
    result: Floats = (near * (1 - fy) + far * fy) / 255
    return result


def _mapped(picture: PrimitivesPicture, values: Floats) -> Floats:
    look, (low, high) = picture.look, picture.limits
    assert look.lut is not None
    x = np.clip((values - low) / (high - low), 0, 1) ** look.gamma
    result: Floats = look.lut[np.floor(x * 255 + 0.5).astype(int)] / 255
    return result


def _draw_segments(
    canvas: Floats, picture: PrimitivesPicture, tile: PrimitivesTile, to_device: Affine, state: ViewState
) -> None:
    unit, least = line_scale(picture, state)
    soft = picture.look.antialiasing * state.pixel_ratio
    clock = picture.clock
    for segment in tile.segments[slice(*picture.span)]:
        if segment["width"] <= 0 or (clock is not None and clock.hide_completed and segment["end"] < clock.now):
            continue
        start, stop = to_device(segment["start"] + tile.origin), to_device(segment["stop"] + tile.origin)
        half = 0.5 * max(float(segment["width"]) * unit, least)
        reach = half + soft / 2 + 1
        low = np.clip(np.floor(np.minimum(start, stop) - reach), 0, canvas.shape[:2]).astype(int)
        high = np.clip(np.ceil(np.maximum(start, stop) + reach), 0, canvas.shape[:2]).astype(int)
        if (low >= high).any():
            continue
        part = canvas[low[0] : high[0], low[1] : high[1]]
        coverage, along = _coverage(start - low, stop - low, half, soft, part.shape[:2])
        first, last = segment["colors"] / 255
        rgba = first + along[..., None] * (last - first)
        alpha = coverage
        if clock is not None:
            times = segment["times"].astype(np.float64)
            alpha = alpha * _alpha_at(clock, times[0] + along * (times[1] - times[0]))
        rgba[..., 3] = effective_alpha(rgba[..., 3], picture.opacity, picture.blending) * alpha
        canvas[low[0] : high[0], low[1] : high[1]] = eight_bits(blend(picture.blending, part, rgba))


def _coverage(start: Floats, stop: Floats, half: float, soft: float, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """The part of each pixel, taken ``soft`` wide, that a line covers, and where along the line its centre lies."""
    n = SAMPLES if soft else 1
    steps = 0.5 + ((np.arange(n) + 0.5) / n - 0.5) * soft
    y, x = ((np.arange(count)[:, None] + steps).ravel() for count in shape)
    distance, _ = _distance(np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1), start, stop)
    covered = (distance <= half).reshape(shape[0], n, shape[1], n).mean(axis=(1, 3))
    centres = np.stack(np.meshgrid(np.arange(shape[0]) + 0.5, np.arange(shape[1]) + 0.5, indexing="ij"), axis=-1)
    return covered, _distance(centres, start, stop)[1]


def _distance(points: Floats, start: Floats, stop: Floats) -> tuple[Floats, Floats]:
    along = stop - start
    size = float(along @ along)
    part = np.clip((points - start) @ along / size, 0, 1) if size else np.zeros(points.shape[:-1])
    return np.linalg.norm(points - (start + part[..., None] * along), axis=-1), part


def _alpha_at(clock: Clock, time: Floats) -> Floats:
    """SEMANTICS, "Tracks"."""
    span = clock.tail + clock.head
    if not span:
        return (np.abs(time - clock.now) <= slack(clock)).astype(np.float64)
    alpha = np.clip(1 - (clock.head + clock.now - time) / span, 0, 1)
    alpha[time > clock.now + clock.head + slack(clock)] = 0
    return alpha
