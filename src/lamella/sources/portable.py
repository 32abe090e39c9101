"""What can be made again in the reader process, and what cannot."""

from __future__ import annotations

import io
import pickle
from collections.abc import Buffer
from typing import TYPE_CHECKING, Any

import numpy as np

MOST_BYTES = 2**20  # of a pickle: more is data, and pickling more would hold the interpreter lock for too long

if TYPE_CHECKING:
    _Pickler = pickle.Pickler
else:
    try:  # functions by value: those of a script, and what closes over others
        from cloudpickle import Pickler as _Pickler
    except ImportError:
        _Pickler = pickle.Pickler


class NotPortable(Exception):
    """An array cannot be made again in another process. The text says why, for the user."""
