"""Layer types that are sliced as a whole: one computation a slice, on the same road as a chunk.

A slice is planned as one read of a source that computes it. So the chunk cache is the cache of slices, one computation
serves all views that ask for the same, and dragging, superseding, fencing and retrying work as for chunks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from lamella.model.view_state import ViewState
from lamella.slicing.place import Place
from lamella.slicing.plan import ChunkKey, ChunkRead, Plan
from lamella.slicing.request import LayerSliceRequest, Mode, SliceKey, Window
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
    if request.data.empty:
        return plan_of()
    key = request.key
    position = (key.displayed, key.point, key.margin_left, key.margin_right, key.projection, key.look)
    return plan_of(work(request, position, request.data.nbytes(request), budget, get_slice, afterwards))


def plan_of(*reads: ChunkRead) -> Plan:
    """One rung of these reads; without any, the plan of a layer without data."""
    return Plan((reads,) if reads else (), 0, (), ((), ()), empty=not reads)


def work(
    request: LayerSliceRequest,
    position: tuple[Any, ...],
    nbytes: int,
    budget: int,
    get_slice: Callable[[LayerSliceRequest], Result],
    afterwards: Callable[[LayerSliceRequest, Callable[[], bool]], None] | None = None,
) -> ChunkRead:
    """A computation as the read of a chunk.

    Parameters
    ----------
    request : LayerSliceRequest
    position : tuple
        All of the request's key, but for source and version, that the result depends on: requests with the same
        position share the result.
    nbytes : int
        What the result may take. More than ``budget``: it is not kept.
    get_slice, afterwards
        As for `SliceWork`.
    """
    chunk = ChunkKey(request.key.source, request.key.version, 0, position)
    return ChunkRead(
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
        computed=True,
    )


def make_request(
    state: ViewState,
    place: Place,
    key: SliceKey,
    data: Any,
    *,
    kind: str,
    layer: int,
    generation: int,
    view: int,
    mode: Mode,
) -> LayerSliceRequest:
    """A request of a layer that is sliced as a whole, with the window of the view."""
    low, high = state.field_of_view
    width, height = state.device_size
    pixels = (height, width) if state.ndisplay == 2 else (max(width, height),) * state.ndisplay
    shown = len(place.displayed)
    return LayerSliceRequest(
        generation=generation,
        view=view,
        layer=layer,
        kind=kind,
        key=key,
        window=Window(box=(low[-shown:], high[-shown:]), pixels=pixels[-shown:]),
        world_to_data=place.world_to_data,
        point=state.point,
        mode=mode,
        data=data,
    )


def common(
    request: LayerSliceRequest,
    plan: Plan,
    tiles: Sequence[Any],
    have: int,
    failures: Sequence[tuple[ChunkRead, str]],
    *,
    missed: bool,
) -> dict[str, Any]:
    """What the responses of all such types have in common, as arguments. ``missed``: the slice is there, and empty."""
    return {
        "generation": request.generation,
        "view": request.view,
        "layer": request.layer,
        "kind": request.kind,
        "key": request.key,
        "window": request.window,
        "point": request.point,
        "dims_displayed": request.key.displayed,
        "world_to_data": request.world_to_data,
        "needed": plan.needed,
        "have": have,
        "failed": len(failures),
        "empty": plan.empty or missed,
        "tiles": tuple(tiles),
        "errors": tuple(dict.fromkeys(message for _, message in failures)),
    }


def assemble(read: ChunkRead, result: Any) -> Any:
    """What was computed is what is drawn."""
    return result


def fill(read: ChunkRead) -> Any:
    """A computation has no missing chunks."""
    raise TypeError(f"{read.source.name} is computed: nothing of it can be missing")


def contrast_limits(results: Any) -> tuple[float, float]:
    """Only images have contrast limits."""
    raise TypeError("what is computed as a whole has no contrast limits")
