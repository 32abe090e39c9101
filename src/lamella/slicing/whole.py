"""Layer types that are sliced as a whole: one computation a slice, on the same road as a chunk.

A slice is planned as one read of a source that computes it. So the chunk cache is the cache of slices, one computation
serves all views that ask for the same, and dragging, superseding, fencing and retrying work as for chunks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest
from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Outcome, Pool, new_token

_SLOTS = max(1, min(4, os.cpu_count() or 1))
POOL = Pool(key="slices", slots=_SLOTS, threads=_SLOTS + 1)  # one thread more: `afterwards` may keep one busy


class WholeData(Protocol):
    """What the `data` of a request of such a type tells the plan."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def empty(self) -> bool:
        """There is nothing to slice."""
        ...

    def nbytes(self, request: LayerSliceRequest) -> int:
        """What a slice may take, as far as it is known before. The truth is counted once the slice is there."""
        ...


class Result(Protocol):
    """What is computed: kept in the cache, and drawn as it is."""

    @property
    def nbytes(self) -> int: ...


class SliceWork:
    """One slice to be computed, as a source. Immutable but for `stop`.

    Parameters
    ----------
    request : LayerSliceRequest
    get_slice : callable
        Runs in a worker; raises what goes wrong.
    afterwards : callable, optional
        Runs after the answer in the same worker: what makes the next slices faster. Its second argument says whether
        to stop.
    kept : bool
        The cache keeps the slice when nobody shows it any more.
    """

    fill_value = 0
    dtype: np.dtype[Any] = np.dtype(np.uint8)
    pool = POOL

    def __init__(
        self,
        request: LayerSliceRequest,
        get_slice: Callable[[LayerSliceRequest], Result],
        afterwards: Callable[[LayerSliceRequest, Callable[[], bool]], None] | None,
        kept: bool,
    ) -> None:
        self.in_memory = not kept
        self.token = new_token()
        self.name = request.data.name
        self.shape: tuple[int, ...] = ()
        self._request = request
        self._get_slice = get_slice
        self._afterwards = afterwards
        self._stopped = False

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return None

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        try:
            result: Any = self._get_slice(self._request)
        except MemoryError:
            done(Failed(FailureKind.MEMORY, f"there is not enough memory for a slice of {self.name}"))
            return
        except Exception as error:
            done(Failed(FailureKind.OTHER, str(error) or type(error).__name__))
            return
        done(Loaded(result))
        del result
        if self._afterwards is not None and not self._stopped:
            self._afterwards(self._request, lambda: self._stopped)

    def close(self) -> None:
        self._stopped = True

    def stop(self) -> None:
        """End what runs after the answer."""
        self._stopped = True

    def insist(self, deadline: float) -> None:
        """It ends by itself between two steps."""


def plan(
    request: LayerSliceRequest,
    budget: int,
    get_slice: Callable[[LayerSliceRequest], Result],
    afterwards: Callable[[LayerSliceRequest, Callable[[], bool]], None] | None = None,
) -> Plan:
    """One rung of one read, none for a layer without data. A slice of more than ``budget`` bytes is not kept."""
    data: WholeData = request.data
    if data.empty:
        return Plan((), 0, (), ((), ()), empty=True)
    key = request.key
    position = (key.displayed, key.point, key.margin_left, key.margin_right, key.projection, key.look)
    chunk = ChunkKey(key.source, key.version, 0, position)
    nbytes = data.nbytes(request)
    read = ChunkRead(
        key=chunk,
        source=SliceWork(request, get_slice, afterwards, kept=nbytes <= budget),
        box=(),
        level=0,
        rung=0,
        tile_key=chunk,
        offsets=(),
        axes=(),
        region=(),
        edges=((), ()),
        rgb=False,
        chunk_nbytes=0,  # the tile is the chunk: what it takes is reserved once
        tile_nbytes=nbytes,
    )
    return Plan(((read,),), 0, (), ((), ()), empty=False)


def assemble(read: ChunkRead, result: Any) -> Any:
    """What was computed is what is drawn."""
    return result


def fill(read: ChunkRead) -> Any:
    """A computation has no missing chunks."""
    raise TypeError(f"{read.source.name} is computed: nothing of it can be missing")


def contrast_limits(results: Any) -> tuple[float, float]:
    """Only images have contrast limits."""
    raise TypeError("what is computed as a whole has no contrast limits")
