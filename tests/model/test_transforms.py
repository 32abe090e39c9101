"""Transforms against numpy."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lamella.model.transforms import Affine, layer_transform, rotation_matrix, shear_matrix

finite = st.floats(-100, 100, allow_subnormal=False)


@st.composite
def affines(draw, ndim=None):
    n = draw(st.integers(1, 5)) if ndim is None else ndim
    linear = draw(hnp.arrays(np.float64, (n, n), elements=finite))
    linear = linear + np.diag(np.abs(linear).sum(axis=1) + 1)  # diagonally dominant: can be inverted
    return Affine(linear, draw(hnp.arrays(np.float64, n, elements=finite)))


def homogeneous(affine):
    matrix = np.eye(affine.ndim + 1)
    matrix[:-1, :-1], matrix[:-1, -1] = affine.linear, affine.translate
    return matrix


@given(st.integers(1, 5).flatmap(lambda n: st.tuples(affines(n), affines(n))))
def test_a_composed_transform_is_the_product_of_homogeneous_matrices(pair):
    a, b = pair
    np.testing.assert_allclose(homogeneous(a @ b), homogeneous(a) @ homogeneous(b), rtol=1e-9, atol=1e-6)


@given(affines(), st.data())
def test_mapping_points_one_by_one_or_all_at_once_is_the_same(affine, data):
    points = data.draw(hnp.arrays(np.float64, (4, affine.ndim), elements=finite))
    one_by_one = np.stack([affine.linear @ p + affine.translate for p in points])
    np.testing.assert_allclose(affine(points), one_by_one, atol=1e-6)
    np.testing.assert_allclose(affine(points[0]), one_by_one[0], atol=1e-6)


@given(affines())
def test_the_inverse_undoes_the_transform(affine):
    both = affine.inverse @ affine
    np.testing.assert_allclose(both.linear, np.eye(affine.ndim), atol=1e-6)
    np.testing.assert_allclose(both.translate, 0, atol=1e-6)


@given(affines(4), st.permutations(range(4)), st.integers(1, 4))
def test_a_slice_of_a_transform_is_the_submatrix_in_the_order_of_the_axes(affine, order, count):
    axes = order[:count]
    part = affine.on_axes(axes)
    np.testing.assert_array_equal(part.linear, affine.linear[axes][:, axes])
    np.testing.assert_array_equal(part.translate, affine.translate[axes])


def test_slicing_the_inverse_is_not_inverting_the_slice():
    affine = layer_transform(3, rotate=(0, 30, 0), scale=(2, 1, 1))
    assert not np.allclose(affine.inverse.on_axes([0]).linear, affine.on_axes([0]).inverse.linear)


@given(affines(2), st.integers(2, 5))
def test_an_expanded_transform_leaves_the_leading_axes_alone(affine, ndim):
    wide = affine.expanded(ndim)
    point = np.arange(1.0, ndim + 1)
    np.testing.assert_array_equal(wide(point)[: ndim - 2], point[: ndim - 2])
    np.testing.assert_allclose(wide(point)[-2:], affine(point[-2:]))


def test_a_transform_cannot_be_narrowed():
    with pytest.raises(ValueError, match="cannot expand"):
        Affine.identity(3).expanded(2)


@given(affines(3), hnp.arrays(np.float64, (2, 3), elements=finite))
def test_bounds_are_the_box_around_the_mapped_corners(affine, corners):
    box = np.sort(corners, axis=0)
    eight = np.array(np.meshgrid(*box.T)).reshape(3, -1).T
    mapped = affine(eight)
    expected = np.stack([mapped.min(axis=0), mapped.max(axis=0)])
    np.testing.assert_allclose(affine.bounds(box), expected, rtol=1e-9, atol=1e-6)


def test_a_layers_transform_scales_then_shears_then_rotates_then_translates_then_applies_affine():
    outer = np.array([[1, 0.5, 3], [0, 2, -1], [0, 0, 1.0]])
    whole = layer_transform(2, scale=(2, -3), shear=[0.25], rotate=30, translate=(5, 7), affine=outer)
    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    inner = np.eye(3)
    inner[:2, :2] = np.array([[c, -s], [s, c]]) @ np.array([[1, 0.25], [0, 1]]) @ np.diag([2, -3])
    inner[:2, 2] = 5, 7
    np.testing.assert_allclose(homogeneous(whole), outer @ inner, atol=1e-12)


def test_shorter_parameters_act_on_the_last_axes():
    transform = layer_transform(4, scale=(2, 3), translate=(5,), rotate=90)
    np.testing.assert_allclose(transform([1, 1, 1, 1]), [1, 1, -3, 7], atol=1e-12)


def test_a_number_turns_the_last_two_axes():
    np.testing.assert_allclose(rotation_matrix(90, 3), [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)


def test_three_angles_turn_around_x_then_y_then_z():
    a, b, g = np.deg2rad([10, 20, 30])
    rz = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rx = np.array([[1, 0, 0], [0, np.cos(g), -np.sin(g)], [0, np.sin(g), np.cos(g)]])
    np.testing.assert_allclose(rotation_matrix((10, 20, 30), 4)[1:, 1:], rz @ ry @ rx, atol=1e-12)


def test_a_shear_vector_fills_the_upper_triangle_row_by_row():
    np.testing.assert_array_equal(shear_matrix((1, 2, 3), 3), [[1, 1, 2], [0, 1, 3], [0, 0, 1]])


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"scale": (1, 0)}, "scale must not be zero"),
        ({"scale": (1, np.nan)}, "scale must be finite"),
        ({"scale": (1, 1, 1)}, "scale must have at most 2"),
        ({"translate": (np.inf,)}, "translate must be finite"),
        ({"rotate": (1, 2)}, "rotate must be an angle"),
        ({"rotate": (1, 2, 3)}, "rotate turns 3 axes"),
        ({"shear": (1, 2)}, "shear must have 1, 3, 6"),
        ({"shear": [[1, 2], [3, 4]]}, "triangular"),
        ({"affine": np.eye(4)}, "affine acts on 3 axes"),
        ({"affine": np.ones((2, 5))}, "homogeneous"),
        ({"affine": [[1, 1, 0], [1, 1, 0], [0, 0, 1]]}, "cannot be inverted"),
        ({"rotate": np.nan}, "finite"),
    ],
)
def test_a_bad_parameter_is_named_in_one_sentence(kwargs, says):
    with pytest.raises(ValueError, match=says) as error:
        layer_transform(2, **kwargs)
    assert "\n" not in str(error.value)


def test_transforms_are_immutable_and_equal_by_value():
    a, b = Affine.diagonal((1, 2), (3, 4)), Affine([[1, 0], [0, 2]], (3, 4))
    assert a == b
    assert hash(a) == hash(b)
    assert pickle.loads(pickle.dumps(a)) == a
    with pytest.raises(AttributeError):
        a.linear = np.eye(2)
    with pytest.raises(ValueError, match="read-only"):
        a.linear[0, 0] = 5
