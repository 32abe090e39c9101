"""A plot of a run as SVG, with no library: a panel for each figure, a bar for each median, a dot for each round."""

from __future__ import annotations

import math
from html import escape

from benchmarks.report import heading, number
from benchmarks.results import ScenarioResult

COLOURS = {"lamella": "#0b7a75", "napari": "#b4552d", "napari-sync": "#d99a6c", "ndv": "#6b5b95"}
PLOTTED = (
    "stall_ms",
    "shown",
    "settle_ms",
    "drag_s",
    "one_slice_ms",
    "slice_ms",
    "first_coarse_ms",
    "first_full_ms",
    "open_ms",
    "pan_ms",
    "start_s",
    "peak_rss_mb",
)
WIDTH, LABEL, ROW, GAP = 760, 150, 18, 14
SCALE = WIDTH - LABEL - 90


def svg(results: list[ScenarioResult]) -> str:
    """The whole picture."""
    parts: list[str] = []
    y = 10.0
    for result in results:
        y += 22
        parts.append(f'<text x="10" y="{y:g}" font-size="15" font-weight="bold">{escape(result.name)}</text>')
        y += 16
        parts.append(f'<text x="10" y="{y:g}" fill="#555">{escape(result.title)}</text>')
        y += 8
        for name in PLOTTED:
            rows = [
                (viewer, variant)
                for variant in result.variants()
                for viewer in result.viewers()
                if result.values(viewer, name, variant)
            ]
            if rows:
                y = _panel(parts, result, name, rows, y)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 20:g}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _panel(parts: list[str], result: ScenarioResult, name: str, rows: list[tuple[str, str]], y: float) -> float:
    values = [v for viewer, variant in rows for v in result.values(viewer, name, variant) if v is not None]
    top = max(values, default=1.0) or 1.0
    y += GAP
    parts.append(f'<text x="{LABEL}" y="{y:g}" fill="#333">{escape(heading(name))}</text>')
    for viewer, variant in rows:
        y += ROW
        middle = result.median(viewer, name, variant)
        colour = COLOURS.get(viewer, "#777")
        label = f"{viewer} {variant}".strip()
        parts.append(f'<text x="{LABEL - 8}" y="{y:g}" text-anchor="end">{escape(label)}</text>')
        length = 0.0 if middle is None or math.isinf(middle) else middle / top * SCALE
        parts.append(
            f'<rect x="{LABEL}" y="{y - 11:g}" width="{length:.1f}" height="13" fill="{colour}" opacity="0.75"/>'
        )
        for value in result.values(viewer, name, variant):
            if value is not None:
                parts.append(f'<circle cx="{LABEL + value / top * SCALE:.1f}" cy="{y - 4.5:g}" r="2.5" fill="#222"/>')
        parts.append(f'<text x="{LABEL + SCALE + 10}" y="{y:g}">{escape(number(middle))}</text>')
    return y + 6
