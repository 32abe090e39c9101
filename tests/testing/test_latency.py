"""Latencies come from the distributions that they name, and are the same in each run."""

from __future__ import annotations

import statistics

import pytest

from lamella.testing import Latency


def draws(latency: Latency, count: int = 4000) -> list[float]:
    return [latency() for _ in range(count)]


def test_a_fixed_latency_is_always_the_same() -> None:
    assert set(draws(Latency.fixed(0.05))) == {0.05}


def test_a_uniform_latency_fills_its_range() -> None:
    seconds = draws(Latency.uniform(0.1, 0.3))
    assert 0.1 <= min(seconds) < 0.11
    assert 0.29 < max(seconds) <= 0.3
    assert statistics.mean(seconds) == pytest.approx(0.2, abs=0.01)


def test_a_lognormal_latency_has_a_long_tail() -> None:
    seconds = sorted(draws(Latency.lognormal(0.05, sigma=0.5)))
    assert min(seconds) > 0
    assert statistics.median(seconds) == pytest.approx(0.05, rel=0.05)
    assert seconds[int(len(seconds) * 0.95)] == pytest.approx(0.05 * 2.28, rel=0.1)


@pytest.mark.parametrize(
    "make", [lambda seed: Latency.uniform(0, 1, seed=seed), lambda seed: Latency.lognormal(1, seed=seed)]
)
def test_equal_seeds_give_equal_sequences(make) -> None:
    assert draws(make(3), 20) == draws(make(3), 20) != draws(make(4), 20)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Latency.fixed(-1),
        lambda: Latency.uniform(-1, 1),
        lambda: Latency.lognormal(0),
        lambda: Latency.lognormal(1, -1),
    ],
)
def test_times_that_cannot_be_are_refused(make) -> None:
    with pytest.raises(ValueError, match="must"):
        make()
