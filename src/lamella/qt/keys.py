"""The keyboard, as in napari: command → keys. Ctrl is Command on macOS."""

from __future__ import annotations

import pydantic.fields  # noqa: F401  # before Qt: PySide6's import hook breaks a later import of it
from app_model.types import KeyCode, KeyMod

_CTRL, _ALT, _SHIFT = KeyMod.CtrlCmd, KeyMod.Alt, KeyMod.Shift

KEYS: dict[str, int] = {
    "file.open": _CTRL | KeyCode.KeyO,
    "file.open_folder": _CTRL | _SHIFT | KeyCode.KeyO,
    "file.open_url": _CTRL | KeyCode.KeyU,
    "file.screenshot": _ALT | KeyCode.KeyS,
    "file.close": _CTRL | KeyCode.KeyW,
    "view.reset": _CTRL | KeyCode.KeyR,
    "view.ndisplay": _CTRL | KeyCode.KeyY,
    "view.roll": _CTRL | KeyCode.KeyE,
    "view.transpose": _CTRL | KeyCode.KeyT,
    "view.panel": _CTRL | KeyCode.KeyB,
    "view.theme": _CTRL | _SHIFT | KeyCode.KeyT,
    "view.full_screen": KeyCode.F11,
    "dims.step_left": KeyCode.LeftArrow,
    "dims.step_right": KeyCode.RightArrow,
    "dims.play": _CTRL | _ALT | KeyCode.KeyP,
    "dims.focus_up": _ALT | KeyCode.UpArrow,
    "dims.focus_down": _ALT | KeyCode.DownArrow,
    "layers.toggle_visible": KeyCode.KeyV,
    "layers.select_above": _CTRL | KeyCode.UpArrow,
    "layers.select_below": _CTRL | KeyCode.DownArrow,
    "layers.delete": _CTRL | KeyCode.Delete,
    "help.keys": KeyCode.F1,
}
"""Text fields keep the keys that they need themselves: Qt asks the focused widget first."""
