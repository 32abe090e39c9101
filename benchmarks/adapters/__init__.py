"""What a scenario needs of a viewer, and who has it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

WINDOW = (1000, 800)


class Unsupported(Exception):
    """This viewer cannot do what the scenario asks of it."""


class Adapter(Protocol):
    """One viewer with one window. Owned by the main thread.

    Attributes
    ----------
    name, version : str
    on_paint : callable
        Called with each picture that comes on screen: (slider position that it shows or None, whether it is complete).
    """

    name: str
    version: str
    on_paint: Callable[[int | None, bool], None]

    def open_window(self, width: int, height: int) -> None: ...

    def add_array(self, data: Any) -> None: ...

    def add_layers(self, arrays: list[Any], watched: int) -> None:
        """Several images; only the first ``watched`` count for `on_paint`."""
        ...

    def add_levels(self, levels: list[Any]) -> None:
        """One image of several resolutions, finest first."""
        ...

    def open_url(self, url: str) -> None: ...

    def add(self, kind: str, data: Any, **arguments: Any) -> None:
        """A layer of a type that has ``viewer.add_<kind>``. Arguments are called alike in the viewers that have it."""
        ...

    def set_margins(self, axis: int, planes: int) -> None:
        """Let the slice reach that far to both sides of the point."""
        ...

    def nsteps(self, axis: int) -> int: ...

    def set_step(self, axis: int, position: int) -> None: ...

    def begin_drag(self, axis: int) -> None:
        """The slider is pressed: for viewers that behave differently while it is."""
        ...

    def end_drag(self, axis: int) -> None: ...

    def zoom_to_native(self) -> None:
        """One sample of the finest level on each pixel, the centre stays."""
        ...

    def pan(self, down: float, right: float) -> None:
        """Move the view by parts of the canvas height and width."""
        ...

    def view_figures(self) -> dict[str, Any]:
        """For who counts reads: ``level``, and ``box``, ((row, column) low, high) in samples of level 0."""
        ...

    def slice_s(self, axis: int, position: int) -> float | None:
        """Seconds that the slicing functions take for the first layer at a position, called alone, without drawing.

        None if there is no way to call them: the first call may prepare what later ones need, and counts for nothing.
        """
        ...

    def run(self) -> None: ...

    def quit(self) -> None: ...


VIEWERS = ("lamella", "napari", "napari-sync", "ndv")


def make_adapter(viewer: str) -> Adapter:
    """The adapter of one of `VIEWERS`; imports that viewer."""
    module = viewer.partition("-")[0]
    adapter: Adapter = import_module(f"benchmarks.adapters.{module}").make(viewer)
    return adapter
