"""HDF5 datasets of h5py. HDF5 has one lock for all files of a process, so all of them share one worker."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Pool
from lamella.sources.opaque import OpaqueSource
from lamella.sources.portable import NotPortable, pickled

POOL = Pool(key="h5py", slots=1, threads=1)


class H5Dataset:
    """A dataset of a file, opened when it is first read. For the reader process."""

    def __init__(self, filename: str, path: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.filename = filename
        self.path = path
        self.shape = shape
        self.dtype = dtype
        self._dataset: Any = None

    def __getstate__(self) -> tuple[Any, ...]:
        return self.filename, self.path, self.shape, self.dtype

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        if self._dataset is None:
            import h5py

            # Reading needs no lock, and on file systems without locks none can be had.
            self._dataset = h5py.File(self.filename, "r", locking=False)[self.path]
        part: npt.NDArray[Any] = self._dataset[box]
        return part


def h5py_source(data: Any, *, name: str | None = None) -> OpaqueSource:
    """Make a source of a dataset; its file stays the user's to close.

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture, or its file is closed.
    """
    if not data:
        raise ValueError(f"{name or 'the HDF5 dataset'} is of a file that is closed")
    path = data.name or "the HDF5 dataset"

    def recipe() -> bytes:
        file = data.file
        if file.mode != "r":
            raise NotPortable("its file is open for writing")
        if file.driver not in ("sec2", "stdio", "windows"):
            raise NotPortable("its file is not read from a disk")
        return pickled(H5Dataset(file.filename, data.name, data.shape, data.dtype))

    return OpaqueSource(data, name=name or path, pool=POOL, recipe=recipe)
