"""Vertices of tiles and boxes: numpy in float64 relative to the camera, float32 only at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.atlas import Page
from lamella.render.visibility import Box, Placed, canvas_bounds, data_to_device

Floats = npt.NDArray[np.float64]

VERTEX = np.dtype([("a_position", np.float32, 3), ("a_uv", np.float32, 2)])
# Columns of a quad: box r0 c0 r1 c1 in data, then the same corners v0 u0 v1 u1 in the sheet.
_ROWS, _COLUMNS = [0, 0, 2, 0, 2, 2], [1, 3, 3, 1, 3, 1]  # two triangles


def page_quads(tile: Placed, pages: Sequence[Page], sheet_shapes: Sequence[tuple[int, int]]) -> Floats:
    """One quad a page, shape (n, 8)."""
    (low_r, low_c), (high_r, high_c) = tile.box
    step_r, step_c = (high_r - low_r) / tile.shape[0], (high_c - low_c) / tile.shape[1]
    quads = np.empty((len(pages), 8))
    for quad, page, (height, width) in zip(quads, pages, sheet_shapes, strict=True):
        (r0, r1), (c0, c1) = page.rows, page.columns
        y, x = page.origin
        quad[0], quad[1] = low_r + r0 * step_r, low_c + c0 * step_c
        quad[2] = high_r if r1 == tile.shape[0] else low_r + r1 * step_r
        quad[3] = high_c if c1 == tile.shape[1] else low_c + c1 * step_c
        quad[4:] = y / height, x / width, (y + r1 - r0) / height, (x + c1 - c0) / width
    return quads


def box_quads(boxes: Sequence[Box]) -> Floats:
    """Quads without a texture, shape (n, 8)."""
    quads = np.zeros((len(boxes), 8))
    if boxes:
        quads[:, :4] = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    return quads


class Projection:
    """Displayed data of one layer → clip coordinates of one frame."""

    def __init__(self, state: ViewState, transform: Affine, z: float) -> None:
        self._to_device = data_to_device(state, transform)
        self._bounds = canvas_bounds(state, self._to_device)
        width, height = state.device_size
        self._scale = 2.0 / height, 2.0 / width
        self._z = z

    def vertices(self, quads: Floats) -> npt.NDArray[np.void]:
        """Six vertices a quad. Quads are cut to the canvas first, so that float32 always suffices: quads that were
        outside come out with no area."""
        (top, left), (bottom, right) = self._bounds
        size_r, size_c = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
        cut = quads.copy()
        np.clip(quads[:, 0:4:2], top, bottom, out=cut[:, 0:4:2])
        np.clip(quads[:, 1:4:2], left, right, out=cut[:, 1:4:2])
        per_r, per_c = (quads[:, 6] - quads[:, 4]) / size_r, (quads[:, 7] - quads[:, 5]) / size_c
        cut[:, 4] += (cut[:, 0] - quads[:, 0]) * per_r
        cut[:, 6] += (cut[:, 2] - quads[:, 2]) * per_r
        cut[:, 5] += (cut[:, 1] - quads[:, 1]) * per_c
        cut[:, 7] += (cut[:, 3] - quads[:, 3]) * per_c
        rows, columns = cut[:, _ROWS], cut[:, _COLUMNS]
        linear, offset = self._to_device.linear, self._to_device.translate
        out = np.empty((len(quads), 6), VERTEX)
        position, uv = out["a_position"], out["a_uv"]
        position[..., 0] = (linear[1, 0] * rows + linear[1, 1] * columns + offset[1]) * self._scale[1] - 1.0
        position[..., 1] = (linear[0, 0] * rows + linear[0, 1] * columns + offset[0]) * self._scale[0] - 1.0
        position[..., 2] = self._z
        uv[..., 0] = cut[:, 4:][:, _COLUMNS]
        uv[..., 1] = cut[:, 4:][:, _ROWS]
        return out.reshape(-1)
