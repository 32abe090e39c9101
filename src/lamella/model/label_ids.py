"""Ids of labels in 32 bits, which every graphics card compares exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.model._validate import integer

_LOW = np.uint64(0xFFFFFFFF)


def id32(ids: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Ids as uint32.

    Those of up to 32 bits are taken as they are, negative ones in two's complement, so that different ids stay
    different. So are 64-bit ids that fit into 32 bits; the others are folded into 32 bits, never into 0, the
    background: two of them may get the same colour, but keep their values for picking.

    Parameters
    ----------
    ids : array of bool or integers
    """
    if ids.dtype.kind == "b":
        return ids.astype(np.uint32)
    if ids.dtype.itemsize <= 4:
        return ids.astype(np.int32 if ids.dtype.kind == "i" else np.uint32).view(np.uint32)
    wide = np.ascontiguousarray(ids).astype(ids.dtype.newbyteorder("="), copy=False).view(np.uint64)
    low, high = wide & _LOW, wide >> np.uint64(32)
    fits = high == 0
    if ids.dtype.kind == "i":
        fits |= (high == _LOW) & (low >= np.uint64(2**31))
    if fits.all():
        return low.astype(np.uint32)
    folded = (low * np.uint64(2654435761) ^ high * np.uint64(2246822519)) & _LOW
    folded[folded == 0] = 1
    return np.where(fits, low, folded).astype(np.uint32)


def id_of(name: str, value: Any, dtype: np.dtype[Any]) -> int:
    """One id of data of ``dtype`` as uint32.

    Raises
    ------
    ValueError
        It is no integer, or not one of ``dtype``; the sentence names the argument ``name``.
    """
    number = integer(name, value)
    if dtype.kind == "b":
        low, high = 0, 1
    else:
        low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    if not low <= number <= high:
        raise ValueError(f"{name} must be an id from {low} to {high}, as {dtype} data have, not {value!r}")
    return int(id32(np.array([number], np.uint8 if dtype.kind == "b" else dtype.newbyteorder("=")))[0])
