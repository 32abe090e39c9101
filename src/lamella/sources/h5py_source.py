"""HDF5 datasets of h5py. HDF5 has one lock for all files of a process, so all of them share one worker."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.settings import cache_size
from lamella.sources.base import Box, Failed, FailureKind, Pool
from lamella.sources.indexing import ReadError
from lamella.sources.opaque import OpaqueSource, regular_grid
from lamella.sources.portable import NotPortable, pickled

POOL = Pool(key="h5py", slots=1, threads=1)
_ON_DISK = ("sec2", "stdio", "windows")  # drivers that another process can open too


class H5Dataset:
    """A dataset of a file, opened when it is first read. For the reader process."""

    def __init__(self, filename: str, path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.filename = filename
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self.ndim = len(shape)
        self._dataset: Any = None

    def __reduce__(self) -> tuple[type[H5Dataset], tuple[Any, ...]]:
        return H5Dataset, (self.filename, self.path, self.shape, self.dtype)

    def __getitem__(self, box: Any) -> npt.NDArray[Any]:
        if self._dataset is None:
            import h5py

            # Reading needs no lock, and on file systems without locks none can be had.
            self._dataset = h5py.File(self.filename, "r", locking=False)[self.path]
        part: npt.NDArray[Any] = self._dataset[box]
        return part


class _Opened:
    """A dataset of a file that the user has open; it may be closed at any time."""

    def __init__(self, dataset: Any, name: str) -> None:
        self.shape = dataset.shape
        self.dtype = dataset.dtype
        self._dataset = dataset
        self._name = name

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        if not self._dataset:
            raise ReadError(Failed(FailureKind.OTHER, f"the HDF5 file of {self._name} is closed"))
        part: npt.NDArray[Any] = self._dataset[box]
        return part

    def recipe(self) -> bytes:
        """The pickle of an `H5Dataset`.

        Raises
        ------
        NotPortable
        """
        return pickled(portable(self._dataset))


def portable(dataset: Any) -> H5Dataset:
    """The dataset for another process.

    Raises
    ------
    NotPortable
        Its file is closed, or open for writing, or nothing that can be opened by its name.
    """
    if not dataset:
        raise NotPortable("its HDF5 file is closed")
    file = dataset.file
    if file.mode != "r":
        raise NotPortable("its HDF5 file is open for writing")
    if file.driver not in _ON_DISK or dataset.name is None:
        raise NotPortable("its HDF5 file is not read from a disk")
    return H5Dataset(os.path.abspath(file.filename), dataset.name, dataset.shape, dataset.dtype)


def h5py_source(data: Any, *, name: str | None = None) -> OpaqueSource:
    """Make a source of a dataset; its file stays the user's to close.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture, or its file is closed.
    """
    if not data:
        raise ValueError(f"the HDF5 file of {name or 'the dataset'} is closed; open it again")
    if data.shape is None:
        raise ValueError(f"the HDF5 dataset {name or data.name} is empty: it has no shape")
    name = name or data.name or "the HDF5 dataset"
    opened = _Opened(data, name)
    grid = regular_grid(data.chunks, opened.shape, opened.dtype, most_bytes=cache_size() // 2)
    return OpaqueSource(opened, name=name, grid=grid, pool=POOL, recipe=opened.recipe)
