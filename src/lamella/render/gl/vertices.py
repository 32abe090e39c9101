"""What points, triangles and lines share: vertices of fields of any type, and the camera relative to their origin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from vispy.gloo import gl
from vispy.gloo.glir import GlirProgram

from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.visibility import data_to_device

# gloo knows float attributes only, and colours as floats would take four times the memory.
GlirProgram.ATYPEINFO.setdefault("ubyte_float", (1, gl.GL_UNSIGNED_BYTE, np.uint8))
GlirProgram.ATYPEINFO.setdefault("ubyte_vec4", (4, gl.GL_UNSIGNED_BYTE, np.uint8))


def bind(
    canvas: Any,
    program: Any,
    buffer: Any,
    dtype: np.dtype[Any],
    fields: Mapping[str, str],
    first: int = 0,
    divisor: int | None = None,
) -> None:
    """Let attributes, by name, read the fields of a buffer of ``dtype`` from its element ``first`` on."""
    assert dtype.fields is not None
    for attribute, name in fields.items():
        base, offset = dtype.fields[name][:2]
        n = base.shape[0] if base.shape else 1
        type = ("ubyte_" if base.base == np.uint8 else "") + ("float" if n == 1 else f"vec{n}")
        place = (buffer.id, dtype.itemsize, first * dtype.itemsize + offset)
        canvas.context.glir.command("ATTRIBUTE", program.id, attribute, type, place, divisor)


def set_camera(program: Any, state: ViewState, transform: Affine, origin: tuple[float, ...]) -> None:
    """Where positions that are relative to ``origin`` come to lie. The camera is two floats: exact to 48 bits."""
    to_device = data_to_device(state, transform)
    width, height = state.device_size
    camera = to_device.inverse([height / 2, width / 2]) - origin
    coarse = camera.astype(np.float32)
    (yr, yc), (xr, xc) = to_device.linear
    program["u_linear"] = (xr, xc, yr, yc)
    program["u_camera"] = (*coarse, *(camera - coarse))
