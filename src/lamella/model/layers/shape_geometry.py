"""Shapes as users give them → vertices, rings of vertices, and shapes of rings, in flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.point_cloud import as_numbers

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

SHAPE_TYPES = ("rectangle", "ellipse", "polygon", "path", "line")
RECTANGLE, ELLIPSE, POLYGON, PATH, LINE = range(len(SHAPE_TYPES))

_CODES = {name: code for code, name in enumerate(SHAPE_TYPES)}
_FORM = "one row a vertex and one column an axis"


@dataclass(frozen=True, eq=False, slots=True)
class Geometry:
    """Shapes, each made of rings, each made of vertices. Read-only.

    Attributes
    ----------
    vertices : (m, ndim) float64
        Ring after ring. Four a rectangle or an ellipse: the corners of it or around it, in turn.
    rings : (r + 1,) int64
        Where each ring begins in `vertices`, and the end.
    shapes : (n + 1,) int64
        Where each shape begins in `rings`, and the end. Rings after the first one are holes.
    kinds : (n,) uint8
        Indices into `SHAPE_TYPES`.
    """

    vertices: Floats
    rings: Index
    shapes: Index
    kinds: npt.NDArray[np.uint8]


def flat_indices(starts: Index, counts: Index) -> Index:
    """``starts[i], starts[i] + 1, …``, as many as ``counts[i]``, for each i in turn."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    result: Index = np.repeat(starts - before, counts) + np.arange(total)
    return result


def geometry_of(data: Any, ndim: int | None, shape_type: Any) -> Geometry:
    """Check shapes and put them into flat arrays.

    Parameters
    ----------
    data : list of shapes, (n, v, ndim) array, or None
        See `lamella.model.layers.shapes.Shapes`.
    ndim : int or None
        Axes that they must have; None takes those that they have, 2 without any.
    shape_type : str or sequence of str
        Of those that do not say themselves what they are.

    Raises
    ------
    TypeError, ValueError
    """
    if hasattr(data, "__array__"):
        data = np.asarray(data)
    if isinstance(data, np.ndarray) and data.ndim == 3 and data.dtype != object:
        count, each, axes = as_numbers(data, "vertex", _FORM).shape
        _check_axes(axes, axes if ndim is None else ndim, 0)
        _, kinds = _with_kinds([None] * count, shape_type)
        vertices = data.reshape(-1, axes).astype(np.float64)
        return _settled(vertices, np.full(count, each), np.ones(count, np.int64), kinds)
    entries, kinds = _with_kinds(_entries(data), shape_type)
    blocks, ring_counts = _blocks(entries)
    axes = _axes_of(blocks, ring_counts, ndim)
    counts = np.fromiter((len(block) for block in blocks), np.int64, len(blocks))
    vertices = np.concatenate(blocks).astype(np.float64) if len(blocks) else np.empty((0, axes))
    return _settled(vertices, counts, ring_counts, kinds)


def joined(first: Geometry, more: Geometry) -> Geometry:
    """The shapes of both."""
    return _frozen(
        np.concatenate([first.vertices, more.vertices]),
        np.concatenate([first.rings, more.rings[1:] + first.rings[-1]]),
        np.concatenate([first.shapes, more.shapes[1:] + first.shapes[-1]]),
        np.concatenate([first.kinds, more.kinds]),
    )


# ---- what was given --------------------------------------------------------------------------------------------------


def _entries(data: Any) -> Sequence[Any]:
    """One entry a shape."""
    if data is None:
        return ()
    if isinstance(data, np.ndarray) and data.dtype != object:
        if data.size == 0:
            return ()
        if data.ndim != 2:
            raise ValueError(
                "data must be a list of (vertices, axes) arrays or an array of the shape (shapes, vertices, axes), "
                f"not an array of the shape {data.shape}"
            )
        return [data]
    if isinstance(data, (str, bytes)) or not isinstance(data, (Sequence, np.ndarray)):
        raise TypeError(f"data must be a list of (vertices, axes) arrays, one a shape, not {type(data).__name__}")
    entries = list(data)
    if _is_typed(data) or (entries and _depth(entries[0]) == 1 and not _is_typed(entries[0])):
        return [data]  # a single shape
    return entries


def _is_typed(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], str)


def _with_kinds(entries: Sequence[Any], shape_type: Any) -> tuple[list[Any], npt.NDArray[np.uint8]]:
    """The vertices and the type of each shape."""
    count = len(entries)
    if isinstance(shape_type, str):
        names = [shape_type] * count
        _code(shape_type)
    else:
        if not isinstance(shape_type, Iterable):
            raise ValueError(f"shape_type must be {_known()}, or one of these a shape, not {shape_type!r}")
        names = list(shape_type)
        if len(names) != count:
            raise ValueError(
                f"shape_type has {len(names)} values for {count} shapes: give one type for all of them, or one each"
            )
    typed = [_is_typed(entry) for entry in entries]
    if any(typed):
        names = [entry[1] if t else name for entry, name, t in zip(entries, names, typed, strict=True)]
        entries = [entry[0] if t else entry for entry, t in zip(entries, typed, strict=True)]
    codes = {name: _code(name) for name in dict.fromkeys(names)}
    return list(entries), np.fromiter((codes[name] for name in names), np.uint8, count)


def _code(name: Any) -> int:
    if not isinstance(name, str) or name not in _CODES:
        raise ValueError(f"shape_type must be {_known()}, not {name!r}")
    return _CODES[name]


def _known() -> str:
    return f"one of {', '.join(map(repr, SHAPE_TYPES))}"


def _blocks(entries: list[Any]) -> tuple[list[npt.NDArray[Any]], Index]:
    """The rings of all shapes, (vertices, axes) each, and how many each shape has."""
    if all(type(entry) is np.ndarray and entry.ndim == 2 and entry.dtype.kind in "biuf" for entry in entries):
        return entries, np.ones(len(entries), np.int64)
    blocks: list[npt.NDArray[Any]] = []
    counts = []
    for number, entry in enumerate(entries):
        rings = list(entry) if _depth(entry) == 3 else [entry]
        blocks += [_block(ring, number) for ring in rings]
        counts.append(len(rings))
    return blocks, np.array(counts, np.int64)


def _block(ring: Any, number: int) -> npt.NDArray[Any]:
    try:
        array = as_numbers(ring, "vertex", _FORM)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("data", f"data[{number}]", 1)) from None
    if array.ndim != 2:
        raise ValueError(
            f"data[{number}] must have the shape (vertices, axes), or be a list of such rings, not {array.shape}"
        )
    return array


def _depth(value: Any) -> int:
    """How many axes what is given has, as far as its first items tell."""
    depth = 0
    while not isinstance(value, (str, bytes)):
        if hasattr(value, "ndim"):
            return depth + int(value.ndim)
        if not isinstance(value, Sequence):
            break
        depth += 1
        if not len(value):
            break
        value = value[0]
    return depth


def _axes_of(blocks: list[npt.NDArray[Any]], ring_counts: Index, ndim: int | None) -> int:
    if not len(blocks):
        return ndim or 2
    wanted = int(blocks[0].shape[1]) if ndim is None else ndim
    for number, block in enumerate(blocks):
        if block.shape[1] != wanted or wanted < 2:
            _check_axes(block.shape[1], wanted, int(np.searchsorted(np.cumsum(ring_counts), number, side="right")))
    return wanted


def _check_axes(axes: int, wanted: int, number: int) -> None:
    if wanted < 2:
        raise ValueError(f"data must be shapes of at least two axes, not {wanted}")
    if axes != wanted:
        raise ValueError(f"data must have {wanted} columns, one an axis, in all shapes, but data[{number}] has {axes}")


# ---- what is drawn of it ---------------------------------------------------------------------------------------------


def _settled(vertices: Floats, counts: Index, ring_counts: Index, kinds: npt.NDArray[np.uint8]) -> Geometry:
    """Corners instead of opposite ones or radii, where shapes were given by these."""
    shapes = np.concatenate([[0], np.cumsum(ring_counts)])
    _check_counts(counts, ring_counts, shapes, kinds)
    boxes = np.flatnonzero(kinds <= ELLIPSE)
    short = boxes[counts[shapes[boxes]] == 2]
    rings = np.concatenate([[0], np.cumsum(counts)])
    if len(short):
        pairs = vertices[rings[shapes[short]][:, None] + np.arange(2)]
        corners = _corners(pairs, kinds[short] == ELLIPSE, short)
        longer = counts.copy()
        longer[shapes[short]] = 4
        starts = np.concatenate([[0], np.cumsum(longer)])
        grown = np.empty((starts[-1], vertices.shape[1]))
        same = longer == counts
        grown[flat_indices(starts[:-1][same], counts[same])] = vertices[flat_indices(rings[:-1][same], counts[same])]
        grown[starts[shapes[short]][:, None] + np.arange(4)] = corners
        vertices, rings = grown, starts
    return _frozen(vertices, rings, shapes, kinds)


def _check_counts(counts: Index, ring_counts: Index, shapes: Index, kinds: npt.NDArray[np.uint8]) -> None:
    """Each shape has as many rings and vertices as its type needs."""
    holed = np.flatnonzero((ring_counts != 1) & ((kinds != POLYGON) | (ring_counts == 0)))
    if len(holed):
        number, name = holed[0], SHAPE_TYPES[kinds[holed[0]]]
        raise ValueError(f"data[{number}] has {ring_counts[number]} rings of vertices: a {name} must have one")
    kind_of_ring = np.repeat(kinds, ring_counts)
    good = np.where(
        kind_of_ring <= ELLIPSE,
        (counts == 2) | (counts == 4),
        np.where(kind_of_ring == LINE, counts == 2, counts >= 2),
    )
    if not good.all():
        ring = int(np.flatnonzero(~good)[0])
        number = int(np.searchsorted(shapes, ring, side="right")) - 1
        needs = {
            RECTANGLE: "a rectangle must have two opposite corners, or all four",
            ELLIPSE: "an ellipse must have a centre and its radii, or the four corners around it",
            POLYGON: "a polygon must have two vertices or more in each ring",
            PATH: "a path must have two vertices or more",
            LINE: "a line must have two vertices",
        }
        has = f"{counts[ring]} {'vertex' if counts[ring] == 1 else 'vertices'}"
        raise ValueError(f"data[{number}] has {has}: {needs[int(kind_of_ring[ring])]}")


def _corners(pairs: Floats, ellipse: npt.NDArray[np.bool_], numbers: Index) -> Floats:
    """The four corners of boxes that are given by two opposite ones, or by centre and radii: (n, 2, d) → (n, 4, d).

    A box lies in the plane of the two axes along which it reaches.
    """
    first, second = pairs[:, 0], pairs[:, 1]
    if (second[ellipse] < 0).any():
        number = numbers[ellipse][(second[ellipse] < 0).any(axis=1)][0]
        raise ValueError(f"data[{number}] has a negative radius: an ellipse of two rows is a centre and its radii")
    round_ones = ellipse[:, None]
    low, high = np.where(round_ones, first - second, first), np.where(round_ones, first + second, second)
    reaches = np.where(round_ones, second != 0, first != second)
    tilted = np.flatnonzero(reaches.sum(axis=1) > 2)
    if len(tilted):
        raise ValueError(
            f"data[{numbers[tilted[0]]}] reaches along {reaches[tilted[0]].sum()} axes, so that two rows do not say "
            "where its corners are: give all four"
        )
    ndim = pairs.shape[2]
    # The axes along which it reaches, or else the last ones.
    plane = np.sort(np.argsort(reaches * ndim + np.arange(ndim), axis=1)[:, -2:], axis=1)
    corners = np.stack([low, low, high, low], axis=1)
    rows = np.arange(len(pairs))
    corners[rows, 1, plane[:, 1]] = high[rows, plane[:, 1]]
    corners[rows, 3, plane[:, 0]] = high[rows, plane[:, 0]]
    return corners


def _frozen(vertices: Floats, rings: Index, shapes: Index, kinds: npt.NDArray[np.uint8]) -> Geometry:
    vertices = np.ascontiguousarray(vertices)
    for array in (vertices, rings, shapes, kinds):
        array.setflags(write=False)
    return Geometry(vertices, rings, shapes, kinds)
