"""Copies of arrays that somebody else may write to at any moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

# Copying these takes 0.3 ms, 3 ms on a busy machine, so it may be done where the array is handed over.
AT_THE_CALL = 2**20  # bytes
_PIECE = 2**12  # items copied in one go: memory is used again and again, and other threads run between them
_ATTEMPTS = 4


def is_writable(array: npt.NDArray[Any]) -> bool:
    """Whether anybody can change the array through numpy: it, or an array that it is a view of, may be written to."""
    view: Any = array
    while isinstance(view, np.ndarray):
        if view.flags.writeable:
            return True
        view = view.base
    return view is not None and not isinstance(view, bytes)


Convert = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


def snapshot(array: npt.NDArray[Any], convert: Convert = np.asarray) -> npt.NDArray[Any]:
    """A read-only copy of the array as it was at one instant, while others may write to it.

    It is copied, then compared. Where both agree no item has changed between the copy of the last one and the
    comparison of the first; otherwise it is done again. Somebody who writes all the time is not waited for.

    Parameters
    ----------
    array : (n, …) array
    convert : callable
        What is kept of a piece of it, row by row.
    """
    first = convert(array[:1])
    return _filled(np.empty((len(array), *first.shape[1:]), first.dtype), array, convert)


def snapshot_of_columns(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same of a table, with each column contiguous in memory: (n, m) → (n, m)."""
    return _filled(np.empty(array.shape[::-1], array.dtype).T, array, np.asarray)


def _filled(copy: npt.NDArray[Any], array: npt.NDArray[Any], convert: Convert) -> npt.NDArray[Any]:
    pieces = [slice(start, start + _PIECE) for start in range(0, len(array), _PIECE)]
    for _ in range(_ATTEMPTS):
        for piece in pieces:
            copy[piece] = convert(array[piece])
        if not is_writable(array) or all(_same_bits(copy[piece], convert(array[piece])) for piece in pieces):
            break
    copy.setflags(write=False)
    return copy


def _same_bits(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """NaN included."""
    bits = np.dtype(f"u{a.dtype.itemsize}")
    return bool((a.view(bits) == b.astype(a.dtype, copy=False).view(bits)).all())
