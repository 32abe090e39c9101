import dask.array
import numpy as np
import pytest
import tensorstore as ts

from lamella.sources import ArraySource, Multiscale, OpaqueSource, Source, as_multiscale, as_source
from lamella.sources.tensorstore_source import TensorStoreSource
from tests.sources.reading import read_array

PLANE = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PLANE, ArraySource),
        (PLANE.tolist(), ArraySource),
        (ts.array(PLANE), TensorStoreSource),
        (dask.array.from_array(PLANE, chunks=2), OpaqueSource),
    ],
)
def test_every_kind_of_array_becomes_a_source(data, kind):
    source = as_source(data)
    assert isinstance(source, kind)
    assert isinstance(source, Source)
    assert source.shape == (3, 4)
    np.testing.assert_array_equal(read_array(source), PLANE)


def test_a_source_stays_itself():
    source = as_source(PLANE, name="plane")
    assert as_source(source) is source
    assert source.name == "plane"


def test_each_source_has_a_token_of_its_own():
    assert as_source(PLANE).token != as_source(PLANE).token


@pytest.mark.parametrize("data", [None, "text", {"a": 1}, object()])
def test_what_is_no_array_is_refused(data):
    with pytest.raises(TypeError, match="lamella cannot show"):
        as_source(data)


def test_arrays_that_get_coarser_by_any_factor_are_levels():
    image = as_multiscale([np.zeros((9, 9)), np.zeros((9, 5)), np.zeros((2, 1))])
    assert [level.shape for level in image.levels] == [(9, 9), (9, 5), (2, 1)]
    assert as_multiscale(image) is image


def test_arrays_of_one_shape_are_stacked_unless_they_are_said_to_be_levels():
    planes = [PLANE, PLANE + 1]
    assert as_multiscale(planes).shape == (2, 3, 4)
    assert len(as_multiscale(planes, multiscale=True).levels) == 2
    assert as_multiscale(planes, multiscale=False).shape == (2, 3, 4)
    assert as_multiscale(PLANE.tolist()).shape == (3, 4)


def test_one_array_is_one_level():
    image = as_multiscale(PLANE)
    assert isinstance(image, Multiscale)
    assert len(image.levels) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "empty"),
        ([np.zeros((2, 2)), np.zeros((4, 4))], "finest resolution first"),
        ([np.zeros((4, 4)), np.zeros(4)], "axes"),
        ([np.zeros((4, 4)), np.zeros((2, 2), int)], "same dtype"),
    ],
)
def test_levels_that_do_not_belong_together_are_refused(data, words):
    with pytest.raises(ValueError, match=words):
        as_multiscale(data)


def test_multiscale_needs_a_list():
    with pytest.raises(TypeError, match="finest first"):
        as_multiscale(PLANE, multiscale=True)
