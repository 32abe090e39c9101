"""Zarr arrays with codecs that tensorstore refuses (zarr 2 lz4, lzma and filters; zarr 3 ``numcodecs.*``).

Read chunk by chunk by zarr-python in a small pool. It keeps the interpreter lock busy, so it is the second choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from lamella.sources.base import Box, Failed, FailureKind, Grid, Loaded, Missing, Outcome, Pool, new_token
from lamella.sources.failures import from_http_code, is_forbidden
from lamella.sources.limits import check_chunk, check_dtype, check_shape
from lamella.sources.location import Location

LOCAL_WORKERS = 2
REMOTE_WORKERS = 16
REQUEST_TIMEOUT = "10s"
_CODE = re.compile(r"status(?: code)?:? (\d{3})\b")


def open_zarr_python(
    location: Location, *, metadata: dict[str, Any], chunk: tuple[int, ...], name: str | None = None
) -> ZarrPythonSource:
    """Open one zarr array from its metadata, without reading anything.

    Parameters
    ----------
    location : Location
        The folder of the array.
    metadata : dict
        Contents of ``zarr.json``, or of ``.zarray``.
    chunk : tuple of int
        The unit of reading.
    name : str, optional

    Raises
    ------
    ImportError
        zarr-python (or, for remote stores, obstore) is not installed.
    ValueError
        zarr-python refuses the metadata too.
    """
    import zarr
    from zarr.storage import StorePath

    try:
        array = zarr.Array.from_dict(StorePath(_store(location), location.path), metadata)
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, ImportError) as error:
        raise ValueError(" ".join(str(error).split())[:300]) from None
    return ZarrPythonSource(array, chunk=chunk, location=location, name=name)


class ZarrPythonSource:
    """An array of zarr-python as a source. `read` blocks, so it is called on workers; any of them may.

    Parameters
    ----------
    array : zarr.Array
    chunk : tuple of int
    location : Location
    name : str, optional
    """

    def __init__(self, array: Any, *, chunk: tuple[int, ...], location: Location, name: str | None = None) -> None:
        self.name = name or location.name
        self.token = new_token()
        self.shape: tuple[int, ...] = tuple(int(n) for n in array.shape)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)
        check_dtype(self.name, self.dtype)
        check_shape(self.name, self.shape)
        check_chunk(self.name, chunk, self.dtype)
        fill = array.fill_value
        self.fill_value: Any = self.dtype.type(0) if fill is None else np.asarray(fill, self.dtype)[()]
        workers = REMOTE_WORKERS if location.remote else LOCAL_WORKERS
        key = f"zarr-python:{location.host}"
        self.pool = Pool(key=key, slots=workers, threads=workers, remote=location.remote)
        self.in_memory = False
        self._grid = Grid(chunk)
        self._remote = location.remote
        self._array: Any = array

    def __repr__(self) -> str:
        return f"ZarrPythonSource({self.name!r}, shape={self.shape}, dtype={self.dtype})"

    def grid(self, displayed: tuple[int, ...]) -> Grid | None:
        return self._grid

    def read(self, box: Box, done: Callable[[Outcome], None]) -> None:
        array = self._array
        if array is None:
            done(Failed(FailureKind.OTHER, f"{self.name} is closed"))
            return
        try:
            data = np.asarray(array[box])
        except Exception as error:  # codecs and stores raise what they like
            done(self._judged(error))
            return
        data = data.view()
        data.setflags(write=False)
        done(Loaded(data))

    def close(self) -> None:
        """Let go of the array and its connections."""
        self._array = None

    def _judged(self, error: Exception) -> Missing | Failed:
        outcome = classify_exception(error)
        return Missing() if self._remote and is_forbidden(outcome) else outcome


def classify_exception(error: Exception) -> Missing | Failed:
    """The outcome that an exception of zarr-python, numcodecs or obstore stands for."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    if isinstance(error, MemoryError):
        return Failed(FailureKind.MEMORY, "a chunk does not fit into memory")
    if name == "UnauthenticatedError":
        return from_http_code(401)
    if name == "PermissionDeniedError":
        return from_http_code(403)
    if isinstance(error, FileNotFoundError):
        return Missing()
    if type(error).__module__.startswith("obstore"):
        code = _CODE.search(text)
        if code is not None:
            return from_http_code(int(code[1]))
        if "timed out" in text or "kind: Timeout" in text or "TimedOut" in text:
            return Failed(FailureKind.TIMEOUT, "the server did not answer in time")
        return Failed(FailureKind.CONNECTION, "the connection failed")
    if isinstance(error, PermissionError):
        return Failed(FailureKind.DENIED, "access was denied")
    if isinstance(error, OSError):
        return Failed(FailureKind.OTHER, f"{name}: {error.strerror or text[:200]}")
    return Failed(FailureKind.CORRUPT, f"the stored data are damaged: {name}")


def _store(location: Location) -> Any:
    if not location.remote:
        from zarr.storage import LocalStore

        return LocalStore(location.base, read_only=True)
    from obstore.store import from_url
    from zarr.storage import ObjectStore

    options: dict[str, Any] = {"client_options": {"timeout": REQUEST_TIMEOUT, "allow_http": True}}
    store = from_url(location.base, retry_config={"max_retries": 0}, **options)
    return ObjectStore(store, read_only=True)
