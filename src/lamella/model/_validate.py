"""Checks of single arguments. Each returns the clean value or raises a ValueError that names argument and value."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite float in ``[low, high]``."""
    result = _float(value)
    if result is None or not math.isfinite(result) or not low <= result <= high:
        raise ValueError(f"{name} must be {_numbers_in(low, high)}, not {value!r}")
    return result


def numbers(name: str, values: Any, count: int, low: float = -math.inf) -> tuple[float, ...]:
    """``count`` finite floats, none below ``low``."""
    given = _sequence(values)
    result = None if given is None else [_float(v) for v in given]
    if result is None or len(result) != count or any(v is None or not math.isfinite(v) or v < low for v in result):
        bound = "" if low == -math.inf else f", none below {low:g}"
        raise ValueError(f"{name} must be {count} finite number{'s' * (count != 1)}{bound}, not {values!r}")
    return tuple(v for v in result if v is not None)


def flag(name: str, value: Any) -> bool:
    """True or False, numpy's too."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise ValueError(f"{name} must be True or False, not {value!r}")
    return bool(value)


def one_of(name: str, value: Any, options: Sequence[Any]) -> Any:
    if not any(type(value) is type(option) and value == option for option in options):
        raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}, not {value!r}")
    return value


def integer(name: str, value: Any) -> int:
    """An int; floats with an integer value count, NaN and True do not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, not {value!r}") from None


def axis_index(axis: Any, ndim: int) -> int:
    """An axis from 0; negative axes count from the last."""
    result = integer("axis", axis)
    if not -ndim <= result < ndim:
        raise ValueError(f"axis must be from {-ndim} to {ndim - 1}, as there are {ndim} axes, not {axis!r}")
    return result % ndim


def text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string, not {value!r}")
    return value


def last_axes_texts(name: str, values: Any, ndim: int, default: str) -> tuple[str, ...]:
    """One string an axis. None: all default; one string: every axis; fewer strings: the last axes."""
    if values is None:
        return (default,) * ndim
    if isinstance(values, str):
        return (values,) * ndim
    given = _sequence(values)
    if given is None or len(given) > ndim or not all(isinstance(v, str) for v in given):
        raise ValueError(f"{name} must be at most {ndim} strings, one an axis, not {values!r}")
    return (default,) * (ndim - len(given)) + tuple(given)


def _float(value: Any) -> float | None:
    if isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _sequence(values: Any) -> list[Any] | None:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        return None
    try:
        return list(values)
    except TypeError:  # arrays of no axis say that they are iterable
        return None


def _numbers_in(low: float, high: float) -> str:
    if (low, high) == (-math.inf, math.inf):
        return "a finite number"
    return f"a number from {low:g} to {high:g}"
