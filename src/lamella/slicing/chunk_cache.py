"""Decoded chunks in memory, with a bound in bytes that holds at every instant: reserve first, read then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import numpy.typing as npt

AHEAD_SHARE = 4  # chunks read ahead that nobody has used yet may take 1/4 of the limit


class ChunkCache:
    """Least-recently-used chunks and the reservations beside them. Owned by the slicing thread.

    Invariant: ``resident + reserved <= limit`` (I4). `reserved` counts reads under way and the tiles that plans hold.
    After the limit was lowered below what is alive nothing more is granted until enough has been given back.

    Parameters
    ----------
    limit : int
        Bytes.

    Attributes
    ----------
    resident, reserved : int
        Bytes of the chunks, and bytes set aside.
    hits, misses, evictions, ahead_used : int
        Counters: chunks taken from here, chunks that had to be read, chunks let go, chunks read ahead that came to use.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.resident = 0
        self.reserved = 0
        self.hits = self.misses = self.evictions = self.ahead_used = 0
        self._chunks: OrderedDict[Hashable, npt.NDArray[Any]] = OrderedDict()
        self._ahead: OrderedDict[Hashable, int] = OrderedDict()  # bytes of the chunks that nobody has used yet
        self._ahead_bytes = 0  # of those, and of the reads for them that are under way
        self._pins: dict[Hashable, int] = {}

    def __contains__(self, key: Hashable) -> bool:
        return key in self._chunks

    def __len__(self) -> int:
        return len(self._chunks)

    def get(self, key: Hashable) -> npt.NDArray[Any] | None:
        """The chunk, now the most recently used, or None."""
        chunk = self._chunks.get(key)
        if chunk is None:
            return None
        self.hits += 1
        self._chunks.move_to_end(key)
        if key in self._ahead:
            self._ahead_bytes -= self._ahead.pop(key)
            self.ahead_used += 1
        return chunk

    def reserve(self, nbytes: int) -> bool:
        """Set ``nbytes`` aside, evicting what is not pinned if that is enough; False, and nothing evicted, if not."""
        free = self.limit - self.resident - self.reserved
        if free < nbytes:
            victims = []
            for key in self._worst_first():
                victims.append(key)
                free += self._chunks[key].nbytes
                if free >= nbytes:
                    break
            if free < nbytes:
                return False
            for key in victims:
                self._evict(key)
        self.reserved += nbytes
        return True

    def _worst_first(self) -> list[Hashable]:
        """What may go: first what was read ahead and not used, then the least recently used."""
        unused = [k for k in self._ahead if k not in self._pins]
        return unused + [k for k in self._chunks if k not in self._pins and k not in self._ahead]

    def reserve_ahead(self, nbytes: int) -> bool:
        """The same for a read of what nobody has asked for yet; it may only displace what was used longest ago."""
        if self._ahead_bytes + nbytes > self.limit // AHEAD_SHARE:
            return False
        if not self.reserve(nbytes):
            return False
        self._ahead_bytes += nbytes
        return True

    def release(self, nbytes: int) -> None:
        """Give a reservation back."""
        self.reserved -= nbytes
        assert self.reserved >= 0, "a reservation was released twice"

    def release_ahead(self, nbytes: int) -> None:
        """What `reserve_ahead` granted is no longer for a read ahead; the reservation itself stays."""
        self._ahead_bytes -= nbytes
        assert self._ahead_bytes >= 0, "a reservation of a read ahead was released twice"

    def exchange(self, old: int, new: int) -> None:
        """Reserved bytes turn out to be others: what is alive is counted, whatever the limit."""
        self.reserved += new - old
        assert self.reserved >= 0, "a reservation was released twice"

    def put(self, key: Hashable, chunk: npt.NDArray[Any], *, ahead: bool = False) -> None:
        """Keep a chunk, if there is room for it without evicting anything better: a read reserves its bytes first and
        releases them just before."""
        if key not in self._chunks and self.resident + self.reserved + chunk.nbytes <= self.limit:
            self._chunks[key] = chunk
            self.resident += chunk.nbytes
            if ahead:
                self._ahead[key] = chunk.nbytes
                self._ahead_bytes += chunk.nbytes

    def pin(self, key: Hashable) -> None:
        self._pins[key] = self._pins.get(key, 0) + 1

    def unpin(self, key: Hashable) -> None:
        count = self._pins[key] - 1
        if count:
            self._pins[key] = count
        else:
            del self._pins[key]
            if self.resident + self.reserved > self.limit:  # it was lowered meanwhile
                self.resize(self.limit)

    def resize(self, limit: int) -> None:
        """Change the limit, evicting down to it; what is pinned or reserved goes when it is given back."""
        self.limit = limit
        for key in self._worst_first():
            if self.resident + self.reserved <= limit:
                break
            self._evict(key)

    def _evict(self, key: Hashable) -> None:
        self.resident -= self._chunks.pop(key).nbytes
        self._ahead_bytes -= self._ahead.pop(key, 0)
        self.evictions += 1
