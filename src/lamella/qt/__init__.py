"""The window. Importing this package imports no Qt; its modules do."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamella.qt.application import get_app, run
    from lamella.qt.controls import CONTROLS
    from lamella.qt.viewer import Viewer, view

__all__ = ["CONTROLS", "Viewer", "get_app", "run", "view"]

_HOMES = {"CONTROLS": "controls", "Viewer": "viewer", "get_app": "application", "run": "application", "view": "viewer"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
