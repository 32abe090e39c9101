"""The same view into 10⁹, 10¹² and 10¹⁵ voxels: what it costs must not depend on what lies beyond it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks import measures
from benchmarks.pyramid import Pyramid
from benchmarks.scenarios import Figures, Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

LATENCY_S = 0.010
BANDWIDTH = 1e9 / 8
# 64 planes of 4096² up to 4,194,304²; the levels of each end at 256², so that each opens on the same one.
PYRAMIDS = {f"1e{n}": Pyramid(64, 2**k, k - 7) for n, k in ((9, 12), (12, 17), (15, 22))}
SMALL, LARGE = "1e9", "1e15"
PANS = [(0, 0.5)] * 4 + [(0.5, 0)] * 4  # never back: what was read is cached; inside 4096² all the way


def script(session: Session, options: Options) -> Script:
    adapter = session.adapter
    yield from session.rest(0.5)
    opened = time.perf_counter()
    adapter.open_url(options["url"])
    yield from session.complete(opened)
    full = measures.first(session.paints, opened, complete=True)
    assert full is not None
    yield from session.rest(0.5)
    began = time.perf_counter()
    adapter.zoom_to_native()
    yield from session.complete(began)
    pans = []
    for down, right in PANS:
        yield from session.rest(0.2)
        began = time.perf_counter()
        adapter.pan(down, right)
        yield from session.complete(began)
        done = measures.first(session.paints[-200:], began, complete=True)
        assert done is not None
        pans.append((done - began) * 1e3)
    return {"open_ms": (full - opened) * 1e3, "pan_ms": measures.median(pans)}


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    from benchmarks.server import IMAGE, BenchServer

    with contextlib.ExitStack() as stack:
        options = {}
        for name, p in PYRAMIDS.items():
            content = ("--pyramid", str(p.depth), str(p.side), str(p.levels))
            server = stack.enter_context(BenchServer(LATENCY_S, BANDWIDTH, content))
            options[name] = {"url": f"{server.url}/{IMAGE}"}
        yield options


def _ratios(of: dict[str, Figures]) -> Figures:
    return {f"{name}_ratio": of[LARGE][name] / of[SMALL][name] for name in ("open_ms", "pan_ms", "peak_rss_mb")}


SCENARIO = Scenario(
    "scale",
    "the same view into 10⁹, 10¹² and 10¹⁵ voxels over HTTP with 10 ms; open, pan at level 0",
    _setup,
    ("lamella",),
    witness=False,
    derive=_ratios,
)
