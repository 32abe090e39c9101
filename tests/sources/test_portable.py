"""What goes to the reader process: no data, no classes of the script, nothing that takes long to pickle."""

import os
import pickle
import subprocess
import sys

import h5py
import numpy as np
import pytest

from lamella.sources.portable import MOST_BYTES, NotPortable, pickled


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError("it holds\na socket")


def test_a_pickle_is_a_pickle():
    assert pickle.loads(pickled({"a": [1, 2]})) == {"a": [1, 2]}


def test_functions_go_along_by_value():
    base = 3
    assert pickle.loads(pickled(lambda value: base + value))(4) == 7


def test_what_does_not_pickle_says_so_on_one_line():
    with pytest.raises(NotPortable, match=r"\Ait cannot be pickled \(RuntimeError: it holds a socket\)\Z"):
        pickled(Unpicklable())


@pytest.mark.parametrize("data", [b"x" * (MOST_BYTES + 1), list(range(10**6))])
def test_more_than_a_mebibyte_is_refused(data):
    with pytest.raises(NotPortable, match="more than 1 MiB"):
        pickled(data)


def test_a_large_array_is_refused_before_it_is_copied():
    huge = np.broadcast_to(np.uint8(0), (2**50,))  # no memory could hold its copy
    with pytest.raises(NotPortable, match="more than 1 MiB"):
        pickled([huge])


SCRIPT = """
from lamella.sources.portable import NotPortable, pickled
class Mine: pass
def half(value): return value / 2
pickled(half)
try: pickled([Mine()])
except NotPortable as reason: print(reason)
"""


def test_classes_of_the_script_are_refused_and_its_functions_are_not(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "its class Mine is defined in the script itself\n"


def test_a_dataset_of_h5py_inside_is_opened_again(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/x"] = np.arange(6).reshape(2, 3)
        with pytest.raises(NotPortable, match="open for writing"):
            pickled({"inside": file["group/x"]})
    with h5py.File(tmp_path / "a.h5") as file:
        payload = pickled({"inside": file["group/x"]})
    np.testing.assert_array_equal(pickle.loads(payload)["inside"][:, 1:], [[1, 2], [4, 5]])
