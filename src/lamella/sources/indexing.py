"""Index somebody's array by a box: the one place where code of data is called, on a worker or in the reader process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella.sources.base import Box, Failed, FailureKind


class ReadError(Exception):
    """What ``[]`` of an array of lamella's own raises where it knows better than `index` why it cannot be read."""

    def __init__(self, failure: Failed) -> None:
        super().__init__(failure.message)
        self.failure = failure


def index(
    data: Any,
    box: Box,
    *,
    name: str,
    dtype: np.dtype[Any],
    to_numpy: Callable[[Any], npt.NDArray[Any]] = np.asarray,
) -> npt.NDArray[Any] | Failed:
    """``data[box]`` as a numpy array of the shape of ``box`` and of ``dtype`` in either byte order, or why not.

    May block as long as ``data`` likes. Whatever it raises is a failure.
    """
    try:
        result = to_numpy(data[box])
    except ReadError as error:
        return error.failure
    except MemoryError as error:
        return Failed(FailureKind.MEMORY, sentence(error))
    except BaseException as error:  # a user's code: nothing that it raises may harm others
        return Failed(FailureKind.OTHER, sentence(error))
    if result.shape != tuple(s.stop - s.start for s in box):
        return Failed(FailureKind.CORRUPT, f"{name} answered with another shape than was asked for")
    if result.dtype.newbyteorder("=") != dtype.newbyteorder("="):
        return Failed(FailureKind.CORRUPT, f"{name} answered with {result.dtype} where it said {dtype}")
    return result


def sentence(error: BaseException) -> str:
    """Class and text of what was raised, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
