"""One scenario by one viewer in this process: ``python -m benchmarks.child``. The runner starts it.

It writes one JSON object: figures, the time of the drag, versions; or ``unsupported`` or ``error``.
"""

from __future__ import annotations

import time

_STARTED = time.perf_counter()

import argparse  # noqa: E402  # the clock first
import json  # noqa: E402
import sys  # noqa: E402
import traceback  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("viewer")
    parser.add_argument("--options", type=json.loads, default={})
    parser.add_argument("--began", type=float, default=_STARTED, help="perf_counter when this process was started")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        result = measure(arguments.scenario, arguments.viewer, arguments.options, arguments.began)
    except Exception as error:
        from benchmarks.adapters import Unsupported

        if isinstance(error, Unsupported):
            result = {"unsupported": str(error)}
        else:
            traceback.print_exc()
            result = {"error": f"{type(error).__name__}: {error}"}
    arguments.out.write_text(json.dumps(result))
    sys.stdout.flush()
    return 0


def measure(scenario: str, viewer: str, options: dict[str, Any], began: float) -> dict[str, Any]:
    from benchmarks.adapters import WINDOW, make_adapter
    from benchmarks.scenarios import script_of

    script = script_of(scenario)
    adapter = make_adapter(viewer)
    adapter.open_window(*WINDOW)

    from benchmarks.session import Session, peak_memory_mb

    session = Session(adapter, began)
    figures = session.play(script(session, options))
    figures.setdefault("peak_rss_mb", peak_memory_mb())
    return {"figures": figures, "interaction": session.interaction, "version": adapter.version}


if __name__ == "__main__":
    sys.exit(main())
