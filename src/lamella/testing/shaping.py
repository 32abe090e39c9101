"""How long a link of a given bandwidth takes: all answers share it, one after the other."""

from __future__ import annotations


class Link:
    """A link that carries ``bandwidth`` bytes a second.

    Parameters
    ----------
    bandwidth : float or None
        Bytes a second; None is no limit.
    """

    def __init__(self, bandwidth: float | None) -> None:
        self._bandwidth = bandwidth
        self._free_at = 0.0

    def sent_at(self, now: float, nbytes: int) -> float:
        """When ``nbytes`` handed over at ``now`` have gone through, after all that was handed over before."""
        if self._bandwidth is None:
            return now
        self._free_at = max(self._free_at, now) + nbytes / self._bandwidth
        return self._free_at
