"""Values out of JSON that somebody else wrote, read leniently: what is not as it should be might as well be missing."""

from __future__ import annotations

import math
from typing import Any

MAX_ITEMS = 100
MAX_TEXT = 100


def number(value: Any) -> float | None:
    """A finite float, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def numbers(value: Any, length: int | None = None) -> tuple[float, ...] | None:
    """A tuple of finite floats, or None for anything else."""
    if not isinstance(value, list) or (length is not None and len(value) != length) or len(value) > MAX_ITEMS:
        return None
    result = tuple(n for n in map(number, value) if n is not None)
    return result if len(result) == len(value) else None


def text(value: Any) -> str:
    """A short printable string; empty for anything else."""
    if not isinstance(value, str):
        return ""
    return " ".join(value.encode("utf-8", "replace").decode().split())[:MAX_TEXT]


def mapping(value: Any) -> dict[str, Any]:
    """``value`` if it is a JSON object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """``value`` if it is a JSON array, otherwise an empty one."""
    return value if isinstance(value, list) else []
