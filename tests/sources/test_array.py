import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.sources import ArraySource, Failed, Grid
from tests.sources.reading import box_of, boxes, read, read_array

VOLUME = np.arange(5 * 7 * 9).reshape(5, 7, 9)
DTYPES = ["?", "i1", "u1", "<i2", ">u2", "<i4", ">i4", "<u8", "<f2", ">f4", "<f8", "<c8"]


@given(box=boxes(VOLUME.shape), dtype=st.sampled_from(DTYPES), order=st.permutations(range(3)))
def test_a_read_equals_numpy_for_every_dtype_and_memory_order(box, dtype, order):
    array = VOLUME.astype(dtype).transpose(order).copy().transpose(np.argsort(order))
    np.testing.assert_array_equal(read_array(ArraySource(array), box), array[box])


def test_a_read_is_a_view_that_cannot_be_written_to():
    array = VOLUME.copy()
    data = read_array(ArraySource(array))
    assert np.shares_memory(data, array)
    assert array.flags.writeable


def test_the_grid_is_fine_along_hidden_axes_whatever_the_order_of_the_displayed_ones():
    source = ArraySource(VOLUME)
    assert source.grid((1, 2)) == source.grid((2, 1)) == Grid((1, 512, 512))
    assert source.grid((2, 0)) == Grid((512, 1, 512))
    assert source.grid((0, 1, 2)) == Grid((512, 512, 512))


def test_a_memory_map_counts_as_in_memory(tmp_path):
    np.save(tmp_path / "a.npy", VOLUME)
    source = ArraySource(np.load(tmp_path / "a.npy", mmap_mode="r"))
    assert source.in_memory
    assert source.pool.key == "memory"
    np.testing.assert_array_equal(read_array(source), VOLUME)


def test_a_closed_source_answers_with_a_failure():
    source = ArraySource(VOLUME, name="volume")
    source.close()
    outcome = read(source, box_of((0, 1), (0, 1), (0, 1)))
    assert isinstance(outcome, Failed)
    assert outcome.message == "volume is closed"


@pytest.mark.parametrize(
    ("array", "error", "words"),
    [
        (np.array([object()]), TypeError, "Python objects"),
        (np.array(["a", "b"]), TypeError, "<U1"),
        (np.zeros(3, [("a", "u1"), ("b", "f4")]), TypeError, "boolean, integer, floating and complex"),
        (np.array(["2020-01-01"], "M8[D]"), TypeError, "datetime64"),
        (np.array(3), ValueError, "no axis"),
        (np.zeros((0, 5)), ValueError, r"empty: its shape is \(0, 5\)"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(array, error, words):
    with pytest.raises(error, match=words) as caught:
        ArraySource(array)
    assert "\n" not in str(caught.value)
