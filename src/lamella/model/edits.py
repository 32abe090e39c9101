"""Which parts of an array changed, and when: so that only those are read again.

Versions are numbers of the whole process. Layers may share a source, and a number that two of them gave to different
states of it would let the chunks of one state show as those of the other.
"""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Region = tuple[tuple[int, int], ...]
"""(start, stop) of the samples of level 0, one an axis of the data."""

MAX_EDITS = 32  # that are remembered one by one: planning looks at each of them
_MAX_SOURCES = 10_000  # whose version is remembered for layers that are made of them later

_versions = itertools.count(1)
_refreshed: OrderedDict[int, int] = OrderedDict()  # token of a source → its newest version


class Edit(NamedTuple):
    """A part of the data changed."""

    version: int
    region: Region


@dataclass(frozen=True, slots=True)
class Edits:
    """The version of every sample: that of the newest edit it is in, otherwise `base`.

    Attributes
    ----------
    base : int
    latest : tuple of Edit
        Oldest first, at most `MAX_EDITS`.
    """

    base: int = 0
    latest: tuple[Edit, ...] = ()

    def with_edit(self, version: int, region: Region) -> Edits:
        """One more edit. Those that it covers are left out; of too many, the older half becomes one around them all."""
        latest = [*(e for e in self.latest if not _covers(region, e.region)), Edit(version, region)]
        if len(latest) > MAX_EDITS:
            half = len(latest) // 2
            old, latest = latest[:half], latest[half:]
            around = tuple(
                (min(start for start, _ in spans), max(stop for _, stop in spans))
                for spans in zip(*(e.region for e in old), strict=True)
            )
            latest.insert(0, Edit(old[-1].version, around))  # what lies between them is read once more
        return Edits(self.base, tuple(latest))


NO_EDITS = Edits()


def new_version(tokens: Iterable[int]) -> int:
    """A version that no data ever had, from now on the newest of these sources."""
    version = next(_versions)
    for token in tokens:
        _refreshed[token] = version
        _refreshed.move_to_end(token)
    while len(_refreshed) > _MAX_SOURCES:
        _refreshed.popitem(last=False)
    return version


def newest_version(tokens: Iterable[int]) -> int:
    """The newest version of these sources: 0 until one of them is refreshed."""
    return max((_refreshed.get(token, 0) for token in tokens), default=0)


def region_of(index: Any, shape: Sequence[int]) -> Region | None:
    """The samples that an index into an array of ``shape`` touches; None if it touches none.

    Parameters
    ----------
    index : slice, int, (start, stop), None, Ellipsis, or a tuple with one of these an axis
        None and Ellipsis stand for whole axes, and so do axes that are left out at the end. Negative numbers count from
        the end and slices are cut off at it, as in numpy. The gaps of a slice with a step count as touched.

    Raises
    ------
    ValueError
        It is no such index, or a number beyond the array.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    gaps = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(gaps) > 1:
        raise ValueError("region must have at most one Ellipsis")
    if gaps:
        parts[gaps[0] : gaps[0] + 1] = [None] * (len(shape) + 1 - len(parts))
    if len(parts) > len(shape):
        raise ValueError(f"region has {len(parts)} axes, but the data have {len(shape)}")
    parts += [None] * (len(shape) - len(parts))
    region = tuple(_span(part, axis, n) for axis, (part, n) in enumerate(zip(parts, shape, strict=True)))
    return region if all(start < stop for start, stop in region) else None


def _span(part: Any, axis: int, n: int) -> tuple[int, int]:
    if part is None:
        return 0, n
    try:
        if isinstance(part, (tuple, list)) and len(part) == 2:
            part = slice(*part)
        if isinstance(part, slice):
            touched = range(n)[part]
            return (min(touched[0], touched[-1]), max(touched[0], touched[-1]) + 1) if touched else (0, 0)
        if isinstance(part, bool):
            raise TypeError
        number = operator.index(part)
    except (TypeError, ValueError):
        raise ValueError(
            f"region must have a slice, an integer, (start, stop) or None for each axis, not {part!r} for axis {axis}"
        ) from None
    if not -n <= number < n:
        raise ValueError(f"region is at {number} on axis {axis}, beyond its {n} samples")
    return number % n, number % n + 1


def _covers(outer: Region, inner: Region) -> bool:
    return all(a <= c and d <= b for (a, b), (c, d) in zip(outer, inner, strict=True))
