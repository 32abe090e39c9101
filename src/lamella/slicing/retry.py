"""When to read again after a failure, as a pure decision."""

from __future__ import annotations

import random

from lamella.sources.base import Failed

MAX_RETRIES = 5
FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 8.0
FORGET_FAILURE_S = 30.0  # a failed chunk that is wanted again after this time is read again


def retry_delay(failure: Failed, attempts: int, rng: random.Random) -> float | None:
    """Seconds until the next attempt, or None if there is to be none.

    ``min(8, 0.2 · 2ⁿ) · U(0.5, 1.5)`` after the n-th retry (exponential back-off with jitter), at least what the server
    asked for with Retry-After.

    Parameters
    ----------
    failure : Failed
    attempts : int
        Reads made so far, this one included: ≥ 1.
    rng : random.Random
    """
    if not failure.retryable or attempts > MAX_RETRIES:
        return None
    delay: float = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (attempts - 1)) * rng.uniform(0.5, 1.5)
    if failure.retry_after is not None:
        delay = max(delay, failure.retry_after)
    return delay
