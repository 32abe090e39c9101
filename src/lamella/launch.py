"""What ``lamella view`` does: the window at once, the data when it comes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def has_display() -> bool:
    """Whether a window could be shown on this machine."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def show(paths: Sequence[str]) -> int:
    """Open a window on ``paths`` and return the exit status when it is closed: 1 if nothing could be opened."""
    if not has_display():
        print(
            "lamella: there is no display to show a window on; `lamella screenshot PATH -o out.png` writes a picture",
            file=sys.stderr,
        )
        return 1
    from lamella.io import OpenCancelled
    from lamella.qt.application import run
    from lamella.qt.viewer import Viewer

    viewer = Viewer()
    openings = [viewer.open_async(path) for path in paths]
    told: set[str] = set()

    def failed() -> list[str]:
        errors = (opening.error for opening in openings)
        return [str(error) for error in errors if error is not None and not isinstance(error, OpenCancelled)]

    def tell() -> None:
        """Say what could not be opened, while the window stays."""
        for message in failed():
            if message not in told:
                told.add(message)
                print(f"lamella: {message}", file=sys.stderr, flush=True)

    viewer.events.opening.connect(lambda names: tell())
    run()
    tell()
    return 1 if len(failed()) == len(openings) else 0
