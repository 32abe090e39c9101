"""What the views show: the renderer, the newest frame of each view, and whether it shows the newest scene."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lamella.model.layers.base import Layer
from lamella.model.view import View
from lamella.outbox import Outbox
from lamella.render.messages import Frame, LayerDraw, Renderer, Scene
from lamella.render.null import NullRenderer
from lamella.slicing.response import LayerSliceResponse

Pixels = npt.NDArray[np.uint8]


class Pictures:
    """Owned by the main thread, `deliver` apart.

    Until pixels are asked for, the null renderer acknowledges what it is given, so that a model without a window
    imports no GL.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._renderer: Renderer = NullRenderer(outbox.put)
        self._frames: dict[int, Frame] = {}
        self._scenes: dict[int, Scene] = {}  # the newest of each view
        self._serials = itertools.count(1)

    @property
    def renderer_name(self) -> str:
        return self._renderer.name

    def deliver(self, response: LayerSliceResponse) -> None:
        """Slicing thread: hand a response to whatever draws."""
        self._renderer.set_slice(response)

    def post(self, view: View, layers: Iterable[Layer]) -> None:
        """Say what ``view`` shows from now on."""
        old = self._scenes.get(view.id)
        draws = tuple(LayerDraw(layer.id, layer.kind, layer.look()) for layer in layers)
        scene = Scene(view.id, view.snapshot(), draws, interacting=view.interacting)
        same = old is not None and _look_the_same(scene, old)
        scene = replace(scene, serial=old.serial if old is not None and same else next(self._serials))
        self._scenes[view.id] = scene
        self._renderer.set_scene(scene)

    def use(self, make: Callable[[Callable[[Frame], None]], Renderer]) -> None:
        """Draw with another renderer from now on. The caller posts the scenes and delivers the responses again."""
        old, self._renderer = self._renderer, make(self._outbox.put)
        self._scenes.clear()  # no frame of the old one is new enough
        old.close()

    def rehearse(self) -> None:
        """Let the renderer prepare for the first image; the caller has nothing else to draw."""
        self._renderer.rehearse()

    def need_pixels(self) -> bool:
        """Make sure that frames have pixels; True if the renderer has changed for it."""
        if self._renderer.name != "null":
            return False
        from lamella.render import make_renderer
        from lamella.settings import get_settings

        self.use(partial(make_renderer, "auto", budget=get_settings().gpu_budget))
        return True

    def frame_of(self, view: View) -> Frame | None:
        return self._frames.get(view.id)

    def is_newest(self, view: View) -> bool:
        """Whether the frame of ``view`` shows its newest scene."""
        frame = self._frames.get(view.id)
        scene = self._scenes.get(view.id)
        return frame is not None and scene is not None and frame.serial >= scene.serial

    def take(self, frame: Frame, wanted: bool) -> Frame | None:
        """Keep a frame as the newest of its view, or let go of one that nobody wants; returns the one before."""
        self._renderer.frame_taken(frame.view)
        if not wanted:
            frame.release()
            return None
        old = self._frames.get(frame.view)
        self._frames[frame.view] = frame
        return old

    def forget(self, view: View) -> None:
        self._renderer.remove_view(view.id)
        self._scenes.pop(view.id, None)
        frame = self._frames.pop(view.id, None)
        if frame is not None:
            frame.release()

    def rgba(self, view: View) -> Pixels | None:
        """A copy of the picture of ``view``, (height, width, 4), None if there is none."""
        frame = self._frames.get(view.id)
        if frame is None or frame.pixels is None:
            return None
        pixels: Pixels = frame.pixels[..., [2, 1, 0, 3]].copy()
        return pixels

    def close(self) -> None:
        self._renderer.close()
        for frame in self._frames.values():
            frame.release()
        self._frames.clear()


def _look_the_same(a: Scene, b: Scene) -> bool:
    """Whether two scenes of a view differ in nothing but the point, which is drawn when its slice comes."""
    point = {"point": a.state.point, "margin_left": a.state.margin_left, "margin_right": a.state.margin_right}
    return a.layers == b.layers and a.background == b.background and a.state == replace(b.state, **point)  # type: ignore[arg-type]


def write_picture(rgba: Pixels, path: str | Path) -> None:
    """Write a picture to a file; the extension says the format."""
    from PIL import Image

    Image.fromarray(rgba).convert("RGB").save(path)


def png(rgba: Pixels) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(rgba).save(buffer, "png")
    return buffer.getvalue()
