"""The specimen of the demo: an organ of glands, ducts and vessels, made of cells with nuclei and granules.

`render` evaluates it at the samples of one plane. What is smaller than about two samples is left out and replaced by
its mean, so a coarse sampling looks like the average of a finer one. All lengths are in µm, the origin is the middle of
the specimen, and time counts frames.

The tissue has two floors. `_organ` gives what is larger than a cell: how much of a place is cells, how bright they are,
what lies between them. `_cells` draws single cells, each with the brightness that the organ has at its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.demo.fields import Float, Lattice, noise, resolved, smoothstep, uniform

Positions = npt.NDArray[np.float64]

ORGAN_STEP = 3.2  # µm between the samples of the organ when cells are drawn into it: a quarter of a cell
_FAINT = 0.02  # what is shown less than this is left out
_MARGIN = 8  # organ samples around a plane, so that every cell that reaches into it finds its own middle

LOBULES = Lattice(pitch=1250.0, seed=11)
GLANDS = Lattice(pitch=150.0, seed=23, sway=0.015)
CELLS = Lattice(pitch=12.5, seed=37, sway=0.16)

# What replaces patterns that a sampling cannot show; measured on finer samplings (see tests/demo).
MEAN_CELL = 0.5
MEAN_NUCLEUS = 0.305
MEAN_GRANULES = 0.21
MEAN_STROMA, MEAN_LUMEN, MEAN_FULL = 0.3, 0.135, 0.33


@dataclass(frozen=True, slots=True)
class Organ:
    """What a place holds above the scale of cells, each an array over the same plane."""

    cells: Float  # share of the place that is cells, 0 to 1
    membrane: Float  # brightness of cells in channel 0
    nuclei: Float  # brightness of nuclei in channel 1
    density: Float  # share of cells that show a nucleus
    between: Float  # brightness in channel 0 that belongs to no cell
    haze: Float  # brightness in channel 1 that belongs to no nucleus


def render(y: Positions, x: Positions, z: float, t: float, sample: float) -> tuple[Float, Float]:
    """Brightness of both channels, about 0 to 1.5, at the samples ``y`` and ``x`` (a multiple of 8 each) of a plane.

    ``sample`` is the distance of neighbouring samples. Below `ORGAN_STEP` the plane starts at a multiple of it.
    """
    if sample > ORGAN_STEP * 1.01:
        return _mean(_organ(y, x, z, t, sample))
    organ_y, organ_x = _organ_positions(y, sample), _organ_positions(x, sample)
    organ = _organ(organ_y, organ_x, z, t, ORGAN_STEP)
    drawn = _cells(organ, organ_y, organ_x, y, x, z, t, sample)
    # Cells fade into their mean towards the level that shows none; nuclei, the smaller ones, sooner.
    shown = [resolved(size * CELLS.pitch, sample) for size in (0.42, 0.36)]
    if min(shown) == 1:
        return drawn
    to_y, to_x = _linear_matrix(y, organ_y), _linear_matrix(x, organ_x)
    first, second = (
        np.float32(part) * cells + np.float32(1 - part) * _resampled(mean, to_y, to_x)
        for part, cells, mean in zip(shown, drawn, _mean(organ), strict=True)
    )
    return first, second


def _mean(organ: Organ) -> tuple[Float, Float]:
    """Brightness of both channels where no cell can be told from the next."""
    return (
        organ.cells * organ.membrane * np.float32(MEAN_CELL) + organ.between,
        organ.cells * organ.nuclei * organ.density * np.float32(MEAN_NUCLEUS) + organ.haze,
    )


def _organ_positions(at: Positions, sample: float) -> Positions:
    first = int(np.floor((at[0] - sample / 2) / ORGAN_STEP + 0.5))
    count = -(-round(len(at) * sample / ORGAN_STEP) // 8) * 8
    return (np.arange(first - _MARGIN, first + count + _MARGIN) + 0.5).astype(np.float64) * ORGAN_STEP


def _compared(pitch: float, sample: float) -> tuple[int, int]:
    """Side of the squares of samples that share the seeds they compare, a divisor of 8, and how many they compare."""
    return (8, 6) if sample * 12 <= pitch else (4, 8)


def _organ(y: Positions, x: Positions, z: float, t: float, sample: float) -> Organ:
    def octave(pitch: float, seed: int, t_pitch: float | None = None) -> Float | float:
        shown = resolved(pitch, sample)
        return noise(y, x, z, t, pitch, seed, t_pitch) * np.float32(shown) if shown > _FAINT else 0.0

    at_y = np.broadcast_to(y.astype(np.float32)[:, None], (len(y), len(x)))
    at_x = np.broadcast_to(x.astype(np.float32), (len(y), len(x)))
    huge, large, middle, small = octave(1900, 1), octave(640, 2), octave(210, 3), octave(70, 4)

    # The outline: a lopsided disc, and how deep below its surface a place lies.
    depth = 5300 - np.hypot(at_y * np.float32(1.1), at_x) + 480 * huge + 170 * large + 35 * middle - abs(z) * 0.5
    tissue = smoothstep(np.asarray(depth, np.float32), -max(8.0, sample), max(8.0, sample))
    capsule = np.exp(-np.square((depth - 40) * np.float32(1 / (45 + sample))))

    # Cavities and vessels: where slow noises pass a level.
    hollow = np.asarray(octave(820, 57) + 0.28 * large + 0.07 * middle, np.float32)
    cavity = smoothstep(hollow, 1.32, 1.36 + 0.0015 * sample)
    lining = np.exp(-np.square((hollow - np.float32(1.28)) * np.float32(1 / (0.045 + 0.0008 * sample))))
    bend = octave(330, 123) + 0.22 * middle + 0.06 * small
    vein = np.abs(bend) + np.float32(0.09) * smoothstep(octave(900, 7) + 0 * at_x, -0.2, 0.9) - np.float32(0.03)
    blur = 0.004 * sample
    vessel = 1 - smoothstep(vein, 0.05 - blur, 0.075 + blur)
    wall = np.exp(-np.square((vein - np.float32(0.085)) * np.float32(1 / (0.02 + blur)))) * np.float32(
        0.02 / (0.02 + blur)
    )

    # Lobules of the size of a millimetre, glands in them.
    sway_y, sway_x = octave(400, 8), octave(400, 9)
    ripple_y, ripple_x = octave(85, 10), octave(85, 11)
    lobule = LOBULES.nearest(
        at_y + 160 * sway_y + 26 * ripple_y,
        at_x + 160 * sway_x + 26 * ripple_x,
        z,
        t,
        *_compared(LOBULES.pitch, sample),
    )
    septum = np.exp(-np.square(lobule.border * np.float32(1 / (28 + 0.6 * sample)))) * np.float32(
        28 / (28 + 0.6 * sample)
    )
    kind = uniform(lobule.seeds.hash, 5)[lobule.index]
    stroma, lumen, full = _glands(at_y + 24 * ripple_y + 40 * sway_y, at_x + 24 * ripple_x + 40 * sway_x, z, t, sample)

    stroma = np.maximum(stroma, septum)
    open_space = np.maximum(np.maximum(cavity, vessel), lumen * (1 - septum))
    cells = tissue * (1 - open_space)
    # Activity: waves of brightness that travel through the tissue as time goes on.
    activity = 1 + 0.22 * octave(520, 12, t_pitch=2.5) + 0.12 * octave(130, 13, t_pitch=2.0)
    tone = (0.55 + 0.6 * kind + 0.12 * large + 0.1 * middle + 0.08 * small) * smoothstep(depth, -400, 1500)
    tone = np.maximum(tone, np.float32(0.15))
    epithelium = 1 - stroma
    membrane = (tone * (0.32 + 0.85 * epithelium) + 0.5 * capsule + 0.45 * lining) * np.clip(activity, 0.35, 2)
    fibres = 0.16 * stroma * (1 + 0.4 * small)
    secretion = 0.5 * full * lumen * (1 - np.maximum(cavity, vessel)) * tone
    between = tissue * (np.clip(fibres, 0, 1) * (1 - open_space) + 0.45 * wall * (1 - cavity) + secretion)
    crowd = 1.05 - 0.2 * kind
    return Organ(
        cells=cells,
        membrane=np.maximum(membrane, np.float32(0.05)),
        nuclei=np.clip(0.5 + 0.5 * epithelium + 0.12 * middle + 0.1 * small, 0.3, 1.6),
        density=np.clip(crowd * (0.4 + 0.6 * epithelium) + 0.3 * lining + 0.2 * capsule, 0.05, 1),
        between=between + np.float32(0.006),
        haze=tissue * (1 - open_space) * np.float32(0.03) + np.float32(0.005),
    )


def _glands(at_y: Float, at_x: Float, z: float, t: float, sample: float) -> tuple[Float, Float, Float]:
    """Shares of a place between glands and in their hollow middles, and how full of secretion those are."""
    shown = np.float32(resolved(GLANDS.pitch, 3 * sample))
    if shown == 0:
        return np.full_like(at_y, MEAN_STROMA), np.full_like(at_y, MEAN_LUMEN), np.full_like(at_y, MEAN_FULL)
    gland = GLANDS.nearest(at_y, at_x, z, t, *_compared(GLANDS.pitch, sample))
    stroma = 1 - smoothstep(gland.border, 5 - sample / 3, 13 + sample / 2)
    width = uniform(gland.seeds.hash, 6)
    radius = np.where(width > 0.15, 26 + 40 * width, 0).astype(np.float32)[gland.index]
    edge = 3 + 0.6 * sample
    lumen = smoothstep(radius - gland.distance, -edge, edge)
    full = np.square(uniform(gland.seeds.hash, 7))[gland.index]
    if shown < 1:
        stroma, lumen, full = (
            mean + shown * (share - np.float32(mean))
            for share, mean in ((stroma, MEAN_STROMA), (lumen, MEAN_LUMEN), (full, MEAN_FULL))
        )
    return stroma, lumen, full


def _linear_matrix(at: Positions, of: Positions) -> Float:
    """Weights (len(at), len(of)) that interpolate values at the evenly spaced ``of``."""
    u = (at - of[0]) / (of[1] - of[0])
    cell = np.floor(u).astype(np.int64)
    matrix = np.zeros((len(at), len(of)), dtype=np.float32)
    rows = np.arange(len(at))
    matrix[rows, cell] = 1 - (u - cell)
    matrix[rows, cell + 1] = u - cell
    return matrix


def _resampled(values: Float, to_y: Float, to_x: Float) -> Float:
    plane: npt.NDArray[Any] = to_y @ values @ to_x.T
    return plane


def _cells(
    organ: Organ, organ_y: Positions, organ_x: Positions, y: Positions, x: Positions, z: float, t: float, sample: float
) -> tuple[Float, Float]:
    def detail(pitch: float, seed: int, t_pitch: float | None = None) -> Float | float:
        shown = resolved(pitch, sample)
        return noise(y, x, z, t, pitch, seed, t_pitch) * np.float32(shown) if shown > _FAINT else 0.0

    to_y, to_x = _linear_matrix(y, organ_y), _linear_matrix(x, organ_x)
    between, haze = _resampled(organ.between, to_y, to_x), _resampled(organ.haze, to_y, to_x)

    at_y = np.broadcast_to(y.astype(np.float32)[:, None], (len(y), len(x)))
    at_x = np.broadcast_to(x.astype(np.float32), (len(y), len(x)))
    wobble = resolved(3.0, sample) > 0
    if wobble:
        at_y, at_x = at_y + np.float32(0.45) * detail(3.0, 31), at_x + np.float32(0.45) * detail(3.0, 32)
    cell = CELLS.nearest(at_y, at_x, z, t, *_compared(CELLS.pitch, sample))

    # What the organ says at the middle of each cell holds for the whole cell.
    seeds, of = cell.seeds, cell.index
    row = np.clip(((seeds.y - organ_y[0]) / ORGAN_STEP + 0.5).astype(np.int64), 0, len(organ_y) - 1)
    column = np.clip(((seeds.x - organ_x[0]) / ORGAN_STEP + 0.5).astype(np.int64), 0, len(organ_x) - 1)
    here = row * len(organ_x) + column
    alive = smoothstep(organ.cells.ravel()[here], 0.35, 0.65)
    body = alive * organ.membrane.ravel()[here] * (0.85 + 0.3 * uniform(seeds.hash, 21))
    present = uniform(seeds.hash, 22) < organ.density.ravel()[here]
    bright = alive * organ.nuclei.ravel()[here] * present * (0.75 + 0.5 * uniform(seeds.hash, 23))

    # Membranes: lines along the borders, widened and dimmed by the sampling.
    line = float(np.hypot(0.42, 0.55 * sample))
    rim = np.exp(-np.square(cell.border * np.float32(1 / line))) * np.float32(1.15 * 0.42 / line)

    # The nucleus: an ellipsoid about the middle of the cell.
    angle = uniform(seeds.hash, 24) * np.float32(2 * np.pi)
    long = 0.16 + 0.3 * uniform(seeds.hash, 25)
    across, along = (long * np.cos(angle))[of], (long * np.sin(angle))[of]
    dy, dx = at_y - seeds.y[of], at_x - seeds.x[of]
    stretch = across * (np.square(dy) - np.square(dx)) + 2 * along * dy * dx
    size = (3.7 + 1.0 * uniform(seeds.hash, 26))[of]
    # A microscope blurs along its axis: nuclei look twice as tall as they are wide.
    height = (np.float32(0.75) * np.square(seeds.z - np.float32(z)))[of]
    radius = np.sqrt(np.maximum(np.square(cell.distance) - height + stretch, 0)) + np.float32(0.3) * detail(1.9, 33)
    inside = size - radius  # > 0 within the nucleus
    edge = float(np.hypot(0.3, 0.6 * sample))
    nucleus = smoothstep(inside, -edge, edge)
    chromatin = 1 + 0.24 * detail(0.75, 34) + 0.2 * detail(1.6, 35)
    if sample < 0.9:
        envelope = np.exp(-np.square((inside - np.float32(0.35)) * np.float32(1 / (0.3 + 0.3 * sample))))
        spot = uniform(seeds.hash, 27) * np.float32(2 * np.pi)
        nucleolus = np.square(dy - (1.3 * np.sin(spot))[of]) + np.square(dx - (1.3 * np.cos(spot))[of])
        chromatin = chromatin + 0.25 * envelope - 0.7 * np.exp(-nucleolus * np.float32(1 / 0.55))

    # The cytoplasm: a veil, fibres, and granules as the peaks of a fine noise.
    veil = 0.24 + 0.06 * detail(2.4, 36)
    shown = resolved(0.55, sample)
    granules = np.float32(MEAN_GRANULES * (1 - shown))
    if shown > _FAINT:
        drift = 0.3 * t  # they stream through the cells
        grain = noise(y + drift, x - 0.6 * drift, z, t, 0.55, 37)
        granules = granules + np.float32(shown) * np.exp(np.minimum(grain * np.float32(1.7) - np.float32(2.8), 0.8))
    pattern = rim + (veil + granules) * (1 - np.float32(0.8) * nucleus)
    return body[of] * pattern + between, np.maximum(bright[of] * nucleus * chromatin, 0) + haze
