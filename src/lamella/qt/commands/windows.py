"""Commands on the window and its camera."""

from __future__ import annotations

from typing import Any

from lamella.qt import application


def close(viewer: Any) -> None:
    viewer.close()


def reset_view(viewer: Any) -> None:
    viewer.reset_view()


def toggle_ndisplay(viewer: Any) -> None:
    viewer.dims.ndisplay = 5 - viewer.dims.ndisplay


def toggle_panel(viewer: Any) -> None:
    panel = viewer.window.panel
    panel.setVisible(panel.isHidden())


def toggle_theme(viewer: Any) -> None:
    application.apply_theme("light" if application.current_theme().name == "dark" else "dark")


def toggle_full_screen(viewer: Any) -> None:
    window = viewer.window
    if window.isFullScreen():
        window.showNormal()
    else:
        window.showFullScreen()
