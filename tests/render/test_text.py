"""Text of layers: where it is, that none lies over another, and that each renderer draws the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.transforms import Affine
from lamella.render.gl import text as gl_text
from lamella.render.picture import Picture
from lamella.render.text import TextLayout, thinned
from lamella.render.typeface import LARGEST, RASTER_BYTES, Rasters, Typeface, rotated, turned_sizes
from lamella.slicing.text import ANCHORS, TextBlock
from tests.render.scenes import points_look, points_response, primitives_look, primitives_response, segments, state
from tests.render.stands import Stand, noise, rng

SIZE = (200, 160)
VIEW = state(SIZE, (79.5, 99.5))
GREEN = (0, 255, 0, 255)


def block(strings: Any, positions: Any, color: Any = GREEN, **how: Any) -> TextBlock:
    n = len(strings)
    values: dict[str, Any] = {"size": 12.0, "anchor": "center", "rotation": 0.0, "offset": np.zeros(2)}
    colors = np.broadcast_to(np.array(color, np.uint8), (n, 4))
    return TextBlock(tuple(strings), np.array(positions, float).reshape(n, 2), colors, **(values | how))


def many(n: int = 400, **how: Any) -> TextBlock:
    """Texts of different lengths in and around the canvas."""
    positions = rng.uniform(-40, 240, (n, 2))
    return block([f"{i}" * (1 + i % 3) for i in range(n)], positions, noise((n, 4)) | [0, 0, 0, 128], **how)


def answer(*blocks: TextBlock, transform: Affine | None = None, layer: int = 1) -> Any:
    """Points that are not drawn, with text."""
    made = points_response(blocks[0].positions[:1], size=0, transform=transform, layer=layer)
    return replace(made, tiles=(replace(made.tiles[0], text=blocks[0]),))


def draw(stand: Stand, text: TextBlock, view=VIEW, background=(0.0, 0.0, 0.0), transform=None, **look) -> np.ndarray:
    response = answer(text, transform=transform)
    return stand.draw(view, response, looks={1: points_look(**look)}, background=background)


def labels_of(text: TextBlock, view=VIEW, transform: Affine | None = None, layout: TextLayout | None = None):
    picture = Picture(layer=1, opacity=1, blending="translucent", transform=transform or Affine.identity(2), text=text)
    return (layout or TextLayout()).labels(picture, view)


def boxes_of(labels: Any) -> np.ndarray:
    """(top, left, bottom, right) of each."""
    return np.array([(e.top, e.left, e.top + e.raster.shape[0], e.left + e.raster.shape[1]) for e in labels])


def overlaps(boxes: np.ndarray) -> np.ndarray:
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    shared = ((low < high.swapaxes(0, 1)) & (low.swapaxes(0, 1) < high)).all(axis=-1)
    np.fill_diagonal(shared, False)
    return shared


def ink(picture: np.ndarray, channel: int = 1) -> tuple[float, float, float, float]:
    """Top, left, bottom and right of what is drawn."""
    rows, columns = (np.flatnonzero((picture[..., channel] > 60).any(axis=axis)) for axis in (1, 0))
    return rows[0], columns[0], rows[-1] + 1, columns[-1] + 1


# Where it is


def test_a_text_is_centred_on_its_position(stand):
    top, left, bottom, right = ink(draw(stand, block(["HHH"], [[79.5, 99.5]])))
    assert abs((top + bottom) / 2 - 80) <= 1
    assert abs((left + right) / 2 - 100) <= 1.5
    assert 8 <= bottom - top <= 10
    assert 20 <= right - left <= 34


@pytest.mark.parametrize("rotation", [0, 90, 180, 270, 33])
@pytest.mark.parametrize("anchor", ANCHORS)
def test_the_anchor_is_where_the_text_begins_or_ends_however_it_is_turned(stand, anchor, rotation):
    picture = draw(stand, block(["HIH"], [[79.5, 99.5]], anchor=anchor, rotation=rotation))
    lit = np.argwhere(picture[..., 1] > 60) + 0.5 - (80, 100)
    angle = np.radians(rotation)
    along = lit[:, 1] * np.cos(angle) - lit[:, 0] * np.sin(angle)  # the way the text runs
    down = lit[:, 1] * np.sin(angle) + lit[:, 0] * np.cos(angle)  # from a line to the next one
    assert 15 <= np.ptp(along) <= 30
    assert 6 <= np.ptp(down) <= 11
    if anchor == "center":
        assert abs(along.min() + along.max()) <= 3
        assert abs(down.min() + down.max()) <= 3
    else:
        vertical, horizontal = anchor.split("_")
        assert abs(down.min() if vertical == "upper" else down.max()) <= 2
        assert abs(along.min() if horizontal == "left" else along.max()) <= 3


def test_translation_and_transform_move_the_text_and_leave_its_size(stand):
    plain = ink(draw(stand, block(["HH"], [[79.5, 99.5]])))
    stretched = Affine(np.diag([2.0, 5.0]), np.array([9.5, -0.5]))
    moved = ink(draw(stand, block(["HH"], [[10, 10]], offset=np.array([15, 6])), transform=stretched))
    assert np.allclose(np.array(moved) - plain, np.array([-20, -20, -20, -20]), atol=1)


def test_on_a_finer_screen_a_text_has_more_pixels(stand):
    view = state(SIZE, (79.5, 99.5), ratio=2.0)
    top, left, bottom, right = ink(draw(stand, block(["HH"], [[79.5, 99.5]]), view))
    assert 16 <= bottom - top <= 20
    assert abs((top + bottom) / 2 - 160) <= 2
    assert abs((left + right) / 2 - 200) <= 3


def test_zooming_leaves_the_size_of_a_text(stand):
    sizes = []
    for zoom in (0.5, 1, 8):
        top, left, bottom, right = ink(draw(stand, block(["HH"], [[79.5, 99.5]]), state(SIZE, (79.5, 99.5), zoom)))
        sizes.append((bottom - top, right - left))
    assert len(set(sizes)) == 1


def test_lines_are_below_one_another(stand):
    one = ink(draw(stand, block(["HH"], [[79.5, 99.5]], anchor="upper_left")))
    two = ink(draw(stand, block(["HH\nHHHH"], [[79.5, 99.5]], anchor="upper_left")))
    assert two[:2] == one[:2]
    assert two[2] - one[2] == Typeface(12, 1).line
    assert two[3] > one[3] + 8


# Each renderer draws the same


@pytest.mark.parametrize(
    "how",
    [{}, {"rotation": 30.0, "anchor": "upper_right"}, {"size": 25.0, "anchor": "lower_left"}, {"size": 5.0}],
    ids=["plain", "turned", "large", "small"],
)
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_gl_and_the_reference_agree(make, how, opacity):
    text = many(**how)
    pictures = [draw(make(name), text, background=(0.2, 0.3, 0.5), opacity=opacity) for name in ("gl", "reference")]
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    assert difference.max() <= 2
    assert (pictures[0][..., :3] != np.rint(np.array([0.2, 0.3, 0.5]) * 255)).any(axis=-1).mean() > 0.02


def test_letters_have_their_colour_and_a_halo_that_sets_them_off(stand):
    for color, background, halo in (((255, 255, 255, 255), 1.0, "dark"), ((0, 0, 40, 255), 0.0, "light")):
        picture = draw(stand, block(["HHH"], [[79.5, 99.5]], color, size=40), background=(background,) * 3)
        letters = (picture[..., :3] == color[:3]).all(axis=-1)
        assert letters.sum() > 100  # white on white, and nearly black on black: in their own colour,
        around = picture[..., 0].min() if halo == "dark" else picture[..., 0].max()
        assert abs(around - (255 * 0.4 if halo == "dark" else 255 * 0.6)) <= 3  # and to be seen all the same


def test_text_is_translucent_whatever_the_blending_of_its_layer(stand):
    pictures = [
        draw(stand, block(["HHH"], [[79.5, 99.5]]), background=(0.5, 0.5, 0.5), blending=blending, opacity=0.5)
        for blending in ("translucent", "additive", "minimum", "multiplicative", "opaque")
    ]
    for picture in pictures[1:]:
        assert (picture == pictures[0]).all()
    assert tuple(pictures[0][..., :3].reshape(-1, 3)[pictures[0][..., 1].argmax()]) == pytest.approx(
        (64, 191, 64), abs=2
    )


def test_text_lies_over_its_layer_and_under_the_next(stand):
    below = points_response([[79.5, 99.5]], size=100, symbol=1, face=(255, 0, 0, 255))
    below = replace(below, tiles=(replace(below.tiles[0], text=block(["HHH"], [[79.5, 99.5]], size=30)),))
    looks = {1: points_look(), 2: points_look()}
    over = points_response([[79.5, 99.5]], size=100, symbol=1, face=(0, 0, 255, 255), layer=2)
    assert stand.draw(VIEW, below, looks={1: points_look()})[..., 1].max() == 255
    assert stand.draw(VIEW, below, over, looks=looks)[..., 1].max() == 0


def test_lines_have_text_too(stand):
    tile = segments([[20, 20]], [[20, 60]], width=3)
    made = replace(primitives_response(tile), text=block(["HHH"], [[79.5, 99.5]]))
    picture = stand.draw(VIEW, made, looks={1: primitives_look()})
    assert abs((ink(picture[40:], 1)[0] + ink(picture[40:], 1)[2]) / 2 - 40) <= 1


def test_text_beyond_the_edge_is_cut_off(stand):
    whole = draw(stand, block(["HHHH"], [[79.5, 99.5]]))
    for row, column in ((-0.5, 99.5), (159.5, 99.5), (79.5, -0.5), (79.5, 199.5)):
        picture = draw(stand, block(["HHHH"], [[row, column]]))
        shift = int(row - 79.5), int(column - 99.5)
        expected = np.roll(whole, shift, axis=(0, 1))
        away = np.roll(np.ones(whole.shape[:2], bool), shift, axis=(0, 1))
        if shift[0]:
            away[80:] = shift[0] > 0
            away[:80] = shift[0] < 0
        else:
            away[:, 100:] = shift[1] > 0
            away[:, :100] = shift[1] < 0
        assert (picture[away] == expected[away]).all()
        assert (picture[~away][:, :3] == 0).all()


def test_more_text_than_the_texture_holds_is_drawn_in_turns(make, monkeypatch):
    monkeypatch.setattr(gl_text, "SIDE", 64)
    text = many(60)
    pictures = [draw(make(name), text) for name in ("gl", "reference")]
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 2


def test_nothing_is_left_of_a_text_that_has_gone(stand):
    first = draw(stand, block(["HHHH"], [[79.5, 99.5]]))
    assert first[..., 1].any()
    again = stand.draw(VIEW, points_response([[79.5, 99.5]], size=0, generation=2, plane=1), looks={1: points_look()})
    assert not again[..., :3].any()


# None lies over another


@pytest.mark.parametrize("how", [{}, {"rotation": 45.0}, {"rotation": 10.0, "anchor": "lower_right"}, {"size": 30.0}])
def test_no_text_lies_over_another(how):
    labels = labels_of(many(**how))
    assert len(labels) > 5
    assert not overlaps(boxes_of(labels)).any()


@given(
    st.lists(st.tuples(*[st.floats(-50, 400)] * 2, *[st.integers(1, 60)] * 2), min_size=1, max_size=700),
    st.sampled_from([1.0, 4.0, 7.3]),
)
def test_each_is_kept_that_is_away_from_all_before_it_and_none_that_is_not(rectangles, cell):
    corners, sizes = np.array(rectangles)[:, :2], np.array(rectangles)[:, 2:].astype(np.intp)
    kept = thinned(corners, sizes, cell)
    whole = np.floor(corners + 0.5)
    boxes = np.concatenate([whole, whole + sizes], axis=1)
    assert 0 in kept
    assert (np.diff(kept) > 0).all()
    assert not overlaps(boxes[kept]).any()
    around = boxes + np.array([-1, -1, 1, 1]) * (2 * cell + 2)
    for i in np.setdiff1d(np.arange(len(boxes)), kept):
        before = kept[kept < i]
        assert overlaps(np.concatenate([around[i : i + 1], boxes[before]]))[0].any()


def test_equal_places_show_the_first_of_them():
    labels = labels_of(block(["a", "b", "c"], [[79.5, 99.5], [79.5, 99.5], [20, 20]]))
    assert [e.key[0] for e in labels] == ["a", "c"]


def test_as_many_are_shown_as_fit():
    grid = np.stack(np.meshgrid(np.arange(10, 160, 30), np.arange(20, 200, 40), indexing="ij"), axis=-1).reshape(-1, 2)
    apart = block(["88"] * len(grid), grid)
    assert len(labels_of(apart)) == len(grid)
    assert len(labels_of(block(["88"] * len(grid), grid / 4))) < len(grid) / 2
    close = labels_of(block(["88"] * len(grid), grid / 4), state(SIZE, (20, 25), zoom=4.0))
    assert len(close) == len(grid)  # when they come apart all are shown


def test_text_off_the_canvas_is_neither_drawn_nor_in_the_way():
    text = block(["off", "on", "far"], [[-20, 99.5], [8, 99.5], [1e12, 1e300]])
    assert [e.key[0] for e in labels_of(text)] == ["on"]


def test_panning_leaves_what_is_shown():
    text = block([f"{i}" for i in range(300)], rng.uniform(40, 120, (300, 2)))
    layout = TextLayout()
    shown = [
        [e.key[0] for e in labels_of(text, state(SIZE, (79.5 + d, 99.5 - 1.3 * d)), layout=layout)]
        for d in (0, 0.3, 1, 7.7, 20)
    ]
    assert all(names == shown[0] for names in shown)


# Letters


def test_a_raster_is_as_large_as_was_said():
    typeface = Typeface(14, 1)
    strings = ["", "a", "Wide", "two\nlines of text", "µm² Ångström", "日本", "i" * 3000, "\n" * 300]
    for text, size in zip(strings, typeface.sizes(strings), strict=True):
        raster = typeface.raster(text)
        assert raster.shape[:2] == tuple(size)
        assert max(raster.shape) <= LARGEST
        assert (raster[..., 1] >= raster[..., 0]).all()
        assert raster[..., 0].any() == bool(text.strip())


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, -45, 450])
def test_a_turned_raster_is_as_large_as_was_said_and_keeps_its_ink(degrees):
    raster = Typeface(14, 1).raster("Turn me")
    turned = rotated(raster, degrees)
    assert turned.shape[:2] == tuple(turned_sizes(np.array([raster.shape[:2]]), degrees)[0])
    assert turned[..., 0].sum() == pytest.approx(raster[..., 0].sum(), rel=0.03)
    if degrees % 90 == 0:
        assert (turned == np.rot90(raster, degrees // 90)).all()


def test_letters_beyond_ascii_are_letters():
    typeface = Typeface(20, 1)
    unknown = typeface.raster("\uffff")
    for letter in "µ²éß°":
        raster = typeface.raster(letter)
        assert raster.shape != unknown.shape or (raster != unknown).any()


def test_pictures_of_texts_are_kept_up_to_a_bound():
    rasters = Rasters()
    for i in range(400):
        rasters.get(f"text {i}", 100, 1, 0)
    again = rasters.get("text 399", 100, 1, 0)[1]
    assert again is rasters.get("text 399", 100, 1, 0)[1]
    assert sum(raster.nbytes for raster in rasters._kept.values()) <= RASTER_BYTES
    assert rasters._nbytes == sum(raster.nbytes for raster in rasters._kept.values())
