"""Chunked stores read by tensorstore: zarr 2 and 3, n5 and neuroglancer precomputed, local or remote.

tensorstore reads under lamella's own scheduler: it is asked for one chunk at a time, retries nothing and caches next to
nothing. A read that it was given cannot be taken back, so the queue is lamella's.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Missing, Outcome, Pool, new_token
from lamella.sources.credentials import advice, has_aws_credentials
from lamella.sources.failures import classify, is_forbidden, with_advice
from lamella.sources.gather import Gather, split
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location, without_secrets

if TYPE_CHECKING:
    import tensorstore as ts

CACHE_BYTES = 16 * 2**20  # for the indices of shards; decoded chunks are cached by lamella
REMOTE_CONCURRENCY = 64
_ENVIRONMENT = {
    # A hung read ends only so: less than 1 byte a second for 10 seconds.
    "TENSORSTORE_CURL_LOW_SPEED_TIME_SECONDS": "10",
    "TENSORSTORE_CURL_LOW_SPEED_LIMIT_BYTES": "1",
    # The first request of each thread to a host makes those behind it wait for its answer. With 4, the default, opening
    # an image (7 requests at once) takes one round trip more: 108 instead of 58 ms over 50 ms.
    "TENSORSTORE_HTTP_THREADS": "16",
}
_USER_SLOTS = 16


def load_tensorstore() -> Any:
    """Import tensorstore, with the settings that it reads from the environment in place.

    Raises
    ------
    ImportError
        There is no tensorstore for this machine (Windows on ARM).
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import tensorstore

    return tensorstore


def abandon(future: Any, callback: Callable[[Any], None]) -> bool:
    """Wait no more for a future of tensorstore; whether ``callback`` will not be called.

    Not by ``future.cancel()``: it holds the interpreter lock while it waits for a callback that has begun, and that one
    waits for the lock (tensorstore 0.1.86). A future that is dropped is cancelled just as well.
    """
    return bool(future.remove_done_callback(callback))


def make_context(location: Location) -> ts.Context:
    """The limits of one store. One each: hung reads of one store must not use up the slots of another."""
    spec: dict[str, Any] = {
        "cache_pool": {"total_bytes_limit": CACHE_BYTES},
        "data_copy_concurrency": {"limit": max((os.cpu_count() or 1) - 1, 1)},
    }
    prefix = {"http": "http", "https": "http", "s3": "s3", "gs": "gcs"}.get(location.scheme)
    if prefix is not None:
        spec[f"{prefix}_request_concurrency"] = {"limit": REMOTE_CONCURRENCY}
        spec[f"{prefix}_request_retries"] = {"max_retries": 0}
    if location.scheme == "s3" and not has_aws_credentials():
        spec["aws_credentials"] = {"type": "anonymous"}
    context: ts.Context = load_tensorstore().Context(spec)
    return context


def open_tensorstore(
    location: Location | str | os.PathLike[str],
    *,
    driver: str,
    metadata: dict[str, Any] | None = None,
    context: ts.Context | None = None,
    order: Sequence[int] | None = None,
    name: str | None = None,
) -> TensorStoreSource:
    """Open one array of a chunked store.

    Parameters
    ----------
    location : Location, str or path
        The folder of the array.
    driver : str
        ``"zarr"``, ``"zarr3"``, ``"n5"`` or ``"neuroglancer_precomputed"``.
    metadata : dict, optional
        Members of the tensorstore spec that describe the array completely (``{"metadata": {...}}``, or
        ``multiscale_metadata`` and ``scale_metadata``). With them nothing is read and the call returns at once;
        without, it blocks for the metadata.
    context : tensorstore.Context, optional
        From `make_context`; levels of one image share one.
    order : sequence of int, optional
        Axes of the store in the order that the source shall have them.
    name : str, optional
        What messages call it.

    Raises
    ------
    ValueError
        tensorstore refuses the metadata or cannot read them, or the array breaks a limit.
    ImportError
        There is no tensorstore for this machine.
    """
    if not isinstance(location, Location):
        location = Location.parse(location)
    ts = load_tensorstore()
    spec: dict[str, Any] = {
        "driver": driver,
        "kvstore": location.kvstore(),
        "recheck_cached_data": "open",
        "recheck_cached_metadata": "open",
        "fill_missing_data_reads": False,
    }
    if metadata is not None:
        spec.update(metadata, assume_metadata=True)  # an argument open=True would undo it
    context = context or make_context(location)

    def open_store() -> Any:
        store = ts.open(spec, context=context, read=True).result()
        return store if order is None else store[ts.d[:].translate_to[0]].transpose(list(order))

    try:
        store = open_store()
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(without_secrets(str(error))) from None
    # Only with its metadata given is opening it again free of I/O.
    reopen = open_store if metadata is not None else None
    return TensorStoreSource(
        store, name=name or location.name, pool=location.pool, reopen=reopen, advice=advice(location)
    )


class TensorStoreSource:
    """An open tensorstore as a source.

    `read` returns at once; the answer comes on a thread of tensorstore. Attributes are fixed when it is made; the reads
    in flight are touched by single atomic operations only, so any thread may read and close.

    Parameters
    ----------
    store : tensorstore.TensorStore
        Its domain is moved to the origin.
    name : str, optional
        What messages call it.
    pool : Pool, optional
        Where its reads run; guessed from the store if not given.
    reopen : callable, optional
        Opens the store once more, without I/O: what was cached before is then checked again (``recheck_cached_data``
        is ``"open"``).
    advice : str
        How to give credentials: what a refusal says.

    Raises
    ------
    TypeError, ValueError
        The store cannot be a picture, or breaks a limit.
    """

    def __init__(
        self,
        store: ts.TensorStore,
        *,
        name: str | None = None,
        pool: Pool | None = None,
        reopen: Callable[[], ts.TensorStore] | None = None,
        advice: str = "",
    ) -> None:
        self.name = name or "the tensorstore"
        self.token = new_token()
        self.shape: tuple[int, ...] = tuple(int(n) for n in store.shape)
        self.dtype: np.dtype[Any] = np.dtype(store.dtype.numpy_dtype)
        check_dtype(self.name, self.dtype)
        check_shape(self.name, self.shape)
        if any(store.domain.origin):
            store = store[load_tensorstore().d[:].translate_to[0]]
        fill = store.fill_value
        self.fill_value: Any = self.dtype.type(0) if fill is None else np.asarray(fill, self.dtype).flat[0]
        self.pool = pool or _guess_pool(store, self.token)
        self.in_memory = False
        self._grid = _grid_of(store)
        if self._grid is not None:
            check_chunk(self.name, self._grid.chunk, self.dtype)
        self._forbidden_is_missing = self.pool.remote
        self._advice = advice
        self._store: ts.TensorStore | None = store
        self._reopen = reopen
        self._in_flight: dict[Any, tuple[Callable[[Any], None], Callable[[Outcome], None]]] = {}

    def __repr__(self) -> str:
        return f"TensorStoreSource({self.name!r}, shape={self.shape}, dtype={self.dtype})"

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        """The read chunks, of shards the inner ones; None where they are not regular."""
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        if self._grid is not None:
            parts = list(split(box, self._grid))
            if len(parts) > 1:
                try:
                    gather = Gather(box, len(parts), self.dtype, self.fill_value, done)
                except MemoryError:
                    done(Failed(FailureKind.MEMORY, f"a part of {self.name} does not fit into memory"))
                    return
                for part in parts:
                    self._read(part, functools.partial(gather.add, part))
                return
        self._read(box, done)

    def close(self) -> None:
        """Let go of the store; reads in flight answer `Failed`."""
        self._store = self._reopen = None
        for future, (finish, done) in self._in_flight.copy().items():
            self._let_go(future, finish, done)

    def forget(self) -> None:
        """Reads from now on see the data as they are now; a store that a user opened has its own rules."""
        if self._store is not None and self._reopen is not None:
            self._store = self._reopen()

    def _read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        store = self._store
        if store is None:
            done(self._closed())
            return
        try:
            future = store[box].read()
        except (ValueError, IndexError) as error:
            done(self._judged(str(error)))
            return
        finish = functools.partial(self._finish, done)
        self._in_flight[future] = finish, done
        future.add_done_callback(finish)
        if self._store is None:  # closed meanwhile, maybe before there was a callback to remove
            self._let_go(future, finish, done)

    def _let_go(self, future: Any, finish: Callable[[Any], None], done: Callable[[Outcome], None]) -> None:
        """Answer a read that is not waited for any more, unless its own answer is on its way."""
        if abandon(future, finish):
            self._in_flight.pop(future, None)
            done(self._closed())

    def _finish(self, done: Callable[[Outcome], None], future: Any) -> None:
        """Convert and hand over. Runs on a thread of tensorstore, or of the reader where the answer is cached."""
        self._in_flight.pop(future, None)
        try:
            data = future.result()
        except MemoryError:
            outcome: Outcome = Failed(FailureKind.MEMORY, f"a chunk of {self.name} does not fit into memory")
        except Exception as error:  # whatever its class, the text says what it was
            outcome = self._judged(str(error))
        else:
            data.setflags(write=False)
            outcome = Loaded(data)
        done(outcome)

    def _judged(self, message: str) -> Missing | Failed:
        outcome = classify(message)
        if isinstance(outcome, Missing) or (self._forbidden_is_missing and is_forbidden(outcome)):
            return Missing()
        return with_advice(outcome, self.pool.key, self._advice)

    def _closed(self) -> Failed:
        return Failed(FailureKind.OTHER, f"{self.name} is closed")


def _grid_of(store: ts.TensorStore) -> Grid | None:
    layout = store.chunk_layout
    chunk, origin = layout.read_chunk.shape, layout.grid_origin
    if chunk is None or origin is None:
        return None
    regular = [int(c) for c, o in zip(chunk, origin, strict=True) if c and o is not None and o % c == 0]
    return Grid(tuple(regular)) if len(regular) == len(chunk) else None


def _guess_pool(store: ts.TensorStore, token: int) -> Pool:
    """The bulkhead of a store that a user opened: remote, unless its key-value store says otherwise."""
    spec = store.kvstore.spec().to_json() if store.kvstore is not None else {"driver": "memory"}
    local = isinstance(spec, dict) and spec.get("driver") in ("memory", "file")
    return Pool(key=f"tensorstore:{token}", slots=8 if local else _USER_SLOTS, threads=0, remote=not local)
