"""Stage: what is uploaded when, with a backend that only takes notes."""

from __future__ import annotations

import numpy as np

from lamella.render.atlas import CELL, Atlas
from lamella.render.points import PIECE
from lamella.render.stage import Stage
from tests.render.scenes import look, points_look, points_response, response, scene, state, tile, tiles_of

VIEW = state((64, 64), (31.5, 31.5))


class Notes:
    name = "notes"

    def __init__(self) -> None:
        self.written: list[object] = []
        self.finished: list[object] = []
        self.forgot = 0

    def write(self, tile, texture, page, atlas) -> None:
        self.written.append(tile.key)

    def finish(self, tile, texture, pages, atlas) -> None:
        self.finished.append(tile.key)

    def forget(self, atlas, layers, views) -> None:
        self.forgot += 1


def make(*layers: int, budget: int = 2**28) -> Stage:
    stage = Stage(Notes(), Atlas(budget))
    stage.set_scene(scene(VIEW, {layer: look() for layer in layers}))
    return stage


def plane(value: int = 0, n: int = 64) -> np.ndarray:
    return np.full((n, n), value, np.uint8)


def test_at_least_one_piece_is_uploaded_however_short_the_time():
    stage = make(1)
    stage.offer(response(tiles_of(plane(), 32)))
    for n in (1, 2, 3):
        assert stage.upload(lambda: True)
        assert len(stage.backend.finished) == n
    assert not stage.upload(lambda: True)


def test_layers_take_turns_and_coarse_tiles_go_first():
    stage = make(1, 2)
    for layer in (1, 2):
        coarse = tile(plane(n=16), level=2, factor=4, key=(layer, "coarse"))
        fine = [tile(plane(n=16), at=(16 * i, 0), key=(layer, i)) for i in range(2)]
        stage.offer(response([coarse, *fine], layer=layer))
    stage.upload(lambda: False)
    assert stage.backend.finished == [(1, "coarse"), (2, "coarse"), (1, 0), (2, 0), (1, 1), (2, 1)]


def test_no_layer_starves_while_all_of_them_get_new_slices():
    """Of many layers in a drag only some can be uploaded before the next slices come."""
    stage = make(*range(1, 6))
    for position in range(10):
        for layer in range(1, 6):
            made = tile(plane(n=16), key=(layer, position))
            stage.offer(response([made], layer=layer, plane=position, generation=position))
        stage.upload(lambda: True)
    assert [layer for layer, _ in stage.backend.finished] == [1, 2, 3, 4, 5] * 2


def test_layers_at_different_positions_are_torn_and_hidden_ones_do_not_count():
    stage = make(1, 2)
    assert not stage.is_torn(0)
    for layer, position in ((1, 3), (2, 4)):
        stage.offer(response([tile(plane(n=16), key=layer)], layer=layer, plane=position))
    stage.upload(lambda: False)
    assert stage.is_torn(0)
    stage.set_scene(scene(VIEW, {1: look(), 2: look(visible=False)}))
    assert not stage.is_torn(0)


def test_a_layer_that_does_not_move_with_the_others_does_not_tear_a_picture():
    stage = make(1, 2, 3)

    def move(position: int, *layers: int) -> None:
        for layer in layers:
            made = tile(plane(n=16), key=(layer, position))
            stage.offer(response([made], layer=layer, plane=position, generation=position))
        stage.upload(lambda: False)

    move(0, 1, 2, 3)
    move(1, 1, 2)
    assert stage.is_torn(0), "layer 3 may be just coming"
    for position in (2, 3, 4):
        move(position, 1, 2)
    assert not stage.is_torn(0)
    move(5, 1)
    assert stage.is_torn(0), "layer 2 may be just coming"
    move(5, 2, 3)
    assert not stage.is_torn(0)
    move(6, 1, 2)
    assert stage.is_torn(0), "layer 3 moves again"


def test_a_large_tile_is_uploaded_in_pieces_and_drawn_when_whole():
    stage = make(1)
    stage.offer(response([tile(plane(n=600), key="large")]))
    for _ in range(8):
        assert stage.upload(lambda: True)
        assert stage.pictures(0)[2] == {1: 1}
        assert stage.pictures(0)[0][0].tiles == []
    stage.upload(lambda: True)
    assert stage.backend.written == ["large"] * 9
    assert stage.pictures(0)[2] == {1: 0}


def test_a_large_tile_that_nobody_wants_any_more_is_given_up():
    stage = make(1)
    stage.offer(response([tile(plane(n=600), key="large")]))
    stage.upload(lambda: True)
    stage.set_scene(scene(VIEW, {}))
    assert not stage.upload(lambda: True)
    assert stage.atlas.nbytes == 0


def test_tiles_in_the_atlas_are_shown_again_without_an_upload():
    stage = make(1)
    first, second = tile(plane(), key="a"), tile(plane(), key="b")
    for generation, t in enumerate((first, second, first), start=1):
        stage.offer(response([t], generation=generation, plane=generation % 2))
        stage.upload(lambda: False)
        assert stage.pictures(0)[1][1].generation == generation
    assert stage.backend.finished == ["a", "b"]


def test_a_tile_wanted_by_two_views_is_uploaded_once_and_shows_in_both():
    stage = make(1)
    stage.set_scene(scene(VIEW, {1: look()}, view=5))
    shared = tile(plane(), key="shared")
    for view in (0, 5):
        stage.offer(response([shared], view=view))
    stage.dirty.clear()
    stage.upload(lambda: True)
    assert stage.backend.finished == ["shared"]
    assert stage.dirty == {0, 5}


def test_a_coarse_tile_takes_the_place_of_a_finer_one_when_memory_is_full():
    stage = make(1, 2, budget=2 * CELL * CELL)
    fine = [tile(plane(n=16), level=1, factor=4, key="c1"), tile(plane(), key="f1")]
    stage.offer(response(fine, layer=1))
    stage.upload(lambda: False)
    stage.offer(response([tile(plane(n=16), level=1, factor=4, key="c2"), tile(plane(), key="f2")], layer=2))
    assert not stage.upload(lambda: False)
    assert {k for k in ("c1", "f1", "c2", "f2") if k in stage.atlas} == {"c1", "c2"}
    assert stage.pictures(0)[2] == {1: 0, 2: 0}


def test_tiles_outside_the_canvas_are_not_drawn():
    stage = make(1)
    stage.offer(response([tile(plane(), key="in"), tile(plane(), at=(500, 0), key="out")]))
    stage.upload(lambda: False)
    assert [t.key for t in stage.pictures(0)[0][0].tiles] == ["in"]


def test_tiles_that_stand_in_keep_the_range_of_their_dtype():
    stage = make(1)
    stage.set_scene(scene(VIEW, {1: look(contrast_limits=None)}))
    stage.offer(response([tile(plane().astype(np.uint16))]))
    stage.upload(lambda: False)
    stage.offer(response([], generation=2, complete=False, window=((0, 0), (9, 9))))
    assert stage.pictures(0)[0][0].limits == (0, 65535)


def test_a_placeholder_stays_until_the_tiles_that_replace_it_are_uploaded():
    """The complete response to a key that is drawn without any tile yet: nothing else is there to see."""
    stage = make(1)
    extent = ((-0.5, -0.5), (63.5, 63.5))
    stage.offer(response([], complete=False, extent=extent))
    stage.upload(lambda: True)
    stage.offer(response(tiles_of(plane(), 32)))
    for left in (4, 3, 2, 1, 0):
        (picture,), _, _ = stage.pictures(0)
        assert len(picture.tiles) == 4 - left
        assert (picture.placeholder is not None) == (left > 0)
        stage.upload(lambda: True)


# Points


def points_stage(*layers: int, budget: int = 2**28) -> Stage:
    stage = Stage(Notes(), Atlas(budget))
    stage.set_scene(scene(VIEW, {layer: points_look() for layer in layers}))
    return stage


MANY = np.random.default_rng(0).uniform(0, 64, (3 * PIECE + 5, 2))


def test_many_points_are_uploaded_in_pieces_and_drawn_when_all_are_there():
    stage = points_stage(1)
    stage.offer(points_response(MANY, key="many"))
    for _ in range(3):
        assert stage.upload(lambda: True)
        assert stage.pictures(0)[2] == {1: 1}
        assert stage.pictures(0)[0][0].tile is None
    stage.upload(lambda: True)
    assert stage.backend.written == ["many"] * 4
    assert stage.pictures(0)[2] == {1: 0}
    assert stage.pictures(0)[0][0].tile.count == len(MANY)


def test_old_points_stay_until_all_new_ones_are_uploaded():
    stage = points_stage(1)
    stage.offer(points_response(MANY[:10], key="old"))
    stage.upload(lambda: False)
    stage.offer(points_response(MANY, key="new", generation=2, plane=1))
    while stage.upload(lambda: True):
        (picture,), slices, _ = stage.pictures(0)
        assert (slices[1].generation, picture.tile.key) == (1, "old")
    (picture,), slices, _ = stage.pictures(0)
    assert (slices[1].generation, picture.tile.key) == (2, "new")


def test_points_that_are_uploaded_are_shown_again_without_an_upload():
    stage = points_stage(1)
    for generation, key in enumerate("aba", start=1):
        stage.offer(points_response(MANY[:10], key=key, generation=generation, plane=generation % 2))
        stage.upload(lambda: False)
        assert stage.pictures(0)[1][1].generation == generation
    assert stage.backend.finished == ["a", "b"]


def test_the_memory_of_points_counts_and_is_given_back():
    first, second = points_response(MANY, key="a"), points_response(MANY, key="b", generation=2, plane=1)
    nbytes = first.tiles[0].vertices.nbytes
    stage = points_stage(1, budget=2 * nbytes)
    for answer in (first, second, points_response(MANY, key="c", generation=3, plane=2)):
        stage.offer(answer)
        stage.upload(lambda: False)
        assert stage.atlas.nbytes <= 2 * nbytes
        assert stage.pictures(0)[1][1] is answer
    stage.set_scene(scene(VIEW, {}))
    assert stage.atlas.nbytes == 0


def test_points_without_room_are_hatched_and_it_is_said_why(caplog):
    stage = points_stage(1)
    stage.atlas.budget = 100
    stage.offer(points_response(MANY, key="many"))
    assert not stage.upload(lambda: False)
    (picture,), _, pending = stage.pictures(0)
    assert picture.tile is None and len(picture.failed) == 1 and pending == {1: 0}
    assert "raise the setting gpu_budget" in caplog.text


def test_points_and_images_take_turns():
    stage = Stage(Notes(), Atlas())
    stage.set_scene(scene(VIEW, {1: look(), 2: points_look()}))
    stage.offer(response(tiles_of(plane(), 32), layer=1))
    stage.offer(points_response(MANY[:5], layer=2, key="points"))
    stage.upload(lambda: False)
    assert stage.backend.finished.index("points") == 1
    assert [type(p).__name__ for p in stage.pictures(0)[0]] == ["ImagePicture", "PointsPicture"]
