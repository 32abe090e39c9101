"""Labels: every id has its colour, exactly, whatever the renderer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lamella import ViewerModel
from lamella.model.transforms import Affine
from lamella.render.gl.label_table import label_table
from lamella.slicing.labels import contours
from tests.render.scenes import LABEL_COLORS, labels_look, labels_tile, look, response, state, tile
from tests.render.stands import DRAWING, assert_close, noise, rng, sample

EXTREMES = [0, 1, 2, 255, 256, 257, 65535, 65536, 2**24 - 1, 2**24, 2**24 + 1, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]
VIEW = state((40, 40), (19.5, 19.5))


def ids(shape: tuple[int, int] = (40, 40)) -> np.ndarray:
    """Background, small ids, ids of all sizes and those at the ends of the bytes."""
    plane = rng.integers(0, 2**32, shape, dtype=np.uint32) >> rng.integers(0, 32, shape, dtype=np.uint32)
    plane[rng.random(shape) < 0.2] = 0
    plane.ravel()[: len(EXTREMES)] = EXTREMES
    return plane


def colored(plane: np.ndarray, colors: np.ndarray = LABEL_COLORS) -> np.ndarray:
    return np.where(plane[..., None] == 0, 0, colors[plane % np.uint32(len(colors)), :3])


def answer(plane: np.ndarray, **how):
    return response([labels_tile(plane)], kind="labels", **how)


@pytest.mark.parametrize("count", [1, 2, 49, 50, 255, 256, 1000, 2**14 - 1, 2**14])
def test_ids_take_their_colours_in_turn(stand, count):
    plane = ids()
    colors = noise((count, 4))
    colors[:, 3] = 255
    picture = stand.draw(VIEW, answer(plane), looks={1: labels_look(colors=colors)})
    assert_close(picture, colored(plane, colors), tolerance=0)


@pytest.mark.parametrize("zoom", [0.37, 2.9, 17.0])
def test_a_picture_is_the_nearest_id_under_each_pixel(stand, zoom):
    plane = ids((150, 210))
    view = state((131, 97), (70.3, 101.2), zoom)
    picture = stand.draw(view, answer(plane), looks={1: labels_look()})
    assert_close(picture, colored(sample(plane, view)), tolerance=0)


@pytest.mark.parametrize("count", [0, 1, 3, 200, 5000])
def test_direct_colours_belong_to_their_ids_and_all_others_have_the_default(stand, count):
    plane = ids()
    keys = np.unique(np.concatenate([rng.integers(1, 2**32, count, dtype=np.uint32), plane.ravel()[:count:2]]))
    colors = noise((len(keys), 4))
    colors[:, 3] = 255
    looks = {1: labels_look(direct=(keys, colors), default_color=(9, 80, 70, 255))}
    picture = stand.draw(VIEW, answer(plane), looks=looks)
    expected = np.broadcast_to(np.array([9, 80, 70]), (40, 40, 3)).copy()
    for key, color in zip(keys, colors, strict=True):
        expected[plane == key] = color[:3]
    expected[plane == 0] = 0
    assert_close(picture, expected, tolerance=0)


def test_neighbouring_ids_all_have_direct_colours(stand):
    plane = np.arange(1600, dtype=np.uint32).reshape(40, 40)
    keys = np.arange(1600, dtype=np.uint32)
    colors = noise((1600, 4))
    colors[:, 3] = 255
    picture = stand.draw(VIEW, answer(plane), looks={1: labels_look(direct=(keys, colors))})
    colors[0] = 0  # the background stays transparent, even if somebody gives it a colour
    assert_close(picture, colors[plane, :3], tolerance=0)


@pytest.mark.parametrize("selected", [1, 256, 2**24 + 1, 2**32 - 1])
@pytest.mark.parametrize("direct", [False, True])
def test_only_the_selected_label_is_shown(stand, selected, direct):
    plane = ids()
    looks = labels_look(selected=selected)
    if direct:
        keys = np.array([selected], np.uint32)
        looks = labels_look(selected=selected, direct=(keys, LABEL_COLORS[keys % np.uint32(49)]))
    picture = stand.draw(VIEW, answer(plane), looks={1: looks})
    assert_close(picture, np.where(plane[..., None] == selected, colored(plane), 0), tolerance=0)


def test_selecting_the_background_shows_nothing(stand):
    looks = labels_look(selected=0, colors=np.full((1, 4), 255, np.uint8))
    assert_close(stand.draw(VIEW, answer(ids()), looks={1: looks}), np.zeros((40, 40)))


def test_colours_that_are_changed_are_drawn_from_then_on(stand):
    plane = ids()
    stand.draw(VIEW, answer(plane), looks={1: labels_look()})
    other = LABEL_COLORS[::-1].copy()
    assert_close(stand.draw(VIEW, answer(plane), looks={1: labels_look(colors=other)}), colored(plane, other), 0)
    keys = np.array([1, 2], np.uint32)
    direct = labels_look(direct=(keys, other[:2]))
    stand.draw(VIEW, answer(plane), looks={1: direct})
    assert_close(stand.draw(VIEW, answer(plane), looks={1: labels_look()}), colored(plane), 0)


BLENDS = {
    "opaque": lambda beneath, c, a: c,
    "translucent": lambda beneath, c, a: c * a + beneath * (1 - a),
    "additive": lambda beneath, c, a: np.minimum(beneath + c * a, 255),
    "minimum": lambda beneath, c, a: np.minimum(beneath, c * a + 255 * (1 - a)),
    "multiplicative": lambda beneath, c, a: beneath * (c * a / 255 + 1 - a),
}


@pytest.mark.parametrize("opacity", [1.0, 0.5])
@pytest.mark.parametrize("blending", BLENDS)
def test_labels_over_an_image_leave_it_alone_where_there_is_no_label(stand, blending, opacity):
    below, plane = noise((40, 40)), ids()
    colors = LABEL_COLORS.copy()
    colors[::5, 3] = 0  # transparent colours are no label either, in any mode
    slices = response([tile(below)]), answer(plane, layer=2)
    looks = {1: look(), 2: labels_look(colors=colors, blending=blending, opacity=opacity)}
    picture = stand.draw(VIEW, *slices, looks=looks)
    beneath = np.repeat(below[..., None], 3, axis=2).astype(float)
    seen = (plane != 0) & (colors[plane % np.uint32(49), 3] > 0)
    expected = np.where(
        seen[..., None], BLENDS[blending](beneath, colored(plane, colors).astype(float), opacity), beneath
    )
    assert_close(picture, expected)


def test_a_turned_layer_shows_ids_and_nothing_between_them(stand):
    plane = ids((30, 30))
    angle = np.deg2rad(31)
    transform = Affine([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], [4.0, 2.0])
    centre = transform([14.6, 14.3])
    view = state((120, 120), tuple(centre), 2.9)
    picture = stand.draw(view, answer(plane, transform=transform), looks={1: labels_look()})
    rows, columns = np.mgrid[:120, :120] + 0.5 - 60
    data = transform.inverse(np.stack([rows / 2.9 + centre[0], columns / 2.9 + centre[1]], axis=-1).reshape(-1, 2))
    index = np.floor(data + 0.5).astype(int)
    hit = ((index >= 0) & (index < 30)).all(axis=1)
    seen = np.where(hit, plane[tuple(np.where(hit[:, None], index, 0).T)], 0).reshape(120, 120)
    off = (picture[..., :3] != colored(seen)).any(axis=-1)
    assert off.sum() <= 10  # pixels whose centre is on the edge between two samples


def test_fine_tiles_replace_coarse_ones_even_where_they_are_background(stand):
    fine, coarse = ids((16, 16)), ids((16, 16))
    tiles = [labels_tile(fine), labels_tile(coarse, level=1, factor=2)]
    picture = stand.draw(
        state((32, 32), (15.5, 15.5)), response(tiles, kind="labels"), looks={1: labels_look(opacity=0.5)}
    )
    expected = colored(np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1)) / 2
    expected[:16, :16] = colored(fine) / 2
    assert_close(picture, expected)


def test_a_placeholder_is_a_veil_that_lets_the_image_through(stand):
    below = np.full((40, 40), 200, np.uint8)
    extent = ((-0.5, -0.5), (19.5, 19.5))
    slices = response([tile(below)]), answer(ids((10, 20)) * 0, layer=2, complete=False, extent=extent)
    picture = stand.draw(VIEW, *slices, looks={1: look(), 2: labels_look(opacity=0.8)})
    expected = np.full((40, 40), 200.0)
    expected[10:20, :20] = 200 * 0.8 + 0x20 * 0.2
    assert_close(picture, expected)


def test_failed_chunks_of_labels_are_hatched(stand):
    box = ((-0.5, -0.5), (39.5, 39.5))
    picture = stand.draw(VIEW, response([], kind="labels", failed=[box], level=0), looks={1: labels_look()})
    rows, columns = np.mgrid[:40, :40]
    assert_close(picture, np.where((rows + columns + 1) % 8 < 4, 0x80, 0))


@pytest.mark.parametrize("name", DRAWING)
@pytest.mark.parametrize("contour", [0, 1, 3])
def test_the_contours_of_a_layer_have_no_seams_between_tiles(make, tmp_path, name, contour):
    zarr = pytest.importorskip("zarr")
    plane = np.kron(rng.integers(0, 5, (12, 12)), np.ones((8, 8), int)).astype(np.uint32) * 2**27
    stored = zarr.create_array(str(tmp_path / "ids.zarr"), shape=plane.shape, chunks=(40, 40), dtype="uint32")
    stored[:] = plane
    with ViewerModel() as viewer:
        layer = viewer.add_labels(stored, contour=contour, opacity=1.0)
        viewer.wait_until_loaded()
        response, appearance = replace(viewer.slices[layer], view=0), layer.look()
    assert len(response.tiles) == 9
    stand = make(name)
    picture = stand.draw(state((96, 96), (47.5, 47.5)), response, looks={response.layer: appearance})
    seen = contours(plane, contour) if contour else plane
    assert_close(picture, colored(seen, appearance.colors), tolerance=0)


@pytest.mark.parametrize("count", [0, 1, 7, 1000, 100_000])
def test_a_search_in_the_table_of_colours_is_short_and_finds_every_id(count):
    keys = np.unique(rng.integers(1, 2**32, count, dtype=np.uint32))
    colors = noise((len(keys), 4))
    table = label_table(keys, colors)
    assert table.probes <= 32
    flat, slots = table.keys.reshape(-1, 4), table.keys.shape[0] * table.keys.shape[1]
    parts = keys[:, None].view(np.uint8).reshape(-1, 4)
    assert max(table.factors) * 255 * 4 < 2**24
    at = (parts.astype(np.int64) @ np.array(table.factors).astype(np.int64)) % slots
    left = np.arange(len(keys))
    for _ in range(table.probes):
        found = (flat[at[left]] == parts[left]).all(axis=1)
        assert (table.colors.reshape(-1, 4)[at[left[found]]] == colors[left[found]]).all()
        assert flat[at[left[~found]]].any(axis=1).all(), "a free slot ends the search"
        left = left[~found]
        at[left] = (at[left] + 1) % slots
    assert not len(left)
