"""What lies wholly under an image without holes is not drawn, and nobody sees a difference."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from lamella.model.transforms import Affine
from lamella.render.atlas import Atlas
from lamella.render.occlusion import seen, solid_box
from lamella.render.picture import ImagePicture, LabelsPicture, Picture, PointsPicture, blending_over
from lamella.render.reference.backend import ReferenceBackend
from lamella.render.visibility import Placed
from tests.render.scenes import GREY, labels_look, labels_tile, look, points_look, state, tile, tiles_of

BACKEND = ReferenceBackend()
KEYS = itertools.count()
VIEW = state((24, 20), (9.5, 11.5))
CLEAR = GREY.copy()
CLEAR[:, 3] = 128


def image(tiles: Any, transform: Affine | None = None, *, failed: Any = (), placeholder: Any = None, **how: Any) -> Any:
    """An image picture of tiles that the reference backend has."""
    rgb = how.pop("rgb", False)
    placed = [Placed.of(t) for t in tiles]
    for made, of in zip(placed, tiles, strict=True):
        BACKEND.finish(made, of, (), Atlas(0))
    its_look = look(**how)
    return ImagePicture(
        layer=1,
        opacity=its_look.opacity,
        blending=blending_over(its_look.blending, lowest=False),
        transform=transform or Affine.identity(2),
        failed=failed,
        placeholder=placeholder,
        placeholder_opacity=its_look.opacity,
        tiles=sorted(placed, key=lambda t: t.level),
        level=0,
        look=its_look,
        limits=(0.0, 255.0),
        rgb=rgb,
    )


def plane(shape: tuple[int, ...] = (20, 24), dtype: Any = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, shape).astype(dtype)


def points() -> PointsPicture:
    return PointsPicture(
        layer=2,
        opacity=1.0,
        blending="translucent",
        transform=Affine.identity(2),
        look=points_look(),
        points=None,  # type: ignore[arg-type]
        tile=None,
    )


def labels() -> LabelsPicture:
    made = labels_tile(plane().astype(np.int32))
    return LabelsPicture(
        layer=3,
        opacity=1.0,
        blending="translucent",
        transform=Affine.identity(2),
        tiles=[Placed.of(made)],
        level=0,
        look=labels_look(),
    )


def drawn(pictures: list[Picture]) -> np.ndarray:
    width, height = VIEW.device_size
    out = np.empty((height, width, 4), np.uint8)
    BACKEND.draw(0, VIEW, (0.1, 0.2, 0.3), pictures, out)
    return out


def test_of_a_stack_of_images_the_top_one_is_drawn():
    stack = [image([tile(plane(seed=i))]) for i in range(20)]
    assert seen(stack, VIEW) == stack[-1:]


def test_what_lies_over_an_image_is_drawn_and_what_lies_under_it_is_not():
    below, cover, glow = image([tile(plane())]), image([tile(plane())]), image([tile(plane())], blending="additive")
    assert seen([below, glow, labels(), cover, glow], VIEW) == [cover, glow]


@pytest.mark.parametrize(
    "how",
    [
        {"opacity": 0.9},
        {"blending": "additive"},
        {"blending": "minimum"},
        {"blending": "multiplicative"},
        {"lut": CLEAR},
    ],
    ids=str,
)
def test_an_image_that_lets_light_through_hides_nothing(how: Any):
    pictures = [image([tile(plane())]), image([tile(plane())], **how)]
    assert seen(pictures, VIEW) == pictures


def test_an_opaque_image_hides_what_is_under_it_whatever_its_alpha():
    pictures = [image([tile(plane())]), image([tile(plane())], blending="opaque", opacity=0.5, lut=CLEAR)]
    assert seen(pictures, VIEW) == pictures[1:]


def test_floats_may_be_nan_and_colours_have_an_alpha():
    below = image([tile(plane())])
    for above in (
        image([tile(plane(dtype=np.float32))]),
        image([tile(plane((20, 24, 4)))], rgb=True),
        labels(),
    ):
        assert solid_box(above) is None
        assert seen([below, above], VIEW) == [below, above]


def test_an_image_with_a_hole_hides_nothing_unless_coarse_tiles_fill_it():
    below, parts = image([tile(plane())]), tiles_of(plane(), 8)
    holed = image(parts[:-1])
    assert seen([below, holed], VIEW) == [below, holed]
    filled = image([*parts[:-1], tile(plane((10, 12)), level=1, factor=2)])
    assert seen([below, filled], VIEW) == [filled]


def test_a_smaller_image_hides_nothing_of_a_larger_one_but_all_if_the_canvas_is_within_it():
    large, small = image([tile(plane((60, 60)))]), image([tile(plane((20, 24)))])
    assert seen([large, small], replace(VIEW, zoom=0.9)) == [large, small]
    assert seen([large, small], replace(VIEW, zoom=1.1)) == [small]


def test_points_may_be_anywhere_and_are_hidden_where_the_whole_canvas_is():
    cover = image([tile(plane())])
    assert seen([points(), cover], replace(VIEW, zoom=0.9)) == [points(), cover]
    assert seen([points(), cover], replace(VIEW, zoom=1.1)) == [cover]


def test_a_placeholder_and_a_failed_box_reach_as_far_as_they_do():
    cover = image([tile(plane((10, 10)))])
    for below in (
        image([tile(plane((4, 4)))], placeholder=((-0.5, -0.5), (19.5, 19.5))),
        image([tile(plane((4, 4)))], failed=[((3.5, 3.5), (19.5, 19.5))]),
    ):
        assert seen([below, cover], VIEW) == [below, cover]


TURNS = {0: np.eye(2), 90: np.array([[0.0, -1.0], [1.0, 0.0]]), 30: np.array([[0.866, -0.5], [0.5, 0.866]])}


@st.composite
def images(draw: st.DrawFn) -> Picture:
    linear = TURNS[draw(st.sampled_from(sorted(TURNS)))] @ np.diag(
        draw(st.tuples(*[st.sampled_from([1.0, -1, 2])] * 2))
    )
    offset = draw(st.tuples(*[st.integers(-12, 24)] * 2))
    shape = draw(st.sampled_from([(8, 8), (20, 24), (60, 60)]))
    dtype = draw(st.sampled_from([np.uint8, np.uint16, np.float32]))
    parts = tiles_of(plane(shape, dtype, seed=draw(st.integers(0, 9))), draw(st.sampled_from([8, 64])), key=next(KEYS))
    parts = parts[draw(st.sampled_from([0, 0, 1])) :]
    failed = draw(st.sampled_from([(), (), [((-0.5, -0.5), (7.5, 7.5))]]))
    return image(
        parts,
        draw(st.sampled_from([Affine.identity(2), Affine(linear, offset)])),
        failed=failed,
        placeholder=draw(st.sampled_from([None, None, ((-0.5, -0.5), (shape[0] - 0.5, shape[1] - 0.5))])),
        blending=draw(st.sampled_from(["translucent", "translucent", "opaque", "additive", "minimum"])),
        opacity=draw(st.sampled_from([1.0, 1.0, 0.5])),
        lut=draw(st.sampled_from([GREY, GREY, CLEAR])),
    )


@given(st.lists(images(), min_size=2, max_size=5))
def test_nobody_sees_a_difference(pictures: list[Picture]):
    left = seen(pictures, VIEW)
    event(f"{len(pictures) - len(left)} hidden")
    np.testing.assert_array_equal(drawn(left), drawn(pictures))
