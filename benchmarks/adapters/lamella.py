"""lamella: pictures are counted when the canvas paints them, by what the painted frame says that it shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import lamella
from lamella.model.world import data_to_common_world, layer_axes
from lamella.qt import application
from lamella.qt.canvas import Canvas
from lamella.qt.viewer import Viewer
from lamella.settings import get_settings
from lamella.slicing.place import Place
from lamella.slicing.request import Mode
from lamella.slicing.types import TYPES
from lamella.sources.base import Failed


class LamellaAdapter:
    def __init__(self) -> None:
        self.name = "lamella"
        self.version = lamella.__version__
        self.on_paint: Callable[[int | None, bool], None] = lambda position, complete: None
        self._axis = 0
        self._watched: int | None = None
        self._computed: set[Any] = set()

    def open_window(self, width: int, height: int) -> None:
        self._count_paints()
        self.viewer = Viewer(show=False)
        self.viewer.window.resize(width, height)
        self.viewer.show()

    def _count_paints(self) -> None:
        paint = Canvas.paintEvent

        def counted(canvas: Canvas, event: Any) -> None:
            paint(canvas, event)
            frame = canvas.frame
            if frame is not None:
                self.on_paint(*self._shown(frame))

        Canvas.paintEvent = counted  # type: ignore[method-assign]

    def _shown(self, frame: Any) -> tuple[int | None, bool]:
        view = self.viewer.views[0]
        if self._watched is None:
            response = next(iter(frame.slices.values()), None)
            return self._position(response), self.viewer.loaded_in(view)
        responses = [frame.slices.get(layer.id) for layer in self.viewer.layers[: self._watched]]
        positions = {self._position(r) for r in responses}
        if len(positions) > 1:
            return None, False
        (position,) = positions
        complete = position == self.viewer.dims.current_step[self._axis] and all(r.complete for r in responses)
        return position, complete

    def _position(self, response: Any) -> int | None:
        if response is None or not response.tiles:
            return None
        start, _, step = self.viewer.dims.range[self._axis]
        return round((response.point[self._axis] - start) / step)

    def add_array(self, data: Any) -> None:
        self.viewer.add_image(data)

    def add_layers(self, arrays: list[Any], watched: int) -> None:
        self._watched = watched
        for data in arrays:
            self.viewer.add_image(data)

    def add_levels(self, levels: list[Any]) -> None:
        self.viewer.add_image(levels, multiscale=True, contrast_limits=(0, 4096))

    def open_url(self, url: str) -> None:
        self.viewer.open_async(url)

    def add(self, kind: str, data: Any, **arguments: Any) -> None:
        getattr(self.viewer, f"add_{kind}")(data, **arguments)

    def set_margins(self, axis: int, planes: int) -> None:
        dims = self.viewer.dims
        margin = [0.0] * dims.ndim
        margin[axis] = planes * dims.range[axis].step
        dims.margin_left, dims.margin_right = margin, margin

    def slice_s(self, axis: int, position: int) -> float | None:
        """Of the types that are sliced as a whole: one computation each, until its answer is there.

        What earlier calls computed is in the cache, as it is when a slider moves: the faces of a mesh, all tracks.
        """
        layer, state = self.viewer.layers[0], self.viewer.views[0].snapshot()
        functions = TYPES[layer.kind]
        if functions.windowed:
            return None
        start, _, step = self.viewer.dims.range[axis]
        point = (*state.point[:axis], start + position * step, *state.point[axis + 1 :])
        place = Place(
            data_to_common_world(layer, [layer]).inverse,
            *layer_axes(state.order, state.ndisplay, len(state.order), layer.ndim),
        )
        answers: list[tuple[float, Any]] = []
        began = time.perf_counter()
        request = functions.make_request(layer, replace(state, point=point), place, 0, 0, Mode.SYNC)
        (reads,) = functions.plan(request, get_settings().cache_size).rungs
        planned = time.perf_counter()
        for read in reads:
            if read.key in self._computed:
                continue
            self._computed.add(read.key)
            read.source.read(read.box, lambda outcome: answers.append((time.perf_counter(), outcome)))
        for _, outcome in answers:
            if isinstance(outcome, Failed):
                raise RuntimeError(outcome.message)
        return max((when for when, _ in answers), default=planned) - began

    def nsteps(self, axis: int) -> int:
        return self.viewer.dims.nsteps[axis]

    def set_step(self, axis: int, position: int) -> None:
        self.viewer.dims.set_current_step(axis, position)

    def begin_drag(self, axis: int) -> None:
        self.viewer.window.interaction.hold()

    def end_drag(self, axis: int) -> None:
        self.viewer.window.interaction.let_go()

    def zoom_to_native(self) -> None:
        view = self.viewer.views[0]
        spacing = self.viewer.layers[0].scale[-1]
        view.camera.zoom = 1 / (view.pixel_ratio * spacing)

    def pan(self, down: float, right: float) -> None:
        view = self.viewer.views[0]
        depth, row, column = view.camera.center
        width, height = (n / view.camera.zoom for n in view.canvas_size)
        view.camera.center = (depth, row + down * height, column + right * width)

    def view_figures(self) -> dict[str, Any]:
        view = self.viewer.views[0]
        low, high = view.snapshot().field_of_view
        response = next(iter(view.slices.values()))
        box = response.world_to_data.on_axes(response.dims_displayed).bounds([low[-2:], high[-2:]])
        return {
            "box": [[float(v) for v in edge] for edge in box],
            "level": response.level,
            "needed": response.needed,
            "reads": self.viewer.reads,
            "renderer": self.viewer.renderer_name,
        }

    def run(self) -> None:
        application.run()

    def quit(self) -> None:
        self.viewer.close()


def make(viewer: str) -> LamellaAdapter:
    return LamellaAdapter()
