"""What ``lamella demo`` does: a slow server on this machine, a window on it, or a scripted drag without one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lamella.launch import has_display


def run_demo(delay: float, bandwidth: float, script: bool, output: Path) -> int:
    """Run the demo and return the exit status."""
    visible = has_display()
    if not visible:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # what that platform cannot do, each time
    from lamella.demo.server import DemoServer
    from lamella.qt.application import run
    from lamella.qt.viewer import Viewer

    with DemoServer(delay=delay, bandwidth=bandwidth) as server:
        print(f"serving a made-up volume at {server.url} ({delay * 1e3:g} ms and {bandwidth / 1e6:g} MB/s)", flush=True)
        viewer = Viewer(title="lamella demo")
        if visible and not script:
            opening = viewer.open_async(server.url)
            run()
            if opening.error is not None:
                print(f"lamella: {opening.error}", file=sys.stderr)
            return 1 if opening.error is not None else 0
        from lamella.demo.drag import ScriptedDrag

        drag = ScriptedDrag(viewer, server.url, output)
        run()
        if drag.error:
            print(f"lamella: {drag.error}", file=sys.stderr)
            return 1
        print(drag.report())
        return 0
