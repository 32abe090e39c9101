"""Random fields that can be asked for at any place and any sampling: hashes, noise, and the cells around seeds.

Everything here is a pure function of its arguments: the same place gives the same value, whoever asks and whatever was
asked before. A plane is given by the 1-D arrays ``y`` and ``x`` of its sample positions and by one ``z`` and ``t``.
"""

from __future__ import annotations

import functools
import math
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
_FAR = 0x7F000000  # the bits of a float32 of 10³⁸
_NEIGHBOUR = 0.9  # pitches between seeds that are neighbours, on average
_CANDIDATE_BITS = np.int32(7)  # so a sample chooses among 8 seeds at most


def hash32(seed: int, *parts: npt.NDArray[np.int64] | int) -> Uint:
    """One well mixed 32-bit number for each combination of ``parts``, which are broadcast against each other."""
    mixed: Uint = np.full(
        (1,) * max((np.ndim(part) for part in parts), default=0), seed * 0x2545F491 & _MASK, np.uint32
    )
    for part, multiplier in zip(parts, _MULTIPLIERS, strict=False):
        wrapped = np.asarray(part, dtype=np.int64).astype(np.uint32)  # modulo 2³²
        mixed = mixed + wrapped * np.uint32(multiplier)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
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


@functools.lru_cache(1024)  # a drag through z or t asks for the same ones at every step; 40 KB each at most
def _spline_matrix(first_at: float, step: float, count: int, pitch: float) -> tuple[npt.NDArray[np.int64], Float]:
    """Lattice indices and the dense (count, len(indices)) matrix of cubic B-spline weights of evenly spaced places."""
    u = (first_at + step * np.arange(count)) / pitch
    cell = np.floor(u).astype(np.int64)
    f = u - cell
    first = int(cell[0]) - 1
    matrix = np.zeros((count, int(cell[-1]) + 3 - first), dtype=np.float32)
    rows = np.arange(count)
    column = cell - 1 - first
    for k, weight in enumerate(_spline_weights(f)):
        matrix[rows, column + k] = weight
    return first + np.arange(matrix.shape[1]), matrix


def _spline_weights(f: Any) -> tuple[Any, Any, Any, Any]:
    """Weights of the four lattice points around a place ``f`` behind the second of them."""
    return (1 - f) ** 3 / 6, (3 * f**3 - 6 * f**2 + 4) / 6, (1 + 3 * f + 3 * f**2 - 3 * f**3) / 6, f**3 / 6


def _spline_point(at: float, pitch: float) -> tuple[npt.NDArray[np.int64], Float]:
    """Lattice indices and weights, four each, of one place."""
    cell = math.floor(at / pitch)
    return np.arange(cell - 1, cell + 3), np.array(_spline_weights(at / pitch - cell), dtype=np.float32)


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

    ``y`` and ``x`` are evenly spaced and ascending. The noise changes along z over ``pitch`` as well, and in time over
    ``t_pitch`` frames (not at all if that is None).
    """
    iy, my = _spline_matrix(float(y[0]), float(y[1] - y[0]), len(y), pitch)
    ix, mx = _spline_matrix(float(x[0]), float(x[1] - x[0]), len(x), pitch)
    iz, wz = _spline_point(z, pitch)
    power = _UNIFORM_POWER * _SPLINE_POWER**3
    if t_pitch is None:
        lattice = uniform(hash32(seed, iz[:, None, None], iy[:, None], ix))
        weights = wz
    else:
        it, wt = _spline_point(t, t_pitch)
        lattice = uniform(hash32(seed, it[:, None, None, None], iz[:, None, None], iy[:, None], ix))
        weights = np.outer(wt, wz).ravel()
        power *= _SPLINE_POWER
    flat = weights @ (lattice.reshape(len(weights), -1) - np.float32(0.5))
    plane: npt.NDArray[Any] = my @ (flat.reshape(len(iy), len(ix)) * np.float32(2 * power**-0.5)) @ mx.T
    return plane


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
    index: npt.NDArray[np.int32]  # into ``seeds``
    distance: Float  # to the seed, in 3-D
    border: Float  # about the distance to the border of its cell, 0 on it


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
        """The seeds of the columns ``row`` x ``column`` just below and just above ``z``: (2, row, column), flattened.

        Each column of the lattice begins at a height of its own, so that all planes look alike.
        """
        start = uniform(hash32(self.seed + 1, row[:, None], column))
        first = np.floor(z / self.pitch - 0.5 - start).astype(np.int64)
        layer = np.stack([first, first + 1])
        cell = (row[:, None], column, layer + start.astype(np.float64))
        hashes = hash32(self.seed, layer, row[:, None], column)
        places = []
        for axis, slack in enumerate((2 * self.jitter, 2 * self.jitter, self.jitter)):
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
        index = home[:, None] + np.concatenate([around, around + len(all_rows) * len(all_columns)])
        far = np.square(seeds.z - np.float32(z))
        rough = np.square(seeds.y[index] - my[:, None])
        rough += np.square(seeds.x[index] - mx[:, None])
        rough += far[index]
        order = np.argpartition(rough, candidates - 1, axis=1)[:, :candidates]
        picked = np.take_along_axis(index, order, axis=1).T

        # Squared distances with the number of the candidate in their last bits: positive floats compare like integers,
        # so one minimum finds both the distance and whose it is.
        best = np.full(ty.shape, _FAR, dtype=np.int32)
        second = best.copy()
        key, step = np.empty_like(best), np.empty_like(ty)
        squared = key.view(np.float32)
        for k, candidate in enumerate(picked):
            np.subtract(ty, seeds.y[candidate], out=squared)
            np.multiply(squared, squared, out=squared)
            np.subtract(tx, seeds.x[candidate], out=step)
            np.multiply(step, step, out=step)
            squared += step
            squared += far[candidate]
            key &= ~_CANDIDATE_BITS
            key |= np.int32(k)
            np.minimum(second, np.maximum(best, key, out=step.view(np.int32)), out=second)
            np.minimum(best, key, out=best)

        def plane(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            tiled = values.reshape(tile, tile, rows, columns).transpose(2, 0, 3, 1)
            return np.ascontiguousarray(tiled).reshape(height, width)

        which = best & _CANDIDATE_BITS
        which *= tiles
        which += np.arange(tiles, dtype=np.int32)
        chosen = plane(np.take(picked.astype(np.int32), which))
        squared = best.view(np.float32)
        border = (second.view(np.float32) - squared) * np.float32(0.5 / (_NEIGHBOUR * self.pitch))
        return Nearest(seeds, chosen, plane(np.sqrt(squared)), plane(border))
