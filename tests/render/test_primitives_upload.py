"""Triangles and lines on their way to the backend: in pieces, whole or not at all, with the values of their own."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.render.atlas import Atlas
from lamella.render.primitives import PIECE, PrimitivesVisual
from lamella.render.stage import Stage
from lamella.slicing.primitives import SEGMENT, PrimitivesTile, ValuesTile
from tests.render.scenes import (
    lut,
    primitives_look,
    primitives_response,
    scene,
    segments,
    state,
    triangles,
)

VIEW = state((64, 64), (31.5, 31.5))
SQUARE = [[9.5, 9.5], [9.5, 49.5], [49.5, 49.5], [49.5, 9.5]]
TWO = [[0, 1, 2], [0, 2, 3]]


class Pieces:
    """A backend that puts the pieces together again."""

    name = "pieces"

    def __init__(self) -> None:
        self.arrays: dict[object, dict[str, list[np.ndarray]]] = {}
        self.finished: list[object] = []

    def write(self, placed, tile, part, atlas) -> None:
        array = getattr(tile, part.of)[part.start : part.stop]
        self.arrays.setdefault(tile.key, {}).setdefault(part.of, []).append(array)

    def finish(self, placed, tile, parts, atlas) -> None:
        self.finished.append(placed.key)

    def forget(self, atlas, layers, views) -> None:
        for key in [key for key in self.arrays if not atlas.has(key)]:
            del self.arrays[key]


def staged(budget: int = 2**28, **changes) -> Stage:
    stage = Stage(Pieces(), Atlas(budget))
    stage.set_scene(scene(VIEW, {1: primitives_look(**changes)}))
    return stage


def numbers(key: object, value: float = 1.0) -> ValuesTile:
    return ValuesTile(key, 16, np.full(4, value, np.float32))


def large(key: object = "large") -> PrimitivesTile:
    """More than one piece of each array."""
    n = 130_000
    random = np.random.default_rng(0)
    places = random.uniform(0, 64, (n, 2))
    made = triangles(places, random.integers(0, n, (3 * n, 3)), texture=np.zeros((1024, 1024, 4), np.uint8))
    lines = segments(places, places + 1)
    nbytes = made.nbytes + lines.nbytes + 2**22
    return PrimitivesTile(key, nbytes, made.origin, made.corners, made.triangles, lines.segments, texture=made.texture)


def test_a_large_slice_is_uploaded_in_pieces_and_drawn_when_whole():
    stage, made = staged(), large()
    stage.offer(primitives_response(made))
    turns = 1
    while stage.upload(lambda: True):
        if made.key in stage.atlas:
            break
        (picture,), _, pending = stage.pictures(0)
        assert picture.tile is None and picture.placeholder is not None and pending == {1: 1}
        turns += 1
    assert turns >= made.nbytes // PIECE
    (picture,), _, pending = stage.pictures(0)
    assert picture.tile is not None and picture.drawable and pending == {1: 0}
    for name, pieces in stage.backend.arrays["large"].items():
        assert len(pieces) > 1 and max(piece.nbytes for piece in pieces) <= PIECE
        np.testing.assert_array_equal(np.concatenate(pieces), getattr(made, name))
    assert stage.backend.arrays["large"].keys() == {"corners", "triangles", "segments", "texture"}


def test_a_million_lines_are_no_piece_longer_than_a_few_thousand_are():
    lines = segments(np.zeros((10**6, 2)), np.ones((10**6, 2)))
    parts = PrimitivesVisual().place(lines, Atlas(), (0, 1), tuple)
    assert parts[0].start == 0 and parts[-1].stop == 10**6
    assert all(a.stop == b.start for a, b in itertools.pairwise(parts))
    assert max(part.stop - part.start for part in parts) * lines.segments.itemsize <= PIECE


def test_the_old_slice_stays_until_triangles_and_values_of_the_new_one_are_there():
    stage = staged(lut=lut(), limits=(0, 1))
    old = triangles(SQUARE, TWO, key="old")
    stage.offer(primitives_response(old, numbers("old values")))
    stage.upload(lambda: False)
    stage.offer(primitives_response(large(), numbers("new values"), generation=2, plane=1))
    while stage.upload(lambda: True):
        if {"large", "new values"} <= set(stage.backend.finished):
            break
        (picture,), slices, _ = stage.pictures(0)
        assert (slices[1].generation, picture.tile.key, picture.placed_values.key) == (1, "old", "old values")
    (picture,), slices, _ = stage.pictures(0)
    assert (slices[1].generation, picture.tile.key, picture.placed_values.key) == (2, "large", "new values")


def test_values_change_without_uploading_the_triangles_again():
    stage, made = staged(lut=lut()), triangles(SQUARE, TWO, key="mesh")
    for generation in (1, 2, 3):
        answer = primitives_response(made, numbers(generation), generation=generation, plane=generation)
        stage.offer(answer)
        stage.upload(lambda: False)
        assert stage.pictures(0)[0][0].placed_values.key == generation
    assert stage.backend.finished == ["mesh", 1, 2, 3]


@settings(deadline=None)
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4), st.booleans()), min_size=1, max_size=30
    ),
    budget=st.sampled_from([2**28, 900, 500]),
)
def test_no_order_of_events_mixes_or_blanks_what_is_drawn(moves, budget):
    """Positions with meshes and values of their own, or shared ones; each shown one is drawn with its own two."""
    stage = staged(budget=budget, lut=lut())
    meshes = [triangles(SQUARE, TWO, key=("mesh", i)) for i in range(3)]
    shown = False
    for generation, (mesh, value, turns, whole) in enumerate(moves, 1):
        tiles = (meshes[mesh], numbers(("values", value))) if whole else ()
        answer = primitives_response(*tiles, generation=generation, plane=3 * mesh + value)
        stage.offer(answer if whole else primitives_response(meshes[mesh], generation=generation, plane=9 + mesh))
        for _ in range(turns):
            stage.upload(lambda: True)
            pictures, slices, _ = stage.pictures(0)
            picture = pictures[0]
            if 1 in slices and picture.tile is not None:
                own = {tile.key for tile in slices[1].tiles}
                placed = {picture.tile.key} | ({picture.placed_values.key} if picture.placed_values else set())
                assert placed <= own
                shown = shown or picture.drawable
            if shown and budget > 1000:
                assert picture.drawable, "it was there before"


def test_what_has_no_room_is_hatched_and_it_is_said_why(caplog):
    stage = staged()
    stage.atlas.budget = 100
    stage.offer(primitives_response(large()))
    assert not stage.upload(lambda: False)
    (picture,), _, pending = stage.pictures(0)
    assert picture.tile is None and len(picture.failed) == 1 and pending == {1: 0}
    assert "raise the setting gpu_budget" in caplog.text


def test_memory_is_counted_and_given_back():
    stage, made = staged(), large()
    stage.offer(primitives_response(made, numbers("values")))
    stage.upload(lambda: False)
    assert stage.atlas.nbytes == made.nbytes + 16
    stage.set_scene(scene(VIEW, {}))
    assert stage.atlas.nbytes == 0 and not stage.backend.arrays


def test_a_slice_without_primitives_is_shown_at_once():
    stage = staged()
    stage.offer(primitives_response(segments(np.zeros((1, 2)), np.zeros((1, 2)), key="one")))
    stage.upload(lambda: False)
    stage.offer(primitives_response(triangles(np.zeros((1, 2)), [], key="none"), generation=2, plane=1))
    stage.upload(lambda: False)
    assert stage.pictures(0)[1][1].generation == 2
    stage.offer(primitives_response(generation=3, plane=2))
    stage.upload(lambda: False)
    assert not stage.pictures(0)[1][1].tiles, "empty"


def test_pieces_of_all_arrays_come_to_their_place(make):
    """Many small triangles and lines, the last of each in a colour of its own; a texture of several pieces."""
    n = 60_000
    places = np.repeat([[0.0, 0.0]], 3 * n, axis=0)
    places[-3:] = [[-4, -4], [140, -4], [-4, 140]]
    color = np.full((3 * n, 4), 255, np.uint8)
    color[-3:] = 10, 20, 30, 255
    stand = make("gl")
    made = triangles(places, np.arange(3 * n).reshape(-1, 3), color=color)
    assert made.corners.nbytes > 2 * PIECE
    picture = stand.draw(VIEW, primitives_response(made), looks={1: primitives_look()})
    assert (picture[..., :3] == (10, 20, 30)).all()
    texture = np.zeros((2048, 512, 4), np.uint8)
    texture[..., 0], texture[..., 3] = np.linspace(0, 255, 2048)[:, None], 255
    made = triangles(SQUARE, TWO, uv=[[0, 0], [1, 0], [1, 1], [0, 1]], texture=texture)
    picture = stand.draw(VIEW, primitives_response(made, generation=2), looks={1: primitives_look()})
    ramp = (np.arange(40) + 0.5) / 40 * 255
    assert np.abs(picture[10:50, 30, 0] - ramp).max() <= 2


def test_a_texture_larger_than_this_gl_can_hold_is_drawn_coarser(make, monkeypatch):
    from lamella.render.gl import primitives

    monkeypatch.setattr(primitives.gl, "glGetParameter", lambda name, ask=primitives.gl.glGetParameter: (
        500 if name == primitives.gl.GL_MAX_TEXTURE_SIZE else ask(name)
    ))  # fmt: skip
    texture = np.zeros((1201, 700, 4), np.uint8)
    texture[..., 0], texture[..., 3] = np.linspace(0, 255, 1201)[:, None], 255
    made = triangles(SQUARE, TWO, uv=[[0, 0], [1, 0], [1, 1], [0, 1]], texture=texture)
    picture = make("gl").draw(VIEW, primitives_response(made), looks={1: primitives_look()})
    assert np.abs(picture[10:50, 30, 0] - (np.arange(40) + 0.5) / 40 * 255).max() <= 3


def test_a_span_is_drawn_whatever_pieces_it_lies_in(make):
    n = 3 * (PIECE // SEGMENT[2].itemsize)
    rows = np.arange(n) * 64 / n - 0.5
    made = segments(np.stack([rows, np.full(n, -9)], 1), np.stack([rows, np.full(n, 80)], 1), width=64 / n)
    stand = make("gl")
    for generation, (first, stop) in enumerate([(0, 64), (8, 24), (20, 50), (40, 44), (22, 21)], 1):
        answer = primitives_response(made, span=(first * n // 64, stop * n // 64), generation=generation)
        picture = stand.draw(VIEW, answer, looks={1: primitives_look()})
        middle = (np.arange(64) > first) & (np.arange(64) < stop - 1)
        outside = (np.arange(64) < first - 1) | (np.arange(64) > stop)
        assert (picture[middle, 30, 0] == 255).all() and not picture[outside, 30, :3].any()
