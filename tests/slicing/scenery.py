"""What the machine of `test_scheduler_properties` plays with: images of many kinds, windows, limits, answers.

Data carry their version in the low bits of each sample, so that any array shows which version it was read from.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.model.transforms import Affine
from lamella.slicing import image
from lamella.slicing.events import Slot
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.sources.base import Failed, FailureKind, Missing, Pool
from lamella.sources.multiscale import Multiscale
from tests.slicing.driver import PlainSource

VERSIONS = 16  # the low four bits of a sample

REMOTE = Pool("http://host", slots=64, threads=0, remote=True)
NARROW = Pool("http://narrow", slots=2, threads=0, remote=True)
OPAQUE = Pool("opaque:1", slots=1, threads=1)
MEMORY = Pool("memory", slots=2, threads=2)


def samples(seed: int, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return (rng.integers(1, 4000, shape) * VERSIONS).astype(np.uint16)


def pyramid(seed: int, shape: tuple[int, ...], chunk: tuple[int, ...], pool: Pool, levels: int) -> Multiscale:
    data = samples(seed, shape)
    arrays = [np.ascontiguousarray(data[..., :: 2**k, :: 2**k]) for k in range(levels)]
    return Multiscale(tuple(PlainSource(a, chunk, pool, in_memory=pool is MEMORY) for a in arrays))


DEEP = pyramid(1, (4, 40, 36), (1, 8, 8), REMOTE, levels=3)
PLANES = pyramid(2, (6, 24, 24), (2, 12, 12), NARROW, levels=1)
WORKER = pyramid(3, (6, 16, 16), (1, 16, 16), OPAQUE, levels=1)
ARRAY = pyramid(4, (4, 30, 30), (1, 10, 10), MEMORY, levels=2)
CHANNELS = pyramid(5, (2, 4, 16, 16), (2, 1, 8, 8), REMOTE, levels=1)

# (image, contrast limits are measured). Layers 1 and 2 share every chunk, 6 and 7 too.
LAYERS = {
    1: (DEEP, True),
    2: (DEEP, False),
    3: (PLANES, True),
    4: (WORKER, False),
    5: (ARRAY, True),
    6: (Multiscale(CHANNELS.levels, ((0, 0),)), False),
    7: (Multiscale(CHANNELS.levels, ((0, 1),)), False),
}
VIEWS = (1, 2)
POINTS = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 9.0)  # 9 lies beside every layer, 5 beside some
WINDOWS = {  # fractions of the layer, pixels, locked level
    "all": ((0.0, 1.0), 64, None),
    "left": ((0.0, 0.45), 64, None),
    "right": ((0.55, 1.0), 64, None),
    "centre": ((0.4, 0.6), 64, None),
    "small": ((0.0, 1.0), 8, None),
    "coarsest": ((0.0, 1.0), 64, 9),
    "beside": ((2.0, 3.0), 64, None),
}
PLENTY = 10**9
LIMITS = (PLENTY, 40_000, 12_000, 4_000, 1_200, 500, 250, 100, 0)  # all, a picture, a plan, a few chunks, one, less
OUTCOMES = (
    Missing(),
    Failed(FailureKind.BUSY, "HTTP 503"),
    Failed(FailureKind.CONNECTION, "connection reset"),
    Failed(FailureKind.TIMEOUT, "timeout", retry_after=3.0),
    Failed(FailureKind.THROTTLED, "HTTP 429", retry_after=1.5),
    Failed(FailureKind.THROTTLED, "HTTP 429"),
    Failed(FailureKind.DENIED, "HTTP 403"),
    Failed(FailureKind.CORRUPT, "does not decode"),
    Failed(FailureKind.OTHER, "ValueError: no"),
)
IDENTITY = Affine.identity(3)
TORN = Failed(FailureKind.CORRUPT, "ValueError: cannot be cut")


def window(layer: int, displayed: tuple[int, ...], name: str) -> Window:
    """One of `WINDOWS` on the displayed axes of a layer."""
    (low, high), pixels, level = WINDOWS[name]
    shape = [LAYERS[layer][0].shape[a] for a in displayed]
    box = tuple(tuple(f * n - 0.5 for n in shape) for f in (low, high))
    return Window(box, (pixels,) * len(shape), level)  # type: ignore[arg-type]


def request(
    slot: Slot,
    generation: int,
    version: int,
    point: float,
    name: str,
    displayed: tuple[int, ...],
    mode: Mode,
    margin: float = 0.0,
) -> LayerSliceRequest:
    """A request of a layer; all axes that are not displayed are at ``point``, and as thick as ``margin`` says."""
    multiscale, auto = LAYERS[slot[1]]
    hidden = 3 - len(displayed)
    margins = (margin,) * hidden
    token = multiscale.levels[0].token
    upcoming = [(point + n,) * hidden for n in (1.0, 2.0)] if mode is Mode.PLAYBACK else []
    return LayerSliceRequest(
        generation=generation,
        view=slot[0],
        layer=slot[1],
        kind="image",
        key=SliceKey(token, multiscale.fixed, version, (point,) * hidden, margins, margins, displayed, "max"),
        window=window(slot[1], displayed, name),
        world_to_data=IDENTITY,
        point=(point, 0.0, 0.0),
        mode=mode,
        data=image.ImageSlice(multiscale, False, auto),
        upcoming=tuple(upcoming),
    )
