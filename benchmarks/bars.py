"""What lamella is to reach, as data: BENCHMARKS.md in code."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measures import FRAME_S, POSITIONS, STEP_S
from benchmarks.results import ScenarioResult

Value = Callable[[ScenarioResult], float | None]

SMOOTH_MS = FRAME_S * 1e3
ONE_READ_MS = 50.0
DRAG_S = POSITIONS * STEP_S  # 24 steps from the first to the last, and at most one more of delay


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise.

    Attributes
    ----------
    scenario, text : str
    value : callable
        lamella's figure.
    limit : callable
        What it is compared with; None if this run cannot say (the other viewer was not asked).
    at_least : bool
        The value is to reach the limit instead of staying at or below it.
    unit : str
    """

    scenario: str
    text: str
    value: Value
    limit: Value
    at_least: bool = False
    unit: str = "ms"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar against one run: ``passed`` is None where the run cannot say."""

    bar: Bar
    value: float | None
    limit: float | None

    @property
    def passed(self) -> bool | None:
        if self.value is None or self.limit is None:
            return None
        return self.value >= self.limit if self.bar.at_least else self.value <= self.limit

    def __str__(self) -> str:
        word = {True: "PASS", False: "MISS", None: "----"}[self.passed]
        relation = "≥" if self.bar.at_least else "≤"
        return (
            f"{word}  {self.bar.scenario}: {self.bar.text}: "
            f"{_number(self.value)} (bar {relation} {_number(self.limit)}) {self.bar.unit}".rstrip()
        )


def judge(results: list[ScenarioResult]) -> list[Verdict]:
    """Every bar of the scenarios that were run with lamella."""
    by_name = {r.name: r for r in results if "lamella" in r.viewers()}
    return [
        Verdict(bar, bar.value(by_name[bar.scenario]), bar.limit(by_name[bar.scenario]))
        for bar in BARS
        if bar.scenario in by_name
    ]


def _median(name: str, viewer: str = "lamella", variant: str = "", times: float = 1.0) -> Value:
    def value(result: ScenarioResult) -> float | None:
        found = result.median(viewer, name, variant)
        return None if found is None else found * times

    return value


def _largest(name: str) -> Value:
    return lambda result: result.largest("lamella", name)


def _exactly(number: float) -> Value:
    return lambda result: number


def _smooth(variant: str = "") -> Value:
    """16.7 ms, or what an empty window beside the same load had, because machines are shared."""
    witnessed = _median("witness_ms", variant=variant)
    return lambda result: max(SMOOTH_MS, 1.25 * (witnessed(result) or 0.0))


def _plus(number: float, value: float | None) -> float | None:
    return None if value is None else number + value


def _stall(scenario: str, variant: str = "") -> Bar:
    text = "longest stall during the drag" + (f", {variant}" if variant else "")
    return Bar(scenario, text, _median("stall_ms", variant=variant), _smooth(variant))


def _in_time(scenario: str, variant: str = "") -> Bar:
    text = "from the first step of the drag to the last" + (f", {variant}" if variant else "")
    return Bar(scenario, text, _median("drag_s", variant=variant), _exactly(DRAG_S), unit="s")


def _all_shown(scenario: str, variant: str = "") -> Bar:
    text = "positions shown" + (f", {variant}" if variant else "")
    return Bar(
        scenario, text, _median("shown", variant=variant), _exactly(POSITIONS), at_least=True, unit=f"of {POSITIONS}"
    )


def _slice(scenario: str, limit_ms: float, variant: str = "") -> Bar:
    text = "slicing functions" + (f", {variant}" if variant else "")
    return Bar(scenario, text, _median("slice_ms", variant=variant), _exactly(limit_ms))


def _requests(variant: str) -> Bar:
    return Bar(
        "requests",
        f"25 requests and their wait, {variant}, against 1 s + 1.1 × one slice",
        _median("total_ms", variant=variant),
        lambda result: _plus(1000, _median("one_slice_ms", variant=variant, times=1.1)(result)),
    )


BARS: tuple[Bar, ...] = (
    _stall("slow-plane"),
    Bar("slow-plane", "positions shown", _median("shown"), _exactly(18), at_least=True, unit="of 25"),
    Bar("slow-plane", "settle", _median("settle_ms"), _exactly(2 * ONE_READ_MS + SMOOTH_MS)),
    Bar(
        "slow-plane",
        "reads between the last input and the wanted read, worst",
        _largest("reads_before_wanted"),
        _exactly(1),
        unit="",
    ),
    _requests("slow-plane"),
    _requests("points"),
    Bar("layers", "longest stall during the drag, 20 layers", _median("stall_ms", variant="beside"), _smooth("beside")),
    Bar(
        "layers",
        "19 layers beside a slow one against alone",
        _median("settle_ratio", variant="*"),
        _exactly(1.2),
        unit="×",
    ),
    Bar("backed", "longest stall, dask", _median("stall_ms", variant="dask"), _smooth("dask")),
    Bar("backed", "longest stall, zarr-python", _median("stall_ms", variant="zarr"), _smooth("zarr")),
    _stall("ram", "plane"),
    _stall("ram", "mean of 5"),
    _stall("ram", "max of 5"),
    _all_shown("ram", "plane"),
    Bar(
        "ram",
        "one slice, against 1.1 × napari's synchronous one",
        _median("one_slice_ms", variant="plane"),
        _median("one_slice_ms", "napari-sync", "plane", times=1.1),
    ),
    _stall("ram-10x", "image"),
    _stall("ram-10x", "points"),
    _all_shown("ram-10x", "image"),
    _all_shown("ram-10x", "points"),
    _stall("labels"),
    _stall("points", "1e6"),
    _stall("points", "1e7"),
    _in_time("points", "1e6"),
    _in_time("points", "1e7"),
    _slice("points", 2, "1e6"),
    _slice("points", 10, "1e7"),
    _stall("vectors"),
    _in_time("vectors"),
    _stall("shapes", "2,000"),
    _stall("shapes", "20,000"),
    _stall("surface"),
    _in_time("surface"),
    _stall("tracks"),
    _in_time("tracks"),
    Bar(
        "remote",
        "first coarse, against 1.25 × limit",
        _median("first_coarse_ms"),
        _median("coarse_limit_ms", times=1.25),
    ),
    Bar("remote", "first full, against 1.25 × limit", _median("first_full_ms"), _median("full_limit_ms", times=1.25)),
    Bar("remote", "positions shown", _median("shown"), _median("asked"), at_least=True, unit="distinct ones asked for"),
    Bar("remote", "chunks read that the view does not need, worst", _largest("not_needed"), _exactly(0), unit=""),
    Bar("remote", "chunks read twice, worst", _largest("read_twice"), _exactly(0), unit=""),
    _stall("remote"),
    Bar("scale", "open at 10¹⁵ against 10⁹", _median("open_ms_ratio", variant="*"), _exactly(1.2), unit="×"),
    Bar("scale", "pan at 10¹⁵ against 10⁹", _median("pan_ms_ratio", variant="*"), _exactly(1.2), unit="×"),
    Bar(
        "scale", "peak memory at 10¹⁵ against 10⁹", _median("peak_rss_mb_ratio", variant="*"), _exactly(1.05), unit="×"
    ),
    Bar(
        "start",
        "first picture, against ¼ of napari's",
        _median("start_s"),
        _median("start_s", "napari", times=0.25),
        unit="s",
    ),
    Bar(
        "start",
        "peak memory, against ⅔ of napari's",
        _median("peak_rss_mb"),
        _median("peak_rss_mb", "napari", times=2 / 3),
        unit="MB",
    ),
    Bar("start", "import lamella", _median("import_s"), _exactly(0.3), unit="s"),
)


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    if math.isinf(value):
        return "never"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
