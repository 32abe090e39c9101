"""Slices and scenes made by hand, and a recorder of frames."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lamella.model.layers.look import ImageLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render import Frame, LayerDraw, Renderer, Scene
from lamella.slicing.request import SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
GREY[:, 3] = 255


def lut(r: float = 1, g: float = 1, b: float = 1) -> np.ndarray:
    """From black to a colour."""
    return np.stack([*(np.rint(np.arange(256) * k) for k in (r, g, b)), np.full(256, 255)], axis=1).astype(np.uint8)


def look(**changes: Any) -> ImageLook:
    values: dict[str, Any] = {
        "lut": GREY,
        "contrast_limits": (0, 255),
        "gamma": 1.0,
        "opacity": 1.0,
        "blending": "translucent",
        "interpolation": "nearest",
        "visible": True,
    }
    return ImageLook(**(values | changes))


def state(size: tuple[int, int], center: tuple[float, float], zoom: float = 1.0, ratio: float = 1.0) -> ViewState:
    return ViewState(
        (0.0, *center), (0.0,) * 3, (0.0,) * 3, (0, 1, 2), 2, (0.0, *center), zoom, (0.0,) * 3, size, ratio
    )


def scene(
    state: ViewState,
    layers: dict[int, ImageLook],
    *,
    view: int = 0,
    background: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Scene:
    return Scene(view, state, tuple(LayerDraw(layer, "image", look) for layer, look in layers.items()), background)


def tile(
    data: np.ndarray, *, at: tuple[int, int] = (0, 0), level: int = 0, factor: float = 1.0, key: Any = None
) -> Tile:
    """A tile of a level whose samples are ``factor`` wide and which begins at sample ``at`` of that level."""
    texture = data
    if data.ndim == 2 and data.dtype not in (np.uint8, np.uint16):
        texture = data.astype(np.float32)
    region = tuple((a, a + n) for a, n in zip(at, data.shape[:2], strict=True))
    low, high = (tuple(r[i] * factor - 0.5 for r in region) for i in (0, 1))
    key = (level, at, id(data)) if key is None else key
    return Tile(key, level, region, (low, high), data, texture)


def tiles_of(plane: np.ndarray, size: int, **how: Any) -> list[Tile]:
    """A plane cut into square tiles."""
    rows, columns = plane.shape[:2]
    prefix = how.pop("key", id(plane))
    return [
        tile(np.ascontiguousarray(plane[r : r + size, c : c + size]), at=(r, c), key=(prefix, r, c), **how)
        for r in range(0, rows, size)
        for c in range(0, columns, size)
    ]


def response(
    tiles: Sequence[Tile],
    *,
    generation: int = 1,
    plane: int = 0,
    view: int = 0,
    layer: int = 1,
    transform: Affine | None = None,
    complete: bool = True,
    level: int | None = None,
    extent: Any = None,
    failed: Sequence[Any] = (),
    empty: bool = False,
    auto_limits: tuple[float, float] | None = None,
    window: Any = ((-1e12, -1e12), (1e12, 1e12)),
    rgb: bool = False,
) -> ImageSliceResponse:
    """The response to a request for ``plane`` of a layer with three axes; ``transform`` is of the last two."""
    to_world = Affine.identity(2) if transform is None else transform
    boxes = np.array([t.box for t in tiles]) if tiles else np.zeros((1, 2, 2))
    if extent is None:
        extent = tuple(boxes[:, 0].min(axis=0)), tuple(boxes[:, 1].max(axis=0))
    coarse_first = tuple(sorted(tiles, key=lambda t: -t.level))
    target = level if level is not None else min((t.level for t in tiles), default=0)
    have = sum(t.level == target for t in tiles)
    return ImageSliceResponse(
        generation=generation,
        view=view,
        layer=layer,
        kind="image",
        key=SliceKey(7, (), 0, (float(plane),), (0.0,), (0.0,), (1, 2)),
        window=Window(window, (100, 100)),
        point=(float(plane), 0.0, 0.0),
        dims_displayed=(1, 2),
        world_to_data=to_world.expanded(3).inverse,
        needed=have + len(failed) + (0 if complete else 1),
        have=have,
        failed=len(failed),
        empty=empty,
        rgb=rgb,
        level=target,
        region=((0, 1), (0, 1)),
        extent=extent,
        tiles=coarse_first,
        failed_boxes=tuple(failed),
        auto_limits=auto_limits,
    )


class Recorder:
    """Takes frames on any thread and keeps copies.

    Parameters
    ----------
    taking : bool
        Take and release each frame at once; otherwise the test does.
    """

    def __init__(self, taking: bool = True) -> None:
        self.frames: list[Frame] = []
        self.pictures: list[np.ndarray | None] = []
        self.renderer: Renderer | None = None
        self.taking = taking
        self._condition = threading.Condition()

    def __call__(self, frame: Frame) -> None:
        with self._condition:
            self.frames.append(frame)
            self.pictures.append(None if frame.pixels is None else frame.pixels[..., [2, 1, 0, 3]].copy())
            self._condition.notify_all()
        if self.taking:
            assert self.renderer is not None
            frame.release()
            self.renderer.frame_taken(frame.view)

    def wait(self, matches: Callable[[Frame], bool], after: int = 0) -> tuple[Frame, Any]:
        """The first frame from number ``after`` on that matches, and its picture (RGBA)."""

        def find() -> int | None:
            return next((i for i, f in enumerate(self.frames[after:], after) if matches(f)), None)

        with self._condition:
            assert self._condition.wait_for(lambda: find() is not None, timeout=60), "no such frame came"
            i = find()
            assert i is not None
            return self.frames[i], self.pictures[i]

    def shown(self, view: int = 0, after: int = 0, **generations: int) -> tuple[Frame, Any]:
        """The first frame that shows these generations (``_1=3``: layer 1, generation 3) with nothing waiting."""
        wanted = {int(name[1:]): g for name, g in generations.items()}

        def matches(frame: Frame) -> bool:
            if frame.view != view or any(frame.pending.values()):
                return False
            return {layer: r.generation for layer, r in frame.slices.items()} == wanted

        return self.wait(matches, after)
