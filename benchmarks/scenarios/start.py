"""From the start of the process to the first picture of a small array, and what that takes of memory."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.scenarios import Figures, Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

_IMPORT = "import time; t = time.perf_counter(); import lamella; print(time.perf_counter() - t)"


def script(session: Session, options: Options) -> Script:
    import numpy as np

    data = np.random.default_rng(0).integers(0, 4096, (10, 512, 512), dtype=np.uint16)
    for z in range(10):
        data[z, 0, 0] = z
    session.adapter.add_array(data)
    yield from session.complete(0)

    from benchmarks.measures import first
    from benchmarks.session import peak_memory_mb

    shown = first(session.paints, 0, complete=True)
    assert shown is not None
    return {"start_s": shown - session.began, "peak_rss_mb": peak_memory_mb()}


def _import_time(viewer: str, options: Options, figures: Figures) -> None:
    if viewer == "lamella":
        answer = subprocess.run([sys.executable, "-c", _IMPORT], check=True, capture_output=True, text=True)
        figures["import_s"] = float(answer.stdout)


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    yield {"": {}}


SCENARIO = Scenario(
    "start",
    "process start to first picture, 10×512² uint16",
    _setup,
    ("lamella", "napari", "napari-sync", "ndv"),
    witness=False,
    warm_up=True,
    finish=_import_time,
)
