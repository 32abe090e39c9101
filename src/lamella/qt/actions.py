"""What the user can command: one table of actions, with their menus and keys, run by app-model.

Each window has an app-model application of its own: app-model caches menu actions per application, and two windows
that shared them would lose theirs when the first one closes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

import pydantic.fields  # noqa: F401  # before Qt: PySide6's import hook breaks a later import of it
from app_model import Action, Application
from app_model.expressions import parse_expression
from app_model.types import KeyBindingRule, MenuRule

from lamella.qt import keys
from lamella.qt.commands import dialogs, dims, layers, windows

if TYPE_CHECKING:
    from lamella.qt.viewer import Viewer

FILE, VIEW, LAYERS, HELP = "lamella/file", "lamella/view", "lamella/layers", "lamella/help"
MENUS = {FILE: "&File", VIEW: "&View", LAYERS: "&Layers", HELP: "&Help"}

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the user can do. ``menu`` is (menu, group), or None for keys only; ``when`` enables it."""

    id: str
    title: str
    run: Callable[[Any], None]
    menu: tuple[str, str] | None = None
    when: str | None = None


COMMANDS = (
    Command("file.open", "Open…", dialogs.open_files, (FILE, "1_open")),
    Command("file.open_folder", "Open Folder…", dialogs.open_folder, (FILE, "1_open")),
    Command("file.open_url", "Open URL…", dialogs.open_url, (FILE, "1_open")),
    Command("file.screenshot", "Save Screenshot…", dialogs.save_screenshot, (FILE, "2_save")),
    Command("file.close", "Close Window", windows.close, (FILE, "3_close")),
    Command("view.reset", "Reset View", windows.reset_view, (VIEW, "1_camera")),
    Command("view.ndisplay", "3D", windows.toggle_ndisplay, (VIEW, "1_camera"), when="can_draw_3d"),
    Command("view.roll", "Roll Axes", dims.roll, (VIEW, "2_axes")),
    Command("view.transpose", "Transpose Axes", dims.transpose, (VIEW, "2_axes")),
    Command("dims.step_left", "Step Back", dims.step_left, (VIEW, "3_steps")),
    Command("dims.step_right", "Step Forward", dims.step_right, (VIEW, "3_steps")),
    Command("dims.play", "Play or Stop", dims.play, (VIEW, "3_steps")),
    Command("dims.focus_up", "Previous Slider", dims.focus_up, (VIEW, "3_steps")),
    Command("dims.focus_down", "Next Slider", dims.focus_down, (VIEW, "3_steps")),
    Command("view.panel", "Show or Hide the Layer Panel", windows.toggle_panel, (VIEW, "4_window")),
    Command("view.theme", "Dark or Light", windows.toggle_theme, (VIEW, "4_window")),
    Command("view.full_screen", "Full Screen", windows.toggle_full_screen, (VIEW, "4_window")),
    Command("layers.toggle_visible", "Show or Hide the Selected", layers.toggle_visible, (LAYERS, "1_look")),
    Command("layers.select_above", "Select the Layer Above", layers.select_above, (LAYERS, "2_select")),
    Command("layers.select_below", "Select the Layer Below", layers.select_below, (LAYERS, "2_select")),
    Command("layers.retry", "Retry Failed Chunks", layers.retry_failed, (LAYERS, "3_data")),
    Command("layers.delete", "Remove the Selected", layers.delete_selected, (LAYERS, "4_remove")),
    Command("help.keys", "Keyboard Shortcuts", dialogs.show_keys, (HELP, "1_keys")),
    Command("help.about", "About lamella", dialogs.about, (HELP, "2_about")),
)


def make_application(viewer: Viewer) -> Application:
    """An application with all `COMMANDS`, bound to ``viewer`` by a weak reference. `destroy` it with the window."""
    app = Application(f"lamella-{next(_numbers)}", raise_synchronous_exceptions=True)
    app.context["can_draw_3d"] = False  # drawing is 2-D for now
    target = ref(viewer)
    for order, command in enumerate(COMMANDS):
        binding = keys.KEYS.get(command.id)
        app.register_action(
            Action(
                id=command.id,
                title=command.title,
                callback=_bound(command.run, target),
                menus=[MenuRule(id=command.menu[0], group=command.menu[1], order=order)] if command.menu else None,
                keybindings=[KeyBindingRule(primary=binding)] if binding is not None else None,
                enablement=parse_expression(command.when) if command.when else None,
            )
        )
    return app


def _bound(run: Callable[[Any], None], target: Callable[[], Any]) -> Callable[[], None]:
    def command() -> None:
        viewer = target()
        if viewer is not None:
            run(viewer)

    return command


def destroy(app: Application) -> None:
    """Forget an application and all that is registered with it."""
    Application.destroy(app.name)
