"""Who may read now: the slots of each pool, and how a pool is spared that answers badly.

Pure decisions, one `Lane` a pool. Three things close a lane for a while:

- **throttled** (429): it pauses for as long as the server asks for and goes on with half as many reads at once; each
  success gives one back (additive increase, multiplicative decrease, as TCP does);
- **broken** (a circuit breaker): after several failures in a row no read starts until a pause is over, then one alone,
  the probe; a probe that works opens the lane, one that fails doubles the pause;
- **stuck**: reads that have not answered for long keep their slots; when all slots are taken so, the lane is fenced
  off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from lamella.sources.base import Failed, FailureKind, Outcome, Pool

FINER_WHILE_MOVING = 16  # reads beyond the first rung at once on a remote store: 8 and 16 lose least when the view
# moves on (172 and 178 ms until complete, 271 with 32)
BREAK_AFTER = 5  # failures in a row: fewer may be chance
FIRST_PAUSE_S = 1.0  # of a broken lane, doubled with each probe that fails
LONGEST_PAUSE_S = 30.0
DOWN_AFTER = 3  # probes that failed: from then on whatever waits for the host fails with the probe
THROTTLED_PAUSE_S = 1.0  # at least, after 429: tensorstore does not tell what the server asked for
STUCK_S = 30.0  # a read that has not answered for this long is given up, though its slot cannot be taken back

_BREAKING = frozenset({FailureKind.CONNECTION, FailureKind.TIMEOUT, FailureKind.BUSY})


@dataclass(slots=True)
class Lane:
    """The reads of one pool. Owned by the slicing thread.

    Attributes
    ----------
    in_use, coarse, ahead, stuck : int
        Slots that are taken: all; by first rungs; by prefetch; by reads that are stuck.
    limit : float
        Reads at once, ≤ `Pool.slots`; less after the server has asked for fewer.
    failures : int
        In a row, without a success between.
    broken : bool
        The circuit is open: only a probe may start.
    probes_failed : int
        In a row.
    closed_until : float
        Nothing starts before.
    """

    pool: Pool
    in_use: int = 0
    coarse: int = 0
    ahead: int = 0
    stuck: int = 0
    limit: float = field(default=0.0)
    failures: int = 0
    broken: bool = False
    probing: bool = False
    probes_failed: int = 0
    closed_until: float = -math.inf
    probed_at: float = -math.inf

    def __post_init__(self) -> None:
        self.limit = float(self.pool.slots)

    @property
    def fenced(self) -> bool:
        """Every slot is held by a read that does not answer."""
        return self.stuck >= self.pool.slots

    @property
    def down(self) -> bool:
        """Broken for so long that waiting for it makes no sense."""
        return self.broken and self.probes_failed >= DOWN_AFTER

    def admits(self, now: float, *, coarse: bool, moving: bool) -> bool:
        """Whether a read of something visible may start."""
        if now < self.closed_until or self.in_use >= self.slots:
            return False
        if self.broken:
            return not self.probing
        if coarse or not self.pool.remote or not moving:
            return True
        return self.in_use - self.coarse - self.ahead < FINER_WHILE_MOVING

    def admits_ahead(self, now: float, *, playing: bool) -> bool:
        """Whether a prefetch may start: half of the slots are left for what the view asks for next."""
        if self.broken or now < self.closed_until:
            return False
        share = self.slots // 2
        return self.in_use < (max(share, 1) if playing else share)

    @property
    def slots(self) -> int:
        return max(int(self.limit), 1)

    def begin(self, now: float, *, coarse: bool, ahead: bool) -> None:
        self.in_use += 1
        self.coarse += coarse
        self.ahead += ahead
        if self.broken:
            self.probing = True
            self.probed_at = now

    def end(self, outcome: Outcome, now: float, *, coarse: bool, ahead: bool, stuck: bool) -> bool:
        """A read ended. True if the pool has come back: it was broken or fenced off, and now it answers."""
        fenced = self.fenced
        self.in_use -= 1
        self.coarse -= coarse
        self.ahead -= ahead
        self.stuck -= stuck
        if isinstance(outcome, Failed) and outcome.kind is FailureKind.THROTTLED:
            back = self._answered()
            if now >= self.closed_until:  # once for all the answers to one burst
                self.limit = max(self.limit // 2, 1.0)
            self.closed_until = max(self.closed_until, now + max(THROTTLED_PAUSE_S, outcome.retry_after or 0.0))
            return back
        if isinstance(outcome, Failed) and outcome.kind in _BREAKING and self.pool.remote:
            self._failed(now, outcome.retry_after or 0.0)
            return False
        self.limit = min(self.limit + 1, float(self.pool.slots))
        return self._answered() or fenced

    def _answered(self) -> bool:
        """The server is there, whatever it said."""
        back, self.broken, self.probing = self.broken, False, False
        self.failures = self.probes_failed = 0
        if back:
            self.closed_until = min(self.closed_until, self.probed_at)
        return back

    def _failed(self, now: float, asked: float) -> None:
        self.failures += 1
        if self.broken:
            if not self.probing:
                return  # started before the lane broke
            self.probing = False
            self.probes_failed += 1
        elif self.failures < BREAK_AFTER:
            return
        self.broken = True
        pause = min(FIRST_PAUSE_S * 2**self.probes_failed, LONGEST_PAUSE_S)
        self.closed_until = now + max(pause, asked)

    def hasten(self, now: float) -> None:
        """Somebody wants something new of a host that is down: it may have come back, so look soon."""
        if self.down:
            self.closed_until = min(self.closed_until, max(now, self.probed_at + FIRST_PAUSE_S))


class Lanes:
    """All lanes, by the key of their pool."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def __getitem__(self, pool: Pool) -> Lane:
        lane = self._lanes.get(pool.key)
        if lane is None:
            lane = self._lanes[pool.key] = Lane(pool)
        return lane

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def opens_at(self, now: float) -> float:
        """When the next closed lane may start reads again; infinity if none is closed."""
        return min((l.closed_until for l in self._lanes.values() if l.closed_until > now), default=math.inf)
