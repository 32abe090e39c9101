"""Carries out what the scheduler decides: one thread that takes events, steps the scheduler and starts the work.

Completions call back with nothing but a put into the queue.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from lamella import trace
from lamella.slicing.events import (
    Assemble,
    Assembled,
    Combine,
    Combined,
    Deliver,
    Done,
    Event,
    Hurry,
    Measure,
    Measured,
    Note,
    Redeliver,
    Removed,
    Resized,
    Rest,
    Retry,
    Slot,
    Start,
    Tell,
    Unstick,
    Want,
)
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.scheduler import Scheduler
from lamella.slicing.statistics import CacheStatistics
from lamella.slicing.types import TYPES
from lamella.slicing.workers import WorkerPool
from lamella.sources.base import Failed, FailureKind, Loaded, Outcome, Stoppable

JOIN_S = 0.5  # at close: how long reads under way may take to end
STOP_S = 0.2  # of that, how long reader processes may take before they are killed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Close:
    pass


@dataclass(frozen=True, slots=True)
class _WantPosted:
    slot: Slot


@dataclass(frozen=True, slots=True)
class _WantFuture:
    request: LayerSliceRequest
    future: Future[LayerSliceResponse]


@dataclass(frozen=True, slots=True)
class _Compute:
    job: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Idle:
    reached: threading.Event


class Engine:
    """The slicing thread, its pools and its mailbox.

    The public methods may be called on any thread and return at once, `close` and `wait_idle` apart.

    Parameters
    ----------
    deliver : callable
        Called on the slicing thread with each response of a view; must return at once.
    tell : callable
        Called on the slicing thread with ``(layer, source name, Failed)`` when a chunk failed for good.
    cache_limit : int
        Bytes.
    """

    def __init__(
        self,
        deliver: Callable[[LayerSliceResponse], None],
        tell: Callable[[int, str, Failed], None],
        cache_limit: int,
    ) -> None:
        self._deliver = deliver
        self._tell = tell
        self._events: SimpleQueue[Any] = SimpleQueue()
        self._wants: dict[Slot, LayerSliceRequest] = {}  # the mailbox: newest wins, single dict operations only
        self._scheduler = Scheduler(cache_limit)
        self._pools: dict[str, WorkerPool] = {}
        self._stoppable: weakref.WeakSet[Stoppable] = weakref.WeakSet()
        self._compute = WorkerPool("compute", max(1, min(4, os.cpu_count() or 1)))
        self._futures: dict[Slot, Future[LayerSliceResponse]] = {}
        self._future_numbers = itertools.count(1)
        self._idle_waiters: list[threading.Event] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="lamella-slicing", daemon=True)
        self._thread.start()

    # Any thread

    def want(self, request: LayerSliceRequest) -> None:
        """Declare what a view wants of a layer now; it replaces the slot's demand before."""
        slot = (request.view, request.layer)
        self._wants[slot] = request
        self._events.put(_WantPosted(slot))

    def remove(self, view: int, layer: int) -> None:
        """Nothing is wanted of ``layer`` in ``view`` any more."""
        self._wants.pop((view, layer), None)
        self._events.put(Removed((view, layer)))

    def slice(self, request: LayerSliceRequest) -> Future[LayerSliceResponse]:
        """A demand of its own, which newer requests do not overwrite; its future completes on the slicing thread."""
        future: Future[LayerSliceResponse] = Future()
        if self._closed:
            future.cancel()
        else:
            self._events.put(_WantFuture(request, future))
        return future

    def hurry(self, on: bool) -> None:
        """Somebody waits for completion: hold nothing back."""
        self._events.put(Hurry(on))

    def rest(self, view: int) -> None:
        """The user has let go of ``view``."""
        self._events.put(Rest(view))

    def resize_cache(self, limit: int) -> None:
        self._events.put(Resized(limit))

    def redeliver(self) -> None:
        """Deliver once more what is there: the renderer has changed."""
        self._events.put(Redeliver())

    def retry_failed(self) -> None:
        """Read failed chunks again."""
        self._events.put(Retry())

    def compute(self, job: Callable[[], None]) -> None:
        """Run something short in a worker; after `close` never. It must not raise."""
        self._events.put(_Compute(job))

    def wait_idle(self, timeout: float) -> bool:
        """Wait until nothing is left to do: for tests. False after ``timeout`` seconds."""
        reached = threading.Event()
        self._events.put(_Idle(reached))
        return reached.wait(timeout)

    @property
    def reads_started(self) -> int:
        """Reads since the engine was made."""
        return self._scheduler.reads.started

    def statistics(self) -> CacheStatistics:
        """Counters and sizes of the cache now, each for itself: they may be a moment apart."""
        return self._scheduler.statistics()

    def close(self) -> None:
        """Stop wanting, end the thread and the pools. Reads that are stuck are named in a warning."""
        if self._closed:
            return
        self._closed = True
        self._events.put(_Close())
        self._thread.join()
        deadline = time.monotonic() + JOIN_S
        pools = [self._compute, *self._pools.values()]
        for pool in pools:
            pool.close()
        self._stop_sources(time.monotonic() + STOP_S)  # a read that hangs in a reader process ends with it
        stuck = [name for pool in pools for name in pool.join(deadline)]
        self._stop_sources(deadline)  # what a read that was just about to begin has started since
        if stuck:
            warnings.warn(
                f"closed while {len(stuck)} read(s) did not return; left behind as daemon threads: {', '.join(stuck)}",
                RuntimeWarning,
                stacklevel=3,
            )

    def _stop_sources(self, deadline: float) -> None:
        sources = list(self._stoppable)
        for source in sources:
            source.stop()
        for source in sources:
            source.insist(deadline)

    # The slicing thread

    def _run(self) -> None:
        wake_at: float | None = None
        evicted_before = 0
        item: Any = None
        action: Any = None
        request: Any = None
        future: Any = None
        job: Any = None
        while True:
            now = time.monotonic()
            batch = self._take(None if wake_at is None else max(0.0, wake_at - now))
            events: list[Event] = []
            for item in batch:
                match item:
                    case _Close():
                        self._end()
                        return
                    case _WantPosted(slot):
                        request = self._wants.pop(slot, None)
                        if request is not None:
                            trace.record("want", *slot, request.generation)
                            events.append(Want(request))
                    case _WantFuture(request, future):
                        events.append(self._want_future(request, future))
                    case _Compute(job):
                        self._compute.submit(job)
                    case _Idle(reached):
                        self._idle_waiters.append(reached)
                    case Removed(slot) if slot in self._futures:
                        self._futures.pop(slot).cancel()
                        events.append(item)
                    case _:
                        events.append(item)
            batch, item, request, future, job = [], None, None, None, None  # they hold sources and slices
            now = time.monotonic()
            try:
                actions = self._scheduler.step(events, now)
            except Exception:
                _log.exception("the scheduler failed on %r", events)
                actions = []
            for action in actions:
                self._carry_out(action)
            actions, action = [], None  # they hold arrays
            if any(isinstance(event, Removed) for event in events):
                self._end_pools()
            events = []
            if (evicted := self._scheduler.cache.evictions) > evicted_before:
                trace.record("evicted", evicted - evicted_before)
                evicted_before = evicted
            wake_at = self._scheduler.wake_at(now)  # what fell due meanwhile is due at once, not forgotten
            if self._idle_waiters and self._scheduler.idle and self._events.empty():
                for waiter in self._idle_waiters:
                    waiter.set()
                self._idle_waiters.clear()

    def _take(self, timeout: float | None) -> list[Any]:
        """Everything that is in the queue, or what comes first within ``timeout``."""
        try:
            batch = [self._events.get(timeout=timeout)]
        except Empty:
            return []
        try:
            while True:
                batch.append(self._events.get_nowait())
        except Empty:
            return batch

    def _want_future(self, request: LayerSliceRequest, future: Future[LayerSliceResponse]) -> Want:
        slot = (-next(self._future_numbers), request.layer)
        future.set_running_or_notify_cancel()
        self._futures[slot] = future
        return Want(replace(request, view=slot[0], mode=Mode.SYNC))

    def _carry_out(self, action: Any) -> None:
        match action:
            case Start(token, source, box):
                trace.record("start", token, source.name)
                done = partial(_put_done, self._events, token)
                if source.pool.threads:
                    pool = self._pools.get(source.pool.key)
                    if pool is None:
                        name = source.pool.key.replace(":", "-")
                        pool = self._pools[source.pool.key] = WorkerPool(name, source.pool.threads)
                    if not source.in_memory and isinstance(source, Stoppable):  # the question takes 20 µs
                        self._stoppable.add(source)
                    pool.submit(partial(_read, source, box, done))
                else:
                    _read(source, box, done)
            case Assemble():
                self._compute.submit(partial(_assemble, self._events, action))
            case Combine():
                self._compute.submit(partial(_combine, self._events, action))
            case Measure():
                self._compute.submit(partial(_measure, self._events, action))
            case Deliver(slot, response):
                trace.record("delivered", *slot, response.generation, response.have, response.needed)
                self._hand_over(slot, response)
            case Unstick(source):
                if isinstance(source, Stoppable):
                    self._compute.submit(partial(_unstick, source))
            case Note(code, details):
                trace.record(code, *details)
            case Tell(layer, source, failure):
                trace.record("failed", layer, source.name, failure.message)
                self._tell(layer, source.name, failure)

    def _end_pools(self) -> None:
        """End the threads of pools that nobody needs any more: each array of unknown kind has one."""
        used = self._scheduler.pools_in_use()
        for key in [key for key in self._pools if key not in used]:
            self._pools.pop(key).close()

    def _hand_over(self, slot: Slot, response: LayerSliceResponse) -> None:
        future = self._futures.get(slot)
        if future is None:
            self._deliver(response)
        elif response.complete:
            del self._futures[slot]
            self._events.put(Removed(slot))
            future.set_result(response)

    def _end(self) -> None:
        for future in self._futures.values():
            future.cancel()
            if not future.done():
                future.set_exception(RuntimeError("the viewer was closed"))
        self._futures.clear()
        for waiter in self._idle_waiters:
            waiter.set()


def _unstick(source: Stoppable) -> None:
    source.stop()
    source.insist(time.monotonic() + STOP_S)


def _put_done(events: SimpleQueue[Any], token: int, outcome: Outcome) -> None:
    trace.record("bytes", token, outcome.data.nbytes if isinstance(outcome, Loaded) else 0)
    events.put(Done(token, outcome))


def _read(source: Any, box: Any, done: Callable[[Outcome], None]) -> None:
    try:
        source.read(box, done)
    except Exception as error:  # a source that breaks its promise not to raise must not take the engine along
        done(Failed(FailureKind.OTHER, f"{type(error).__name__}: {error}"))


def _assemble(events: SimpleQueue[Any], action: Assemble) -> None:
    kind = TYPES[action.kind]
    try:
        tile = kind.fill(action.read) if action.chunk is None else kind.assemble(action.read, action.chunk)
    except Exception as error:
        tile = Failed(FailureKind.CORRUPT, f"{type(error).__name__}: {error}")
    else:
        trace.record("decoded", *action.slot, tile.nbytes)
    events.put(Assembled(action.slot, action.read, tile, action.pinned, action.reserved))


def _combine(events: SimpleQueue[Any], action: Combine) -> None:
    combine = TYPES[action.kind].combine
    assert combine is not None
    result: Any
    try:
        result = combine(action.read, action.parts)
    except Exception as error:
        result = Failed(FailureKind.OTHER, f"{type(error).__name__}: {error}")
    events.put(Combined(action.slot, action.generation, action.read, result))


def _measure(events: SimpleQueue[Any], action: Measure) -> None:
    try:
        limits = TYPES[action.kind].contrast_limits(action.tiles)
    except Exception as error:
        _log.warning("contrast limits could not be measured: %s", error)
        limits = (0.0, 1.0)
    events.put(Measured(action.layer, limits, action.number))
