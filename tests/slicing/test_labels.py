"""Labels: exact ids, index rules of images, contours without seams; against references written from the semantics."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella import Labels
from lamella.model.label_ids import id32
from lamella.slicing.labels import contours, id_texture
from lamella.testing import GatedSource
from lamella.viewer_model import ViewerModel

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", ">u2", ">i8"]


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def reference_contours(ids: np.ndarray, k: int) -> np.ndarray:
    """Pixel by pixel: kept iff the cross dilation differs from k cross erosions; the ids mirror beyond the border."""

    def at(image: np.ndarray, y: int, x: int) -> int:
        h, w = image.shape
        y = -y - 1 if y < 0 else 2 * h - 1 - y if y >= h else y
        x = -x - 1 if x < 0 else 2 * w - 1 - x if x >= w else x
        return int(image[y, x])

    def cross(image: np.ndarray, best: object) -> np.ndarray:
        out = image.copy()
        for y, x in np.ndindex(image.shape):
            out[y, x] = best([at(image, y + a, x + b) for a, b in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))])  # type: ignore[operator]
        return out

    eroded = ids
    for _ in range(k):
        eroded = cross(eroded, min)
    return np.where(cross(ids, max) != eroded, ids, 0)


def drawn_ids(response: object) -> np.ndarray:
    """The ids that the textures of a complete slice hold, as uint32."""
    (y0, y1), (x0, x1) = response.region  # type: ignore[attr-defined]
    out = np.zeros((y1 - y0, x1 - x0), np.uint32)
    for tile in response.tiles:  # type: ignore[attr-defined]
        if tile.level == response.level:  # type: ignore[attr-defined]
            (a, b), (c, d) = tile.region
            out[a - y0 : b - y0, c - x0 : d - x0] = np.ascontiguousarray(tile.texture).view("<u4")[..., 0]
    return out


@pytest.mark.parametrize("dtype", DTYPES)
def test_ids_are_exact_up_to_the_extremes_of_their_dtype(dtype: str):
    kind = np.dtype(dtype)
    low, high = (0, 1) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
    ids = np.array([[0, 1, high], [low, high, 0]], kind)
    texture = id_texture(ids)
    assert texture.shape == (2, 3, 4) and texture.dtype == np.uint8
    small = texture.view("<u4")[..., 0]
    assert np.array_equal(small == 0, ids == 0), "only the background is 0"
    assert len(np.unique(small)) == len(np.unique(ids))


def test_ids_of_more_than_32_bits_never_become_the_background():
    ids = np.array([2**32, 2**33, 2**63, 2**64 - 1, 5], np.uint64)
    assert (id32(ids) != 0).all()
    assert id32(ids)[-1] == 5
    assert id32(np.array([-1, -(2**31), -(2**40)], np.int64))[0] == 2**32 - 1


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    k=st.integers(1, 4),
    seed=st.integers(0, 10**6),
    signed=st.booleans(),
)
def test_contours_are_those_of_the_semantics(shape: tuple[int, int], k: int, seed: int, signed: bool):
    ids = np.random.default_rng(seed).integers(-2 if signed else 0, 4, shape).astype(np.int32)
    assert np.array_equal(contours(ids, k), reference_contours(ids, k))


@pytest.mark.parametrize("k", [1, 2, 3])
def test_contours_have_no_seams_between_chunks(viewer: ViewerModel, k: int):
    rng = np.random.default_rng(k)
    coarse = rng.integers(0, 5, (3, 6, 6)).astype(np.uint16)
    ids = coarse.repeat(5, axis=1).repeat(7, axis=2)
    source = GatedSource(ids, chunk=(1, 8, 8))
    source.open()
    layer = viewer.add_labels(source, contour=k)
    viewer.wait_until_loaded(strict=True)
    response = viewer.slices[layer]
    assert np.array_equal(drawn_ids(response), reference_contours(ids[1].astype(int), k))
    assert np.array_equal(response.as_array(), ids[1]), "the value under the cursor is the id, on the outline or not"


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_slice_is_that_of_numpy(data: st.DataObject):
    ndim = data.draw(st.integers(2, 4))
    shape = tuple(data.draw(st.lists(st.integers(1, 6), min_size=ndim, max_size=ndim)))
    ndisplay = data.draw(st.integers(2, min(3, ndim)))
    order = tuple(data.draw(st.permutations(range(ndim))))
    scale = [data.draw(st.sampled_from([1.0, -1.0, 0.5, 2.0])) for _ in shape]
    ids = np.random.default_rng(1).integers(0, 9, shape).astype(np.int16)
    with ViewerModel(ndisplay=ndisplay) as viewer:
        layer = viewer.add_labels(ids, scale=scale)
        viewer.dims.order = order
        viewer.dims.margin_right = tuple(data.draw(st.sampled_from([0.0, 3.0])) for _ in shape)
        step = tuple(data.draw(st.integers(0, n - 1)) for n in viewer.dims.nsteps)
        viewer.dims.current_step = step
        viewer.wait_until_loaded(strict=True)
        response = viewer.slices[layer]
        index: list[object] = [slice(None)] * ndim
        for axis in order[:-ndisplay]:
            index[axis] = round(viewer.dims.point[axis] / scale[axis])
        shown = order[-ndisplay:]
        expected = ids[tuple(index)].transpose([sorted(shown).index(a) for a in shown])
        assert np.array_equal(response.as_array(), expected)


def test_a_slice_beside_the_labels_is_empty_and_reads_nothing(viewer: ViewerModel) -> None:
    viewer.add_image(np.zeros((20, 8, 8), np.uint8))
    layer = viewer.add_labels(np.ones((5, 8, 8), np.uint8))
    viewer.dims.set_current_step(0, 15)
    viewer.wait_until_loaded()
    assert viewer.slices[layer].empty


def test_picking_gives_the_id_however_large(viewer: ViewerModel) -> None:
    ids = np.full((8, 8), 2**63 + 5, np.uint64)
    layer = viewer.add_labels(ids)
    viewer.wait_until_loaded()
    (hit,) = viewer.views[0].pick(400, 300)
    assert hit[0] is layer
    assert int(hit[1]) == 2**63 + 5


def test_looks_need_no_slicing(viewer: ViewerModel) -> None:
    layer = viewer.add_labels(np.ones((8, 8), np.uint8))
    viewer.wait_until_loaded()
    generation = viewer.slices[layer].generation
    layer.colormap = {1: "red", None: "blue"}
    layer.show_selected_label = True
    layer.new_colors(3)
    viewer.wait_until_loaded()
    assert viewer.slices[layer].generation == generation
    layer.contour = 1
    viewer.wait_until_loaded()
    assert viewer.slices[layer].generation == generation + 1


@pytest.mark.parametrize(
    ("data", "kwargs", "error", "word"),
    [
        (np.zeros((4, 4)), {}, TypeError, "astype"),
        (np.zeros(4, int), {}, ValueError, "two axes"),
        (np.zeros((4, 4), int), {"contour": -1}, ValueError, "contour"),
        (np.zeros((4, 4), int), {"contour": 1.5}, ValueError, "contour"),
        (np.zeros((4, 4), np.uint8), {"selected_label": 256}, ValueError, "selected_label"),
        (np.zeros((4, 4), int), {"colormap": "viridis"}, ValueError, "colormap"),
        (np.zeros((4, 4), int), {"colormap": {1: "no colour"}}, ValueError, "colour"),
        (np.zeros((4, 4), np.uint8), {"colormap": {300: "red"}}, ValueError, "colormap"),
        (np.zeros((4, 4), int), {"colormap": []}, ValueError, "colormap"),
    ],
)
def test_bad_input_is_named_and_leaves_the_viewer_as_it_was(
    viewer: ViewerModel, data: np.ndarray, kwargs: dict[str, object], error: type[Exception], word: str
) -> None:
    with pytest.raises(error, match=word):
        viewer.add_labels(data, **kwargs)
    assert len(viewer.layers) == 0


def test_other_data_must_be_ids_too() -> None:
    layer = Labels(np.zeros((4, 4), int))
    with pytest.raises(TypeError, match="labels"):
        layer.data = np.zeros((4, 4))
    assert layer.data.dtype.kind == "i"
