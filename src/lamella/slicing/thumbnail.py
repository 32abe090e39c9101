"""Small pictures of what slices hold, for lists of layers. Pure functions; they run in workers and read nothing."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model.layers.look import ImageLook, LabelsLook
from lamella.slicing.response import ImageSliceResponse, LayerSliceResponse, Tile

SIDE = 32
_FINE, _FEW = 2, 64  # samples a pixel along each side, whose mean is less noisy than one, of up to so many tiles
_DEPTHS = 8  # planes of a volume that are looked at
MOST = 512  # points that are looked at: more would not show

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


def thumbnail_of(response: LayerSliceResponse, look: Any) -> Picture | None:
    """What a slice shows, seen as a whole.

    Parameters
    ----------
    response : LayerSliceResponse
        Images and labels are seen in the world, as far as there are tiles of them; other layers in their own
        coordinates: `thumbnail` of the response.
    look : object
        Of the layer. Opacity, blending and visibility do not matter.

    Returns
    -------
    (32, 32, 4) uint8 array, read-only, or None
        RGBA, not premultiplied, transparent beside the layer. None: the slice shows nothing of the layer.
    """
    if not isinstance(response, ImageSliceResponse):
        of_any_type: Any = response
        in_colors = getattr(response, "thumbnail_in", None)  # of a type of which the look has a say in it
        picture: Picture | None = of_any_type.thumbnail if in_colors is None else in_colors(look)
        return picture
    if response.empty or not response.tiles:
        return None
    fine = _FINE if len(response.tiles) <= _FEW else 1
    textures, known = _sampled(response, _places(response, SIDE * fine))
    depths = textures.shape[0]
    if isinstance(look, LabelsLook):
        ids = np.ascontiguousarray(textures).view("<u4")[..., 0]
        colors = look.colors_of(ids.ravel()).reshape(depths, -1, 4)
    elif response.rgb:
        colors = textures
    else:
        assert isinstance(look, ImageLook)
        limits = look.limits(response.auto_limits, textures.dtype)
        colors = look.colors_of(_brightest(textures, known), limits)[None]
        known = np.logical_or.reduce(known)[None]
    return _shrunk(_first_seen(np.where(known[..., None], colors, 0)), fine)


def of_points(coordinates: Floats, colors: Picture) -> Picture | None:
    """Points in their box, (32, 32, 4) uint8, read-only; None without points.

    Parameters
    ----------
    coordinates : (n, displayed) array
        Displayed order; of three axes the last two are seen.
    colors : (n, 4) uint8
        Later points are drawn over earlier ones.
    """
    step = max(1, -(-len(coordinates) // MOST))
    places = coordinates[::step, -2:]
    seen = colors[::step]
    if not np.isfinite(places).all():
        known = np.isfinite(places).all(axis=1)
        places, seen = places[known], seen[known]
    if not len(places):
        return None
    low, high = places.min(axis=0), places.max(axis=0)
    size = float((high - low).max()) or 1.0
    margin = (size - (high - low)) / 2  # the picture keeps the proportions
    rows, columns = np.rint((places - low + margin) / size * (SIDE - 2)).astype(np.intp).T
    pixels = rows * SIDE + columns
    flat: npt.NDArray[Any] = np.zeros(SIDE * SIDE, np.uint32)
    one_number = np.ascontiguousarray(seen).view(np.uint32)[:, 0]
    for moved in (0, 1, SIDE, SIDE + 1):  # two pixels wide and high
        flat[pixels + moved] = one_number
    picture = flat.view(np.uint8).reshape(SIDE, SIDE, 4)
    picture.setflags(write=False)
    return picture


# ---- tiles -----------------------------------------------------------------------------------------------------------


def _places(response: ImageSliceResponse, side: int) -> Floats:
    """Where to sample, (depths, side ** 2, displayed), in displayed data coordinates of level 0."""
    box = np.array(
        [np.min([t.box[0] for t in response.tiles], axis=0), np.max([t.box[1] for t in response.tiles], axis=0)]
    )
    low, high = response.displayed_to_world.bounds(box)
    size = float((high - low)[-2:].max())
    centre = (low + high) / 2
    across = ((np.arange(side) + 0.5) / side - 0.5) * size
    axes = [centre[-2] + across, centre[-1] + across]
    if len(centre) == 3:
        axes.insert(0, low[0] + (np.arange(_DEPTHS) + 0.5) / _DEPTHS * (high[0] - low[0]))
    world = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return response.world_to_displayed(world.reshape(-1, side**2, len(centre)))


def _sampled(response: ImageSliceResponse, places: Floats) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """The textures at places, coarse tiles first: (depths, samples, …), and where there are any."""
    at = np.ascontiguousarray(places.reshape(-1, places.shape[-1]).T)
    first = response.tiles[0].texture
    values = np.zeros((at.shape[1], *first.shape[len(at) :]), first.dtype)
    known = np.zeros(at.shape[1], bool)
    for _, tiles in itertools.groupby(response.tiles, key=lambda tile: tile.level):
        _sample_level(list(tiles), at, values, known)
    return values.reshape(*places.shape[:2], *values.shape[1:]), known.reshape(places.shape[:2])


def _sample_level(tiles: list[Tile], at: Floats, values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> None:
    """Fill in what is not known and lies in these tiles, the cells of one grid. Tiles without a sample cost little."""
    lows, highs = (np.array([tile.box[end] for tile in tiles]).T for end in (0, 1))
    missing = np.flatnonzero(~known & _inside(at, lows.min(axis=1), highs.max(axis=1)))
    if not len(missing):
        return
    edges = [np.unique(axis) for axis in lows]
    numbers = np.full(math.prod(len(e) for e in edges), -1)
    numbers[_cells(lows, edges)] = np.arange(len(tiles))
    number = numbers[_cells(at[:, missing], edges)]
    order = np.argsort(number, kind="stable")  # tile by tile
    missing, number = missing[order], number[order]
    low, high = lows[:, number], highs[:, number]
    held = (number >= 0) & _inside(at[:, missing], low, high)
    if not held.all():
        missing, number, low, high = missing[held], number[held], low[:, held], high[:, held]
    known[missing] = True
    n = np.array([tile.texture.shape[: len(at)] for tile in tiles]).T[:, number]
    index = np.minimum(((at[:, missing] - low) / (high - low) * n).astype(np.intp), n - 1)
    starts = np.flatnonzero(np.diff(number, prepend=-1)).tolist()
    for start, stop in itertools.pairwise([*starts, len(number)]):
        values[missing[start:stop]] = tiles[number[start]].texture[tuple(index[:, start:stop])]


def _inside(at: Floats, low: Floats, high: Floats) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = np.logical_and.reduce(
        [(a <= x) & (x < b) for x, a, b in zip(at, low, high, strict=True)]
    )
    return inside


def _cells(at: Floats, edges: list[Floats]) -> npt.NDArray[np.intp]:
    places = [np.searchsorted(e, x, side="right") - 1 for x, e in zip(at, edges, strict=True)]
    cells: npt.NDArray[np.intp] = np.ravel_multi_index(places, [len(e) for e in edges])
    return cells


def _brightest(values: npt.NDArray[Any], known: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """The largest known value over the depths; NaN only where there is nothing else."""
    nothing = values.dtype.type(np.nan if values.dtype.kind == "f" else 0)
    brightest: npt.NDArray[Any] = np.fmax.reduce(np.where(known, values, nothing), axis=0)
    return brightest


def _first_seen(colors: Picture) -> Picture:
    """The first of the depths that is not transparent: (depths, samples, 4) → (samples, 4)."""
    first = np.argmax(colors[..., 3] > 0, axis=0)
    seen: Picture = colors[first, np.arange(colors.shape[1])]
    return seen


def _shrunk(colors: Picture, fine: int) -> Picture:
    """The mean colour of the samples of each pixel, weighted by their alpha."""
    parts = colors.reshape(SIDE, fine, SIDE, fine, 4).swapaxes(1, 2).reshape(SIDE, SIDE, -1, 4).astype(np.float32)
    alpha = parts[..., 3:].sum(axis=2)
    picture = np.empty((SIDE, SIDE, 4), np.uint8)
    picture[..., :3] = np.rint((parts[..., :3] * parts[..., 3:]).sum(axis=2) / np.maximum(alpha, 1))
    picture[..., 3] = np.rint(alpha[..., 0] / fine**2)
    picture.setflags(write=False)
    return picture
