"""The world that layers share: its axes, ranges and units, and how a layer lies in it.

World axes are right-aligned: the last axis of every layer is the last axis of the world. Pure functions of the layers,
called on the main thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lamella.model.dims_state import NO_LAYERS, RangeTuple
from lamella.model.transforms import Affine
from lamella.model.units import PIXEL, factor, parse_unit

if TYPE_CHECKING:
    from lamella.model.dims import Dims
    from lamella.model.layers.base import Layer

Array = npt.NDArray[np.float64]

NO_DATA = (-0.5, 511.5)  # range of an axis on which no layer has data


def world_ndim(layers: Sequence[Layer]) -> int:
    """Axes of the world: those of the layer with the most, 2 without layers."""
    return max((layer.ndim for layer in layers), default=2)


def layer_axes(
    order: Sequence[int], ndisplay: int, ndim_world: int, ndim_layer: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of a layer that are displayed, in drawing order, and the others, ascending.

    Parameters
    ----------
    order : sequence of int
        Of all world axes.

    Returns
    -------
    displayed, not_displayed : tuple of int
        Axes of the layer. A layer with fewer axes than are displayed has all of its own displayed.
    """
    offset = ndim_world - ndim_layer
    if offset < 0:
        raise ValueError(f"a layer of {ndim_layer} axes does not fit into a world of {ndim_world}")
    of_layer = [axis - offset for axis in order if axis >= offset]
    return tuple(of_layer[-ndisplay:]), tuple(sorted(of_layer[:-ndisplay]))


# ---- units -----------------------------------------------------------------------------------------------------------


def world_units(layers: Sequence[Layer]) -> tuple[str, ...] | None:
    """The unit of each world axis: the smallest that any layer has for that dimension (length, time …).

    Returns
    -------
    tuple of str or None
        None if two layers disagree about the dimension of an axis (s and pixel): then nothing is converted.
    """
    names = [PIXEL] * world_ndim(layers)
    dimensions: list[str | None] = [None] * len(names)
    smallest: dict[str, str] = {}
    for layer in layers:
        offset = len(names) - layer.ndim
        for axis, name in enumerate(layer.units, start=offset):
            unit = parse_unit(name)
            if dimensions[axis] not in (None, unit.dimension):
                return None
            dimensions[axis] = unit.dimension
            known = smallest.get(unit.dimension)
            if known is None or unit.size < parse_unit(known).size:
                smallest[unit.dimension] = name
    return tuple(PIXEL if dimension is None else smallest[dimension] for dimension in dimensions)


def data_to_world(layer: Layer, units: tuple[str, ...] | None) -> Affine:
    """Data → world of one layer with the world in ``units``, as `world_units` gives them; None converts nothing.

    The layer's own transform, ``translate`` and ``affine`` included, ends in the layer's units.
    """
    if units is None:
        return layer.transform
    factors = [factor(own, world) for own, world in zip(layer.units, units[-layer.ndim :], strict=True)]
    if all(f == 1 for f in factors):
        return layer.transform
    return Affine.diagonal(factors) @ layer.transform


def data_to_common_world(layer: Layer, layers: Sequence[Layer]) -> Affine:
    """Data → world of ``layer`` in the units of the world of ``layers``. For many layers: `world_units` once."""
    return data_to_world(layer, world_units(layers))


# ---- extents ---------------------------------------------------------------------------------------------------------


def world_ranges(layers: Sequence[Layer]) -> tuple[RangeTuple, ...]:
    """The range of each world axis: the union of the boxes of the layers' samples, and the smallest step.

    A layer without data counts for the step only. NaN coordinates are left out. An axis on which no layer has data is
    `NO_DATA`. Without layers: two axes (0, 2, 1).
    """
    if not layers:
        return (NO_LAYERS, NO_LAYERS)
    ndim, units = world_ndim(layers), world_units(layers)
    low, high, step = np.full(ndim, np.nan), np.full(ndim, np.nan), np.full(ndim, np.inf)
    for layer in layers:
        transform = data_to_world(layer, units)
        own = slice(ndim - layer.ndim, None)
        step[own] = np.minimum(step[own], step_sizes(transform.linear))
        if layer.extent_data is not None:
            box = _bounds(transform, layer.extent_data)
            low[own], high[own] = np.fmin(low[own], box[0]), np.fmax(high[own], box[1])
    low = np.where(np.isnan(low), NO_DATA[0], low)
    high = np.where(np.isnan(high), NO_DATA[1], high)
    return tuple(RangeTuple(*map(float, r)) for r in zip(low, high, step, strict=True))


def world_box(layers: Sequence[Layer]) -> Array | None:
    """The box around all that the layers draw, edges of pixels included, shape (2, ndim); None without data.

    An axis on which no layer has data spans `NO_DATA`.
    """
    ndim, units = world_ndim(layers), world_units(layers)
    low, high = np.full(ndim, np.nan), np.full(ndim, np.nan)
    for layer in layers:
        if layer.drawn_extent_data is not None:
            box = _bounds(data_to_world(layer, units), layer.drawn_extent_data)
            own = slice(ndim - layer.ndim, None)
            low[own], high[own] = np.fmin(low[own], box[0]), np.fmax(high[own], box[1])
    if np.isnan(low).all():
        return None
    return np.stack([np.where(np.isnan(low), NO_DATA[0], low), np.where(np.isnan(high), NO_DATA[1], high)])


def _bounds(transform: Affine, box: Array) -> Array:
    """`Affine.bounds`, but NaN on one axis spoils only the world axes that depend on it."""
    unknown = np.isnan(box).any(axis=0)
    if not unknown.any():
        return transform.bounds(box)
    result = transform.bounds(np.where(unknown, 0.0, box))
    result[:, (transform.linear[:, unknown] != 0).any(axis=1)] = np.nan
    return result


def step_sizes(linear: Array) -> Array:
    """World distance between samples on each axis: |diagonal of R| in the QR decomposition of the linear part."""
    if np.count_nonzero(linear) == len(linear) and np.diag(linear).all():
        diagonal = np.diag(linear)  # exact, where the decomposition may round
    else:
        diagonal = np.diag(np.linalg.qr(linear, mode="r"))
    sizes: Array = np.abs(diagonal)
    return sizes


# ---- dims ------------------------------------------------------------------------------------------------------------


def world_axis_labels(layers: Sequence[Layer]) -> tuple[str | None, ...]:
    """For each world axis the name that the first layer which names it gives; None if none does."""
    labels: list[str | None] = [None] * world_ndim(layers)
    for layer in layers:
        for axis, name in enumerate(layer.axis_labels, start=len(labels) - layer.ndim):
            labels[axis] = labels[axis] or name or None
    return tuple(labels)


def fit_dims(dims: Dims, layers: Sequence[Layer], *, first: bool = False) -> None:
    """Make dims follow the layers after one was added, removed or changed.

    Parameters
    ----------
    first : bool
        The first layer was added: go to its middle.
    """
    if not layers:
        dims.reset()
    else:
        dims.fit_to(world_ranges(layers), first=first, labels=world_axis_labels(layers))
