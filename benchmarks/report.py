"""The tables that a run prints."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmarks.results import ScenarioResult

HEADINGS = {
    "stall_ms": "longest stall, ms",
    "stall_above_frame_ms": "time in gaps > 16.7 ms, ms",
    "witness_ms": "the same of an empty window, ms",
    "shown": "positions shown",
    "asked": "distinct positions asked for",
    "without_new_ms": "longest without a new one, ms",
    "settle_ms": "settle, ms",
    "drag_s": "drag takes, s",
    "call_ms": "longest call, ms",
    "call_median_ms": "median call, ms",
    "one_slice_ms": "one slice, ms",
    "slice_ms": "its slicing functions, ms",
    "reads_per_step": "reads a step",
    "reads_before_wanted": "reads before the wanted one",
    "peak_rss_mb": "peak memory, MB",
    "start_s": "first picture, s",
    "import_s": "import, s",
    "first_coarse_ms": "first coarse, ms",
    "first_full_ms": "first full, ms",
    "coarse_limit_ms": "limit of first coarse, ms",
    "full_limit_ms": "limit of first full, ms",
    "open_requests": "requests to open",
    "drag_requests": "requests of the drag",
    "read_twice": "chunks read twice",
    "not_needed": "chunks read and not needed",
    "open_ms": "open, ms",
    "pan_ms": "pan, ms",
}


def heading(name: str) -> str:
    return HEADINGS.get(name, name.removesuffix("_ratio").replace("_", " ") + (" ratio" if "_ratio" in name else ""))


def lines(result: ScenarioResult) -> Iterator[str]:
    """Medians of each viewer, and lamella's as a multiple of the others'."""
    yield ""
    yield f"{result.name}: {result.title}"
    viewers = result.viewers()
    others = [v for v in viewers if v != "lamella"] if "lamella" in viewers else []
    for variant in result.variants():
        head = [variant or "", *viewers, *(f"lamella/{v}" for v in others)]
        rows = [head]
        for name in result.names(variant):
            medians = [result.median(viewer, name, variant) for viewer in viewers]
            own = result.median("lamella", name, variant)
            ratios = [_ratio(own, result.median(v, name, variant)) for v in others]
            rows.append([heading(name), *map(number, medians), *ratios])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            first, *rest = (
                cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            yield "  " + "  ".join((first, *rest)).rstrip()
    for problem in result.problems():
        yield f"  ! {problem}"


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if math.isinf(value):
        return "never"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _ratio(own: float | None, other: float | None) -> str:
    if own is None or other is None or not other or math.isinf(own) or math.isinf(other):
        return ""
    return f"{own / other:.2f}×"
