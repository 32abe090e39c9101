"""The common world: ranges, units, axes. The figures are those of SEMANTICS."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.dims import Dims
from lamella.model.layers.base import Layer
from lamella.model.layers.image import Image
from lamella.model.units import factor, parse_unit
from lamella.model.world import (
    data_to_common_world,
    fit_dims,
    layer_axes,
    world_axis_labels,
    world_box,
    world_ranges,
    world_units,
)


def image(*shape, **kwargs):
    return Image(np.zeros(shape, np.uint8), rgb=False, **kwargs)


class Cloud(Layer):
    """A layer of coordinates, some of which may be NaN, or of none."""

    kind = "cloud"

    def __init__(self, extent, ndim=2, **kwargs):
        self._box = None if extent is None else np.array(extent, float)
        super().__init__(ndim, name="cloud", **kwargs)

    @property
    def extent_data(self):
        return self._box


# ---- ranges ----------------------------------------------------------------------------------------------------------


def test_the_range_of_an_image_goes_from_first_to_last_sample():
    assert world_ranges([image(8, 5, 4, scale=(0.5, 2, 1), translate=(-2, 0, 7))]) == (
        (-2, 1.5, 0.5),
        (0, 8, 2),
        (7, 10, 1),
    )


def test_a_negative_scale_gives_a_range_that_still_goes_up():
    assert world_ranges([image(8, 5, scale=(-2, 1))])[0] == (-14, 0, 2)


def test_eight_samples_give_eight_steps_whatever_the_scale():
    dims = Dims()
    fit_dims(dims, [image(8, 4, 4, scale=(0.65, 1, 1), translate=(-2.2, 0, 0))], first=True)
    assert dims.nsteps == (8, 4, 4)
    assert dims.current_step == (3, 1, 1)


def test_layers_are_right_aligned_and_their_boxes_united():
    ranges = world_ranges([image(9, 8, 5), image(20, 3, translate=(-4, 1), scale=(0.5, 1))])
    assert ranges == ((0, 8, 1), (-4, 7, 0.5), (0, 4, 1))


def test_a_sheared_or_turned_layer_takes_its_step_from_the_qr_decomposition():
    layer = image(10, 10, scale=(3, 2), rotate=30, shear=[0.5])
    expected = np.abs(np.diag(np.linalg.qr(layer.transform.linear)[1]))
    assert [r.step for r in world_ranges([layer])] == pytest.approx(expected.tolist())
    assert [r.step for r in world_ranges([image(10, 10, scale=(3, 2), rotate=30)])] == pytest.approx([3, 2])


def test_without_layers_there_are_two_axes():
    assert world_ranges([]) == ((0, 2, 1), (0, 2, 1))
    assert world_box([]) is None


def test_a_layer_without_data_counts_for_the_step_only():
    assert world_ranges([Cloud(None, scale=(0.25, 2))]) == ((-0.5, 511.5, 0.25), (-0.5, 511.5, 2))
    assert world_ranges([image(8, 8), Cloud(None, ndim=3, scale=(3, 0.25, 2))]) == (
        (-0.5, 511.5, 3),
        (0, 7, 0.25),
        (0, 7, 1),
    )


def test_nan_coordinates_are_left_out():
    assert world_ranges([Cloud([[np.nan, 1], [np.nan, 3]]), image(8, 2)]) == ((0, 7, 1), (0, 3, 1))


def test_the_box_of_the_world_has_the_edges_of_pixels():
    np.testing.assert_array_equal(world_box([image(8, 5, scale=(2, 1))]), [[-1, -0.5], [15, 4.5]])


# ---- axes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ndim", "displayed", "not_displayed"),
    [(2, (0, 1), ()), (3, (0, 2), (1,)), (4, (0, 3), (1, 2))],
)
def test_the_axes_of_layers_in_a_world_of_order_2_1_0_3(ndim, displayed, not_displayed):
    assert layer_axes((2, 1, 0, 3), 2, 4, ndim) == (displayed, not_displayed)


@pytest.mark.parametrize(("ndim", "order"), [(2, (0, 1)), (3, (1, 0, 2)), (4, (2, 1, 0, 3))])
def test_the_orders_of_layers_in_a_world_of_order_2_1_0_3(ndim, order):
    assert layer_axes((2, 1, 0, 3), 4, 4, ndim) == (order, ())


@given(st.integers(2, 6).flatmap(lambda n: st.permutations(range(n))), st.integers(1, 6), st.sampled_from([2, 3]))
def test_every_axis_of_a_layer_is_displayed_or_not(order, ndim, ndisplay):
    ndim = min(ndim, len(order))
    displayed, not_displayed = layer_axes(order, ndisplay, len(order), ndim)
    assert sorted(displayed + not_displayed) == list(range(ndim))
    assert len(displayed) == min(ndisplay, ndim)
    assert list(not_displayed) == sorted(not_displayed)


def test_a_layer_with_more_axes_than_the_world_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        layer_axes((0, 1), 2, 2, 3)


# ---- units -----------------------------------------------------------------------------------------------------------


def test_a_micrometre_layer_beside_a_nanometre_layer():
    coarse = image(9, 9, scale=(2, 2), units="µm")
    layers = [coarse, image(9, 9, units="nm")]
    assert world_units(layers) == ("nm", "nm")
    to_data = data_to_common_world(coarse, layers).inverse
    np.testing.assert_array_equal(to_data([6000, 0]), [3, 0])
    assert world_ranges(layers) == ((0, 16000, 1), (0, 16000, 1))


def test_translate_and_affine_are_in_the_layers_units_too():
    moved = image(9, 9, translate=(3, 0), affine=[[1, 0, 1], [0, 1, 0], [0, 0, 1]], units="um")
    layers = [moved, image(9, 9, units="nanometer")]
    np.testing.assert_array_equal(data_to_common_world(moved, layers)([0, 0]), [4000, 0])


def test_alone_a_layer_keeps_its_units():
    layer = image(9, 9, 9, scale=(5, 2, 2), units=("s", "mm", "mm"))
    assert world_units([layer]) == ("s", "mm", "mm")
    assert data_to_common_world(layer, [layer]) is layer.transform


def test_the_smallest_unit_of_a_dimension_holds_for_all_its_axes():
    layer = image(9, 9, 9, units=("um", "nm", "nm"))
    assert world_units([layer]) == ("nm", "nm", "nm")
    assert data_to_common_world(layer, [layer]).linear[0, 0] == 1000


def test_layers_that_disagree_about_a_dimension_convert_nothing():
    a, b = image(9, 9, 9, units=("s", "um", "um")), image(9, 9, 9, units=("pixel", "nm", "nm"))
    assert world_units([a, b]) is None
    assert data_to_common_world(a, [a, b]) is a.transform


def test_axes_that_only_one_layer_has_keep_its_unit():
    layers = [image(9, 9, units="um"), image(9, 9, 9, 9, units=("min", "um", "um", "nm"))]
    assert world_units(layers) == ("min", "nm", "nm", "nm")


@pytest.mark.parametrize(
    ("of", "to", "expected"),
    [
        ("um", "nm", 1000),
        ("nm", "µm", 0.001),
        ("μm", "micrometer", 1),
        ("Å", "nm", 0.1),
        ("angstrom", "pm", 100),
        ("km", "m", 1000),
        ("h", "s", 3600),
        ("day", "h", 24),
        ("fs", "as", 1000),
        ("minute", "millisecond", 60_000),
        ("furlong", "furlong", 1),
        ("pixel", "px", 1),
    ],
)
def test_factors_between_units_are_exact(of, to, expected):
    assert factor(of, to) == expected


def test_units_of_other_dimensions_do_not_convert():
    with pytest.raises(ValueError, match="'s' cannot be converted to 'nm'"):
        factor("s", "nm")
    assert parse_unit("furlong").dimension == "furlong"
    assert parse_unit("M").dimension == "M"


# ---- dims ------------------------------------------------------------------------------------------------------------


def test_dims_follow_layers_that_come_and_go():
    dims = Dims()
    flat, deep = image(9, 9), image(5, 9, 9, axis_labels=("z", "y", "x"))
    fit_dims(dims, [flat], first=True)
    dims.set_point(0, 6)
    fit_dims(dims, [flat, deep])
    assert dims.point == (0, 6, 4)
    assert dims.axis_labels == ("z", "y", "x")
    fit_dims(dims, [flat])
    assert (dims.ndim, dims.point) == (2, (6, 4))
    fit_dims(dims, [])
    assert (dims.range, dims.point) == (((0, 2, 1), (0, 2, 1)), (0, 0))


def test_the_first_layer_that_names_an_axis_names_it():
    layers = [image(9, 9, axis_labels=("", "x")), image(9, 9, 9, axis_labels=("row", "column"))]
    assert world_axis_labels(layers) == (None, "row", "x")
