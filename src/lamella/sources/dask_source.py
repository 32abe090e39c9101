"""dask arrays: their chunks are computed in the reader process, or by the scheduler that the user has set."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.settings import cache_size
from lamella.sources.base import Box, Pool, new_token
from lamella.sources.host import to_host
from lamella.sources.opaque import OpaqueSource, regular_grid
from lamella.sources.portable import NotPortable, pickled

WORKERS = 4  # graphs at once: most wait for a disk or a server, and dask's own threads are not used


class DaskArray:
    """A dask array whose ``[]`` computes. Runs on workers and in the reader process.

    It computes by the scheduler that the user has set (``dask.config``, or a distributed client) at the call or when it
    is read; otherwise by dask's synchronous one, because the worker is a thread already.
    """

    def __init__(self, array: Any, scheduler: Any = None) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self._array = array
        self._scheduler = scheduler

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        part = self._array[box]
        if self._scheduler is not None:
            return to_host(part.compute(scheduler=self._scheduler))
        return to_host(part.compute() if _scheduler_is_set() else part.compute(scheduler="synchronous"))

    def recipe(self) -> bytes:
        """The pickle of this for the reader process.

        Raises
        ------
        NotPortable
        """
        if self._scheduler is not None or _scheduler_is_set():
            raise NotPortable("it is computed by the dask scheduler that is set")
        return pickled(self)


def _scheduler_is_set() -> bool:
    import dask

    if dask.config.get("scheduler", None) is not None:
        return True
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_client()
    except ValueError:
        return False
    return True


def dask_pool() -> Pool:
    """A bulkhead for one image; its levels share it."""
    return Pool(key=f"dask:{new_token()}", slots=WORKERS, threads=WORKERS)


def dask_source(data: Any, *, name: str | None = None, pool: Pool | None = None) -> OpaqueSource:
    """Make a source of a dask array. Nothing is computed.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture: no numbers, no sample, or a shape that is not known before it is computed.
    """
    import dask

    name = name or "the dask array"
    if any(not np.isfinite(n) for n in data.shape):
        raise ValueError(
            f"{name} has a shape that is not known before it is computed; call compute_chunk_sizes() first"
        )
    array = DaskArray(data, dask.config.get("scheduler", None))
    # A part of a chunk would compute the whole of it.
    grid = regular_grid(data.chunks, data.shape, data.dtype, most_bytes=cache_size() // 2)
    return OpaqueSource(array, name=name, grid=grid, pool=pool or dask_pool(), recipe=array.recipe)
