"""How long a server takes to answer, as distributions that give the same numbers in each run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable


class Latency:
    """Draws one number of seconds a call. Used by one thread at a time.

    Make one with `fixed`, `uniform` or `lognormal`.

    Parameters
    ----------
    draw : callable
        From a `random.Random` to seconds.
    seed : int
        Equal seeds give equal sequences.
    """

    def __init__(self, draw: Callable[[random.Random], float], seed: int = 0) -> None:
        self._draw = draw
        self._random = random.Random(seed)

    def __call__(self) -> float:
        return self._draw(self._random)

    @classmethod
    def fixed(cls, seconds: float) -> Latency:
        """Always the same."""
        _check_not_negative(seconds=seconds)
        return cls(lambda rng: seconds)

    @classmethod
    def uniform(cls, low: float, high: float, *, seed: int = 0) -> Latency:
        """Anything between ``low`` and ``high`` seconds with equal chance."""
        _check_not_negative(low=low, high=high)
        return cls(lambda rng: rng.uniform(low, high), seed)

    @classmethod
    def lognormal(cls, median: float, sigma: float = 0.5, *, seed: int = 0) -> Latency:
        """What real servers do: mostly near ``median`` seconds, now and then much longer.

        Parameters
        ----------
        median : float
            Seconds, > 0.
        sigma : float
            Standard deviation of the logarithm: with 0.5 one answer in twenty takes longer than 2.3 times the median,
            with 1 longer than 5.2 times.
        """
        _check_not_negative(sigma=sigma)
        if median <= 0:
            raise ValueError(f"median must be greater than 0, but is {median}")
        return cls(lambda rng: rng.lognormvariate(math.log(median), sigma), seed)


def _check_not_negative(**values: float) -> None:
    for name, value in values.items():
        if value < 0:
            raise ValueError(f"{name} must not be negative, but is {value}")
