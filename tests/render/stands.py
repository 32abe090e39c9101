"""A renderer on a stand, and what its pictures are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from lamella.model.view_state import ViewState
from lamella.render import make_renderer
from lamella.render.gl.context import ContextError, default_provider
from tests.render.scenes import Recorder, look, scene

rng = np.random.default_rng(5)

DRAWING = ("gl", "reference")
ALL = (*DRAWING, "null")


def can_draw_with_gl() -> bool:
    try:
        default_provider()
    except ContextError:
        return False
    return True


class Stand:
    """A renderer and what it delivered."""

    def __init__(self, name: str, taking: bool = True, **how: int) -> None:
        self.recorder = Recorder(taking)
        self.renderer = make_renderer(name, self.recorder, **how)
        self.recorder.renderer = self.renderer
        self.shown = self.recorder.shown

    def draw(self, state: ViewState, *slices, looks: Any = None, background=(0.0, 0.0, 0.0)):
        """The finished picture of these responses, each in its layer."""
        looks = looks or {r.layer: look() for r in slices}
        after = len(self.recorder.frames)
        self.renderer.set_scene(scene(state, looks, background=background))
        for r in slices:
            self.renderer.set_slice(r)
        return self.shown(after=after, **{f"_{r.layer}": r.generation for r in slices})[1]


def sample(plane: np.ndarray, view: ViewState, scale=(1.0, 1.0), translate=(0.0, 0.0), outside=0) -> np.ndarray:
    """What each canvas pixel sees of a plane, by nearest sample."""
    w, h = view.device_size
    zoom = view.zoom * view.pixel_ratio
    out = []
    for n, c, s, t, m in zip((h, w), view.center[1:], scale, translate, plane.shape[:2], strict=True):
        world = c + (np.arange(n) + 0.5 - n / 2) / zoom
        index = np.floor((world - t) / s + 0.5).astype(int)
        out.append(np.where((index >= 0) & (index < m), index, -1))
    rows, columns = out
    values = plane[rows][:, columns]
    hit = (rows[:, None] >= 0) & (columns >= 0)
    return np.where(hit.reshape(hit.shape + (1,) * (values.ndim - 2)), values, outside)


def assert_close(picture: np.ndarray, expected: np.ndarray, tolerance: int = 1) -> None:
    """Equal to a grey (h, w) or RGB (h, w, 3) expectation in 0 … 255; opaque."""
    if expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    assert picture.shape == (*expected.shape[:2], 4)
    difference = np.abs(picture[..., :3].astype(float) - np.rint(expected))
    assert difference.max() <= tolerance, f"{(difference > tolerance).sum()} values differ by up to {difference.max()}"
    assert (picture[..., 3] == 255).all()


def noise(shape: tuple[int, ...], dtype: object = np.uint8) -> np.ndarray:
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
