"""Points: every symbol has its shape, size, border and place, in each renderer and at any zoom."""

from __future__ import annotations

import numpy as np
import pytest

from lamella.model.layers.point_style import SYMBOLS
from lamella.model.transforms import Affine
from lamella.render import points as visual
from lamella.slicing.symbols import covers
from tests.render.scenes import look, points_look, points_response, response, state, tile
from tests.render.stands import Stand, assert_close, noise, rng

CENTRE = (31.5, 31.5)
VIEW = state((64, 64), CENTRE)


def shape_of(
    symbol: str, size: float, at=(32.0, 32.0), n: int = 64, grown: float = 0.0, samples: int = 8, soft: float = 1.0
) -> np.ndarray:
    """The part of each pixel, or of ``soft`` pixels around its centre, that a symbol covers, by counting."""
    within = ((np.arange(samples) + 0.5) / samples - 0.5) * soft
    steps = (np.arange(n)[:, None] + 0.5 + within).ravel()
    hit = covers(symbol, steps[None] - at[1], steps[:, None] - at[0], size, grown)
    return hit.reshape(n, samples, n, samples).mean(axis=(1, 3))


def draw(stand: Stand, answer, view=VIEW, background=(0.0, 0.0, 0.0), **changes) -> np.ndarray:
    return stand.draw(view, answer, looks={1: points_look(**changes)}, background=background)


def assert_alike(picture: np.ndarray, expected: np.ndarray, outline: float = 200) -> None:
    """Equal but for the pixels of an outline, where distance and coverage differ a little."""
    if expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    difference = np.abs(picture[..., :3] - expected)
    assert difference.max() <= 100, "a pixel is altogether wrong"
    assert (difference > 40).any(axis=-1).sum() <= 0.08 * outline + 2
    assert difference.sum() <= 255 * 3 * (0.06 * outline + 0.5)


@pytest.mark.parametrize("size", [3.0, 8.5, 21.0, 50.0])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_symbol_has_its_shape(stand, symbol, size):
    picture = draw(stand, points_response([[31.8, 31.3]], size=size, symbol=SYMBOLS.index(symbol)))
    assert_alike(picture, 255 * shape_of(symbol, size, (32.3, 31.8)), outline=5 * size)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_border_lies_inside_the_outline(stand, symbol):
    answer = points_response(
        [CENTRE], size=50, border=3, symbol=SYMBOLS.index(symbol), face=(255, 0, 0, 255), edge=(0, 255, 0, 255)
    )
    whole, inner = shape_of(symbol, 50), shape_of(symbol, 50, grown=-3)
    expected = 255 * np.stack([inner, whole - inner, 0 * inner], axis=-1)
    assert_alike(draw(stand, answer), expected, outline=500)


def test_a_border_as_wide_as_the_symbol_leaves_no_face(stand):
    answer = points_response([CENTRE], size=20, border=10, face=(255, 0, 0, 255), edge=(0, 255, 0, 255))
    picture = draw(stand, answer)
    assert picture[..., 0].max() <= 8
    assert_alike(picture[..., [1, 1, 1]], 255 * shape_of("disc", 20), outline=60)


def test_hard_edges_have_no_shades(stand):
    picture = draw(stand, points_response([[31.8, 31.3]], size=21), antialiasing=0.0)
    assert set(np.unique(picture[..., 0])) == {0, 255}
    assert (np.abs(picture[..., 0] - 255.0 * shape_of("disc", 21, (32.3, 31.8), samples=1)) > 1).sum() <= 2


def test_points_keep_their_own_sizes_symbols_and_colours(stand):
    places = np.stack(np.mgrid[:4, :4], axis=-1).reshape(-1, 2) * 16 + 7.5
    sizes, symbols = rng.uniform(4, 14, 16), rng.integers(0, 14, 16)
    faces = noise((16, 4))
    faces[:, 3] = 255
    picture = draw(stand, points_response(places, size=sizes, symbol=symbols, face=faces))
    expected = np.zeros((64, 64, 3))
    for at, size, symbol, face in zip(places, sizes, symbols, faces, strict=True):
        expected += shape_of(SYMBOLS[symbol], size, at + 0.5)[..., None] * face[:3]
    assert_alike(picture, expected, outline=600)


def test_later_points_are_drawn_over_earlier_ones(stand):
    colors = [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]
    for order in ([0, 1, 2], [2, 0, 1]):
        faces = [colors[i] for i in order]
        picture = draw(stand, points_response([CENTRE] * 3, size=[40, 30, 20], symbol=1, face=faces))
        assert [tuple(picture[32, x]) for x in (14, 20, 32)] == faces


@pytest.mark.parametrize("n", [70_000])
def test_the_order_holds_over_the_pieces_of_a_large_buffer(make, n):
    faces = np.zeros((n, 4), np.uint8)
    faces[:, 3] = 255
    faces[-1] = (1, 2, 3, 255)
    picture = draw(make("gl"), points_response(np.full((n, 2), 31.5), size=10, symbol=1, face=faces))
    assert tuple(picture[32, 32]) == (1, 2, 3, 255)


BLENDS = {
    "opaque": lambda beneath, c, a: c,
    "translucent": lambda beneath, c, a: c * a + beneath * (1 - a),
    "additive": lambda beneath, c, a: np.minimum(beneath + c * a, 255),
    "minimum": lambda beneath, c, a: np.minimum(beneath, c * a + 255 * (1 - a)),
    "multiplicative": lambda beneath, c, a: beneath * (c * a / 255 + 1 - a),
}


@pytest.mark.parametrize("opacity", [1.0, 0.5])
@pytest.mark.parametrize("blending", BLENDS)
def test_points_are_blended_one_by_one_over_the_layers_below(stand, blending, opacity):
    below = noise((64, 64))
    face = np.array([200, 100, 30, 180])
    slices = response([tile(below)]), points_response([CENTRE] * 2, size=[40, 20], symbol=1, face=face, layer=2)
    looks = {1: look(), 2: points_look(blending=blending, opacity=opacity)}
    picture = stand.draw(VIEW, *slices, looks=looks)
    expected = np.repeat(below[..., None], 3, axis=2).astype(float)
    for half in (20, 10):
        part = expected[32 - half : 32 + half, 32 - half : 32 + half]
        part[:] = BLENDS[blending](part, face[:3].astype(float), 180 / 255 * opacity)
    assert_close(picture, expected, tolerance=2)


@pytest.mark.parametrize("blending", BLENDS)
def test_transparent_points_change_nothing(stand, blending):
    below = noise((64, 64))
    slices = response([tile(below)]), points_response([CENTRE], size=40, border=4, edge=(1, 2, 3, 0), face=0, layer=2)
    assert_close(stand.draw(VIEW, *slices, looks={1: look(), 2: points_look(blending=blending)}), below)


@pytest.mark.parametrize("blending", ["minimum", "multiplicative"])
def test_the_lowest_layer_is_seen_in_every_blending_mode(stand, blending):
    picture = draw(stand, points_response([CENTRE], size=40), blending=blending)
    assert (picture[32, 32] == 255).all()


def test_points_do_not_hide_the_layers_above_them(stand):
    above = noise((64, 64))
    slices = points_response([CENTRE], size=40), response([tile(above)], layer=2)
    assert_close(stand.draw(VIEW, *slices, looks={1: points_look(), 2: look()}), above)


# Places and sizes


@pytest.mark.parametrize("zoom", [1e-3, 0.1, 1.0, 37.0, 1e3, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_point_is_where_it_is_at_any_zoom(stand, zoom, offset):
    centre = offset + 1234.56789
    size = 20 / zoom
    others = centre + rng.uniform(-1e5, 1e5, (50, 2)) * max(1 / zoom, 1.0)
    places = np.concatenate([others[np.abs(others - centre).max(axis=1) > 60 / zoom], [[centre, centre]]])
    view = state((64, 64), (centre + 3.25 / zoom, centre - 5.75 / zoom), zoom)
    picture = draw(stand, points_response(places, size=size), view)
    assert_alike(picture, 255 * shape_of("disc", 20, (32 - 3.25, 32 + 5.75)), outline=100)


@pytest.mark.parametrize("size", [200.0, 1000.0, 1e5])
@pytest.mark.parametrize("symbol", ["disc", "square", "star"])
def test_a_symbol_larger_than_the_canvas_is_cut_at_its_edge(stand, symbol, size):
    at = (32.0 + 0.5 * size * 0.9, 32.0)
    answer = points_response([[at[0] - 0.5, at[1] - 0.5]], size=size, symbol=SYMBOLS.index(symbol))
    assert_alike(draw(stand, answer), 255 * shape_of(symbol, size, at), outline=200)


@pytest.mark.parametrize("at", [(-4.0, 30.0), (30.0, -4.0), (68.0, 30.0), (30.0, 68.0), (-3.0, -3.0), (67.0, 67.0)])
def test_a_point_whose_centre_is_outside_is_seen_as_far_as_it_reaches_in(stand, at):
    picture = draw(stand, points_response([[at[0] - 0.5, at[1] - 0.5]], size=20))
    expected = 255 * shape_of("disc", 20, at)
    assert expected.any()
    assert_alike(picture, expected, outline=60)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_tiny_point_is_drawn_large_enough_to_be_seen(stand, ratio):
    view = state((64, 64), CENTRE, 1e-3, ratio)
    picture = draw(stand, points_response([CENTRE], size=1), view)
    assert picture[..., 0].sum() / 255 == pytest.approx(np.pi * (visual.MIN_DIAMETER * ratio / 2) ** 2, rel=0.3)


def test_points_of_no_size_and_at_no_place_are_not_drawn(stand):
    places = [CENTRE, (np.nan, 31.5), (31.5, np.inf)]
    assert_close(draw(stand, points_response(places, size=[0, 10, 10])), np.zeros((64, 64)))


@pytest.mark.parametrize("size", [12.0, 500.0])
def test_a_symbol_keeps_its_shape_in_a_stretched_turned_mirrored_layer(stand, size):
    """Its size follows the smallest scale; its place the whole transform."""
    angle = np.deg2rad(40)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    transform = Affine(turn @ np.diag([-3.0, 1.5]), [5.0, -8.0])
    places = np.array([[4.0, 7.0], [9.0, -2.0]])
    world = transform(places)
    view = state((64, 64), tuple(world.mean(axis=0)))
    symbol = SYMBOLS.index("triangle_up")
    picture = draw(stand, points_response(places, size=size, symbol=symbol, transform=transform), view)
    at = world - world.mean(axis=0) + 32
    shapes = [shape_of("triangle_up", size * 1.5, place) for place in at]
    assert_alike(picture, 255 * np.maximum(*shapes), outline=200)


@pytest.mark.parametrize(("size", "ratio"), [((40, 30), 2.0), ((41, 33), 1.5), ((33, 27), 1.25)])
def test_hidpi_frames_have_larger_symbols(stand, size, ratio):
    view = state(size, (20.0, 20.0), 1.0, ratio)
    picture = draw(stand, points_response([[20.0, 20.0]], size=16), view)
    w, h = view.device_size
    expected = shape_of("disc", 16 * ratio, (size[1] * ratio / 2, size[0] * ratio / 2), n=max(w, h), soft=ratio)[:h, :w]
    assert_alike(picture, 255 * expected, outline=100)


def test_both_renderers_agree_on_a_crowd(make):
    n = 300
    answer = points_response(
        rng.uniform(-5, 70, (n, 2)),
        size=rng.uniform(2, 25, n),
        border=rng.uniform(0, 3, n),
        symbol=rng.integers(0, 14, n),
        face=noise((n, 4)),
        edge=noise((n, 4)),
    )
    pictures = [draw(make(name), answer, background=(0.2, 0.3, 0.4), opacity=0.8) for name in ("gl", "reference")]
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    assert difference.mean() <= 4
    assert (difference.max(axis=-1) > 60).mean() <= 0.01


# Incomplete slices, and what is shown


def test_a_new_slice_replaces_the_old_one_only_when_all_its_points_are_uploaded(any_stand):
    draw(any_stand, points_response([CENTRE], size=20))
    draw(any_stand, points_response(rng.uniform(0, 64, (200, 2)), size=3, generation=2, plane=1))
    for frame, picture in zip(any_stand.recorder.frames, any_stand.recorder.pictures, strict=True):
        if picture is not None and frame.slices and frame.slices[1].generation == 2:
            assert picture[..., 0].any(), "the view went blank"
            assert not frame.pending[1]


def test_a_slice_without_points_shows_none(stand):
    draw(stand, points_response([CENTRE], size=20))
    assert_close(draw(stand, points_response([], generation=2, plane=1)), np.zeros((64, 64)))


def test_an_empty_slice_shows_no_points(stand):
    draw(stand, points_response([CENTRE], size=20))
    assert_close(draw(stand, points_response([], generation=2, plane=1, empty=True)), np.zeros((64, 64)))


def test_points_that_are_on_their_way_leave_a_veil_over_the_layers_below(stand):
    below = np.full((64, 64), 200, np.uint8)
    slices = response([tile(below)]), points_response([], layer=2, complete=False)
    after = len(stand.recorder.frames)
    picture = stand.draw(VIEW, *slices, looks={1: look(), 2: points_look()})
    assert after < len(stand.recorder.frames)
    assert_close(picture, np.full((64, 64), 200 * 0.75 + 0x20 * 0.25))


def test_points_that_could_not_be_sliced_are_hatched(stand):
    picture = draw(stand, points_response([], failed=True))
    rows, columns = np.mgrid[:64, :64]
    assert_close(picture, np.where((rows + columns + 1) % 8 < 4, 0x80, 0))
