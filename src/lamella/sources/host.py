"""Arrays of other libraries, on a graphics card or not, as numpy arrays. For workers: it copies, and may wait."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def to_host(data: Any) -> npt.NDArray[Any]:
    """A numpy array of what a library calls one: CuPy (``get``), torch (``detach``, ``cpu``), ``__dlpack__``,
    ``__array__``. No copy where it is in this memory already.
    """
    if isinstance(data, np.ndarray):
        return data
    if callable(get := getattr(data, "get", None)) and hasattr(data, "__cuda_array_interface__"):
        return np.asarray(get())
    if callable(getattr(data, "detach", None)) and callable(getattr(data, "cpu", None)):
        data = data.detach().cpu()
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__") or not hasattr(data, "__dlpack__"):
        return np.asarray(data)
    return np.from_dlpack(data)


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """The numpy dtype of a library's own dtype: ``torch.float32`` is ``float32``.

    Raises
    ------
    TypeError
        numpy has none.
    """
    found: np.dtype[Any]
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = np.dtype(str(dtype).rpartition(".")[2])
    return found


class HostArray:
    """An array of another library that numpy does not index: what ``[]`` answers is copied to this memory.

    Owned by its source's worker.

    Parameters
    ----------
    data : object
        With ``shape`` and ``dtype``, or one of the array interfaces that say them.

    Raises
    ------
    AttributeError, TypeError
        It says neither.
    """

    def __init__(self, data: Any) -> None:
        interface = getattr(data, "__array_interface__", None) or getattr(data, "__cuda_array_interface__", None)
        if hasattr(data, "shape") and hasattr(data, "dtype"):
            self.shape, self.dtype = tuple(data.shape), numpy_dtype(data.dtype)
        elif interface is not None:
            self.shape, self.dtype = tuple(interface["shape"]), np.dtype(interface["typestr"])
        else:
            raise AttributeError("it has neither shape and dtype nor an array interface")
        self._data = data
        self._host: npt.NDArray[Any] | None = None

    def __getitem__(self, box: Any) -> npt.NDArray[Any]:
        if hasattr(type(self._data), "__getitem__"):
            return to_host(self._data[box])
        if self._host is None:  # it cannot be indexed: all of it, once
            self._host = to_host(self._data)
        part: npt.NDArray[Any] = self._host[box]
        return part
