"""Arrays of other libraries, on a graphics card or not, as numpy arrays. For workers: it copies, and may wait."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.opaque import OpaqueSource

_CPU = 1  # the number of this memory in dlpack.h


def to_host(data: Any) -> npt.NDArray[Any]:
    """A numpy array of what a library calls one; no copy where it is in this memory already."""
    if isinstance(data, np.ndarray):
        return data
    kind = type(data)
    if hasattr(kind, "__cuda_array_interface__") and hasattr(kind, "get"):  # CuPy
        return np.asarray(data.get())
    if hasattr(kind, "copy_to_host"):  # numba
        return np.asarray(data.copy_to_host())
    if hasattr(kind, "detach") and hasattr(kind, "cpu"):  # torch
        return np.asarray(data.detach().cpu())
    if _is_here(data) is False and not hasattr(kind, "__array__"):
        return np.from_dlpack(data, device="cpu")
    if hasattr(kind, "__dlpack__") and not hasattr(kind, "__array__") and not hasattr(kind, "__array_interface__"):
        return np.from_dlpack(data)
    return np.asarray(data)


def _is_here(data: Any) -> bool | None:
    """Whether it is in this memory; None if it does not say."""
    return int(data.__dlpack_device__()[0]) == _CPU if hasattr(type(data), "__dlpack_device__") else None


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
        name = str(dtype).rpartition(".")[2]
        try:
            found = np.dtype(name)
        except TypeError:
            raise TypeError(f"numpy has no {name}; convert it to another type") from None
    return found


class _HostArray:
    """An array of another library: what ``[]`` answers is copied to this memory. Owned by its source's worker.

    Shape, dtype and chunks are read once, when it is made; nothing else of ``data`` is touched then.
    """

    def __init__(self, data: Any) -> None:
        try:
            self.shape, self.dtype = tuple(data.shape), numpy_dtype(data.dtype)
        except AttributeError:
            interface = getattr(data, "__array_interface__", None) or data.__cuda_array_interface__
            self.shape, self.dtype = tuple(interface["shape"]), np.dtype(interface["typestr"])
        self.chunks = getattr(data, "chunks", None)
        self._data = data
        self._copy: npt.NDArray[Any] | None = None

    def __getitem__(self, box: Any) -> npt.NDArray[Any]:
        data = self._data
        kind = type(data)
        part: npt.NDArray[Any]
        if _is_here(data):
            part = to_host(data)[box]  # a view of it: some libraries compile for each slice
        elif not hasattr(kind, "__getitem__"):
            part = self._whole()[box]
        else:
            device = data.device if kind.__module__.partition(".")[0] == "cupy" else contextlib.nullcontext()
            with device:  # a worker begins on the first card
                part = to_host(data[box])
        return part

    def _whole(self) -> npt.NDArray[Any]:
        """What cannot be indexed: all of it, kept if it had to be copied."""
        copy = self._copy
        if copy is None:
            copy = to_host(self._data)
            if copy.base is None:
                self._copy = copy
        return copy

    def forget(self) -> None:
        self._copy = None


class HostSource(OpaqueSource):
    """An array of another library, copied to this memory by its worker.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture: no shape and dtype, or a dtype that numpy does not have.
    """

    def __init__(self, data: Any, *, name: str | None = None) -> None:
        name = name or type(data).__name__
        try:
            array = _HostArray(data)
        except AttributeError:
            raise TypeError(
                f"lamella cannot see shape and dtype of {name} before it is copied; give np.asarray of it"
            ) from None
        super().__init__(array, name=name)

    def forget(self) -> None:
        super().forget()
        if self._data is not None:
            self._data.forget()
