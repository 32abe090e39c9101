"""The specimen of the gallery: a volume of cells made by arithmetic, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SHAPE = (24, 240, 320)
COUNT = 140


@dataclass(frozen=True)
class Specimen:
    """Cells in a volume.

    Attributes
    ----------
    image : (24, 240, 320) uint8 array
    labels : (24, 240, 320) uint16 array
        The cell that a voxel belongs to; 0 for none.
    centres : (n, 3) float array
    radii : (n,) float array
    """

    image: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint16]
    centres: npt.NDArray[np.float64]
    radii: npt.NDArray[np.float64]


def make() -> Specimen:
    """Ellipsoids that are bright in the middle, each with its own brightness."""
    rng = np.random.default_rng(4)
    centres = rng.uniform(0, 1, (COUNT, 3)) * (np.array(SHAPE) - 1)
    radii = rng.uniform(9, 20, COUNT)
    brightness = rng.uniform(0.45, 1.0, COUNT)
    image, labels = np.zeros(SHAPE), np.zeros(SHAPE, np.uint16)
    nearest = np.ones(SHAPE)
    z, y, x = np.ogrid[tuple(slice(n) for n in SHAPE)]
    for number, ((cz, cy, cx), radius, light) in enumerate(zip(centres, radii, brightness, strict=True), start=1):
        distance = ((z - cz) * 3 / radius) ** 2 + ((y - cy) / radius) ** 2 + ((x - cx) / radius) ** 2
        image = np.maximum(image, light * np.exp(-1.6 * distance**2))
        mine = distance < nearest
        labels[mine], nearest[mine] = number, distance[mine]
    return Specimen(np.rint(image * 255).astype(np.uint8), labels, centres, radii)
