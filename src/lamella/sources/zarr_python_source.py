"""Zarr arrays read by zarr-python: codecs and stores that tensorstore does not know.

zarr 2 lz4, lzma and filters; zarr 3 ``numcodecs.*``; stores in memory, with headers or credentials of their own. Chunk
by chunk in a small pool. zarr-python keeps the interpreter lock busy, so this is the second choice, and done in the
reader process where that can be.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind, Grid, Missing, Pool, new_token
from lamella.sources.credentials import advice
from lamella.sources.failures import from_http_code, is_forbidden, with_advice
from lamella.sources.indexing import ReadError
from lamella.sources.limits import check_chunk
from lamella.sources.location import Location, without_secrets
from lamella.sources.opaque import OpaqueSource
from lamella.sources.portable import NotPortable, pickled

LOCAL_WORKERS = 2
REMOTE_WORKERS = 16
REQUEST_TIMEOUT = "10s"
_CODE = re.compile(r"status(?: code)?:? (\d{3})\b")


class ZarrArray:
    """A ``zarr.Array`` whose ``[]`` says why it cannot be read. Runs on workers, and in the reader process.

    Parameters
    ----------
    array : zarr.Array
    host : str
        Who is asked, for messages; empty for what is not remote.
    advice : str
        What to do if the host refuses.
    """

    def __init__(self, array: Any, host: str = "", advice: str = "") -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self._array = array
        self._host = host
        self._advice = advice

    def __getitem__(self, box: Box) -> npt.NDArray[Any]:
        try:
            return np.asarray(self._array[box])
        except Exception as error:  # codecs and stores raise what they like
            outcome = classify_exception(error)
        if isinstance(outcome, Failed) and not (self._host and is_forbidden(outcome)):
            raise ReadError(with_advice(outcome, self._host, self._advice))
        # Object stores also say "forbidden" of chunks that do not exist.
        fill = self._array.fill_value
        return np.full([s.stop - s.start for s in box], 0 if fill is None else fill, self.dtype)

    def recipe(self) -> bytes:
        """The pickle of this.

        Raises
        ------
        NotPortable
        """
        store = type(self._array.store_path.store).__name__
        if store in ("MemoryStore", "ManagedMemoryStore", "GpuMemoryStore"):
            raise NotPortable(f"its {store} is only in this process")
        return pickled(self)


def zarr_pool(location: Location | None = None, *, remote: bool = False) -> Pool:
    """The bulkhead of the arrays at a place; of one image, where the place is not known."""
    remote = remote if location is None else location.remote
    workers = REMOTE_WORKERS if remote else LOCAL_WORKERS
    key = f"zarr-python:{new_token() if location is None else location.host}"
    return Pool(key=key, slots=workers, threads=workers, remote=remote)


def zarr_python_source(
    array: Any, *, name: str, chunk: tuple[int, ...] | None, location: Location | None = None, pool: Pool | None = None
) -> OpaqueSource:
    """Make a source of a ``zarr.Array``. Nothing is read.

    Parameters
    ----------
    array : zarr.Array
    name : str
    chunk : tuple of int or None
        The unit of reading.
    location : Location, optional
        Where it is, if that can be said.
    pool : Pool, optional

    Raises
    ------
    TypeError, ValueError
        It cannot be a picture.
    """
    pool = pool or zarr_pool(location)
    host = (location.host if location is not None else name) if pool.remote else ""
    wrapped = ZarrArray(array, host, advice(location) if location is not None else "")
    grid = None if chunk is None else Grid(chunk)
    source = OpaqueSource(wrapped, name=name, grid=grid, pool=pool, recipe=wrapped.recipe)
    if chunk is not None:
        check_chunk(name, chunk, source.dtype)
    return source


def open_zarr_python(
    location: Location, *, metadata: dict[str, Any], chunk: tuple[int, ...], name: str | None = None
) -> OpaqueSource:
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
    return zarr_python_source(array, name=name or location.name, chunk=chunk, location=location)


def classify_exception(error: Exception) -> Missing | Failed:
    """The outcome that an exception of zarr-python, numcodecs, obstore or fsspec stands for."""
    text = without_secrets(" ".join(str(error).split()))
    name = type(error).__name__
    library = type(error).__module__.partition(".")[0]
    if isinstance(error, MemoryError):
        return Failed(FailureKind.MEMORY, "a chunk does not fit into memory")
    if name == "UnauthenticatedError":
        return from_http_code(401)
    if name == "PermissionDeniedError":
        return from_http_code(403)
    if isinstance(error, FileNotFoundError):
        return Missing()
    if library == "obstore":
        code = _CODE.search(text)
        if code is not None:
            return from_http_code(int(code[1]))
        if "timed out" in text or "kind: Timeout" in text or "TimedOut" in text:
            return Failed(FailureKind.TIMEOUT, "the server did not answer in time")
        return Failed(FailureKind.CONNECTION, "the connection failed")
    if isinstance(error, TimeoutError):
        return Failed(FailureKind.TIMEOUT, "the server did not answer in time")
    if library == "aiohttp":
        status = getattr(error, "status", None)
        if isinstance(status, int) and status >= 300:
            return from_http_code(status)
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

    url, headers = _request(location)
    options: dict[str, Any] = {
        "client_options": {"timeout": REQUEST_TIMEOUT, "allow_http": True, "default_headers": headers}
    }
    store = from_url(url, retry_config={"max_retries": 0}, **options)
    return ObjectStore(store, read_only=True)


def _request(location: Location) -> tuple[str, dict[str, str]]:
    """URL and headers for obstore, which would leave out user and password of the URL."""
    parts = urlsplit(location.base)
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2], query=location.query).geturl()
    if parts.username is None or location.scheme not in ("http", "https"):
        return url, {}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return url, {"authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
