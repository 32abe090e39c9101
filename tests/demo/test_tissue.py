"""The demo's tissue is one specimen, however coarsely and in whatever pieces it is sampled."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.demo.fields import Lattice, noise
from lamella.demo.tissue import CELLS, GLANDS, render
from lamella.demo.volume import BLOCK, Volume

VOLUME = Volume()
PIXEL = VOLUME.pixel
HALVES = (slice(0, 32), slice(32, 64))


def plane(level: int, z: float = 30.0, t: float = 0.0, row: int = 0, column: int = 0) -> np.ndarray:
    sample = PIXEL * 2**level
    y, x = ((np.arange(BLOCK) + 0.5 + number * BLOCK) * sample for number in (row, column))
    return np.stack(render(y, x, z, t, sample)).astype(float)


@pytest.mark.parametrize("level", range(VOLUME.levels - 1))
def test_every_level_is_about_the_mean_of_the_finer_one(level: int) -> None:
    coarse = plane(level + 1)
    fine = np.concatenate(
        [np.concatenate([plane(level, row=row, column=column) for column in (0, 1)], axis=2) for row in (0, 1)], axis=1
    )
    mean = fine.reshape(2, BLOCK, 2, BLOCK, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(mean.mean(axis=(1, 2)), coarse.mean(axis=(1, 2)), rtol=0.12)
    # Nuclei are smaller than cells: they can be told apart at level 5 and no more at level 6.
    wanted = (0.85, 0.75) if level == 5 else (0.9, 0.8)
    for channel, least in enumerate(wanted):
        assert np.corrcoef(mean[channel].ravel(), coarse[channel].ravel())[0, 1] > least


def test_a_piece_does_not_depend_on_what_was_asked_before() -> None:
    first = plane(1)
    plane(1, row=1)
    plane(7)
    np.testing.assert_array_equal(plane(1), first)


def test_noise_of_a_large_plane_is_that_of_its_parts() -> None:
    at = np.arange(64) * 0.7
    whole = noise(at, at, 3.0, 2.0, 5.0, 9, t_pitch=2.0)
    parts = np.block([[noise(at[y], at[x], 3.0, 2.0, 5.0, 9, t_pitch=2.0) for x in HALVES] for y in HALVES])
    np.testing.assert_allclose(whole, parts, atol=1e-5)


@pytest.mark.parametrize(("lattice", "sample", "tile"), [(CELLS, 0.2, 8), (CELLS, 1.6, 4), (GLANDS, 6.4, 8)])
def test_the_nearest_seed_is_the_nearest_of_all(lattice: Lattice, sample: float, tile: int) -> None:
    y = 777 + (np.arange(BLOCK, dtype=np.float32) + 0.5) * np.float32(sample)
    at_y, at_x = np.meshgrid(y, y - 2000, indexing="ij")
    found = lattice.nearest(at_y, at_x, 12.3, 4.0, tile, 8)
    rows, columns = (
        np.arange(int(at.min() // lattice.pitch) - 3, int(at.max() // lattice.pitch) + 4) for at in (at_y, at_x)
    )
    every = lattice.near(rows, columns, 12.3, 4.0)
    wrong = 0
    places = np.random.default_rng(0).integers(0, BLOCK, (500, 2))
    for i, j in places:
        squared = (every.y - at_y[i, j]) ** 2 + (every.x - at_x[i, j]) ** 2 + (every.z - 12.3) ** 2
        wrong += every.hash[squared.argmin()] != found.seeds.hash[found.index[i, j]]
    assert wrong <= len(places) // 100


@pytest.mark.parametrize("level", [2, 4])
def test_planes_change_smoothly_with_depth_and_time(level: int) -> None:
    here = plane(level)
    spread = here.std(axis=(1, 2))
    for near in (plane(level, z=30.05), plane(level, t=0.05)):
        assert (np.abs(near - here).mean(axis=(1, 2)) < 0.2 * spread).all()
    for far in (plane(level, z=45.0), plane(level, t=30.0)):
        assert (np.abs(far - here).mean(axis=(1, 2)) > 0.3 * spread).all()


def test_all_depths_have_as_many_nuclei() -> None:
    shares = [(plane(3, z=z)[1] > 0.3).mean() for z in np.arange(0, 12.5, 2.5)]
    assert max(shares) < 1.6 * min(shares)


def test_there_is_something_to_see_at_every_zoom() -> None:
    for level in range(VOLUME.levels):
        membranes, nuclei = plane(level)
        assert membranes.std() > 0.1
        assert nuclei.max() > 0.2
