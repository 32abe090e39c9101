"""``.npy`` files, memory-mapped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lamella.io.errors import OpenError
from lamella.io.stored_image import LevelDescription, StoredImage
from lamella.sources.array import ArraySource


def open_npy(path: Path, name: str) -> StoredImage:
    """Map a ``.npy`` file.

    Raises
    ------
    OpenError
        It is damaged, or holds no array that can be shown.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        source = ArraySource(array, name=str(path))
    except (ValueError, OSError, OverflowError, EOFError, TypeError, MemoryError, RecursionError, SyntaxError) as error:
        raise OpenError(_sentence(path, error)) from None
    level = LevelDescription("", source.shape, None, None, "not compressed, memory-mapped", array.nbytes)
    return StoredImage(location=str(path), name=name, format="npy", sources=(source,), levels=(level,))


def _sentence(path: Path, error: BaseException) -> str:
    reason = " ".join(str(error).split())
    if reason.startswith(str(path)):
        return reason
    if "pickle" in reason and not _is_npy(path):
        reason = "it does not start as one"
    elif "Python objects" in reason or "allow_pickle" in reason:
        return f"{path} holds Python objects; lamella shows boolean, integer, floating and complex numbers"
    if "mmap" in reason or "bytes" in reason:
        reason = "it is empty or cut off"
    return f"{path} cannot be opened as a .npy file: {reason[:200] or type(error).__name__}"


def _is_npy(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(6) == b"\x93NUMPY"
