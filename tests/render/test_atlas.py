"""Atlas: every cell has one owner, the budget holds, what is drawn is never thrown out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.render.atlas import CELL, Atlas, Page, TextureFormat, cell_texels

R8, R16 = TextureFormat.R8, TextureFormat.R16
CELL_BYTES = CELL * CELL


def add(atlas: Atlas, key: str, shape=(256, 256), format=R8, owner="a", pinned=()):
    pages = atlas.place(key, format, shape, owner, lambda: set(pinned))
    if pages is not None:
        atlas.finish(key)
    return pages


def test_a_tile_is_split_into_pages_that_cover_it():
    pages = add(Atlas(), "t", (600, 257))
    assert pages is not None
    covered = np.zeros((600, 257), int)
    for page in pages:
        covered[slice(*page.rows), slice(*page.columns)] += 1
    assert (covered == 1).all()
    assert len({(p.sheet, p.row, p.column) for p in pages}) == 6


def test_a_tile_counts_only_when_it_is_written():
    atlas = Atlas()
    atlas.place("t", R8, (10, 10), "a")
    assert "t" not in atlas
    atlas.finish("t")
    assert "t" in atlas


def test_the_least_recently_drawn_tile_makes_room():
    atlas = Atlas(2 * CELL_BYTES)
    add(atlas, "old"), add(atlas, "new")
    atlas.touch("old", "a")
    assert add(atlas, "third") is not None
    assert ("old" in atlas, "new" in atlas) == (True, False)


def test_a_pinned_tile_stays_and_nothing_goes_in_vain():
    atlas = Atlas(3 * CELL_BYTES)
    for key in "abc":
        add(atlas, key)
    assert add(atlas, "wide", (256, 512), pinned="ab") is None
    assert all(key in atlas for key in "abc")
    assert add(atlas, "wide", (256, 512), pinned="a") is not None
    assert "a" in atlas


def test_a_tile_larger_than_the_budget_gets_no_place():
    assert add(Atlas(3 * CELL_BYTES), "t", (512, 512)) is None
    assert add(Atlas(10), "t", (1, 1)) is None


def test_sheets_of_another_format_make_room_when_nothing_of_them_is_drawn():
    atlas = Atlas(4 * CELL_BYTES)
    add(atlas, "byte")
    assert add(atlas, "word", format=R16, pinned={"byte"}) is None
    assert add(atlas, "word", format=R16) is not None
    assert "byte" not in atlas
    assert atlas.nbytes <= atlas.budget


def test_tiles_are_freed_with_their_last_owner():
    atlas = Atlas()
    add(atlas, "mine"), add(atlas, "shared")
    atlas.touch("shared", "b")
    atlas.release("a")
    assert "mine" not in atlas and "shared" in atlas
    atlas.release("b")
    assert atlas.nbytes == 0 and not atlas.sheets


def test_buffers_and_sheets_share_one_budget():
    atlas = Atlas(4 * CELL_BYTES)
    assert atlas.place_buffer("points", 3 * CELL_BYTES, "a")
    atlas.finish("points")
    assert atlas.nbytes == 3 * CELL_BYTES
    assert add(atlas, "tile", (256, 512), pinned={"points"}) is None
    assert add(atlas, "tile", (256, 512)) is not None
    assert "points" not in atlas and atlas.nbytes <= atlas.budget


def test_a_buffer_takes_the_room_of_what_was_drawn_longest_ago():
    atlas = Atlas(6 * CELL_BYTES)
    for key in ("old", "new"):
        assert atlas.place_buffer(key, 3 * CELL_BYTES, "a")
        atlas.finish(key)
    atlas.touch("old", "a")
    assert not atlas.place_buffer("large", 7 * CELL_BYTES, "a")
    assert not atlas.place_buffer("third", 4 * CELL_BYTES, "a", lambda: {"old"})
    assert "old" in atlas and "new" in atlas, "nothing goes in vain"
    assert atlas.place_buffer("third", 2 * CELL_BYTES, "a", lambda: {"old"})
    assert "old" in atlas and "new" not in atlas


def test_a_buffer_takes_the_room_of_sheets_that_nobody_draws():
    atlas = Atlas(2 * CELL_BYTES)
    add(atlas, "tile")
    assert not atlas.place_buffer("points", CELL_BYTES, "b", lambda: {"tile"})
    assert atlas.place_buffer("points", CELL_BYTES, "b")
    assert "tile" not in atlas
    atlas.release("b")
    assert atlas.nbytes == 0


def test_a_buffer_counts_only_when_it_is_written():
    atlas = Atlas()
    assert atlas.place_buffer("none", 0, "a")
    assert "none" not in atlas and atlas.has("none")
    atlas.finish("none")
    assert "none" in atlas


@pytest.mark.parametrize(
    ("shape", "dtype", "format"),
    [
        ((4, 4), np.uint8, TextureFormat.R8),
        ((4, 4), np.uint16, TextureFormat.R16),
        ((4, 4), np.float32, TextureFormat.R32F),
        ((4, 4, 4), np.uint8, TextureFormat.RGBA8),
    ],
)
def test_the_format_follows_the_texture(shape, dtype, format):
    assert TextureFormat.of(np.zeros(shape, dtype)) is format


def test_textures_that_cannot_be_held_are_refused_in_one_sentence():
    for odd in (np.zeros((4, 4), np.float64), np.zeros((4, 4, 3), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match="no texture holds"):
            TextureFormat.of(odd)


def test_the_gutter_holds_the_neighbours_and_repeats_the_edge():
    texture = np.arange(5 * 7, dtype=np.uint8).reshape(5, 7)
    padded = np.pad(texture, 1, mode="edge")
    for rows in ((0, 3), (3, 5), (0, 5)):
        for columns in ((0, 4), (4, 7)):
            cell = cell_texels(texture, Page(0, 0, 0, rows, columns))
            expected = padded[rows[0] : rows[1] + 2, columns[0] : columns[1] + 2]
            assert (cell == expected).all()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["place", "touch", "release"]),
            st.integers(0, 8),
            st.integers(1, 700),
            st.integers(1, 700),
            st.sampled_from([R8, R16]),
            st.sets(st.integers(0, 8), max_size=3),
        ),
        max_size=40,
    ),
    st.integers(0, 20),
)
def test_cells_are_never_shared_and_the_budget_always_holds(steps, cells):
    atlas = Atlas(cells * CELL_BYTES)
    for what, key, rows, columns, format, pinned in steps:
        before = {k for k in pinned if k in atlas}
        if what == "place" and key not in atlas:
            add(atlas, key, (rows, columns), format, owner=key % 3, pinned=pinned)
            assert all(k in atlas for k in before)
        elif what == "touch" and key in atlas:
            atlas.touch(key, key % 2)
        elif what == "release":
            atlas.release(key % 3)
        assert atlas.nbytes <= atlas.budget
        used = [(p.sheet, p.row, p.column) for k in range(9) if k in atlas for p in atlas.pages(k)]
        free = [(s.id, *cell) for s in atlas.sheets.values() for cell in s.free]
        assert len(used) + len(free) == len({*used, *free})
        assert {*used, *free} == {
            (s.id, r, c) for s in atlas.sheets.values() for r in range(s.rows) for c in range(s.columns)
        }
