"""What a user sees who drags a slider, or pans, over slow sources: on the virtual clock, so to the millisecond.

p is how many generations are in flight at once: enough to hide the load time T behind 33 ms, at most 4.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from lamella.slicing.events import Rest
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.scheduler import FRAME_S, MAX_IN_FLIGHT, REST_S
from lamella.sources.base import Pool
from lamella.sources.multiscale import Multiscale
from tests.slicing.driver import PlainSource, pyramid, request
from tests.slicing.world import EVENT_S, HANGS, World, by_source, constant, lognormal, longest_gap

EVENTS = 120  # 2 s
ONE_WORKER = Pool("opaque:1", slots=1, threads=1)
REMOTE = Pool("http://host", slots=64, threads=0, remote=True)
LOAD_TIMES = [0.010, 0.040, 0.120, 0.400]
A_MOMENT = 1e-6  # floating point


def planes(pool: Pool = REMOTE) -> Multiscale:
    """One read a plane."""
    return pyramid(shape=(EVENTS + 1, 32, 32), chunk=(1, 32, 32), levels=1, pool=pool)


def deep(pool: Pool = REMOTE) -> Multiscale:
    """64 chunks a plane, 4 of which at the coarsest level."""
    return pyramid(shape=(EVENTS + 1, 64, 64), chunk=(1, 8, 8), levels=3, pool=pool)


def moves(source: Multiscale, *, view: int = 1, layer: int = 1) -> list[LayerSliceRequest]:
    return [request(source, z + 1, z=z, view=view, layer=layer) for z in range(EVENTS)]


def pans(source: Multiscale) -> list[LayerSliceRequest]:
    """Half of the plane, moving over it once in 2 s."""
    n = source.shape[2]
    steps = np.linspace(-0.5, n / 2 - 0.5, EVENTS)
    return [request(source, i + 1, box=((-0.5, x), (n - 0.5, x + n / 2))) for i, x in enumerate(steps)]


def in_flight(load_time: float) -> int:
    return min(max(math.ceil(load_time / FRAME_S), 1), MAX_IN_FLIGHT)


def never_goes_back(world: World) -> bool:
    slots = {(s.response.view, s.response.layer) for s in world.shown}
    generations = [[s.response.generation for s in world.of(*slot)] for slot in slots]
    return all(g == sorted(g) for g in generations)


@pytest.mark.parametrize("source", [planes(), deep()], ids=["planes", "pyramid"])
@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_a_drag_shows_new_positions_all_the_time(load_time: float, source: Multiscale):
    world = World(constant(load_time))
    world.drag(moves(source))
    gap = longest_gap(world.news(), load_time, world.now)
    assert gap <= load_time / in_flight(load_time) + 2 * EVENT_S + A_MOMENT
    assert never_goes_back(world)


@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_a_drag_settles_when_it_is_let_go_of(load_time: float):
    """The newest position may always start at once, whatever else is under way."""
    world = World(constant(load_time))
    world.drag(moves(planes()))
    released = world.now
    world.step(Rest(1))
    world.settle()
    assert world.complete_at(EVENTS) <= released + 1.2 * load_time


@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_a_drag_over_a_pyramid_settles_in_a_read_for_each_round_of_slots(load_time: float):
    """The 4 coarse chunks start with the last move, the 64 fine ones with the release, in the slots that the superseded
    generations leave: 64 of them are busy with at most p coarse rungs, their own and what was read ahead. What does not
    fit into the first round starts as those end, so two load times after the release all is there."""
    world = World(constant(load_time))
    world.drag(moves(deep()))
    released = world.now
    world.step(Rest(1))
    world.settle()
    assert world.complete_at(EVENTS) <= released + 2 * load_time + A_MOMENT


@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_without_a_release_a_view_settles_once_it_has_rested(load_time: float):
    """A key that is let go of tells nobody."""
    world = World(constant(load_time))
    world.drag(moves(deep()))
    last = world.now - EVENT_S
    world.settle()
    assert world.complete_at(EVENTS) <= last + REST_S + 2 * load_time + A_MOMENT


@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_a_drag_over_one_worker_settles_within_two_reads(load_time: float):
    """The one that is under way when it is let go of, and the one that is wanted; nothing stands between."""
    world = World(constant(load_time))
    world.drag(moves(planes(ONE_WORKER)))
    released = world.now
    world.step(Rest(1))
    world.settle()
    assert world.complete_at(EVENTS) <= released + 2 * load_time + EVENT_S
    gap = longest_gap(world.news(), load_time, released)
    assert gap <= load_time + 2 * EVENT_S + A_MOMENT, "each read that ends is shown"
    assert never_goes_back(world)


@pytest.mark.parametrize("load_time", LOAD_TIMES)
def test_a_pan_never_loses_what_is_there_and_settles(load_time: float):
    source = deep()
    world = World(constant(load_time))
    world.want(request(source, 0, box=pans(source)[0].window.box, mode=Mode.SETTLED))
    world.settle()
    start = world.now
    world.drag(pans(source))
    released = world.now
    world.step(Rest(1))
    world.settle()
    assert world.complete_at(EVENTS) <= released + 2 * load_time + A_MOMENT
    assert never_goes_back(world)
    gap = longest_gap(world.news(), start, released)
    assert gap <= 2 * EVENT_S + A_MOMENT, "the same plane: what is there moves at once"
    assert all(s.response.tiles for s in world.of() if s.time >= start)


@pytest.mark.parametrize("slow", [0.120, 0.400])
def test_a_fast_layer_does_not_wait_for_a_slow_one(slow: float):
    """Each has a store of its own: the fast one shows exactly what it shows alone, at the same times."""
    fast = 0.010
    near = planes(Pool("http://near", slots=64, threads=0, remote=True))
    far = planes(Pool("http://far", slots=64, threads=0, remote=True))
    latency = by_source({near.levels[0].token: constant(fast), far.levels[0].token: constant(slow)})
    alone, both = World(latency), World(latency)
    alone.drag(moves(near))
    for a, b in zip(moves(near), moves(far, layer=2), strict=True):
        both.want(a)
        both.want(b)
        both.advance(EVENT_S)
    for world in (alone, both):
        world.settle()
    assert [(s.time, s.response.generation) for s in both.of(layer=1)] == [
        (s.time, s.response.generation) for s in alone.of(layer=1)
    ]
    gap = longest_gap(both.news(layer=2), slow, EVENTS * EVENT_S)
    assert gap <= slow / in_flight(slow) + 2 * EVENT_S + A_MOMENT
    assert both.complete_at(EVENTS, layer=2) < HANGS


def test_nineteen_layers_complete_while_one_hangs_for_ever():
    sources = [deep(Pool(f"http://host-{i}", slots=64, threads=0, remote=True)) for i in range(20)]
    hanging = {level.token for level in sources[7].levels}
    world = World(lambda start: HANGS if start.source.token in hanging else 0.040)
    for layer, source in enumerate(sources):
        world.want(request(source, 1, layer=layer, mode=Mode.SETTLED))
    world.advance(0.040 * 3)
    others = [layer for layer in range(20) if layer != 7]
    assert all(world.complete_at(1, layer=layer) < HANGS for layer in others)
    assert world.complete_at(1, layer=7) == HANGS


def test_layers_that_share_a_host_with_a_hanging_one_complete_too():
    """A layer whose reads never end holds at most its own slots of the host."""
    sources = [planes() for _ in range(20)]
    hanging = sources[7].levels[0].token
    world = World(lambda start: HANGS if start.source.token == hanging else 0.040)
    for layer, source in enumerate(sources):
        world.want(request(source, 1, layer=layer, mode=Mode.SETTLED))
    world.advance(0.040 * 3)
    others = [layer for layer in range(20) if layer != 7]
    assert all(world.complete_at(1, layer=layer) < HANGS for layer in others)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("source", [planes(), deep()], ids=["planes", "pyramid"])
def test_nothing_starves_where_some_reads_take_many_times_as_long(source: Multiscale, seed: int):
    """Median 60 ms; of 100 reads one takes ten times that. The picture moves on all the time, and ends up whole."""
    world = World(lognormal(0.060, 1.0, seed))
    world.drag(moves(source))
    released = world.now
    world.step(Rest(1))
    world.settle()
    assert longest_gap(world.news(), 0.5, released) <= 0.5
    assert never_goes_back(world)
    assert world.complete_at(EVENTS) < HANGS
    final = world.of()[-1].response
    level = source.levels[final.level]
    assert isinstance(level, PlainSource)
    np.testing.assert_array_equal(final.as_array(), level.data[EVENTS - 1])
