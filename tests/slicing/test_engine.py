"""The engine carries out what the scheduler decides: real threads, gated reads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import numpy as np
import pytest

from lamella.slicing.engine import Engine
from lamella.slicing.request import Mode
from lamella.slicing.response import LayerSliceResponse
from lamella.sources.base import Box, Failed, FailureKind, Loaded, Outcome, Pool
from lamella.sources.multiscale import Multiscale
from lamella.sources.opaque import OpaqueSource
from lamella.testing import GatedSource
from tests.slicing.driver import PlainSource, request
from tests.sources import reader_arrays

WAIT_S = 20.0


class Outlet:
    """What an engine delivers, with a wait."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.responses: list[LayerSliceResponse] = []
        self.told: list[tuple[int, str, Failed]] = []
        self.threads: set[str] = set()

    def deliver(self, response: LayerSliceResponse) -> None:
        with self.changed:
            self.threads.add(threading.current_thread().name)
            self.responses.append(response)
            self.changed.notify_all()

    def tell(self, layer: int, source: str, failure: Failed) -> None:
        with self.changed:
            self.told.append((layer, source, failure))
            self.changed.notify_all()

    def wait(self, found: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(found, WAIT_S), "nothing came"


@pytest.fixture
def outlet() -> Outlet:
    return Outlet()


@pytest.fixture
def engine(outlet: Outlet) -> Iterator[Engine]:
    engine = Engine(outlet.deliver, outlet.tell, 10**9)
    yield engine
    engine.close()


def gated(z: int = 8, chunk: tuple[int, int, int] = (1, 16, 16)) -> tuple[GatedSource, Multiscale]:
    source = GatedSource(np.random.default_rng(0).integers(0, 255, (z, 32, 32)).astype("u1"), chunk)
    return source, Multiscale((source,))


def test_a_slice_arrives_complete_and_is_delivered_on_the_slicing_thread(engine: Engine, outlet: Outlet) -> None:
    source, image = gated()
    engine.want(request(image, 1, z=3, mode=Mode.SETTLED))
    assert source.wait_for(4)
    source.release()
    outlet.wait(lambda: outlet.responses and outlet.responses[-1].complete)
    np.testing.assert_array_equal(outlet.responses[-1].as_array(), source.data[3])  # type: ignore[attr-defined]
    assert outlet.threads == {"lamella-slicing"}


def test_chunks_are_read_once_whatever_order_they_come_in(engine: Engine, outlet: Outlet) -> None:
    source, image = gated()
    for view in (1, 2):
        engine.want(request(image, 1, z=1, view=view, mode=Mode.SETTLED))
    assert source.wait_for(4)
    for place in reversed(source.waiting):
        assert source.release(place) == 1
    outlet.wait(lambda: {r.view for r in outlet.responses if r.complete} == {1, 2})
    assert engine.reads_started == 4


def test_no_read_is_made_on_the_thread_of_the_caller(outlet: Outlet, engine: Engine) -> None:
    class Blocking(PlainSource):
        threads: set[str] = set()  # noqa: RUF012

        def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
            self.threads.add(threading.current_thread().name)
            done(Loaded(self.data[box]))

    source = Blocking(np.zeros((4, 8, 8), "u1"), (1, 8, 8), Pool("opaque:x", 1, threads=1))
    engine.want(request(Multiscale((source,)), 1))
    outlet.wait(lambda: outlet.responses)
    assert source.threads == {"lamella-opaque-x-0"}


def test_a_source_that_raises_fails_its_chunk_and_nothing_else(engine: Engine, outlet: Outlet) -> None:
    class Raising(PlainSource):
        def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
            raise ZeroDivisionError("broken")

    bad = Raising(np.zeros((4, 8, 8), "u1"), (1, 8, 8), Pool("opaque:bad", 1, threads=1))
    source, image = gated()
    source.open()
    engine.want(request(Multiscale((bad,)), 1, layer=1))
    engine.want(request(image, 1, layer=2))
    outlet.wait(lambda: {r.layer for r in outlet.responses if r.complete} == {1, 2})
    assert outlet.told[0][2].message == "ZeroDivisionError: broken"


def test_a_hung_source_leaves_other_layers_alone(outlet: Outlet) -> None:
    release = threading.Event()

    class Hanging(PlainSource):
        def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
            release.wait(WAIT_S)
            done(Failed(FailureKind.OTHER, "late"))

    engine = Engine(outlet.deliver, outlet.tell, 10**9)
    hung = Hanging(np.zeros((4, 8, 8), "u1"), (1, 8, 8), Pool("opaque:hung", 1, threads=1))
    source, image = gated()
    source.open()
    engine.want(request(Multiscale((hung,)), 1, layer=1))
    for z in range(4):
        engine.want(request(image, z + 1, z=z, layer=2))
    outlet.wait(lambda: any(r.layer == 2 and r.complete and r.generation == 4 for r in outlet.responses))
    with pytest.warns(RuntimeWarning, match="opaque-hung"):
        engine.close()
    release.set()


def test_closing_ends_a_read_that_hangs_in_a_reader_process(outlet: Outlet, recwarn: pytest.WarningsRecorder) -> None:
    with reader_arrays.gate() as gate:
        engine = Engine(outlet.deliver, outlet.tell, 10**9)
        array = reader_arrays.GatedStack(gate.port)
        source = OpaqueSource(array, recipe=array.recipe)
        engine.want(request(Multiscale((source,)), 1))
        gate.wait()
        engine.close()
        gate.wait_for_end()
        assert not recwarn.list, "nothing is left behind"


def test_a_future_is_not_overwritten_by_newer_requests(engine: Engine, outlet: Outlet) -> None:
    source, image = gated()
    future = engine.slice(request(image, 1, z=2))
    assert source.wait_for(4)
    for z in range(5):
        engine.want(request(image, z + 1, z=z))
    source.open()
    np.testing.assert_array_equal(future.result(WAIT_S).as_array(), source.data[2])  # type: ignore[attr-defined]
    assert all(r.view == 1 for r in outlet.responses)


def test_close_ends_every_thread_and_future(outlet: Outlet) -> None:
    before = set(threading.enumerate())
    engine = Engine(outlet.deliver, outlet.tell, 10**9)
    source, image = gated()
    engine.want(request(image, 1))
    future = engine.slice(request(image, 1, z=1))
    assert source.wait_for(4)
    engine.close()
    engine.close()
    with pytest.raises((RuntimeError, CancelledError)):
        future.result(0)
    source.release()  # late completions meet a closed queue
    assert set(threading.enumerate()) <= before
    assert engine.slice(request(image, 2)).cancelled()


def test_removing_gives_everything_back(engine: Engine, outlet: Outlet) -> None:
    source, image = gated()
    engine.want(request(image, 1))
    assert source.wait_for(4)
    engine.remove(1, 1)
    source.release()
    assert engine.wait_idle(WAIT_S)
    assert not outlet.responses
    assert engine._scheduler.cache.reserved == 0
