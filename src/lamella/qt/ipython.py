"""Who runs this Python: a script, a plain prompt, IPython or Jupyter; and what a window needs there.

No Qt here: the functions are pure, apart from `current_shell` and `current_host` that look around.
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any

RUN_HINT = "lamella: the window is open; call lamella.run() to work in it, it returns when the window is closed"
FORGOTTEN_HINT = (
    "lamella: the script ended without lamella.run(), so its window closed at once; add lamella.run() as the last line"
)
LOOP_HINT = "lamella: no event loop could be started here ({reason}); type %gui qt to make the window answer"


class Host(Enum):
    """What reads the user's Python."""

    SCRIPT = "script"
    PROMPT = "prompt"
    IPYTHON = "ipython"
    JUPYTER = "jupyter"


def detect(shell: Any, at_prompt: bool) -> Host:
    """The host, from IPython's shell (None without one) and whether there is a plain prompt."""
    if shell is not None:
        return Host.JUPYTER if hasattr(shell, "kernel") else Host.IPYTHON
    return Host.PROMPT if at_prompt else Host.SCRIPT


def current_shell() -> Any:
    """IPython's shell, None where there is none. Never imports IPython."""
    module = sys.modules.get("IPython")
    get = getattr(module, "get_ipython", None)
    return None if get is None else get()


def current_host() -> Host:
    """Who runs this process's Python now."""
    return detect(current_shell(), hasattr(sys, "ps1") or bool(sys.flags.interactive))


def has_qt_loop(shell: Any) -> bool:
    """Whether IPython's or Jupyter's prompt already processes Qt's events."""
    if shell is None:
        return False
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        loop = getattr(kernel, "eventloop", None)
        return "qt" in getattr(loop, "__name__", "").lower()
    return str(getattr(shell, "active_eventloop", None) or "").startswith("qt")


def enable_qt_loop(shell: Any) -> str | None:
    """Do what ``%gui qt`` does, unless it is done. Returns what to tell the user if it cannot be."""
    if has_qt_loop(shell):
        return None
    try:
        shell.enable_gui("qt")
    except Exception as error:  # whatever a shell of another version raises: the window is there all the same
        return LOOP_HINT.format(reason=error)
    return None


def prepare_host(shell: Any, host: Host) -> str | None:
    """Make the window that is about to be shown answer in ``host``. Returns a line for the user, or None."""
    if host in (Host.IPYTHON, Host.JUPYTER):
        return enable_qt_loop(shell)
    return RUN_HINT if host is Host.PROMPT else None


def exit_hint(host: Host, windows_open: int, was_run: bool) -> str | None:
    """What a program that ends with windows still open should be told."""
    return FORGOTTEN_HINT if host is Host.SCRIPT and windows_open and not was_run else None
