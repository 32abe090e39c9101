"""A slice of tracks holds what the rules say, whatever the axes and transforms, and time alone makes no other tile."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.model.layers.image import Image
from lamella.model.layers.tracks import Tracks
from lamella.model.view import View
from lamella.model.world import data_to_common_world, fit_dims, layer_axes
from lamella.slicing import line_grid, track_table, tracks
from lamella.slicing.place import Place
from lamella.slicing.request import LayerSliceRequest, Mode
from lamella.slicing.response_tracks import TracksSliceResponse
from tests.slicing.reference_tracks import alpha, expected


def request_of(layer: Tracks, view: View) -> LayerSliceRequest:
    state = view.snapshot()
    axes = layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim)
    place = Place(data_to_common_world(layer, [layer]).inverse, *axes)
    return tracks.make_slice_request(layer, state, place, 1, view.id, Mode.SYNC)


def slice_of(request: LayerSliceRequest) -> TracksSliceResponse:
    """Slice as the engine does, without engine."""
    plan = tracks.plan(request, 10**9)
    tiles = [tracks.get_slice(request)] if plan.rungs else []
    return tracks.respond(request, plan, tiles, plan.needed, [], None)


def show(*layers: Any, order: tuple[int, ...] | None = None, ndisplay: int = 2) -> View:
    view = View()
    view.dims.ndisplay = ndisplay
    fit_dims(view.dims, layers, first=True)
    if order is not None:
        view.dims.order = order
    return view


def at(layer: Tracks, time: float) -> TracksSliceResponse:
    view = show(layer, Image(np.zeros((9,) * layer.ndim, "u1")))
    view.dims.set_point(0, time)
    return slice_of(request_of(layer, view))


QUARTERS = st.integers(-24, 24).map(lambda n: n / 4)
SCALES = st.sampled_from([1.0, 0.5, 2.0, -1.0, -0.5, 4.0])  # binary fractions: only there are ties defined
LENGTHS = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0, 30.0])


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Tracks, View]:
    ndim = draw(st.integers(2, 4))
    world = draw(st.integers(ndim, 4))
    ndisplay = draw(st.sampled_from([2, 3]))
    count = draw(st.sampled_from([0, 1, 2, 30]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    step = draw(st.sampled_from([1, 4]))  # whole times, or quarters
    keys = rng.permutation(5 * 17)[:count]  # each (track, time) once
    data = np.column_stack([keys % 5, (keys // 5 - 8) / step, rng.integers(-16, 17, (count, ndim - 1)) / 4])
    if draw(st.booleans()):
        data = data[np.lexsort((data[:, 1], data[:, 0]))]
    if draw(st.booleans()):
        hole = rng.random(data.shape) < 0.1
        data[:, 2:][hole[:, 2:]] = np.nan
    ids = np.unique(data[:, 0]).astype(int).tolist()
    graph = {child: [p for p in ids if p != child and rng.random() < 0.3] for child in ids}
    layer = Tracks(
        data.astype(draw(st.sampled_from(["f4", "f8"]))),
        graph=graph if draw(st.booleans()) else None,
        tail_length=draw(LENGTHS),
        head_length=draw(LENGTHS),
        hide_completed_tracks=draw(st.booleans()),
        display_tail=draw(st.booleans()),
        display_graph=draw(st.booleans()),
        scale=[draw(SCALES) for _ in range(ndim)],
        translate=[draw(QUARTERS) for _ in range(ndim)],
    )
    around = Image(np.zeros((9,) * world, "u1"), translate=[-4.0] * world)
    order = tuple(draw(st.permutations(range(world))))
    view = show(layer, around, order=order, ndisplay=min(ndisplay, world))
    for axis in range(world):
        view.dims.set_point(axis, draw(QUARTERS))
    view.dims.margin_left = [draw(st.sampled_from([0.0, 3.0])) for _ in range(world)]  # they mean nothing here
    return layer, view


@given(scenes())
@settings(max_examples=400, deadline=None)
def test_a_slice_holds_what_the_rules_say(scene: tuple[Tracks, View]) -> None:
    layer, view = scene
    response = slice_of(request_of(layer, view))
    wanted = expected(layer, view.dims)
    if not wanted.rows:
        assert response.empty and response.complete
        return
    assert response.time == wanted.time
    assert response.indices.tolist() == wanted.rows
    assert response.track_ids.tolist() == wanted.ids
    np.testing.assert_array_equal(response.vertices, np.array(wanted.places))
    np.testing.assert_allclose(response.alpha, wanted.alpha, atol=1e-12)
    assert response.complete and not response.empty


@given(scenes())
@settings(max_examples=300, deadline=None)
def test_all_lines_are_in_the_tile_and_those_that_can_be_seen_in_its_span(scene: tuple[Tracks, View]) -> None:
    layer, view = scene
    response = slice_of(request_of(layer, view))
    wanted = expected(layer, view.dims)
    if not wanted.rows:
        return
    (tile,) = response.tiles
    lines = tile.segments

    def described(first: Any, second: Any, times: Any, end: float) -> tuple[float, ...]:
        return (*np.asarray(first).tolist(), *np.asarray(second).tolist(), *np.asarray(times).tolist(), float(end))

    found = [
        described(
            s["start"] + tile.origin,
            s["stop"] + tile.origin,
            s["times"] + tile.time_origin,
            s["end"] + tile.time_origin,
        )
        for s in lines
    ]
    assert Counter(found) == Counter(described(*k.places, k.times, k.end) for k in wanted.lines)
    assert (np.diff(lines["times"].min(axis=1)) >= 0).all()
    if wanted.time is None:
        assert (response.clock, response.segment_span) == (None, None)
        return
    clock, span = response.clock, response.segment_span
    assert clock is not None and span is not None
    assert clock.now + tile.time_origin == wanted.time
    assert (clock.tail, clock.head) == (layer.tail_length, layer.head_length)
    assert clock.hide_completed == layer.hide_completed_tracks
    start, stop = span
    for number, line in enumerate(lines):
        first, second = line["times"] + tile.time_origin
        seen = any(
            alpha(layer, wanted.time, first + part * (second - first), line["end"] + tile.time_origin) > 0
            for part in np.linspace(0, 1, 9)
        )
        assert start <= number < stop or not seen


# The examples of the rules


def test_time_is_the_point_on_axis_0_in_data_units_and_not_rounded() -> None:
    data = [[1, 0, 0, 0], [1, 9, 5, 5]]
    layer = Tracks(data, scale=(3, 1, 1), translate=(1, 0, 0))
    view = show(layer)
    view.dims.set_point(0, 4.5)
    assert slice_of(request_of(layer, view)).time == pytest.approx(3.5 / 3)
    layer = Tracks(data, scale=(2, 2, 2))
    view = show(layer, Image(np.zeros((9, 9, 9, 9), "u1")))
    for axis, value in enumerate((7, 3, 0, 0)):
        view.dims.set_point(axis, value)
    assert slice_of(request_of(layer, view)).time == 1.5


TEN = np.column_stack([np.ones(10), np.arange(10), np.zeros(10), np.arange(10)])


def moved(data: np.ndarray, track: int, y: float) -> np.ndarray:
    """Another track, as many ids and rows away."""
    return data + np.array([track, 0, y, 0])


def test_a_tail_fades_and_a_head_is_ahead() -> None:
    tail = at(Tracks(TEN, tail_length=4), 5).alpha
    np.testing.assert_allclose(tail, [0, 0, 0.25, 0.5, 0.75, 1, 0, 0, 0, 0])
    head = at(Tracks(TEN, tail_length=2, head_length=2), 5).alpha
    np.testing.assert_allclose(head, [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 0, 0])
    assert at(Tracks(TEN, tail_length=0), 5).alpha.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert at(Tracks(TEN, tail_length=0), 5.5).alpha.tolist() == [0] * 10


def test_a_track_is_completed_after_its_last_time() -> None:
    layer = Tracks(np.vstack([TEN[:4], moved(TEN, 1, 5)]), hide_completed_tracks=True)
    assert (at(layer, 3).alpha[:4] > 0).all()
    assert (at(layer, 3.5).alpha[:4] == 0).all()
    assert (at(layer, 3.5).alpha[4:8] > 0).all()


def test_a_time_that_rounding_has_moved_is_that_of_its_vertices() -> None:
    for first in (0, 3, -7.5):
        layer = Tracks(TEN + np.array([0, first, 0, 0]), scale=(0.1, 1, 1), tail_length=0)
        view = show(layer)
        for step in range(10):
            view.dims.set_current_step(0, step)
            response = slice_of(request_of(layer, view))
            assert (response.time, response.alpha.sum()) == (first + step, 1)


def test_where_time_is_displayed_everything_is_seen() -> None:
    layer = Tracks(TEN, tail_length=1, hide_completed_tracks=True)
    response = slice_of(request_of(layer, show(layer, order=(1, 0, 2))))
    assert response.dims_displayed == (0, 2)
    assert (response.time, response.clock, response.segment_span) == (None, None, None)
    assert response.alpha.tolist() == [1] * 10
    response = slice_of(request_of(layer, show(layer, ndisplay=3)))
    assert response.vertices.shape == (10, 3)
    assert response.clock is None


# What a tile is made of


def test_moving_through_time_asks_for_no_other_tile_and_costs_nothing() -> None:
    layer = Tracks(TEN)
    view = show(layer)
    first = request_of(layer, view)
    view.dims.set_point(0, 2)
    second = request_of(layer, view)
    assert first.key != second.key  # another picture
    assert _chunk(first) == _chunk(second)  # of the same tile
    for name, value in {"tail_length": 3, "head_length": 1, "hide_completed_tracks": True, "display_id": True}.items():
        setattr(layer, name, value)
        assert _chunk(request_of(layer, view)) == _chunk(first)
        assert request_of(layer, view).key != second.key
    layer.tail_width = 7
    known = {_chunk(first)}
    for name, value in {"colormap": "viridis", "display_tail": False, "display_graph": False, "graph": {}}.items():
        setattr(layer, name, value)
        known.add(_chunk(request_of(layer, view)))
    layer.refresh()
    known.add(_chunk(request_of(layer, view)))
    view.dims.order = (1, 0, 2)
    known.add(_chunk(request_of(layer, view)))
    assert len(known) == 7


def _chunk(request: LayerSliceRequest) -> Any:
    ((read,),) = tracks.plan(request, 10**9).rungs
    return read.key


def test_colours_follow_their_vertices_whatever_the_order() -> None:
    rng = np.random.default_rng(0)
    rows = rng.permutation(10)
    layer = Tracks(TEN[rows], features={"when": TEN[rows, 1]}, color_by="when", colormap="gray", contrast_limits=(0, 9))
    lines = at(layer, 5).tiles[0].segments
    grey = np.rint(np.arange(10) / 9 * 255)
    np.testing.assert_allclose(lines["colors"][:, 0, 0], grey[:9], atol=1)
    np.testing.assert_allclose(lines["colors"][:, 1, 0], grey[1:], atol=1)
    assert (lines["colors"][..., 3] == 255).all()
    layer.update(features={"kind": np.where(TEN[rows, 1] < 5, "a", "b")}, color_by="kind", color_cycle=["red", "blue"])
    lines = at(layer, 5).tiles[0].segments
    assert lines["colors"][4].tolist() == [[255, 0, 0, 255], [0, 0, 255, 255]]


def test_colours_by_track_go_from_the_first_id_to_the_last() -> None:
    data = np.vstack([moved(TEN, i, i) for i in (0, 4, 8)])
    lines = at(Tracks(data, colormap="gray"), 5).tiles[0].segments
    of_row = {float(s["start"][0]): s["colors"][0, 0] for s in lines}
    assert sorted(int(grey) for grey in of_row.values()) == [0, 128, 255]
    lines = at(Tracks(data, color_mode="cycle", color_cycle=["red", "lime"]), 5).tiles[0].segments
    assert {tuple(c) for c in lines["colors"][:, 0].tolist()} == {(255, 0, 0, 255), (0, 255, 0, 255)}


def test_edges_of_the_graph_join_the_last_vertex_with_the_first() -> None:
    data = np.vstack([TEN[:4], moved(TEN[5:7], 1, 3), moved(TEN[5:7], 2, -3)])
    layer = Tracks(data, graph={2: [1], 3: [1]}, display_tail=False)
    response = at(layer, 6)
    tile = response.tiles[0]
    assert len(tile.segments) == 2
    assert response.graph.tolist() == [[1, 2], [1, 3]]
    np.testing.assert_array_equal(tile.segments["start"] + tile.origin, [[0, 3]] * 2)
    np.testing.assert_array_equal(tile.segments["stop"] + tile.origin, [[3, 5], [-3, 5]])
    np.testing.assert_array_equal(tile.segments["times"] + tile.time_origin, [[3, 5]] * 2)
    np.testing.assert_array_equal(tile.segments["end"] + tile.time_origin, [6, 6])
    layer.display_graph = False
    assert len(at(layer, 6).tiles[0].segments) == 0


def test_far_from_the_origin_places_and_times_keep_their_precision() -> None:
    data = TEN.copy()
    data[:, 1:] += [2.0**40, 1e9, -1e9]
    tile = slice_of(request_of(layer := Tracks(data), show(layer))).tiles[0]
    np.testing.assert_array_equal(tile.segments["start"] + tile.origin, data[:-1, 2:])
    np.testing.assert_array_equal(tile.segments["times"][:, 1].astype("f8") + tile.time_origin, data[1:, 1])


def test_no_array_of_a_tile_can_be_written_to() -> None:
    tile = at(Tracks(TEN[::-1]), 5).tiles[0]
    content = tile.content
    arrays = [getattr(tile, name) for name in ("origin", "segments", "thumbnail")]
    arrays += [content.colors, content.table.ids, content.table.times, content.table.order, content.span.latest]
    assert not any(array.flags.writeable for array in arrays)
    assert tile.nbytes > tile.segments.nbytes


# Ids


@given(scenes())
@settings(max_examples=100, deadline=None)
def test_ids_are_beside_the_vertices_of_this_very_time(scene: tuple[Tracks, View]) -> None:
    layer, view = scene
    layer.display_id = True
    response = slice_of(request_of(layer, view))
    wanted = expected(layer, view.dims)
    data = np.asarray(layer.data)
    labelled = [
        (str(track), *place)
        for row, track, place in zip(wanted.rows, wanted.ids, wanted.places, strict=True)
        if data[row, 1] == wanted.time and np.isfinite(place).all()
    ]
    found = [] if response.text is None else zip(response.text.strings, response.text.positions.tolist(), strict=True)
    assert [(text, *place) for text, place in found] == labelled


def test_ids_have_the_colours_of_their_tracks_and_are_shown_without_tails() -> None:
    data = np.vstack([TEN, moved(TEN[3:7], 4, 5)])
    layer = Tracks(data, colormap="gray", display_tail=False, display_id=True)
    text = at(layer, 5).text
    assert text is not None
    assert text.strings == ("1", "5")
    assert text.colors.tolist() == [[0, 0, 0, 255], [255, 255, 255, 255]]
    assert at(layer, 5.5).text is None
    layer.display_id = False
    assert at(layer, 5).text is None


# What only the first slice finds


@pytest.mark.parametrize(
    ("rows", "graph", "sentence"),
    [
        ([0, 1, 2, 1], None, "track 1 has two at time 1, in the rows 1 and 3"),
        ([1, 0], {7: [1]}, "no vertex is of track 7"),
    ],
)
def test_what_the_call_did_not_look_for_is_told_by_the_first_slice(
    monkeypatch: pytest.MonkeyPatch, rows: list[int], graph: Any, sentence: str
) -> None:
    monkeypatch.setattr("lamella.model.layers.track_cloud.SORTED_AT_THE_CALL", 1)
    data = np.vstack([TEN[rows], moved(TEN[5:6], -1, 0)])
    layer = Tracks(data, graph=graph)
    with pytest.raises(ValueError, match=sentence):
        at(layer, 0)


# Contracts


def test_slicing_needs_no_layer_and_no_view() -> None:
    rng = np.random.default_rng(0)
    data = np.column_stack([np.repeat(np.arange(5), 10), np.tile(np.arange(10), 5), rng.uniform(0, 9, (50, 2))])
    layer = Tracks(data, features={"a": rng.random(50)}, color_by="a", graph={3: [1]})
    view = show(layer)
    request = request_of(layer, view)
    wanted = slice_of(request)
    layer.update(data=data[::-1] * 2, features={"a": np.zeros(50)}, graph=None)
    layer.tail_length = 1
    gone = weakref.ref(layer)
    del layer, view
    gc.collect()
    assert gone() is None
    response = slice_of(request)
    np.testing.assert_array_equal(response.tiles[0].segments, wanted.tiles[0].segments)
    np.testing.assert_array_equal(response.alpha, wanted.alpha)
    assert (response.clock, response.segment_span) == (wanted.clock, wanted.segment_span)
    del request
    line = response.tiles[0].segments[response.segment_span[1] - 1]  # type: ignore[index]
    assert response.value_near(tuple(line["start"] + response.tiles[0].origin), 0.1) is not None


def test_what_workers_keep_goes_with_the_layer() -> None:
    gc.collect()
    before = track_table.memory()
    layer = Tracks(TEN)
    request = request_of(layer, show(layer))
    slice_of(request)
    assert track_table.memory() > before
    del layer, request
    gc.collect()
    assert track_table.memory() == before


def test_a_large_array_is_copied_before_the_first_slice_is_made() -> None:
    data = np.column_stack([np.repeat(np.arange(1000), 100), np.tile(np.arange(100), 1000), np.zeros((100_000, 2))])
    layer = Tracks(data)
    request = request_of(layer, show(layer))
    slice_of(request)
    data[:, 2:] += 5
    np.testing.assert_array_equal(slice_of(request).vertices, 0)
    layer.refresh()
    np.testing.assert_array_equal(slice_of(request_of(layer, show(layer))).vertices, 5)


# Picking


def test_the_track_under_the_cursor_is_told_if_it_is_seen() -> None:
    data = np.vstack([TEN, moved(TEN, 1, 8)])
    layer = Tracks(data, tail_length=3)
    response = at(layer, 5)
    assert response.value_near((0.0, 4.5), 0.1) == (1,)
    assert response.value_near((0.2, 4.5), 0.1) == (1,)
    assert response.value_near((8.0, 4.5), 0.1) == (2,)
    assert response.value_near((0.4, 4.5), 0.1) is None  # 4 pixels away
    assert response.value_near((0.0, 1.0), 0.1) is None  # long ago
    assert response.value_near((0.0, 7.0), 0.1) is None  # not yet
    assert response.value_at((0.0, 4.5)) == (1,)
    assert at(Tracks(data, tail_length=0), 5).value_near((0.0, 4.0), 0.1) is None


def test_the_nearest_line_is_told_and_of_equally_near_ones_the_upper() -> None:
    data = np.vstack([TEN, moved(TEN, 1, 0.5), moved(TEN, 2, 0.5)])
    response = at(Tracks(data), 9)
    assert response.value_near((0.1, 4.5), 1) == (1,)
    assert response.value_near((0.4, 4.5), 1) == (3,)


def test_picking_among_many_lines_finds_what_looking_at_each_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1000, (500, 1, 2)) + np.cumsum(rng.normal(0, 4, (500, 20, 2)), axis=1)
    places[7, 3] = 900  # two long lines
    data = np.column_stack([np.repeat(np.arange(500), 20), np.tile(np.arange(20), 500), places.reshape(-1, 2)])
    data[77, 2] = np.nan
    layer = Tracks(data, scale=(1, 2, 1), rotate=30, tail_length=8)
    view = show(layer)
    view.dims.set_point(0, 14)
    without = slice_of(request_of(layer, view))
    monkeypatch.setattr(line_grid, "WORTH_A_GRID", 100)
    layer.refresh()
    with_grid = slice_of(request_of(layer, view))
    assert without.tiles[0].content.grid is None
    assert with_grid.tiles[0].content.grid is not None
    found = [(without.value_near(p, 1.0), with_grid.value_near(p, 1.0)) for p in map(tuple, places[::2, 12])]
    assert all(a == b for a, b in found)
    assert len({a for a, _ in found}) > 200
