"""Decoded chunks in memory, with a bound in bytes that holds at every instant: reserve first, read then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy.typing as npt


class ChunkCache:
    """Least-recently-used chunks and the reservations beside them. Owned by the slicing thread.

    Invariant: ``resident + reserved <= limit`` (I4). `reserved` counts reads under way and the tiles that plans hold.

    Parameters
    ----------
    limit : int
        Bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.resident = 0
        self.reserved = 0
        self.evictions = 0
        self._chunks: OrderedDict[Hashable, npt.NDArray[Any]] = OrderedDict()
        self._pins: dict[Hashable, int] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._chunks

    def __len__(self) -> int:
        return len(self._chunks)

    def get(self, key: Hashable) -> npt.NDArray[Any] | None:
        """The chunk, now the most recently used, or None."""
        chunk = self._chunks.get(key)
        if chunk is not None:
            self._chunks.move_to_end(key)
        return chunk

    def reserve(self, nbytes: int) -> bool:
        """Set ``nbytes`` aside, evicting what is not pinned if that is enough; False, and nothing evicted, if not."""
        free = self.limit - self.resident - self.reserved
        if free < nbytes:
            victims = []
            for key, chunk in self._chunks.items():
                if free >= nbytes:
                    break
                if key not in self._pins:
                    victims.append(key)
                    free += chunk.nbytes
            if free < nbytes:
                return False
            for key in victims:
                self._evict(key)
        self.reserved += nbytes
        return True

    def release(self, nbytes: int) -> None:
        """Give a reservation back."""
        self.reserved -= nbytes
        assert self.reserved >= 0, "a reservation was released twice"

    def put(self, key: Hashable, chunk: npt.NDArray[Any]) -> None:
        """Keep a chunk, if there is room for it without evicting anything better: a read reserves its bytes first and
        releases them just before."""
        if key not in self._chunks and self.resident + self.reserved + chunk.nbytes <= self.limit:
            self._chunks[key] = chunk
            self.resident += chunk.nbytes

    def pin(self, key: Hashable) -> None:
        self._pins[key] = self._pins.get(key, 0) + 1

    def unpin(self, key: Hashable) -> None:
        count = self._pins[key] - 1
        if count:
            self._pins[key] = count
        else:
            del self._pins[key]

    def resize(self, limit: int) -> None:
        """Change the limit, evicting down to it; what is pinned or reserved goes when it is given back."""
        self.limit = limit
        for key in [k for k in self._chunks if k not in self._pins]:
            if self.resident + self.reserved <= limit:
                break
            self._evict(key)

    def _evict(self, key: Hashable) -> None:
        self.resident -= self._chunks.pop(key).nbytes
        self.evictions += 1
