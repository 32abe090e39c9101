"""Runs the scheduler on a virtual clock: reads end when the test says so, everything else at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.model.transforms import Affine
from lamella.slicing import image
from lamella.slicing.events import (
    Assemble,
    Assembled,
    Combine,
    Combined,
    Deliver,
    Done,
    Event,
    Measure,
    Measured,
    Start,
    Tell,
    Unstick,
    Want,
)
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
from lamella.slicing.response import ImageSliceResponse
from lamella.slicing.scheduler import Scheduler
from lamella.slicing.types import TYPES
from lamella.sources.base import Box, Failed, Grid, Loaded, Missing, Outcome, Pool, new_token
from lamella.sources.multiscale import Multiscale


class PlainSource:
    """An array with a grid; it is read by the driver, so `read` is never called."""

    def __init__(self, data: np.ndarray, chunk: tuple[int, ...], pool: Pool, in_memory: bool = False) -> None:
        self.token = new_token()
        self.name = "plain"
        self.data = data
        self.shape = data.shape
        self.dtype = data.dtype
        self.fill_value = 0
        self.pool = pool
        self.in_memory = in_memory
        self._grid = Grid(chunk)

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        raise AssertionError("the driver reads")

    def close(self) -> None:
        pass


REMOTE = Pool("http://host", slots=64, threads=0, remote=True)


def pyramid(
    shape: tuple[int, ...] = (16, 64, 64), chunk: tuple[int, ...] = (1, 8, 8), levels: int = 3, pool: Pool = REMOTE
) -> Multiscale:
    """Levels of random values, y and x coarser by 2 each."""
    rng = np.random.default_rng(1)
    data = rng.integers(0, 60_000, shape).astype(np.uint16)
    arrays = [np.ascontiguousarray(data[..., :: 2**k, :: 2**k]) for k in range(levels)]
    return Multiscale(tuple(PlainSource(a, chunk, pool) for a in arrays))


def request(
    multiscale: Multiscale,
    generation: int,
    z: float = 0.0,
    *,
    view: int = 1,
    layer: int = 1,
    box: tuple[tuple[float, ...], tuple[float, ...]] | None = None,
    pixels: tuple[int, ...] = (64, 64),
    mode: Mode = Mode.INTERACTIVE,
    version: int = 0,
    auto: bool = False,
) -> LayerSliceRequest:
    n = multiscale.shape
    return LayerSliceRequest(
        generation=generation,
        view=view,
        layer=layer,
        kind="image",
        key=SliceKey(multiscale.levels[0].token, (), version, (z,), (0.0,), (0.0,), (1, 2)),
        window=Window(box or ((-0.5, -0.5), (n[1] - 0.5, n[2] - 0.5)), pixels),
        world_to_data=Affine.identity(3),
        point=(z, 0.0, 0.0),
        mode=mode,
        data=image.ImageSlice(multiscale, False, auto),
    )


class Driver:
    """The world around a scheduler: reads under way, responses delivered, a clock."""

    def __init__(self, cache_limit: int = 10**9) -> None:
        self.scheduler = Scheduler(cache_limit, random.Random(0))
        self.now = 0.0
        self.reads: dict[int, Start] = {}
        self.started: list[Start] = []
        self.responses: list[ImageSliceResponse] = []
        self.told: list[Tell] = []
        self.unstuck: list[Unstick] = []
        self.held: list[Event] = []  # completions of workers, if `hold_workers`
        self.hold_workers = False
        self._order = itertools.count()

    def step(self, *events: Event) -> None:
        pending = list(events)
        while True:
            actions = self.scheduler.step(pending, self.now)
            cache = self.scheduler.cache
            assert cache.resident + cache.reserved <= cache.limit, "I4"
            pending = []
            for action in actions:
                event = self._carry_out(action)
                if event is not None:
                    (self.held if self.hold_workers else pending).append(event)
            if not pending:
                return

    def _carry_out(self, action: Any) -> Event | None:
        match action:
            case Start():
                self.reads[action.token] = action
                self.started.append(action)
            case Assemble():
                read = action.read
                kind = TYPES[action.kind]
                tile = kind.fill(read) if action.chunk is None else kind.assemble(read, action.chunk)
                return Assembled(action.slot, read, tile, action.pinned, action.reserved)
            case Combine():
                result = image.combine(action.read, action.parts)
                return Combined(action.slot, action.generation, action.read, result)
            case Measure():
                return Measured(action.layer, image.contrast_limits(action.tiles), action.number)
            case Deliver():
                self.responses.append(action.response)
            case Tell():
                self.told.append(action)
            case Unstick():
                self.unstuck.append(action)
        return None

    def want(self, request: LayerSliceRequest) -> None:
        self.step(Want(request))

    def finish(self, start: Start, outcome: Outcome | None = None) -> None:
        """End one read, with the data if no other outcome is given."""
        del self.reads[start.token]
        self.step(Done(start.token, outcome or Loaded(start.source.data[start.box].copy())))  # type: ignore[attr-defined]

    def finish_all(self, outcome: Failed | Missing | None = None) -> None:
        while self.reads:
            self.finish(next(iter(self.reads.values())), outcome)

    def advance(self, seconds: float) -> None:
        """Let time pass, waking the scheduler whenever it asked for it."""
        end = self.now + seconds
        while (wake := self.scheduler.wake_at(self.now)) is not None and wake <= end:
            self.now = wake
            self.step()
        self.now = end
        self.step()

    @property
    def newest(self) -> ImageSliceResponse:
        return self.responses[-1]
