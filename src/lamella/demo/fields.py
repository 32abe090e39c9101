"""Random fields that can be asked for at any place and any sampling: hashes, noise, and the cells around seeds.

Everything here is a pure function of its arguments: the same place gives the same value, whoever asks and whatever was
asked before. A plane is given by the 1-D arrays ``y`` and ``x`` of its sample positions and by one ``z`` and ``t``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Uint = npt.NDArray[np.uint32]

_MULTIPLIERS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
_MASK = 0xFFFFFFFF
# Mean of the squared cubic B-spline over its lattice (151/315) and variance of a uniform number in [-1, 1).
_SPLINE_POWER = 151 / 315
_UNIFORM_POWER = 1 / 3


def hash32(seed: int, *parts: npt.NDArray[np.int64] | int) -> Uint:
    """One well mixed 32-bit number for each combination of ``parts``, which are broadcast against each other."""
    mixed: Uint = np.full(
        (1,) * max((np.ndim(part) for part in parts), default=0), seed * 0x2545F491 & _MASK, np.uint32
    )
    for part, multiplier in zip(parts, _MULTIPLIERS, strict=False):
        wrapped = np.asarray(np.asarray(part, dtype=np.int64) & _MASK, dtype=np.uint32)
        mixed = mixed + wrapped * np.uint32(multiplier)
    mixed = mixed ^ (mixed >> np.uint32(16))
    mixed = mixed * np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed = mixed * np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def uniform(hashes: Uint, salt: int = 0) -> Float:
    """Numbers in [0, 1) from hashes; another ``salt`` gives other numbers, nearly independent of the first."""
    mixed = hashes
    if salt:
        mixed = (hashes ^ np.uint32(salt * 0x9E3779B1 & _MASK)) * np.uint32(0x2C1B3C6D)
        mixed ^= mixed >> np.uint32(15)
    return (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def smoothstep(values: Float, low: float, high: float) -> Float:
    """0 below ``low``, 1 above ``high``, a smooth cubic between."""
    u = (values - np.float32(low)) * np.float32(1 / (high - low))
    np.clip(u, 0, 1, out=u)
    return u * u * (3 - 2 * u)


def resolved(size: float, sample: float) -> float:
    """How much of a structure of ``size`` a sampling can show: 0 below one sample, 1 from two samples on."""
    u = min(1.0, max(0.0, size / sample - 1.0))
    return u * u * (3 - 2 * u)


def spline_matrix(at: npt.NDArray[np.float64], pitch: float) -> tuple[npt.NDArray[np.int64], Float]:
    """Lattice indices and the dense (len(at), len(indices)) matrix of cubic B-spline weights of positions ``at``."""
    u = at / pitch
    cell = np.floor(u).astype(np.int64)
    f = u - cell
    first = int(cell.min()) - 1
    count = int(cell.max()) + 3 - first
    matrix = np.zeros((len(at), count), dtype=np.float32)
    rows = np.arange(len(at))
    column = cell - 1 - first
    for k, weight in enumerate(((1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, 1 + 3 * f + 3 * f**2 - 3 * f**3, f**3)):
        matrix[rows, column + k] = weight / 6
    return first + np.arange(count), matrix


def noise(
    y: npt.NDArray[np.float64],
    x: npt.NDArray[np.float64],
    z: float,
    t: float,
    pitch: float,
    seed: int,
    t_pitch: float | None = None,
) -> Float:
    """Smooth noise of mean 0 and variance 1 with structures of about ``2 * pitch``, shape (len(y), len(x)).

    It changes along z over ``pitch`` as well, and in time over ``t_pitch`` frames (not at all if that is None).
    """
    iy, my = spline_matrix(y, pitch)
    ix, mx = spline_matrix(x, pitch)
    iz, mz = spline_matrix(np.array([z]), pitch)
    power = _UNIFORM_POWER * _SPLINE_POWER**3
    if t_pitch is None:
        lattice = uniform(hash32(seed, iz[:, None, None], iy[:, None], ix))
        weights = mz[0]
    else:
        it, mt = spline_matrix(np.array([t]), t_pitch)
        lattice = uniform(hash32(seed, it[:, None, None, None], iz[:, None, None], iy[:, None], ix))
        weights = np.outer(mt[0], mz[0]).ravel()
        power *= _SPLINE_POWER
    flat = (lattice.reshape(len(weights), -1) * 2 - 1).T @ weights
    plane: Float = my @ flat.reshape(len(iy), len(ix)) @ mx.T
    return plane * np.float32(power**-0.5)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Some seeds of a `Lattice`, as flat arrays: where they are at one time, in µm, and who they are."""

    y: Float
    x: Float
    z: Float
    hash: Uint


@dataclass(frozen=True, slots=True)
class Nearest:
    """For every sample of a plane, the seed it belongs to. Lengths in µm, arrays of the shape of the plane."""

    seeds: Seeds
    index: npt.NDArray[np.int64]  # into ``seeds``
    distance: Float  # to the seed, in 3-D
    border: Float  # about the distance to the border of its cell, 0 on it
    dy: Float  # from the seed
    dx: Float


@dataclass(frozen=True, slots=True)
class Lattice:
    """Places on a jittered lattice, one a cell, that move to and fro with time.

    Attributes
    ----------
    pitch : float
        Mean distance of neighbours within a layer, in µm. Layers along z have the same distance.
    seed : int
        Which of many such lattices.
    jitter : float
        How far a seed may be from the middle of its cell, in pitches.
    sway : float
        How far a seed moves about its place, in pitches.
    """

    pitch: float
    seed: int
    jitter: float = 0.4
    sway: float = 0.0

    def near(self, row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], z: float, t: float) -> Seeds:
        """The seeds of the lattice cells ``row`` x ``column`` in the two layers next to ``z``: layer, row, column."""
        first = int(np.floor(z / self.pitch - 0.5))
        layer = np.array([first, first + 1])[:, None, None]
        cell = np.broadcast_arrays(row[:, None], column, layer)
        hashes = hash32(self.seed, layer, row[:, None], column)
        places = []
        for axis, slack in enumerate((2 * self.jitter, 2 * self.jitter, 1.4 * self.jitter)):
            place = cell[axis] + 0.5 + (uniform(hashes, 3 + axis) - 0.5) * slack
            if axis < 2:  # every other layer sits above the gaps of the one below
                place = place + (layer & 1) * 0.5
            if self.sway:
                phase = uniform(hashes, 11 + axis) + t * (0.02 + 0.04 * uniform(hashes, 15 + axis))
                place = place + self.sway * np.sin(2 * np.pi * phase)
            places.append((place * self.pitch).astype(np.float32).ravel())
        at_y, at_x, at_z = places
        return Seeds(at_y, at_x, at_z, hash=hashes.ravel())

    def nearest(self, at_y: Float, at_x: Float, z: float, t: float, tile: int, candidates: int) -> Nearest:
        """The nearest seed of each sample of a plane whose (possibly warped) positions are ``at_y`` and ``at_x``.

        The plane is cut into squares of ``tile`` samples, a few times smaller than ``pitch``; within one, only the
        seeds nearest to its middle are compared. Its sides are multiples of ``tile``.
        """
        height, width = at_y.shape
        rows, columns = height // tile, width // tile
        tiles = rows * columns

        def by_tile(plane: Float) -> Float:
            # Samples of one place in their tile become neighbours: numpy is fast along the tiles, not within one.
            return np.ascontiguousarray(
                plane.reshape(rows, tile, columns, tile).transpose(1, 3, 0, 2).reshape(tile * tile, tiles)
            )

        ty, tx = by_tile(at_y), by_tile(at_x)
        middle = (tile // 2) * tile + tile // 2
        my, mx = ty[middle], tx[middle]
        # Of the lattice cells around a tile, four by four (by two layers) can hold its nearest seeds.
        row = np.floor(my * (1 / self.pitch) - 0.75).astype(np.int64)
        column = np.floor(mx * (1 / self.pitch) - 0.75).astype(np.int64)
        all_rows = np.arange(row.min() - 1, row.max() + 3)
        all_columns = np.arange(column.min() - 1, column.max() + 3)
        seeds = self.near(all_rows, all_columns, z, t)
        home = (row - all_rows[0]) * len(all_columns) + column - all_columns[0]
        steps = np.arange(-1, 3)
        around = (steps[:, None] * len(all_columns) + steps).ravel()
        index = np.concatenate([around, around + len(all_rows) * len(all_columns)])[:, None] + home
        far = np.square(seeds.z - np.float32(z))
        rough = np.square(seeds.y[index] - my)
        rough += np.square(seeds.x[index] - mx)
        rough += far[index]
        picked = np.take_along_axis(index, np.argpartition(rough, candidates - 1, axis=0)[:candidates], axis=0)

        best = np.full(ty.shape, np.inf, dtype=np.float32)
        second = best.copy()
        which = np.zeros(ty.shape, dtype=np.int64)
        dy, dx, closer = np.empty_like(best), np.empty_like(best), np.empty(ty.shape, dtype=bool)
        for candidate in picked:
            np.subtract(ty, seeds.y[candidate], out=dy)
            np.multiply(dy, dy, out=dy)
            np.subtract(tx, seeds.x[candidate], out=dx)
            np.multiply(dx, dx, out=dx)
            dy += dx
            dy += far[candidate]
            np.less(dy, best, out=closer)
            np.copyto(which, candidate, where=closer)
            np.maximum(dy, best, out=dx)
            np.minimum(second, dx, out=second)
            np.minimum(best, dy, out=best)

        def plane(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            tiled = values.reshape(tile, tile, rows, columns).transpose(2, 0, 3, 1)
            return np.ascontiguousarray(tiled).reshape(height, width)

        distance = np.sqrt(best)
        border = (np.sqrt(second) - distance) * np.float32(0.5)
        which = plane(which)
        return Nearest(seeds, which, plane(distance), plane(border), at_y - seeds.y[which], at_x - seeds.x[which])
