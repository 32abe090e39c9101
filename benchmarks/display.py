"""A screen of its own for the windows that are measured, so that a desktop neither disturbs nor is disturbed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator


class NoDisplay(Exception):
    """There is no screen, and none can be made."""


@contextlib.contextmanager
def virtual_screen() -> Iterator[dict[str, str]]:
    """Xvfb as long as the block lasts; gives the environment of who draws on it."""
    if shutil.which("Xvfb") is None:
        raise NoDisplay("Xvfb is not installed (Debian: xvfb); --desktop measures on this desktop instead")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "2400x1300x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise NoDisplay("Xvfb did not start")
        yield {
            "DISPLAY": f":{number}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
        }
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def clean_home() -> Iterator[dict[str, str]]:
    """Configuration and caches of nobody: settings of this user count for no viewer. Kept for a whole run."""
    with tempfile.TemporaryDirectory(prefix="lamella-bench-home-") as folder:
        os.chmod(folder, 0o700)
        yield {
            "XDG_CONFIG_HOME": f"{folder}/config",
            "XDG_CACHE_HOME": f"{folder}/cache",
            "XDG_DATA_HOME": f"{folder}/data",
            "XDG_RUNTIME_DIR": folder,
        }
