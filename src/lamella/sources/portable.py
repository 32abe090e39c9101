"""What can be made again in the reader process, and what cannot."""

from __future__ import annotations

import pickle
from typing import Any

MOST_BYTES = 2**20  # of a pickle: more is data, and data in memory need no other process


class NotPortable(Exception):
    """An array cannot be made again in another process. The text says why, for the user."""


def pickled(data: Any) -> bytes:
    """The pickle of an array, with functions by value where cloudpickle is installed. For workers: it runs user code.

    Raises
    ------
    NotPortable
    """
    try:
        from cloudpickle import dumps
    except ImportError:
        dumps = pickle.dumps
    try:
        payload: bytes = dumps(data)
    except Exception as error:  # whatever somebody's __reduce__ raises
        raise NotPortable(f"it cannot be pickled ({type(error).__name__})") from None
    if len(payload) > MOST_BYTES:
        raise NotPortable(f"its pickle takes {len(payload):,} bytes, more than {MOST_BYTES:,}")
    if b"__main__" in payload:
        raise NotPortable("it is made of classes or functions of the script itself")
    return payload
