"""ndv: pictures are counted when its canvas has been drawn, by the corner value of the texture it was last given."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("NDV_CANVAS_BACKEND", "vispy")
os.environ.setdefault("NDV_GUI_FRONTEND", "qt")

import ndv
import ndv.views
from ndv.controllers._channel_controller import ChannelController
from qtpy.QtWidgets import QApplication

from benchmarks.adapters import Unsupported


class NdvAdapter:
    def __init__(self) -> None:
        self.name = "ndv"
        self.version = ndv.__version__
        self.on_paint: Callable[[int | None, bool], None] = lambda position, complete: None
        self._drawable: int | None = None
        self._asked: int | None = None

    def open_window(self, width: int, height: int) -> None:
        self._note_textures()
        self.viewer = ndv.ArrayViewer()
        self.viewer.widget().resize(width, height)
        self.viewer.show()
        self.viewer._canvas._canvas.events.draw.connect(self._drawn, position="last")

    def _note_textures(self) -> None:
        update = ChannelController.update_texture_data

        def noted(controller: Any, data: Any, *args: Any, **kwargs: Any) -> Any:
            self._drawable = int(data[0, 0])
            return update(controller, data, *args, **kwargs)

        ChannelController.update_texture_data = noted

    def _drawn(self, event: Any) -> None:
        if self._drawable is None:
            return
        asked = self._drawable if self._asked is None else self._asked
        self.on_paint(self._drawable, self.viewer._is_idle() and self._drawable == asked)

    def add_array(self, data: Any) -> None:
        self.viewer.data = data

    def add_layers(self, arrays: list[Any], watched: int) -> None:
        raise Unsupported("ndv shows one array")

    def add_levels(self, levels: list[Any]) -> None:
        raise Unsupported("ndv shows no multi-scale images")

    def open_url(self, url: str) -> None:
        raise Unsupported("ndv shows no multi-scale images")

    def add(self, kind: str, data: Any, **arguments: Any) -> None:
        raise Unsupported(f"ndv shows arrays, not layers: there is no add_{kind}")

    def set_margins(self, axis: int, planes: int) -> None:
        raise Unsupported("ndv shows no thick slices")

    def slice_s(self, axis: int, position: int) -> float | None:
        return None

    def nsteps(self, axis: int) -> int:
        return int(self.viewer.data.shape[axis])

    def set_step(self, axis: int, position: int) -> None:
        self._asked = position
        self.viewer.display_model.current_index[axis] = position

    def begin_drag(self, axis: int) -> None:
        pass

    def end_drag(self, axis: int) -> None:
        pass

    def zoom_to_native(self) -> None:
        raise Unsupported("ndv shows no multi-scale images")

    def pan(self, down: float, right: float) -> None:
        raise Unsupported("ndv shows no multi-scale images")

    def view_figures(self) -> dict[str, Any]:
        return {}

    def run(self) -> None:
        QApplication.instance().exec()

    def quit(self) -> None:
        QApplication.instance().quit()


def make(viewer: str) -> NdvAdapter:
    return NdvAdapter()
