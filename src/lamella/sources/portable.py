"""What can be made again in the reader process, and what cannot."""

from __future__ import annotations

import io
import pickle
from functools import cache
from typing import Any

import numpy as np

from lamella.sources.indexing import sentence

MOST_BYTES = 2**20  # of a pickle: more is data, and pickling it would hold the interpreter lock for long


class NotPortable(Exception):
    """An array cannot be made again in another process. The text says why, for the user."""


def pickled(data: Any) -> bytes:
    """The pickle of an array; functions of the script go along by value where cloudpickle is installed, as dask's do.

    For workers: it runs the code of whatever ``data`` holds.

    Raises
    ------
    NotPortable
        It holds instances of classes that are defined in the script, takes more than `MOST_BYTES`, or does not pickle.
    """
    file = _Limited()
    try:
        _pickler()(file, protocol=pickle.HIGHEST_PROTOCOL).dump(data)
    except NotPortable:
        raise
    except Exception as error:  # whatever somebody's __reduce__ raises
        raise NotPortable(f"it cannot be pickled ({sentence(error)})") from None
    return file.getvalue()


class _Limited(io.BytesIO):
    """Refuses to grow beyond `MOST_BYTES`: the pickle of an array of 100 GB shall not be made to find that out."""

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > MOST_BYTES:
            raise _too_large()
        return super().write(data)


def _too_large() -> NotPortable:
    return NotPortable(f"its pickle takes more than {MOST_BYTES // 2**20} MiB, so it holds data")


@cache
def _pickler() -> Any:
    """The class of pickler, made at the first use: cloudpickle takes 0.1 s to import."""
    try:
        from cloudpickle import Pickler as Base
    except ImportError:
        Base = pickle.Pickler

    class Pickler(Base):  # type: ignore[misc]
        def reducer_override(self, value: Any) -> Any:
            if isinstance(value, np.ndarray) and value.nbytes > MOST_BYTES:
                raise _too_large()  # before numpy makes a copy of it
            if isinstance(value, type) and value.__module__ == "__main__":
                raise NotPortable(f"its class {value.__qualname__} is defined in the script itself")
            if type(value).__module__.partition(".")[0] == "h5py" and type(value).__name__ == "Dataset":
                from lamella.sources.h5py_source import portable  # what lies under a dask array, say

                return portable(value).__reduce__()
            inherited = getattr(super(), "reducer_override", None)
            return NotImplemented if inherited is None else inherited(value)

    return Pickler
