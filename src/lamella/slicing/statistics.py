"""How the memory of a viewer is used, as a value to look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """The chunk cache of one viewer at one moment, and its counters since the viewer was made.

    Attributes
    ----------
    limit : int
        Bytes that may be taken: ``resident + reserved <= limit``, unless the limit was lowered just now.
    resident : int
        Bytes of the decoded chunks that are kept.
    reserved : int
        Bytes of reads under way, and of the tiles that pictures hold.
    chunks : int
        How many are kept.
    hits, misses : int
        Chunks asked for that were there, or not.
    evictions : int
        Chunks let go to make room.
    reads_started : int
        Attempts count one by one.
    prefetched, prefetch_used : int
        Chunks read ahead, and those of them that came to use.
    """

    limit: int
    resident: int
    reserved: int
    chunks: int
    hits: int
    misses: int
    evictions: int
    reads_started: int
    prefetched: int
    prefetch_used: int


@dataclass(frozen=True, slots=True)
class ViewerStatistics(CacheStatistics):
    """The same of a viewer, and what failed.

    Attributes
    ----------
    failed : int
        Chunks that could not be read, however often they were tried.
    """

    failed: int
