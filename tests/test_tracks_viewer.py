"""Tracks on the whole road without a window: added, moved through, changed, replaced and picked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lamella.model.layers.tracks import Tracks
from lamella.slicing import tracks
from lamella.viewer_model import ViewerModel


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        viewer.views[0].canvas_size = (200, 200)
        yield viewer


def walks(count: int = 5, length: int = 20) -> np.ndarray:
    """Tracks along x, one below the other."""
    time = np.tile(np.arange(length), count)
    track = np.repeat(np.arange(count), length)
    return np.column_stack([track, time, 4 * track, time]).astype(float)


def shown(viewer: ViewerModel, layer: Tracks) -> Any:
    viewer.wait_until_loaded()
    return viewer.slices[layer]


def seen(viewer: ViewerModel, layer: Tracks) -> list[float]:
    """Times of the vertices of one track that are seen."""
    response = shown(viewer, layer)
    mine = response.track_ids == response.track_ids[0]
    return response.times[mine & (response.alpha > 0)].tolist()


def test_tracks_are_shown_at_the_time_of_the_slider(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(walks(), tail_length=3)
    assert viewer.dims.current_step[0] == 9
    for time in (9, 0, 19, 4):
        viewer.dims.set_point(0, time)
        assert seen(viewer, layer) == [t for t in range(20) if time - 3 < t <= time]


def test_one_tile_serves_all_times_views_and_places_of_the_camera(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(walks())
    (tile,) = shown(viewer, layer).tiles
    viewer.add_view()
    for time in (0, 3, 19):
        viewer.dims.set_point(0, time)
        viewer.camera.zoom *= 1.5
        assert shown(viewer, layer).tiles == (tile,)
        assert shown(viewer, layer).time == time
    layer.tail_length, layer.head_length, layer.hide_completed_tracks, layer.tail_width = 2, 1, True, 5
    assert shown(viewer, layer).tiles == (tile,)
    assert viewer.reads == 1


@pytest.mark.parametrize("large", [False, True])
def test_editing_and_replacing_show_old_or_new(viewer: ViewerModel, large: bool) -> None:
    data = walks(4000 if large else 5)
    layer = viewer.add_tracks(data, tail_length=100)
    viewer.dims.set_point(0, 19)
    assert shown(viewer, layer).vertices[:, 0].max() == 4 * (len(data) // 20 - 1)
    data[:, 2] = 7  # nobody has been told
    viewer.dims.set_point(0, 18)
    assert shown(viewer, layer).vertices[:, 0].max() > 7
    layer.refresh()
    assert shown(viewer, layer).vertices[:, 0].max() == 7
    layer.data = walks(2, 8)
    assert len(shown(viewer, layer).vertices) == 16
    assert viewer.dims.range[0][1] == 7


def test_no_picture_has_tracks_of_one_state_and_colours_or_graph_of_another(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(walks(2, 3), features={"n": np.full(6, 2)}, color_by="n", color_mode="colormap")
    found = []

    def note(view: object, which: object, response: Any) -> None:
        found.append((len(response.times), len(response.graph), len(response.tiles[0].content.colors)))

    viewer.slice_ready.connect(note)
    for count in range(2, 12):
        graph = {child: [0] for child in range(1, count)}
        layer.update(data=walks(count, 3), features={"n": np.full(3 * count, count)}, graph=graph)
        viewer.drain()
    viewer.wait_until_loaded()
    assert found[-1] == (33, 10, 33)
    assert all(colors == times and edges in (0, times // 3 - 1) for times, edges, colors in found)


def test_bad_input_leaves_the_viewer_as_it_was(viewer: ViewerModel) -> None:
    viewer.add_tracks(walks())
    viewer.wait_until_loaded()
    before = (list(viewer.layers), viewer.dims.range, viewer.dims.point)
    twice = np.vstack([walks(), walks()[:1]])
    for arguments in ({"data": twice}, {"data": walks(), "graph": {1: [77]}}, {"data": walks(), "tail_width": -1}):
        with pytest.raises(ValueError, match=r"must"):
            viewer.add_tracks(**arguments)
    assert (list(viewer.layers), viewer.dims.range, viewer.dims.point) == before
    assert viewer.loaded


def test_what_only_a_worker_finds_is_told_and_harmless(viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamella.model.layers.track_cloud.SORTED_AT_THE_CALL", 5)
    good = viewer.add_tracks(walks())
    bad = viewer.add_tracks(np.vstack([walks(), walks()[:1]]))
    assert len(shown(viewer, good).vertices) == 100
    assert "track 0 has two at time 0, in the rows 0 and 100" in viewer.failures[-1].message
    assert shown(viewer, bad).failed == 1
    bad.data = walks()[::-1]
    assert len(shown(viewer, bad).vertices) == 100
    assert not viewer.failures


def test_an_empty_layer_that_gets_tracks_shows_them(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(ndim=3)
    assert shown(viewer, layer).empty
    layer.data = walks()
    viewer.dims.set_point(0, 5)
    assert seen(viewer, layer) == [0, 1, 2, 3, 4, 5]


def test_picking_tells_the_track_within_three_pixels_however_far_one_zooms(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(walks(), tail_length=4)
    viewer.dims.set_point(0, 10)
    view = viewer.views[0]
    for zoom in (3.0, 30.0):
        viewer.camera.zoom = zoom
        viewer.camera.center = (0, 8, 9)
        viewer.wait_until_loaded()
        x, y = view.snapshot().world_to_canvas(8.0, 9.0)
        assert view.pick(x, y) == [(layer, 2, (10.0, 8.0, 9.0))]
        assert [hit[1] for hit in view.pick(x, y + 2.5)] == [2]
        assert view.pick(x, y + 4) == []
    assert "Tracks: 2" in viewer.value_at(view, x, y)


def test_hidden_tracks_are_not_sliced_until_they_are_shown(viewer: ViewerModel) -> None:
    layer = viewer.add_tracks(walks(), visible=False)
    viewer.wait_until_loaded()
    assert viewer.reads == 0
    viewer.dims.set_point(0, 4)
    layer.visible = True
    assert shown(viewer, layer).time == 4
    assert viewer.reads == 1


def test_a_slider_that_is_not_of_time_moves_no_tracks(viewer: ViewerModel) -> None:
    data = np.insert(walks(), 2, walks()[:, 0], axis=1)  # with z
    layer = viewer.add_tracks(data, tail_length=5)
    viewer.dims.set_point(0, 9)
    before = shown(viewer, layer)
    viewer.dims.set_point(1, 4)
    after = shown(viewer, layer)
    assert after.tiles == before.tiles
    assert (after.segment_span, after.time) == (before.segment_span, 9)


def test_a_slice_that_fails_is_told_of_and_the_others_go_on(
    viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = viewer.add_tracks(walks())
    bad = viewer.add_tracks(walks(), features={"n": np.arange(100.0)})

    def broken(*_: object) -> None:
        raise RuntimeError("the column was lost")

    viewer.wait_until_loaded()
    monkeypatch.setattr(tracks, "values_of", broken)
    bad.color_by = "n"
    assert len(shown(viewer, good).times) == 100
    viewer.wait_until_loaded()
    assert "the column was lost" in viewer.failures[-1].message
    monkeypatch.undo()
    viewer.retry_failed()
    assert len(shown(viewer, bad).times) == 100


def test_tracks_of_more_than_half_the_cache_are_made_once(viewer: ViewerModel, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def make(request: Any) -> Any:
        made.append(request)
        return original(request)

    original = tracks.get_slice
    monkeypatch.setattr(tracks, "get_slice", make)
    layer = viewer.add_tracks(walks(1000), visible=False)
    viewer._engine.resize_cache(3_000_000)  # the tile takes 2.1 MB
    layer.visible = True
    for time in (3, 4, 19, 0):
        viewer.dims.set_point(0, time)
        assert shown(viewer, layer).time == time
    assert viewer.statistics().resident == 0
    assert len(made) == 1
    assert not viewer.failures
