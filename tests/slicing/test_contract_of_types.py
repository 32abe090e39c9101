"""What each layer type promises: only its request sees the layer; the rest works from the frozen request, anywhere."""

from __future__ import annotations

import dataclasses
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from lamella import Image, Labels, Points, Shapes, Surface, Tracks, Vectors
from lamella.model.camera import Camera
from lamella.model.dims import Dims
from lamella.model.layers.base import Layer
from lamella.model.view import View
from lamella.slicing.request import SliceKey
from lamella.slicing.thumbnail import SIDE, thumbnail_of
from lamella.slicing.types import TYPES
from tests.slicing.by_hand import request_of, sliced, view_of

WATCHED = (Layer, View, Dims, Camera)
IDENTITIES = {"key", "layer", "view", "token", "nbytes"}  # fields that differ between two layers with the same data


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 250, shape).astype(np.uint16)


def _boxes() -> np.ndarray:
    """Four vertices each, in planes; some of them cross themselves."""
    boxes = (noise(36, 4, 3) % (4, 40, 60)).astype(float)
    boxes[..., 0] = boxes[:, :1, 0]
    return boxes


CASES: dict[str, Callable[[], Layer]] = {
    "image": lambda: Image([noise(4, 40, 60), noise(4, 20, 30)], scale=(1, 2, -0.5), rotate=10),
    "labels": lambda: Labels(noise(4, 40, 60) // 50, contour=1),
    "points": lambda: Points(noise(90, 3) % (4, 40, 60), size=3, face_color="v", features={"v": np.arange(90)}),
    "vectors": lambda: Vectors(
        np.stack([noise(90, 3) % (4, 40, 60), noise(90, 3) % (1, 9, 9)], axis=1),
        features={"v": np.arange(90)},
        edge_color="v",
        vector_style="arrow",
        projection_mode="fade",
    ),
    "shapes": lambda: Shapes(
        [
            (vertices, kind)
            for vertices, kind in zip(_boxes(), ("rectangle", "ellipse", "polygon", "path") * 9, strict=True)
        ],
        edge_width=np.arange(36) % 3,
        face_color="v",
        features={"v": np.arange(36)},
        z_index=np.arange(36) % 5,
        text="{v}",
    ),
    "surface": lambda: Surface(
        (noise(40, 3) % (4, 40, 60), noise(200, 3) % 40, np.arange(40.0)), shading="flat", wireframe=True
    ),
    "tracks": lambda: Tracks(
        np.column_stack([np.arange(90) // 4, np.arange(90) % 4, noise(90, 2) % (40, 60)])[::-1],
        features={"v": np.arange(90)},
        color_by="v",
        graph={3: [1, 2]},
        display_id=True,
    ),
}
"""A layer of three axes for each type: of many of its features, and the same at every call."""


def test_there_is_a_case_of_each_type():
    assert set(CASES) == set(TYPES)


@pytest.mark.parametrize("ndisplay", [2, 3])
@pytest.mark.parametrize("kind", CASES)
def test_slicing_needs_nothing_but_the_request(kind: str, ndisplay: int):
    layer = CASES[kind]()
    view = view_of(layer, ndisplay=ndisplay)
    view.dims.margin_left = view.dims.margin_right = (1.0,) * view.dims.ndim
    alive = sliced(request_of(layer, view))
    assert not alive.empty, "a case that shows nothing says nothing"

    layer = CASES[kind]()
    request, look = request_of(layer, view), layer.look()
    ghost = weakref.ref(layer)
    del layer
    gc.collect()
    assert ghost() is None, "the request must keep what it needs, not the layer"
    with nobody_touches_the_model():
        response, thumbnail = elsewhere(lambda: make(request, look))
    assert response.complete
    assert_same(response, alive, "response")
    assert thumbnail is None or (thumbnail.shape == (SIDE, SIDE, 4) and not thumbnail.flags.writeable)


def make(request: Any, look: Any) -> tuple[Any, Any]:
    response = sliced(request)
    if len(response.dims_displayed) == 2:
        response.value_at((20.0, 30.0))
    return response, thumbnail_of(response, look)


def elsewhere(work: Callable[[], Any]) -> Any:
    """The result of something on another thread."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run, name="slicing-without-model")
    thread.start()
    thread.join()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


@contextmanager
def nobody_touches_the_model() -> Iterator[None]:
    """Any attribute of a layer, view, dims or camera raises on the thread of `elsewhere`."""

    def guard(cls: type) -> Callable[[Any, str], Any]:
        original = cls.__getattribute__

        def get(self: Any, name: str) -> Any:
            if threading.current_thread().name == "slicing-without-model":
                raise AssertionError(f"slicing touched {cls.__name__}.{name}")
            return original(self, name)

        return get

    with pytest.MonkeyPatch.context() as patch:
        for cls in WATCHED:
            patch.setattr(cls, "__getattribute__", guard(cls))
        yield


def assert_same(a: Any, b: Any, where: str) -> None:
    """Equal, all the way down, but for the identities of layers and data."""
    assert type(a) is type(b), where
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape, where
        assert a.tobytes() == b.tobytes(), where
        assert not a.flags.writeable, f"{where} can be written to"
    elif dataclasses.is_dataclass(a) and not isinstance(a, SliceKey):
        for field in dataclasses.fields(a):
            if field.name not in IDENTITIES:
                assert_same(getattr(a, field.name), getattr(b, field.name), f"{where}.{field.name}")
    elif isinstance(a, (tuple, list)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            assert_same(x, y, f"{where}[{i}]")
    elif isinstance(a, float):
        assert a == b or (a != a and b != b), where
    elif a is None or type(a).__eq__ is not object.__eq__:
        assert a == b, where
    else:  # a plain object: its own fields
        names = [*getattr(a, "__dict__", ()), *(n for c in type(a).__mro__ for n in getattr(c, "__slots__", ()))]
        for name in names:
            if name not in IDENTITIES and name != "__weakref__" and hasattr(a, name):
                assert_same(getattr(a, name), getattr(b, name), f"{where}.{name}")


def test_the_guard_sees_what_it_should():
    layer = CASES["image"]()
    with nobody_touches_the_model(), pytest.raises(AssertionError, match=r"touched Layer\.name"):
        elsewhere(lambda: layer.name)
