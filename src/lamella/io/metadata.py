"""Reading values out of JSON that somebody else wrote: nothing in it is trusted."""

from __future__ import annotations

import json
import math
from typing import Any

from lamella.io.errors import OpenError

MAX_BYTES = 16 * 2**20  # the largest real metadata files, consolidated plates, take 2 MiB
MAX_DEPTH = 100


def parse_json(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object in ``data``.

    Raises
    ------
    OpenError
        It is no JSON object, larger than `MAX_BYTES` or nested deeper than `MAX_DEPTH`.
    """
    if len(data) > MAX_BYTES:
        raise OpenError(f"{where} is larger than {MAX_BYTES // 2**20} MiB, too large for a metadata file")
    try:
        value = json.loads(data)
        deep = _deeper_than(value, MAX_DEPTH)
    except RecursionError:
        deep = True
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise OpenError(f"the metadata file {where} is damaged: it is not valid JSON ({reason})") from None
    if deep:
        raise OpenError(f"the metadata file {where} is nested deeper than {MAX_DEPTH} levels, so lamella refuses it")
    if not isinstance(value, dict):
        raise OpenError(f"the metadata file {where} is damaged: it must hold a JSON object")
    return value


def integers(value: Any, what: str, where: str) -> tuple[int, ...]:
    """A tuple of integers.

    Raises
    ------
    OpenError
        It is something else.
    """
    if not isinstance(value, list) or any(isinstance(n, bool) or not isinstance(n, (int, float)) for n in value):
        raise OpenError(f"the metadata of {where} are damaged: {what} must be a list of integers")
    if any(n != n or n in (math.inf, -math.inf) or n != int(n) for n in value):
        raise OpenError(f"the metadata of {where} are damaged: {what} must be a list of integers")
    return tuple(int(n) for n in value)


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        below: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                below.extend(v for v in node.values() if isinstance(v, (dict, list)))
            elif isinstance(node, list):
                below.extend(v for v in node if isinstance(v, (dict, list)))
        if not below:
            return False
        level = below
    return True
