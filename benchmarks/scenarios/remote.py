"""A pyramid behind a slow link: open it, zoom to its finest level, drag through z."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import measures
from benchmarks.pyramid import Pyramid, chunk_path, reads_not_needed
from benchmarks.scenarios import Figures, Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

LATENCY_S = 0.050
BANDWIDTH = 1e9 / 8
PYRAMID = Pyramid(depth=25, side=2048, levels=4)


def script(session: Session, options: Options) -> Script:
    adapter = session.adapter
    yield from session.rest(0.5)
    opened = time.perf_counter()
    adapter.open_url(options["url"])
    yield from session.complete(opened)
    coarse = measures.first(session.paints, opened, complete=False)
    full = measures.first(session.paints, opened, complete=True)
    assert coarse is not None and full is not None
    at_open = adapter.view_figures()
    yield from session.rest(1.0)  # what is read after the picture is complete belongs to opening
    zoomed = time.perf_counter()
    adapter.zoom_to_native()
    yield from session.rest(0.1)
    yield from session.complete(zoomed)
    yield from session.rest(1.5)
    released = time.perf_counter()
    steps = yield from session.drag(0)
    return session.drag_figures(steps) | {
        "first_coarse_ms": (coarse - opened) * 1e3,
        "first_full_ms": (full - opened) * 1e3,
        "_opened": opened,
        "_zoomed": zoomed,
        "_dragged": released,
        "_ended": time.perf_counter(),
        "_positions": [s.position for s in steps],
        "_at_open": at_open,
        "_at_drag": adapter.view_figures(),
    }


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    from benchmarks.remote_store import write_pyramid
    from benchmarks.server import IMAGE, BenchServer

    with tempfile.TemporaryDirectory(prefix="lamella-bench-") as folder:
        link = write_pyramid(PYRAMID, Path(folder), LATENCY_S, BANDWIDTH)
        with BenchServer(LATENCY_S, BANDWIDTH, ("--folder", folder)) as server:
            yield {"": {"url": f"{server.url}/{IMAGE}", "_root": server.url, "_link": link}}


def _finish(viewer: str, options: Options, figures: Figures) -> None:
    """What the server saw; for lamella also whether it was needed, and the limit."""
    from benchmarks.server import seen

    times: dict[str, float] = {name: figures.pop(name) for name in ("_opened", "_zoomed", "_dragged", "_ended")}
    positions: list[int] = figures.pop("_positions")
    at_open, at_drag = figures.pop("_at_open"), figures.pop("_at_drag")
    requests = seen(options["_root"], times["_opened"], times["_ended"])
    chunks = [(r.began, r.chunk) for r in requests if r.chunk is not None]
    dragged = [chunk for began, chunk in chunks if began >= times["_dragged"]]
    figures["open_requests"] = sum(r.began < times["_zoomed"] for r in requests)
    figures["drag_requests"] = sum(r.began >= times["_dragged"] for r in requests)
    figures["reads_per_step"] = len(dragged) / len(positions)
    figures["read_twice"] = sum(n - 1 for n in Counter(chunk for _, chunk in chunks).values())
    if "box" not in at_open:
        return
    figures["not_needed"] = reads_not_needed(PYRAMID, dragged, [at_drag["box"]], set(positions))
    figures["level"] = at_drag["level"]
    _add_limits(options, figures, at_open)


def _add_limits(options: Options, figures: Figures, view: dict[str, Any]) -> None:
    from benchmarks.limit import calibrate, opening_limit

    box, target = view["box"], view["level"]
    first = PYRAMID.first_rung(box, target)
    levels = {first} | {target}
    z = PYRAMID.depth // 2
    rungs = {
        level: [chunk_path((level, z, *place)) for place in sorted(PYRAMID.chunks_in_view(box, level))]
        for level in levels
    }
    everything = [path for level in sorted(levels, reverse=True) for path in rungs[level]]
    metadata = ("zarr.json", "s0/zarr.json")
    for name, paths in (("coarse", rungs[first]), ("full", everything)):
        limit = opening_limit(options["_link"], len(paths))
        measured = calibrate(options["url"], metadata, paths)
        figures[f"{name}_limit_ms"] = max(limit, measured) * 1e3
        figures[f"{name}_chunks"] = len(paths)


SCENARIO = Scenario(
    "remote",
    "OME-Zarr of 25×2048² uint16, 4 levels, 256² chunks, HTTP with 50 ms and 1 Gb/s; open, zoom to level 0, drag z",
    _setup,
    ("lamella", "napari", "napari-sync"),
    finish=_finish,
)
