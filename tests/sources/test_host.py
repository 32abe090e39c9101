"""Arrays of CuPy, torch and others: copied to this memory by a worker, never at the call."""

import contextlib
import threading

import numpy as np
import pytest

from lamella import Image
from lamella.sources import ArraySource, as_source
from tests.sources.reading import Reading, box_of, read_array

VALUES = np.arange(4 * 40 * 50, dtype=np.uint16).reshape(4, 40, 50)
BOX = box_of((1, 2), (5, 30), (0, 50))


class Cupy:
    """As much of a CuPy array as matters: it refuses to become numpy's by itself, and counts copies."""

    def __init__(self, values, copied=None):
        self.values, self.copied = values, [] if copied is None else copied
        self.shape, self.dtype = values.shape, values.dtype

    @property
    def __cuda_array_interface__(self):
        raise AssertionError("asked for its address")

    def __array__(self, *args, **kwargs):
        raise TypeError("implicit conversion is not allowed")

    def __dlpack_device__(self):
        return (2, 0)

    def __getitem__(self, box):
        return Cupy(self.values[box], self.copied)

    def get(self):
        self.copied.append((threading.current_thread(), self.shape))
        return self.values


class Torch:
    """As much of a torch tensor: a dtype of its own, and to be detached first."""

    class _Dtype:
        def __str__(self):
            return "torch.uint16"

    dtype = _Dtype()

    def __init__(self, values, detached=False):
        self.values, self.detached, self.shape = values, detached, values.shape

    def __array__(self, *args, **kwargs):
        assert self.detached
        return self.values

    def __dlpack_device__(self):
        return (1, 0)

    def __getitem__(self, box):
        return Torch(self.values[box])

    def detach(self):
        return Torch(self.values, True)

    def cpu(self):
        return self


class Numba:
    """On a card, by nothing but its interface."""

    def __init__(self, values):
        self.values = values

    @property
    def __cuda_array_interface__(self):
        return {**self.values.__array_interface__, "version": 3}

    def __getitem__(self, box):
        return Numba(self.values[box])

    def copy_to_host(self):
        return self.values.copy()


class Interface:
    """Only says where it is."""

    def __init__(self, values):
        self.values = values

    @property
    def __array_interface__(self):
        return self.values.__array_interface__


class Dlpack:
    """Only hands itself over."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def __dlpack__(self, **kwargs):
        return self.values.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return (1, 0)


class Convertible:
    """Can only be converted as a whole, and counts how often it is."""

    def __init__(self, values):
        self.values, self.shape, self.dtype, self.conversions = values, values.shape, values.dtype, 0

    def __array__(self, dtype=None, copy=None):
        self.conversions += 1
        return self.values.copy()


@pytest.mark.parametrize("kind", [Cupy, Torch, Numba, Interface, Dlpack, Convertible])
def test_holders_of_arrays_are_read(kind):
    source = as_source(kind(VALUES))
    assert (source.shape, source.dtype, source.name) == (VALUES.shape, VALUES.dtype, kind.__name__)
    for _ in range(2):
        np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX])


def test_only_what_is_asked_for_leaves_the_card_and_on_the_worker():
    array = Cupy(VALUES)
    source = as_source(array)
    worker = threading.Thread(target=lambda: Reading(source, BOX).outcome())
    worker.start()
    worker.join()
    assert array.copied == [(worker, (1, 25, 50))]


def test_what_cannot_be_indexed_is_converted_once_and_again_when_it_has_changed():
    array = Convertible(VALUES)
    source = as_source(array)
    for _ in range(3):
        read_array(source, BOX)
    assert array.conversions == 1
    source.forget()
    array.values = VALUES + 1
    np.testing.assert_array_equal(read_array(source, BOX), VALUES[BOX] + 1)


def test_a_holder_that_does_not_say_its_shape_is_refused_with_what_would_work():
    class OnlyArray:
        def __array__(self):
            raise AssertionError("converted at the call")

    with pytest.raises(TypeError, match=r"shape and dtype of OnlyArray before it is copied; give np\.asarray"):
        as_source(OnlyArray())


def test_a_dtype_that_numpy_does_not_have_is_refused():
    class Bfloat(Torch):
        class _Dtype:
            def __str__(self):
                return "torch.nothing16"

        dtype = _Dtype()

    with pytest.raises(TypeError, match="numpy has no nothing16; convert it"):
        as_source(Bfloat(VALUES))


def test_arrays_of_numpy_are_not_taken_for_those_of_others():
    assert isinstance(as_source(np.ma.masked_array(VALUES)), ArraySource)


class Recorder:
    """A user's array that records what it is asked, and does not answer more than the few things that are needed."""

    def __init__(self, **interfaces):
        self.asked = []

    def __getattribute__(self, name):
        asked = object.__getattribute__(self, "asked")
        if not name.startswith("__"):
            asked.append(name)
        with contextlib.suppress(KeyError):
            return {"shape": (4, 40, 50), "dtype": np.dtype("u2"), "chunks": (1, 20, 25), "asked": asked}[name]
        return object.__getattribute__(self, name)

    def _refuse(self, *args, **kwargs):
        raise AssertionError("called on the main thread")

    __getitem__ = __array__ = __len__ = __iter__ = __bool__ = __eq__ = __dlpack__ = __dlpack_device__ = _refuse
    __hash__ = None


class Indexed:
    """The same without any interface."""

    __init__ = Recorder.__init__
    __getattribute__ = Recorder.__getattribute__
    __getitem__ = __len__ = __iter__ = __bool__ = __eq__ = Recorder._refuse
    __hash__ = None


@pytest.mark.parametrize("kind", [Recorder, Indexed])
@pytest.mark.parametrize("wrap", [lambda array: array, lambda array: [array]], ids=["array", "list"])
def test_the_call_asks_for_shape_dtype_and_chunks_once_and_nothing_else(kind, wrap):
    array = kind()
    image = Image(wrap(array))
    asked = [name for name in array.asked if name != "asked"]
    assert sorted(asked) == ["chunks", "dtype", "shape"]
    assert image.source.levels[0].grid((1, 2)).chunk == (1, 20, 25)
