import numpy as np
import pytest
from hypothesis import given

from lamella.sources import Failed, FailureKind, Grid, Loaded, OpaqueSource
from tests.sources.reading import box_of, boxes, read, read_array

PLANE = np.arange(6 * 8, dtype=np.uint16).reshape(6, 8)
BOX = box_of((1, 3), (2, 6))


class Array:
    """A user's array that counts how often its attributes are read."""

    def __init__(self, data=PLANE, answer=None, **attributes):
        self._data, self._answer = data, answer
        self._attributes = {"shape": data.shape, "dtype": data.dtype, **attributes}
        self.reads = []

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._attributes:
            raise AttributeError(name)
        self.reads.append(name)
        return self._attributes[name]

    def __getitem__(self, box):
        self.reads.append(box)
        return self._data[box] if self._answer is None else self._answer(box)


@given(box=boxes(PLANE.shape))
def test_a_read_equals_numpy(box):
    np.testing.assert_array_equal(read_array(OpaqueSource(Array()), box), PLANE[box])


def test_attributes_are_read_once_when_the_source_is_made():
    array = Array(chunks=(2, 4))
    source = OpaqueSource(array)
    assert sorted(array.reads) == ["chunks", "dtype", "shape"]
    source.grid((0, 1))
    assert source.shape == (6, 8)
    assert source.dtype == np.uint16
    read(source, BOX)
    assert array.reads[3:] == [BOX]


def test_each_source_has_one_worker_of_its_own():
    one, two = OpaqueSource(Array()), OpaqueSource(Array())
    assert (one.pool.threads, one.pool.slots) == (1, 1)
    assert one.pool.key != two.pool.key
    assert not one.in_memory


class Odd(BaseException):
    pass


@pytest.mark.parametrize(
    "error", [ValueError("two\nlines"), OSError("disk"), Odd("odd"), SystemExit(3), RecursionError()]
)
def test_whatever_a_users_array_raises_is_a_failure(error):
    def answer(box):
        raise error

    outcome = read(OpaqueSource(Array(answer=answer)), BOX)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.OTHER
    assert outcome.message.startswith(type(error).__name__)
    assert "\n" not in outcome.message


def test_running_out_of_memory_is_a_failure_of_its_own_kind():
    def answer(box):
        raise MemoryError

    assert read(OpaqueSource(Array(answer=answer)), BOX).kind is FailureKind.MEMORY


@pytest.mark.parametrize("answer", [lambda b: PLANE, lambda b: PLANE[b].astype(float), lambda b: None, lambda b: 3])
def test_an_answer_of_another_shape_or_dtype_is_a_failure(answer):
    assert read(OpaqueSource(Array(answer=answer)), BOX).kind is FailureKind.CORRUPT


def test_the_other_byte_order_is_no_other_dtype():
    outcome = read(OpaqueSource(Array(answer=lambda b: PLANE[b].astype(">u2"))), BOX)
    assert isinstance(outcome, Loaded)
    np.testing.assert_array_equal(outcome.data, PLANE[BOX])


def test_what_the_user_writes_later_does_not_change_what_was_read():
    mine = PLANE.copy()
    data = read_array(OpaqueSource(Array(mine)), BOX)
    mine[:] = 0
    np.testing.assert_array_equal(data, PLANE[BOX])
    assert mine.flags.writeable


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((2, 4), (2, 4)),
        ((100, 4), (6, 4)),
        (((2, 2, 2), (3, 3, 2)), (2, 3)),
        (((2, 3, 1), (8,)), None),
        (((2, 2, 2), (3, 2, 3)), None),
        ((2,), None),
        ((0, 4), None),
        (None, None),
        ("ab", None),
        ((2.5, 4), None),
    ],
)
def test_regular_chunks_become_the_grid(chunks, expected):
    grid = OpaqueSource(Array(chunks=chunks)).grid((0, 1))
    assert grid == (None if expected is None else Grid(expected))


def test_chunks_too_large_to_be_read_whole_are_no_grid():
    data = np.broadcast_to(np.uint8(0), (2**14, 2**14))
    assert OpaqueSource(Array(data, chunks=(2**14, 2**14))).grid((0, 1)) is None


@pytest.mark.parametrize("attributes", [{"shape": None}, {"shape": ("a",)}, {"dtype": "no such"}, {"dtype": object()}])
def test_an_object_that_is_no_array_is_refused_in_one_sentence(attributes):
    with pytest.raises(TypeError, match=r"cannot be shown|needs"):
        OpaqueSource(Array(**attributes))


def test_a_closed_source_lets_go_of_the_users_object():
    array = Array()
    source = OpaqueSource(array)
    source.close()
    assert isinstance(read(source, BOX), Failed)
    assert BOX not in array.reads
