"""napari: pictures are counted when its canvas has been drawn, by the slice that was last given to the visual.

``NAPARI_ASYNC`` decides whether it slices in the background; the runner sets it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import napari


class NapariAdapter:
    def __init__(self, name: str) -> None:
        self.name = name
        self.version = napari.__version__
        self.on_paint: Callable[[int | None, bool], None] = lambda position, complete: None
        self._axis = 0
        self._layer: Any = None
        self._drawable: int | None = None  # position of the slice that the visual has
        self._changed = False  # since the draw began
        if name == "napari-sync" and os.environ.get("NAPARI_ASYNC") != "0":
            raise RuntimeError("set NAPARI_ASYNC=0 for napari-sync")

    def open_window(self, width: int, height: int) -> None:
        self.viewer = napari.Viewer(show=False)
        self.viewer.window.resize(width, height)
        self.viewer.show()
        self._canvas = self.viewer.window._qt_viewer.canvas
        draw = self._canvas._scene_canvas.events.draw
        draw.connect(self._draw_begins, position="first")
        draw.connect(self._drawn, position="last")

    def _draw_begins(self, event: Any) -> None:
        self._changed = False

    def _drawn(self, event: Any) -> None:
        if self._layer is None or self._drawable is None:
            return
        asked = self.viewer.dims.current_step[self._axis]
        complete = self._layer.loaded and not self._changed and self._drawable == asked
        self.on_paint(self._drawable, complete)

    def _data_set(self, event: Any = None) -> None:
        self._changed = True
        low, _, step = self.viewer.dims.range[self._axis]
        self._drawable = round((self._layer._slice_input.world_slice.point[self._axis] - low) / step)

    def _added(self, layer: Any) -> None:
        self._layer = layer
        layer.events.set_data.connect(self._data_set, position="last")
        if layer.loaded:
            self._data_set()
            self._canvas._scene_canvas.update()

    def add_array(self, data: Any) -> None:
        self._added(self.viewer.add_image(data))

    def add_layers(self, arrays: list[Any], watched: int) -> None:
        """napari gives all layers their slices at once, so the first speaks for the watched ones."""
        for data in arrays:
            layer = self.viewer.add_image(data)
            if self._layer is None:
                self._added(layer)

    def add_levels(self, levels: list[Any]) -> None:
        self._added(self.viewer.add_image(levels, multiscale=True, contrast_limits=(0, 4096)))

    def open_url(self, url: str) -> None:
        """As a user of napari opens a remote OME-Zarr: dask over zarr, one array a level."""
        import dask.array
        import zarr

        group = zarr.open_group(_store(url), mode="r")
        datasets = group.attrs["ome"]["multiscales"][0]["datasets"]
        levels = [dask.array.from_zarr(group[d["path"]]) for d in datasets]
        self._added(self.viewer.add_image(levels, multiscale=True, contrast_limits=(0, 4096)))

    def add(self, kind: str, data: Any, **arguments: Any) -> None:
        self._added(getattr(self.viewer, f"add_{kind}")(data, **arguments))

    def set_margins(self, axis: int, planes: int) -> None:
        dims = self.viewer.dims
        margin = tuple(planes * dims.range[a].step if a == axis else 0.0 for a in range(dims.ndim))
        dims.margin_left, dims.margin_right = margin, margin

    def slice_s(self, axis: int, position: int) -> float | None:
        """Of the types that napari slices in the background: their requests are functions."""
        make_request = getattr(self._layer._slicing_state, "_make_slice_request", None)
        if make_request is None:
            return None
        dims = self.viewer.dims.model_copy(deep=True)
        dims.set_current_step(axis, position)
        began = time.perf_counter()
        make_request(dims)()
        return time.perf_counter() - began

    def nsteps(self, axis: int) -> int:
        return self.viewer.dims.nsteps[axis]

    def set_step(self, axis: int, position: int) -> None:
        self.viewer.dims.set_current_step(axis, position)

    def begin_drag(self, axis: int) -> None:
        pass

    def end_drag(self, axis: int) -> None:
        pass

    def zoom_to_native(self) -> None:
        self.viewer.camera.zoom = 1.0

    def pan(self, down: float, right: float) -> None:
        height, width = (n / self.viewer.camera.zoom for n in self._canvas.size)
        depth, row, column = self.viewer.camera.center
        self.viewer.camera.center = (depth, row + down * height, column + right * width)

    def view_figures(self) -> dict[str, Any]:
        return {"level": self._layer.data_level} if self._layer.multiscale else {}

    def run(self) -> None:
        from qtpy.QtWidgets import QApplication

        QApplication.instance().exec()

    def quit(self) -> None:
        from qtpy.QtWidgets import QApplication

        QApplication.instance().quit()


def _store(url: str) -> Any:
    """What zarr reads a URL with, whichever of its two ways is installed."""
    try:
        import aiohttp  # noqa: F401
        import fsspec  # noqa: F401
    except ImportError:
        from obstore.store import HTTPStore
        from zarr.storage import ObjectStore

        return ObjectStore(HTTPStore.from_url(url), read_only=True)
    return url


def make(viewer: str) -> NapariAdapter:
    return NapariAdapter(viewer)
