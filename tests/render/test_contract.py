"""What every renderer promises. `gl` and `reference` draw; `null` only acknowledges."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest

from lamella.model.transforms import Affine
from lamella.render import make_renderer
from lamella.render.gl.context import ContextError
from tests.render.scenes import GREY, look, lut, response, scene, state, tile, tiles_of
from tests.render.stands import ALL, DRAWING, assert_close, noise, sample

# Pictures


@pytest.mark.parametrize("zoom", [0.37, 1.0, 2.9, 17.0])
def test_a_picture_is_the_nearest_sample_under_each_pixel(stand, zoom):
    plane = noise((150, 210))
    view = state((131, 97), (70.3, 101.2), zoom)
    assert_close(stand.draw(view, response([tile(plane)])), sample(plane, view))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int16, np.int32, np.float64])
def test_values_are_scaled_by_the_contrast_limits(stand, dtype):
    plane = noise((60, 60), dtype)
    low, high = np.quantile(plane, [0.1, 0.8])
    view = state((60, 60), (29.5, 29.5))
    picture = stand.draw(view, response([tile(plane)]), looks={1: look(contrast_limits=(low, high))})
    assert_close(picture, np.clip((plane.astype(float) - low) / (high - low), 0, 1) * 255)


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [(np.uint16, 0, 65535), (np.int16, -32768, 32767), (np.float32, 0, 1)]
)
def test_without_limits_the_range_of_the_dtype_is_drawn(stand, dtype, low, high):
    plane = noise((40, 40), dtype)
    view = state((40, 40), (19.5, 19.5))
    picture = stand.draw(view, response([tile(plane)]), looks={1: look(contrast_limits=None)})
    assert_close(picture, (plane.astype(float) - low) / (high - low) * 255)


def test_limits_found_by_slicing_are_used_until_the_look_has_some(stand):
    plane = noise((40, 40), np.float32) * 100
    view = state((40, 40), (19.5, 19.5))
    answer = response([tile(plane)], auto_limits=(20.0, 60.0))
    assert_close(
        stand.draw(view, answer, looks={1: look(contrast_limits=None)}), np.clip((plane - 20) / 40, 0, 1) * 255
    )


def test_equal_limits_are_no_error(stand):
    plane = np.full((20, 20), 5, np.float32)
    picture = stand.draw(
        state((20, 20), (9.5, 9.5)),
        response([tile(plane)], auto_limits=(5.0, 5.0)),
        looks={1: look(contrast_limits=None)},
    )
    assert_close(picture, np.zeros((20, 20)))


def test_a_plane_in_ragged_tiles_is_drawn_without_seams(stand):
    plane = noise((500, 333), np.uint16)
    view = state((333, 500), (249.5, 166.0))
    picture = stand.draw(view, response(tiles_of(plane, 128)), looks={1: look(contrast_limits=(0, 65535))})
    assert_close(picture, plane / 65535 * 255)


def test_a_tile_larger_than_a_page_is_drawn_whole(stand):
    plane = noise((700, 900))
    view = state((900, 700), (349.5, 449.5))
    assert_close(stand.draw(view, response([tile(plane)])), plane)


@pytest.mark.parametrize("zoom", [3.7, 1.0])
def test_linear_interpolation_runs_through_the_pages_of_a_tile(stand, zoom):
    rows, columns = np.mgrid[:300, :300]
    plane = (rows + columns).astype(np.float32)
    view = state((200, 200), (255.6, 255.7), zoom)
    looks = {1: look(contrast_limits=(0, 600), interpolation="linear")}
    picture = stand.draw(view, response([tile(plane)]), looks=looks)
    y = 255.6 + (np.arange(200) + 0.5 - 100) / zoom
    x = 255.7 + (np.arange(200) + 0.5 - 100) / zoom
    expected = (y[:, None] + x) / 600 * 255
    inside = (y[:, None] < 299) & (x < 299)
    assert np.abs(picture[..., 0] - expected)[inside].max() <= 1.5


def test_a_colour_table_and_gamma_are_applied(stand):
    plane = noise((64, 64))
    ramp = np.arange(256)
    table = np.stack([ramp, 255 - ramp, ramp // 2, np.full(256, 255)], axis=1).astype(np.uint8)
    view = state((64, 64), (31.5, 31.5))
    picture = stand.draw(view, response([tile(plane)]), looks={1: look(lut=table, gamma=0.5)})
    assert_close(picture, table[np.rint((plane / 255) ** 0.5 * 255).astype(int), :3])


def test_a_new_colour_table_replaces_the_old_one(stand):
    plane = noise((30, 30))
    view = state((30, 30), (14.5, 14.5))
    answer = response([tile(plane)])
    stand.draw(view, answer)
    picture = stand.draw(view, answer, looks={1: look(lut=GREY[::-1].copy())})
    assert_close(picture, 255 - plane)


def test_rgb_is_drawn_as_it_is(stand):
    plane = noise((50, 60, 4))
    plane[..., 3] = 255
    view = state((60, 50), (24.5, 29.5))
    assert_close(stand.draw(view, response([tile(plane)], rgb=True)), plane[..., :3])


def test_the_alpha_of_rgba_lets_the_background_through(stand):
    plane = noise((50, 60, 4))
    view = state((60, 50), (24.5, 29.5))
    picture = stand.draw(view, response([tile(plane)], rgb=True), background=(0.2, 0.4, 0.6))
    a = plane[..., 3:] / 255
    assert_close(picture, plane[..., :3] * a + np.array([51, 102, 153]) * (1 - a))


@pytest.mark.parametrize("blending", ["translucent", "opaque", "additive"])
def test_nan_is_transparent_and_infinity_is_the_end_of_the_range(stand, blending):
    plane = noise((32, 32), np.float32)
    plane[:8], plane[8:12], plane[12:16] = np.nan, np.inf, -np.inf
    expected = np.nan_to_num(plane, posinf=1, neginf=0) * 255
    expected[:8] = 51 if blending != "additive" else 0
    if blending == "additive":
        expected = expected + 51
    picture = stand.draw(
        state((32, 32), (15.5, 15.5)),
        response([tile(plane)]),
        looks={1: look(contrast_limits=(0, 1), blending=blending)},
        background=(0.2, 0.2, 0.2),
    )
    assert_close(picture, np.minimum(expected, 255))


def test_nan_in_a_fine_tile_does_not_show_the_coarse_one(stand):
    fine = np.full((16, 16), np.nan, np.float32)
    coarse = np.ones((4, 4), np.float32)
    answer = response([tile(fine), tile(coarse, level=1, factor=4)])
    picture = stand.draw(state((16, 16), (7.5, 7.5)), answer, looks={1: look(contrast_limits=(0, 1))})
    assert_close(picture, np.zeros((16, 16)))


@pytest.mark.parametrize(("scale", "translate"), [((0.5, 2.0), (10.0, -3.0)), ((-1.5, 1.0), (40.0, 0.0))])
def test_scale_translate_and_mirroring(stand, scale, translate):
    plane = noise((80, 70))
    transform = Affine.diagonal(scale, translate)
    centre = transform([40.15, 35.2])
    view = state((90, 110), tuple(centre), 1.7)
    picture = stand.draw(view, response(tiles_of(plane, 32), transform=transform))
    assert_close(picture, sample(plane, view, scale, translate))


def test_rotation_and_shear_are_drawn(stand):
    plane = noise((40, 40))
    angle = np.deg2rad(33)
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [[1, 0.4], [0, 1]]
    transform = Affine(linear, [3.0, -7.0])
    centre = transform([19.6, 19.3])
    view = state((150, 150), tuple(centre), 3.0)
    picture = stand.draw(view, response(tiles_of(plane, 16), transform=transform))
    rows, columns = np.mgrid[:150, :150] + 0.5 - 75
    data = transform.inverse(np.stack([rows / 3 + centre[0], columns / 3 + centre[1]], axis=-1).reshape(-1, 2))
    index = np.floor(data + 0.5).astype(int)
    hit = ((index >= 0) & (index < 40)).all(axis=1)
    expected = np.where(hit, plane[tuple(np.where(hit[:, None], index, 0).T)], 0).reshape(150, 150)
    off = np.abs(picture[..., 0].astype(int) - expected) > 1
    assert off.sum() <= 10  # pixels whose centre is on the edge between two samples


@pytest.mark.parametrize("offset", [1e7, 1e9])
def test_data_far_from_the_origin_is_as_sharp_as_at_the_origin(stand, offset):
    plane = noise((64, 64))
    fine = tile(plane, at=(int(offset), int(offset)))
    coarse = tile(noise((4, 4)), level=9, factor=offset)  # a giant texel under it, reaching far beyond the canvas
    view = state((64, 64), (offset + 31.7, offset + 31.6), 4.0)
    picture = stand.draw(view, response([fine, coarse]))
    expected = sample(plane, view, translate=(offset, offset))
    inside = sample(np.ones_like(plane), view, translate=(offset, offset)) == 1
    assert inside.all()
    assert_close(picture, expected)


def test_a_far_translation_is_as_sharp_as_none(stand):
    plane = noise((64, 64))
    transform = Affine.diagonal((0.325, 0.325), (1e7, -3e7))
    centre = tuple(transform([31.6, 31.7]))
    view = state((200, 200), centre, 10.0)
    picture = stand.draw(view, response([tile(plane)], transform=transform))
    assert_close(picture, sample(plane, view, (0.325, 0.325), (1e7, -3e7)))


@pytest.mark.parametrize(("size", "ratio"), [((40, 30), 2.0), ((41, 33), 1.5), ((33, 27), 1.25)])
def test_hidpi_frames_have_device_pixels(stand, size, ratio):
    plane = noise((50, 60))
    view = state(size, (24.6, 29.7), 1.0, ratio)
    picture = stand.draw(view, response([tile(plane)]))
    w, h = view.device_size
    assert picture.shape == (h, w, 4)
    rows, columns = (
        np.floor(c + (np.arange(n) + 0.5) / ratio - logical / 2 + 0.5).astype(int)
        for n, c, logical in ((h, 24.6, size[1]), (w, 29.7, size[0]))
    )
    assert_close(picture, plane[np.ix_(rows, columns)])


def test_the_frame_follows_the_size_of_the_canvas(stand):
    plane = noise((50, 60))
    answer = response([tile(plane)])
    for size in ((60, 50), (120, 90), (7, 3), (60, 50)):
        view = state(size, (24.6, 29.7))
        assert_close(stand.draw(view, answer), sample(plane, view))


def test_fine_tiles_are_drawn_over_coarse_ones_and_each_pixel_once(stand):
    fine, coarse = noise((16, 16)), noise((16, 16))
    answer = response(
        [tile(fine), tile(coarse, level=1, factor=2)], complete=False, extent=((-0.5, -0.5), (31.5, 31.5))
    )
    picture = stand.draw(state((32, 32), (15.5, 15.5)), answer, looks={1: look(opacity=0.5)})
    expected = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1) / 2
    expected[:16, :16] = fine / 2
    assert_close(picture, expected)


# Blending

BLENDS = {
    "opaque": lambda beneath, c, a: c,
    "translucent": lambda beneath, c, a: c * a + beneath * (1 - a),
    "translucent_no_depth": lambda beneath, c, a: c * a + beneath * (1 - a),
    "additive": lambda beneath, c, a: np.minimum(beneath + c * a, 255),
    "minimum": lambda beneath, c, a: np.minimum(beneath, c * a + 255 * (1 - a)),
    "multiplicative": lambda beneath, c, a: beneath * (c * a / 255 + 1 - a),
}


@pytest.mark.parametrize("opacity", [1.0, 0.3])
@pytest.mark.parametrize("blending", BLENDS)
def test_blending_over_another_layer(stand, blending, opacity):
    below, above = noise((40, 40)), noise((40, 40))
    slices = response([tile(below)], layer=1), response([tile(above)], layer=2)
    tint = lut(1, 0.5, 0.2)
    looks = {1: look(), 2: look(lut=tint, blending=blending, opacity=opacity)}
    picture = stand.draw(state((40, 40), (19.5, 19.5)), *slices, looks=looks, background=(0.1, 0.1, 0.1))
    beneath = np.repeat(below[..., None], 3, axis=2).astype(float)
    assert_close(picture, BLENDS[blending](beneath, tint[above, :3].astype(float), opacity))


@pytest.mark.parametrize("blending", ["minimum", "multiplicative"])
def test_the_lowest_layer_is_seen_in_every_blending_mode(stand, blending):
    plane = noise((40, 40))
    picture = stand.draw(state((40, 40), (19.5, 19.5)), response([tile(plane)]), looks={1: look(blending=blending)})
    assert_close(picture, plane)


def test_four_layers_are_blended_bottom_first(stand):
    planes = [noise((40, 40)) for _ in range(4)]
    modes = ["translucent", "additive", "translucent", "multiplicative"]
    opacity = [0.9, 0.5, 0.3, 0.8]
    tints = [lut(1, 1, 1), lut(1, 0, 0), lut(0, 1, 0.5), lut(0.5, 0.7, 1)]
    slices = [response([tile(p)], layer=i) for i, p in enumerate(planes)]
    looks = {i: look(lut=tints[i], blending=modes[i], opacity=opacity[i]) for i in range(4)}
    picture = stand.draw(state((40, 40), (19.5, 19.5)), *slices, looks=looks, background=(0.2, 0.1, 0.3))
    expected = np.broadcast_to(np.array([0.2, 0.1, 0.3]) * 255, (40, 40, 3))
    for plane, mode, a, tint in zip(planes, modes, opacity, tints, strict=True):
        expected = BLENDS[mode](expected, tint[plane, :3].astype(float), a)
    assert_close(picture, expected, tolerance=2)  # an 8-bit frame buffer rounds after each layer


def test_layers_outside_the_canvas_and_empty_slices_draw_nothing(stand):
    away = response([tile(noise((20, 20)), at=(1000, 1000))], layer=1)
    empty = response([], layer=2, empty=True)
    picture = stand.draw(state((20, 20), (9.5, 9.5)), away, empty, background=(0.2, 0.2, 0.2))
    assert_close(picture, np.full((20, 20), 51))


def test_volumes_are_acknowledged_and_not_drawn(stand):
    volume = replace(response([tile(noise((20, 20)))]), dims_displayed=(0, 1, 2))
    assert_close(stand.draw(state((20, 20), (9.5, 9.5)), volume), np.zeros((20, 20)))


# Incomplete slices


def test_a_placeholder_fills_an_incomplete_layer_where_no_tile_is(stand):
    plane = noise((10, 20))
    answer = response([tile(plane)], complete=False, extent=((-0.5, -0.5), (19.5, 19.5)))
    picture = stand.draw(state((40, 40), (19.5, 19.5)), answer)
    expected = np.zeros((40, 40))
    expected[:20, :20] = 0x20
    expected[:10, :20] = plane
    assert_close(picture, expected)


def test_a_complete_layer_has_no_placeholder(stand):
    plane = noise((10, 20))
    answer = response([tile(plane)], extent=((-0.5, -0.5), (19.5, 19.5)))
    picture = stand.draw(state((40, 40), (19.5, 19.5)), answer)
    assert (picture[10:, :, :3] == 0).all()


def test_failed_boxes_are_hatched_over_coarser_tiles_and_under_finer_ones(stand):
    coarse = np.full((2, 2), 200, np.uint8)
    fine = np.full((8, 16), 90, np.uint8)
    box = ((7.5, -0.5), (31.5, 31.5))
    answer = response([tile(fine), tile(coarse, level=2, factor=16)], failed=[box], level=0)
    picture = stand.draw(state((32, 32), (15.5, 15.5)), answer)
    rows, columns = np.mgrid[:32, :32]
    expected = np.where(((rows + columns + 1) % 8 < 4) & (rows >= 8), 0x80, 200)
    expected[:8, :16] = 90
    assert_close(picture, expected)


# What is shown


@pytest.fixture
def planes() -> list[np.ndarray]:
    return [np.full((32, 32), 20 * (i + 1), np.uint8) for i in range(10)]


VIEW = state((32, 32), (15.5, 15.5))


def test_a_frame_says_exactly_what_it_shows(stand, planes):
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    for generation, plane in enumerate(planes, start=1):
        stand.renderer.set_slice(response([tile(plane)], generation=generation, plane=generation))
    stand.shown(_1=10)
    for frame, picture in zip(stand.recorder.frames, stand.recorder.pictures, strict=True):
        shown = frame.slices.get(1)
        assert frame.state == VIEW
        if shown is not None and shown.generation > 1:
            assert (picture[..., 0] == 20 * shown.generation).all()


def test_shown_generations_never_decrease(any_stand, planes):
    any_stand.renderer.set_scene(scene(VIEW, {1: look()}))
    for generation in (1, 3, 2, 5, 4, 7, 6, 9, 8):
        any_stand.renderer.set_slice(response([tile(planes[generation])], generation=generation, plane=generation))
    any_stand.shown(_1=9)
    shown = [f.slices[1].generation for f in any_stand.recorder.frames if 1 in f.slices]
    assert shown == sorted(shown)


def test_the_newest_scene_and_the_newest_slice_are_what_remains(any_stand, planes):
    for i in range(20):
        any_stand.renderer.set_scene(scene(state((32, 32), (15.5 + i, 15.5)), {1: look()}))
        any_stand.renderer.set_slice(response([tile(planes[i % 10])], generation=i, plane=i))
    frame, _ = any_stand.recorder.wait(
        lambda f: f.state.center[1] == 34.5 and 1 in f.slices and f.slices[1].generation == 19 and not f.pending[1]
    )
    assert any_stand.recorder.frames[-1] is frame


def test_a_layer_of_two_levels_never_mixes_two_positions(stand):
    def answer(generation: int, fine: int) -> object:
        value = np.uint8(10 * generation)
        tiles = [tile(np.full((16, 16), value), level=1, factor=2, key=("c", generation))]
        plane = np.full((32, 32), value)
        tiles += tiles_of(plane, 8, key=("f", generation))[:fine]
        extent = ((-0.5, -0.5), (31.5, 31.5))
        return response(tiles, generation=generation, plane=generation, complete=fine == 16, level=0, extent=extent)

    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.renderer.set_slice(answer(1, 16))
    stand.shown(_1=1)
    for generation in range(2, 20):
        for fine in (0, 3, 9):
            stand.renderer.set_slice(answer(generation, fine))
    stand.renderer.set_slice(answer(20, 16))
    stand.shown(_1=20)
    for picture in stand.recorder.pictures[2:]:
        values = set(np.unique(picture[..., 0])) - {0, 0x20}
        assert len(values) <= 1, "two positions in one picture"
    after_first = next(i for i, f in enumerate(stand.recorder.frames) if 1 in f.slices and not f.pending[1])
    for frame, picture in zip(stand.recorder.frames[after_first:], stand.recorder.pictures[after_first:], strict=True):
        assert (picture[..., 0] == 10 * frame.slices[1].generation).all(), "blank, or not what the frame says"


def test_the_old_picture_stays_until_the_coarse_tiles_are_there(stand, planes):
    old = response([tile(planes[0])])
    stand.draw(VIEW, old)
    after = len(stand.recorder.frames)
    stand.renderer.set_slice(response([], generation=2, plane=1, complete=False, extent=((-0.5,) * 2, (31.5,) * 2)))
    stand.renderer.set_scene(scene(VIEW, {1: look()}))  # nothing has changed on screen: no frame comes by itself
    frame, picture = stand.recorder.wait(lambda f: bool(f.pending.get(1)), after)
    assert frame.slices[1] is old
    assert (picture[..., 0] == 20).all()
    stand.renderer.set_slice(response([tile(planes[5], level=1)], generation=2, plane=1, complete=False, level=0))
    _, picture = stand.shown(after=after, _1=2)
    assert (picture[..., 0] == 120).all()


def test_tiles_of_the_picture_before_stand_in_while_the_window_moves(stand):
    left, right = (np.full((32, 32), v, np.uint8) for v in (50, 90))
    before = tile(left), tile(right, at=(0, 32))
    extent = ((-0.5, -0.5), (31.5, 95.5))
    stand.draw(VIEW, response([before[0]], extent=extent, window=((-0.5, -0.5), (31.5, 31.5))))
    moved = ((-0.5, 15.5), (31.5, 47.5))
    view = state((32, 32), (15.5, 31.5))
    picture = stand.draw(view, response([], generation=2, complete=False, extent=extent, window=moved))
    assert (picture[:, :16, 0] == 50).all()
    assert (picture[:, 16:, 0] == 0x20).all()
    picture = stand.draw(view, response([before[1]], generation=3, complete=True, extent=extent, window=moved))
    assert (picture[:, 16:, 0] == 90).all()


def test_any_order_of_windows_ends_in_the_same_picture(make):
    plane = noise((64, 64))
    fine, coarse = tiles_of(plane, 32), tile(noise((16, 16)), level=2, factor=4)
    for name in DRAWING:
        pictures = []
        for first in ([coarse], fine[:3], [coarse, *fine[1:]]):
            stand = make(name)
            view = state((64, 64), (31.5, 31.5))
            stand.draw(view, response(first, complete=False, level=0, extent=((-0.5,) * 2, (63.5,) * 2)))
            pictures.append(stand.draw(view, response([coarse], generation=2)))
        assert all((p == pictures[0]).all() for p in pictures)


def test_slices_of_layers_that_are_not_in_the_scene_are_ignored(any_stand, planes):
    any_stand.renderer.set_slice(response([tile(planes[0])], layer=3))
    any_stand.renderer.set_scene(scene(VIEW, {1: look(), 3: look()}))
    any_stand.renderer.set_slice(response([tile(planes[0])], layer=9))
    any_stand.renderer.set_slice(response([tile(planes[0])]))
    any_stand.shown(_1=1)
    assert all(set(f.slices) <= {1} for f in any_stand.recorder.frames)


def test_an_invisible_layer_is_not_shown_and_comes_back_at_once(any_stand, planes):
    any_stand.renderer.set_scene(scene(VIEW, {1: look()}))
    any_stand.renderer.set_slice(response([tile(planes[0])]))
    any_stand.shown(_1=1)
    after = len(any_stand.recorder.frames)
    any_stand.renderer.set_scene(scene(VIEW, {1: look(visible=False)}))
    any_stand.shown(after=after)
    after = len(any_stand.recorder.frames)
    any_stand.renderer.set_scene(scene(VIEW, {1: look()}))
    any_stand.shown(after=after, _1=1)


def test_two_views_show_their_own_slices(any_stand, planes):
    for view in (0, 1):
        any_stand.renderer.set_scene(scene(VIEW, {1: look()}, view=view))
        any_stand.renderer.set_slice(response([tile(planes[view])], view=view, generation=view + 5, plane=view))
    for view in (0, 1):
        _, picture = any_stand.shown(view=view, _1=view + 5)
        if picture is not None:
            assert (picture[..., 0] == 20 * (view + 1)).all()


# Memory


def test_tiles_and_responses_of_removed_layers_are_freed(any_stand):
    plane = noise((32, 32))
    gone = weakref.ref(plane)
    any_stand.renderer.set_scene(scene(VIEW, {1: look()}))
    any_stand.renderer.set_slice(response([tile(plane)]))
    any_stand.shown(_1=1)
    after = len(any_stand.recorder.frames)
    any_stand.renderer.set_scene(scene(VIEW, {}))
    any_stand.shown(after=after)
    del plane
    any_stand.recorder.frames.clear()
    any_stand.renderer.set_scene(scene(VIEW, {2: look()}))  # the loop has gone round: no local names hold the old slice
    any_stand.shown()
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("name", DRAWING)
def test_a_slice_larger_than_the_budget_ends_drawn_coarser(make, name):
    plane = noise((1024, 1024))
    coarse = np.ascontiguousarray(plane[::4, ::4])
    stand = make(name, budget=6 * 258 * 258)
    fine = tiles_of(plane, 256)
    answer = response([tile(coarse, level=2, factor=4), *fine])
    view = state((1024, 1024), (511.5, 511.5))
    picture = stand.draw(view, answer)
    expected = np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1).copy()
    for t in fine[:5]:
        (r0, r1), (c0, c1) = t.region
        expected[r0:r1, c0:c1] = t.data
    assert_close(picture, expected)


@pytest.mark.parametrize("name", DRAWING)
def test_a_full_budget_keeps_no_layer_blank_and_no_new_position_away(make, name):
    stand = make(name, budget=6 * 258 * 258)
    first, second, third = (noise((512, 512)) for _ in range(3))
    view = state((512, 512), (255.5, 255.5))

    def levels(plane: np.ndarray, layer: int, generation: int) -> object:
        low = tile(np.ascontiguousarray(plane[::2, ::2]), level=1, factor=2)
        return response([low, *tiles_of(plane, 256)], layer=layer, generation=generation, plane=generation)

    one = levels(first, 1, 1)
    stand.draw(view, one)
    two = levels(second, 2, 1)
    picture = stand.draw(view, one, two)
    beneath = np.repeat(np.repeat(second[::2, ::2], 2, axis=0), 2, axis=1)
    assert ((picture[..., 0] == beneath) | (picture[..., 0] == second)).all()
    three = levels(third, 2, 2)
    picture = stand.draw(view, one, three)
    beneath = np.repeat(np.repeat(third[::2, ::2], 2, axis=0), 2, axis=1)
    assert ((picture[..., 0] == beneath) | (picture[..., 0] == third)).all()


def test_a_tile_that_cannot_be_drawn_harms_nothing_else(stand, planes, caplog):
    odd = tile(np.zeros((8, 8), np.uint8))
    broken = type(odd)("odd", 0, odd.region, odd.box, odd.data, np.zeros((8, 8), np.complex64))
    with caplog.at_level("WARNING", "lamella"):
        picture = stand.draw(VIEW, response([broken], layer=1), response([tile(planes[3])], layer=2))
    assert (picture[..., 0] == 80).all()
    assert sum("cannot be drawn" in r.message for r in caplog.records) == 1


def test_an_error_in_drawing_is_told_once_and_the_next_picture_comes(stand, planes, caplog):
    bad = look(lut=None)
    with caplog.at_level("ERROR", "lamella"):
        stand.renderer.set_scene(scene(VIEW, {1: look()}))
        stand.renderer.set_slice(response([tile(planes[0])]))
        stand.shown(_1=1)
        for _ in range(3):
            stand.renderer.set_scene(scene(VIEW, {1: bad}))
        picture = stand.draw(VIEW, response([tile(planes[1])], generation=2, plane=1))
    assert (picture[..., 0] == 40).all()
    assert sum("drawing failed" in r.message for r in caplog.records) <= 1


# Delivery


@pytest.mark.parametrize("name", ALL)
def test_at_most_one_frame_a_view_is_undelivered(make, name, planes):
    stand = make(name, taking=False)
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.recorder.wait(lambda f: True)
    for generation in range(1, 8):
        stand.renderer.set_slice(response([tile(planes[generation])], generation=generation, plane=generation))
    assert len(stand.recorder.frames) == 1
    stand.renderer.frame_taken(0)
    frame, _ = stand.recorder.wait(lambda f: True, after=1)
    assert frame.slices[1].generation == 7
    assert len(stand.recorder.frames) == 2


def test_pixels_stay_as_they_are_until_released(make, planes):
    for name in DRAWING:
        stand = make(name, taking=False)
        held = []
        stand.renderer.set_scene(scene(VIEW, {1: look()}))
        for generation in (1, 2, 3):
            stand.renderer.set_slice(response([tile(planes[generation])], generation=generation, plane=generation))
            i = len(held)
            frame, picture = stand.recorder.wait(lambda f: True, after=i)
            held.append((frame, picture))
            if generation < 3:
                stand.renderer.frame_taken(0)
        assert len({f.pixels.ctypes.data for f, _ in held}) == 3
        for frame, picture in held:
            assert (frame.pixels[..., [2, 1, 0, 3]] == picture).all()
        stand.renderer.frame_taken(0)  # all three buffers are out: the next frame waits for one
        stand.renderer.set_slice(response([tile(planes[9])], generation=9, plane=9))
        held[0][0].release()
        held[0][0].release()  # twice is no harm
        frame, _ = stand.recorder.wait(lambda f: True, after=3)
        assert frame.pixels is held[0][0].pixels


def test_pixels_are_bgra_and_contiguous(stand):
    plane = noise((32, 32, 4))
    plane[..., 3] = 255
    stand.recorder.taking = False
    stand.renderer.set_scene(scene(VIEW, {}))
    stand.recorder.wait(lambda f: True)[0].release()
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.renderer.set_slice(response([tile(plane)], rgb=True))
    stand.renderer.frame_taken(0)
    after = 1
    while True:
        frame, _ = stand.recorder.wait(lambda f: True, after)
        if 1 in frame.slices and not frame.pending[1]:
            break
        frame.release()
        stand.renderer.frame_taken(0)
        after += 1
    assert frame.pixels.flags.c_contiguous
    assert (frame.pixels == plane[..., [2, 1, 0, 3]]).all()


@pytest.mark.parametrize("name", ALL)
def test_a_removed_view_gives_no_more_frames(make, name, planes):
    stand = make(name)
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.renderer.set_slice(response([tile(planes[0])]))
    stand.shown(_1=1)
    stand.renderer.remove_view(0)
    count = len(stand.recorder.frames)
    stand.renderer.set_slice(response([tile(planes[1])], generation=2))
    stand.renderer.set_scene(scene(VIEW, {}, view=1))
    stand.recorder.wait(lambda f: f.view == 1)
    assert [f.view for f in stand.recorder.frames[count:]] == [1]


@pytest.mark.parametrize("name", ALL)
def test_close_leaves_no_thread_and_later_calls_are_harmless(make, name, planes):
    before = set(threading.enumerate())
    stand = make(name)
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.renderer.set_slice(response([tile(planes[0])]))
    stand.shown(_1=1)
    stand.renderer.close()
    assert set(threading.enumerate()) == before
    count = len(stand.recorder.frames)
    stand.renderer.set_scene(scene(VIEW, {1: look()}))
    stand.renderer.set_slice(response([tile(planes[1])], generation=2))
    stand.renderer.frame_taken(0)
    stand.renderer.remove_view(0)
    stand.renderer.close()
    assert len(stand.recorder.frames) == count


def test_renderers_side_by_side_do_not_disturb_each_other(make):
    stands = [make("gl") for _ in range(3)]
    planes = [noise((300, 300)) for _ in stands]
    view = state((300, 300), (149.5, 149.5))
    for stand, plane in zip(stands, planes, strict=True):
        stand.renderer.set_scene(scene(view, {1: look()}))
        stand.renderer.set_slice(response(tiles_of(plane, 64)))
    for stand, plane in zip(stands, planes, strict=True):
        assert_close(stand.shown(_1=1)[1], plane)
    stands[0].renderer.close()
    assert_close(stands[1].draw(view, response(tiles_of(planes[0], 64), generation=2, plane=2)), planes[0])


# Making one


def test_auto_falls_back_to_numpy_with_one_sentence():
    class Broken:
        def make_current(self) -> None:
            raise ContextError("there is no screen")

        def release(self) -> None:
            pass

    with pytest.warns(UserWarning, match="drawn slowly, by numpy, because OpenGL is not available: there is no screen"):
        renderer = make_renderer("auto", lambda frame: None, Broken())
        assert renderer.name == "reference"
    renderer.close()
    with pytest.raises(ContextError, match="there is no screen"):
        make_renderer("gl", lambda frame: None, Broken())


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="choose auto, gl, reference or null"):
        make_renderer("vulkan", lambda frame: None)


def test_a_scene_that_looks_the_same_is_not_drawn_again(any_stand):
    """Moving a slider changes the point of a scene; the picture changes when the slice comes."""
    plane = np.full((32, 32), 50, np.uint8)
    first = replace(scene(VIEW, {1: look()}), serial=1)
    any_stand.renderer.set_scene(first)
    any_stand.renderer.set_slice(response([tile(plane)]))
    any_stand.shown(_1=1)
    count = len(any_stand.recorder.frames)
    moved = replace(first, state=replace(VIEW, point=(7.0, *VIEW.point[1:])))
    any_stand.renderer.set_scene(moved)
    any_stand.renderer.set_slice(response([tile(plane)], generation=2))
    any_stand.shown(after=count, _1=2)
    assert len(any_stand.recorder.frames) == count + 1
    assert any_stand.recorder.frames[-1].state.point[0] == 7
