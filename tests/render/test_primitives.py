"""Triangles and lines: where they are, how they are coloured and faded, in each renderer and at any zoom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamella.model.transforms import Affine
from lamella.render import primitives as visual
from lamella.slicing.primitives import Clock, ValuesTile
from tests.render.scenes import (
    look,
    lut,
    points_look,
    points_response,
    primitives_look,
    primitives_response,
    response,
    segments,
    state,
    tile,
    triangles,
)
from tests.render.stands import Stand, assert_close, noise
from tests.render.test_points import BLENDS

VIEW = state((64, 64), (31.5, 31.5))
SQUARE = [[9.5, 9.5], [9.5, 49.5], [49.5, 49.5], [49.5, 9.5]]  # pixels 10 to 49
TWO = [[0, 1, 2], [0, 2, 3]]
INSIDE = np.zeros((64, 64), bool)
INSIDE[10:50, 10:50] = True


def draw(stand: Stand, answer, view=VIEW, background=(0.0, 0.0, 0.0), **changes) -> np.ndarray:
    return stand.draw(view, answer, looks={1: primitives_look(**changes)}, background=background)


def values(numbers, limits=None, key="values") -> ValuesTile:
    array = np.array(numbers, np.float32)
    return ValuesTile(key, array.nbytes, array, limits)


def test_triangles_fill_what_lies_between_their_corners(stand):
    picture = draw(stand, primitives_response(triangles(SQUARE, TWO)))
    assert_close(picture, np.where(INSIDE, 255, 0))


def test_colours_of_corners_are_mixed_between_them(stand):
    colors = [[0, 0, 0, 255], [200, 0, 0, 255], [200, 0, 0, 255], [0, 0, 0, 255]]
    picture = draw(stand, primitives_response(triangles(SQUARE, TWO, color=colors)))
    ramp = 200 * (np.arange(10, 50) - 9.5) / 40
    assert np.abs(picture[30, 10:50, 0] - ramp).max() <= 2


def test_later_triangles_are_drawn_over_earlier_ones(stand):
    colors = [[255, 0, 0, 255]] * 4 + [[0, 255, 0, 255]] * 4
    for order in ([*TWO, [4, 5, 6], [4, 6, 7]], [[4, 5, 6], [4, 6, 7], *TWO]):
        picture = draw(stand, primitives_response(triangles(SQUARE * 2, order, color=colors)))
        assert tuple(picture[30, 30, :3]) == tuple(colors[order[-1][0]][:3])


@pytest.mark.parametrize("opacity", [1.0, 0.5])
@pytest.mark.parametrize("blending", BLENDS)
def test_triangles_are_blended_one_by_one_over_the_layers_below(stand, blending, opacity):
    below = noise((64, 64))
    color = np.array([200, 100, 30, 180])
    made = triangles(SQUARE, TWO + TWO, color=color)
    looks = {1: look(), 2: primitives_look(blending=blending, opacity=opacity)}
    picture = stand.draw(VIEW, response([tile(below)]), primitives_response(made, layer=2), looks=looks)
    expected = np.repeat(below[..., None], 3, axis=2).astype(float)
    for _ in range(2):
        expected[INSIDE] = BLENDS[blending](expected[INSIDE], color[:3].astype(float), 180 / 255 * opacity)
    assert_close(picture, expected, tolerance=2)


@pytest.mark.parametrize("blending", BLENDS)
def test_what_is_transparent_changes_nothing(stand, blending):
    below = noise((64, 64))
    looks = {1: look(), 2: primitives_look(blending=blending)}
    for made in (triangles(SQUARE, TWO, color=(9, 9, 9, 0)), segments([[5, 5]], [[50, 50]], colors=0, width=9)):
        picture = stand.draw(VIEW, response([tile(below)]), primitives_response(made, layer=2), looks=looks)
        assert_close(picture, below)


def test_values_have_the_colours_of_the_table_between_their_limits(stand):
    made = triangles(SQUARE, TWO)
    answer = primitives_response(made, values([0, 10, 10, 0]))
    ramp = (np.arange(10, 50) - 9.5) / 40 * 10
    for limits, gamma in (((0, 10), 1.0), ((2, 6), 1.0), ((0, 10), 2.0)):
        picture = draw(stand, answer, lut=lut(), limits=limits, gamma=gamma)
        expected = 255 * np.clip((ramp - limits[0]) / (limits[1] - limits[0]), 0, 1) ** gamma
        assert np.abs(picture[30, 10:50, 0] - expected).max() <= 3


def test_without_limits_those_of_the_values_count(stand):
    picture = draw(stand, primitives_response(triangles(SQUARE, TWO), values([5] * 4, (0, 10))), lut=lut())
    assert abs(int(picture[30, 30, 0]) - 128) <= 1


def test_triangles_with_a_value_that_is_none_are_not_drawn(stand):
    picture = draw(
        stand, primitives_response(triangles(SQUARE, TWO), values([1, np.nan, 1, 1])), lut=lut(), limits=(0, 1)
    )
    assert picture[20, 40, 0] == 0, "the upper right one has the corner without a value"
    assert picture[40, 20, 0] == 255


def test_infinite_values_are_the_ends_of_the_table(stand):
    shown = {"lut": lut(), "limits": (-5, 5)}
    for generation, (value, grey) in enumerate([(np.inf, 255), (-np.inf, 0)], 1):
        answer = primitives_response(
            triangles(SQUARE, TWO), values([value] * 4, key=generation), generation=generation, plane=generation
        )
        assert_close(draw(stand, answer, background=(0, 0, 1), **shown)[10:50, 10:50], np.full((40, 40), grey))


def test_a_table_without_values_leaves_the_colours_of_the_corners(stand):
    """The look may be newer than the slice, and the other way round."""
    made = triangles(SQUARE, TWO, color=(10, 20, 30, 255))
    expected = INSIDE[..., None] * np.array([10, 20, 30])
    assert_close(draw(stand, primitives_response(made), lut=lut()), expected)
    assert_close(draw(stand, primitives_response(made, values([1] * 4), generation=2)), expected)


def test_colours_of_corners_values_and_texture_are_multiplied(stand):
    texture = np.full((3, 5, 4), (255, 128, 255, 128), np.uint8)
    made = triangles(SQUARE, TWO, color=(100, 200, 255, 128), texture=texture)
    table = np.tile(np.array([255, 255, 128, 255], np.uint8), (256, 1))
    picture = draw(stand, primitives_response(made, values([1] * 4)), background=(1, 1, 1), lut=table)
    color = np.array([100, 200 * 128 / 255, 128])
    expected = np.full((64, 64, 3), 255.0)
    expected[INSIDE] = BLENDS["translucent"](255, color, (128 / 255) ** 2)
    assert_close(picture, expected)


def test_a_texture_is_stretched_over_the_triangles(stand):
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[..., 3] = 255
    texture[0, 1] = (255, 0, 0, 255)
    texture[1, 0] = (0, 0, 255, 255)
    uv = [[0, 0], [1, 0], [1, 1], [0, 1]]
    picture = draw(stand, primitives_response(triangles(SQUARE, TWO, uv=uv, texture=texture)))
    assert tuple(picture[12, 47, :3]) == (255, 0, 0)
    assert tuple(picture[47, 12, :3]) == (0, 0, 255)
    assert picture[12, 12, :3].max() == 0


def test_offsets_are_added_and_thin_lines_of_triangles_stay_visible(stand):
    places = [[31.3, 4.5], [31.3, 4.5], [31.3, 59.5], [31.3, 59.5]]
    offset = [[-0.05, 0], [0.05, 0], [0.05, 0], [-0.05, 0]]
    made = triangles(places, TWO, offset=offset, width=0.1)
    wide = triangles(places, TWO, offset=np.array(offset) * 100, width=10)
    assert (draw(stand, primitives_response(made))[:, 30, 0] > 0).sum() == 1
    assert (draw(stand, primitives_response(wide, generation=2))[:, 30, 0] > 0).sum() == 10


@pytest.mark.parametrize(("unit", "zoom", "ratio", "pixels"), [
    ("data", 1.0, 1.0, 6), ("data", 2.0, 1.0, 12), ("pixels", 2.0, 1.0, 6), ("pixels", 1.0, 2.0, 12),
    ("data", 0.01, 1.0, 1), ("pixels", 0.01, 1.0, 6),
])  # fmt: skip
def test_a_line_is_as_wide_as_it_says(stand, unit, zoom, ratio, pixels):
    made = segments([[31.5, -1e5]], [[31.5, 1e5]], width=6)
    view = state((64, 64), (31.5, 31.5), zoom, ratio)
    picture = draw(stand, primitives_response(made), view=view, width_unit=unit)
    assert abs(picture[:, 32, 0].sum() / 255 - pixels) <= 0.1


def test_the_look_scales_the_widths_of_lines(stand):
    picture = draw(stand, primitives_response(segments([[31.5, 0]], [[31.5, 60]], width=2)), width=4.0)
    assert abs(picture[:, 32, 0].sum() / 255 - 8) <= 0.1


def test_lines_have_round_ends_and_mixed_colours(stand):
    colors = [[[255, 0, 0, 255], [0, 0, 255, 255]]]
    picture = draw(stand, primitives_response(segments([[31.5, 15.5]], [[31.5, 47.5]], colors=colors, width=20)))
    assert picture[32, 7, 0] == 255, "the half disc before the start has its colour"
    assert picture[32, 56, 2] == 255
    assert not picture[22, 7, :3].any(), "beyond the half disc"
    assert np.abs(picture[32, 32, :3].astype(int) - [128, 0, 128]).max() <= 6


def test_a_line_without_length_is_a_disc_and_one_without_width_is_none(stand):
    picture = draw(stand, primitives_response(segments([[31.5, 31.5]], [[31.5, 31.5]], width=20)))
    assert abs(picture[..., 0].sum() / 255 - np.pi * 100) <= 8
    picture = draw(stand, primitives_response(segments([[1, 1]], [[50, 50]], width=0), generation=2))
    assert not picture[..., :3].any()


def test_only_the_span_is_drawn(stand):
    y = np.arange(8.0) * 8 + 3.5
    made = segments(np.stack([y, y * 0], 1), np.stack([y, y * 0 + 60], 1), width=2)
    for generation, span in enumerate(((2, 5), (0, 1), (7, 8), (3, 3), None), 1):
        picture = draw(stand, primitives_response(made, span=span, generation=generation))
        seen = picture[y.round().astype(int), 30, 0] > 0
        assert np.flatnonzero(seen).tolist() == list(range(*(span or (0, 8))))


def faded(stand, clock: Clock, times=(0.0, 50.0), end=50.0, generation=1) -> np.ndarray:
    made = segments([[31.5, 6.5]], [[31.5, 56.5]], width=6, times=times, end=end)
    return draw(stand, primitives_response(made, clock=clock, generation=generation))[32, :, 0] / 255


def test_lines_fade_with_the_time_that_has_passed(stand):
    for generation, (now, tail, head) in enumerate([(30, 20, 0), (30, 20, 10), (25, 100, 5), (60, 20, 0)], 1):
        row = faded(stand, Clock(now, tail, head, False), generation=generation)
        for x in range(8, 56):
            time = x + 0.5 - 7
            alpha = np.clip(1 - (head + now - time) / (tail + head), 0, 1) * (time <= now + head)
            if abs(time - now - head) > 1:
                assert abs(row[x] - alpha) <= 0.03


def test_without_tail_and_head_only_what_is_now_is_seen(stand):
    row = faded(stand, Clock(0, 0, 0, False))
    assert row[5] == 1, "the end that is now"
    assert not row[10:].any()


@pytest.mark.parametrize("now", [0.1, 1000.1, 1e6])
def test_what_is_now_is_seen_however_late_it_is(stand, now):
    row = faded(stand, Clock(now, 0, 0, False), times=(now, now + 50), end=now + 50)
    assert row[5] == 1
    assert not row[10:].any()
    row = faded(stand, Clock(now, 20, 0, False), times=(now - 50, now), end=now, generation=2)
    assert row[57] == 1, "the end that is now"
    assert not row[:30].any()


def test_vertices_of_other_layers_are_not_drawn_as_those_of_lines(stand):
    """Points and triangles over lines, whose vertices count for a whole line each."""
    lines = segments([[3.5, 0]] * 3, [[3.5, 60]] * 3, width=2, colors=99)
    slices = [primitives_response(lines), primitives_response(triangles(SQUARE, TWO, key="above"), layer=2)]
    slices.append(points_response([[31.5, 31.5], [55.5, 55.5]], size=8, symbol=1, face=(255, 0, 0, 255), layer=3))
    looks = {1: primitives_look(), 2: primitives_look(), 3: points_look()}
    picture = stand.draw(VIEW, *slices, looks=looks)
    assert tuple(picture[12, 12, :3]) == (255, 255, 255)
    assert tuple(picture[32, 32, :3]) == tuple(picture[56, 56, :3]) == (255, 0, 0)


def test_what_has_ended_is_hidden_if_asked_for(stand):
    assert faded(stand, Clock(40, 30, 0, True), end=39)[30:].max() == 0
    assert faded(stand, Clock(40, 30, 0, True), end=40, generation=2)[30:].max() > 0
    assert faded(stand, Clock(40, 30, 0, False), end=39, generation=3)[30:].max() > 0


@pytest.mark.parametrize("transform", [
    Affine(np.diag([2.0, 0.5]), np.array([3.0, -4.0])),
    Affine(np.diag([-1.0, 1.0]), np.array([60.0, 0.0])),
    Affine(np.array([[0.8, -0.6], [0.6, 0.8]]), np.array([10.0, 5.0])),
])  # fmt: skip
def test_transforms_place_both(stand, transform):
    answer = primitives_response(triangles(SQUARE, TWO), transform=transform)
    picture = draw(stand, answer)
    rows, columns = np.mgrid[:64, :64]
    data = transform.inverse(np.stack([rows.ravel(), columns.ravel()], axis=1)).reshape(64, 64, 2)
    inside = ((data > 9.5) & (data < 49.5)).all(axis=-1)
    edge = (np.abs(data - 9.5) < 1.5).any(axis=-1) | (np.abs(data - 49.5) < 1.5).any(axis=-1)
    assert ((picture[..., 0] == 255) != inside)[~edge].sum() <= 2, "but for centres on the shared edge"


def test_far_from_the_origin_they_are_as_sharp(stand):
    far = 1e9
    near = draw(stand, primitives_response(triangles(SQUARE, TWO)))
    view = state((64, 64), (31.5 + far, 31.5 + far))
    moved = draw(stand, primitives_response(triangles(np.array(SQUARE) + far, TWO), generation=2), view=view)
    np.testing.assert_array_equal(near, moved)


def test_triangles_and_lines_can_be_left_out(stand):
    made = triangles(SQUARE, TWO)
    assert not draw(stand, primitives_response(made), triangles=False)[..., :3].any()
    lines = segments([[1, 1]], [[50, 50]], width=4)
    assert not draw(stand, primitives_response(lines, generation=2), segments=False)[..., :3].any()


def test_a_slice_is_drawn_with_its_own_values_only(stand):
    """Never mixed: with new values under the old key of the triangles, none of the picture is of both."""
    made = triangles(SQUARE, TWO)
    first = draw(stand, primitives_response(made, values([1] * 4, key="a")), lut=lut(), limits=(0, 2))
    again = draw(
        stand, primitives_response(made, values([2] * 4, key="b"), generation=2, plane=1), lut=lut(), limits=(0, 2)
    )
    assert abs(int(first[30, 30, 0]) - 128) <= 1
    assert again[30, 30, 0] == 255


def test_many_lines_are_uploaded_in_pieces_and_all_drawn(make):
    n = 100_000
    y = np.linspace(0, 63, n)
    made = segments(np.stack([y, np.zeros(n)], 1), np.stack([y, np.full(n, 63.0)], 1), width=1)
    assert made.segments.nbytes > visual.PIECE
    assert (draw(make("gl"), primitives_response(made))[1:-1, 1:-1, 0] == 255).all()


TRANSFORMS = [
    Affine.identity(2),
    Affine(np.diag([2.0, 0.5]), np.array([3.0, -4.0])),
    Affine(np.array([[0.8, -0.6], [-0.6, -0.8]]), np.array([40.0, 60.0])),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    seed=st.integers(0, 9999),
    blending=st.sampled_from(sorted(BLENDS)),
    unit=st.sampled_from(["data", "pixels"]),
    transform=st.sampled_from(TRANSFORMS),
    soft=st.sampled_from([0.0, 1.0, 3.0]),
    clock=st.sampled_from([None, Clock(30, 40, 0, False), Clock(30, 20, 30, True)]),
)
def test_both_renderers_draw_the_same(pair, seed, blending, unit, transform, soft, clock):
    random = np.random.default_rng(seed)
    places = random.uniform(-10, 74, (30, 2))
    made = triangles(
        places,
        random.integers(0, 30, (8, 3)),
        color=random.integers(0, 256, (30, 4)),
        uv=random.random((30, 2)),
        texture=random.integers(0, 256, (4, 6, 4)).astype(np.uint8) if seed % 2 else None,
    )
    lines = segments(
        random.uniform(-10, 74, (12, 2)),
        random.uniform(-10, 74, (12, 2)),
        colors=random.integers(0, 256, (12, 2, 4)),
        width=random.uniform(0, 9, 12),
        times=random.uniform(0, 60, (12, 2)),
        end=random.uniform(0, 60, 12),
    )
    numbers = random.uniform(-1, 2, 30)
    numbers[:3] = np.nan, np.inf, -np.inf
    view = state((64, 64), (31.5, 31.5), float(random.uniform(0.5, 3)), float(random.choice([1, 2])))
    shown = {"blending": blending, "opacity": float(random.uniform(0.3, 1)), "width_unit": unit, "antialiasing": soft}
    mapped = {"lut": lut(), "limits": (0, 1), "gamma": 1 + seed % 3 / 2} if seed % 5 else {}
    for tiles in ((made, values(numbers, key=("values", made.key))), (lines,)):
        pictures = []
        for stand in pair:
            generation = len(stand.recorder.frames) + 1
            answer = primitives_response(
                *tiles, generation=generation, plane=generation, transform=transform, clock=clock
            )
            picture = draw(stand, answer, view, background=(0.3, 0.5, 0.7), **shown, **mapped)
            pictures.append(picture.astype(int))
        away = np.abs(pictures[0] - pictures[1]).max(axis=-1)
        assert (away > 24).mean() < 0.01, "but for edges they are alike"


@pytest.fixture
def pair(make):
    return make("gl"), make("reference")
