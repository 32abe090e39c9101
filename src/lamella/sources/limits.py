"""What lamella refuses to open: arrays that cannot be a picture, and metadata that would exhaust the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

MAX_AXES = 32  # tensorstore's limit; numpy's is 64
MAX_SAMPLES = 2**62  # along an axis and in all: beyond it 64-bit offsets overflow
SHARD_INDEX_ENTRY = 16  # bytes an inner chunk in the index of a shard


def check_dtype(name: str, dtype: np.dtype[Any]) -> None:
    """Refuse what is no number.

    Raises
    ------
    TypeError
        One sentence that names ``name`` and the dtype.
    """
    if dtype.kind not in "biufc":
        what = "Python objects" if dtype.kind == "O" else f"values of type {dtype}"
        raise TypeError(f"{name} holds {what}; lamella shows boolean, integer, floating and complex numbers")


def check_shape(name: str, shape: Sequence[int]) -> None:
    """Refuse arrays without an axis or a sample, and those whose offsets would overflow.

    Raises
    ------
    ValueError
        One sentence that names ``name`` and the shape.
    """
    if len(shape) == 0:
        raise ValueError(f"{name} has no axis (it is a single number); a picture needs at least one axis")
    if len(shape) > MAX_AXES:
        raise ValueError(f"{name} has {len(shape)} axes; lamella opens arrays of at most {MAX_AXES}")
    if 0 in shape:
        raise ValueError(f"{name} is empty: its shape is {tuple(shape)}")
    if min(shape) < 0 or max(shape) > MAX_SAMPLES or math.prod(shape) > MAX_SAMPLES:
        raise ValueError(
            f"{name} claims {_power(math.prod(shape))} voxels; lamella opens arrays of at most {_power(MAX_SAMPLES)}"
        )


def check_chunk(name: str, chunk: Sequence[int], dtype: np.dtype[Any], shard: Sequence[int] | None = None) -> None:
    """Refuse chunks, and indices of shards, that would not fit twice into the chunk cache.

    Parameters
    ----------
    name : str
    chunk : sequence of int
        Shape of the unit of reading.
    dtype : numpy.dtype
    shard : sequence of int, optional
        Shape of the shard that holds it.

    Raises
    ------
    ValueError
        One sentence with the number of bytes and the limit.
    """
    from lamella.settings import cache_size

    if min(chunk, default=1) < 1 or (shard is not None and min(shard, default=1) < 1):
        raise ValueError(f"{name} has chunks of shape {tuple(chunk)}; each length must be at least 1")
    limit = cache_size() // 2
    size = math.prod(chunk) * dtype.itemsize
    if size > limit:
        raise ValueError(
            f"{name} has chunks of {_bytes(size)}, more than half of the cache of {_bytes(cache_size())}; "
            f"raise the setting cache_size to at least {_bytes(2 * size)} to open it"
        )
    if shard is not None:
        index = math.prod(-(-s // c) for s, c in zip(shard, chunk, strict=True)) * SHARD_INDEX_ENTRY
        if index > limit:
            raise ValueError(
                f"{name} has shards whose index takes {_bytes(index)}, more than half of the cache of "
                f"{_bytes(cache_size())}"
            )


def _power(number: int) -> str:
    return str(number) if number < 10**6 else f"10^{math.log10(number):.1f}"


def _bytes(number: int) -> str:
    for exponent, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if number >= 10**exponent:
            value = number / 10**exponent if number < 10**300 else math.inf
            return f"{value:.3g} {unit}" if value < 10**6 else f"{value:.2e} {unit}"
    return f"{number} bytes"
