"""Slices and scenes made by hand, and a recorder of frames."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lamella.model.layers.look import ImageLook, LabelsLook, PointsLook, PrimitivesLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render import Frame, LayerDraw, Renderer, Scene
from lamella.slicing.labels import id_texture
from lamella.slicing.primitives import CORNER, SEGMENT, Clock, PrimitivesTile, ValuesTile
from lamella.slicing.request import SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, LayerSliceResponse, Tile
from lamella.slicing.response_points import PointsSliceResponse, tile_of

_numbers = itertools.count()

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
GREY[:, 3] = 255
LABEL_COLORS = np.random.default_rng(3).integers(0, 256, (49, 4), dtype=np.uint8)
LABEL_COLORS[:, 3] = 255


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


def labels_look(**changes: Any) -> LabelsLook:
    values: dict[str, Any] = {
        "colors": LABEL_COLORS,
        "direct": None,
        "default_color": (0, 0, 0, 0),
        "selected": None,
        "opacity": 1.0,
        "blending": "translucent",
        "visible": True,
    }
    return LabelsLook(**(values | changes))


def points_look(**changes: Any) -> PointsLook:
    values: dict[str, Any] = {"opacity": 1.0, "blending": "translucent", "visible": True, "antialiasing": 1.0}
    return PointsLook(**(values | changes))


KINDS = {ImageLook: "image", LabelsLook: "labels", PointsLook: "points", PrimitivesLook: "shapes"}


def scene(
    state: ViewState,
    layers: Mapping[int, ImageLook | LabelsLook | PointsLook | PrimitivesLook],
    *,
    view: int = 0,
    background: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Scene:
    draws = tuple(LayerDraw(layer, KINDS[type(look)], look) for layer, look in layers.items())
    return Scene(view, state, draws, background)


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


def labels_tile(ids: np.ndarray, **how: Any) -> Tile:
    """A tile of ids."""
    return replace(tile(ids, **how), texture=id_texture(ids))


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
    kind: str = "image",
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
        kind=kind,
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


def points_response(
    coordinates: Any,
    *,
    size: Any = 10.0,
    border: Any = 0.0,
    symbol: Any = 0,
    face: Any = (255, 255, 255, 255),
    edge: Any = (0, 0, 0, 255),
    generation: int = 1,
    plane: int = 0,
    view: int = 0,
    layer: int = 1,
    transform: Affine | None = None,
    failed: bool = False,
    complete: bool = True,
    empty: bool = False,
    key: Any = None,
) -> PointsSliceResponse:
    """The points of ``plane`` of a layer with three axes."""
    places = np.array(coordinates, np.float64).reshape(-1, 2)
    n = len(places)

    def column(values: Any, dtype: Any, *shape: int) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype), (n, *shape)).copy()

    key = ("points", plane, id(places)) if key is None else key
    made = tile_of(
        key,
        np.arange(n),
        places,
        column(size, np.float32),
        column(symbol, np.uint8),
        column(face, np.uint8, 4),
        column(edge, np.uint8, 4),
        column(border, np.float32),
    )
    there = n > 0 and complete and not failed
    to_world = Affine.identity(2) if transform is None else transform
    return PointsSliceResponse(
        generation=generation,
        view=view,
        layer=layer,
        kind="points",
        key=SliceKey(8, (), 0, (float(plane),), (0.0,), (0.0,), (1, 2)),
        window=Window(((-1e12, -1e12), (1e12, 1e12)), (100, 100)),
        point=(float(plane), 0.0, 0.0),
        dims_displayed=(1, 2),
        world_to_data=to_world.expanded(3).inverse,
        needed=1,
        have=int(complete and not failed),
        failed=int(failed),
        empty=empty,
        tiles=(made,) if there else (),
    )


def primitives_look(**changes: Any) -> PrimitivesLook:
    values: dict[str, Any] = {"opacity": 1.0, "blending": "translucent", "visible": True}
    return PrimitivesLook(**(values | changes))


def triangles(
    places: Any, triangles: Any, *, color: Any = 255, offset: Any = 0, width: Any = 0, uv: Any = 0, **how: Any
) -> PrimitivesTile:
    """A tile of triangles between places (n, 2)."""
    places = np.array(places, np.float64)
    corners = np.zeros(len(places), CORNER[2])
    origin = places.mean(axis=0)
    corners["position"] = places - origin
    for name, value in (("offset", offset), ("width", width), ("color", color), ("uv", uv)):
        corners[name] = value
    indices = np.array(triangles, np.uint32).reshape(-1, 3)
    return _primitives(origin, corners, indices, np.zeros(0, SEGMENT[2]), how)


def segments(
    starts: Any, stops: Any, *, colors: Any = 255, width: Any = 1.0, times: Any = 0.0, end: Any = 0.0, **how: Any
) -> PrimitivesTile:
    """A tile of lines between places (n, 2)."""
    starts, stops = np.array(starts, np.float64), np.array(stops, np.float64)
    lines = np.zeros(len(starts), SEGMENT[2])
    origin = starts.mean(axis=0)
    lines["start"], lines["stop"] = starts - origin, stops - origin
    for name, value in (("colors", colors), ("width", width), ("times", times), ("end", end)):
        lines[name] = value
    return _primitives(origin, np.zeros(0, CORNER[2]), np.zeros((0, 3), np.uint32), lines, how)


def _primitives(origin: Any, corners: Any, indices: Any, lines: Any, how: dict[str, Any]) -> PrimitivesTile:
    key = how.pop("key", ("primitives", next(_numbers)))
    nbytes = corners.nbytes + indices.nbytes + lines.nbytes
    return PrimitivesTile(key, nbytes, origin, corners, indices, lines, **how)


@dataclass(frozen=True, slots=True)
class PrimitivesSliceResponse(LayerSliceResponse):
    """What all responses that are drawn as triangles and lines have."""

    tiles: tuple[PrimitivesTile | ValuesTile, ...] = ()
    segment_span: tuple[int, int] | None = None
    clock: Clock | None = None
    text: Any = None


def primitives_response(
    *tiles: PrimitivesTile | ValuesTile,
    generation: int = 1,
    plane: int = 0,
    layer: int = 1,
    transform: Affine | None = None,
    span: tuple[int, int] | None = None,
    clock: Clock | None = None,
) -> PrimitivesSliceResponse:
    """The primitives of ``plane`` of a layer with three axes."""
    to_world = Affine.identity(2) if transform is None else transform
    return PrimitivesSliceResponse(
        generation=generation,
        view=0,
        layer=layer,
        kind="shapes",
        key=SliceKey(9, (), 0, (float(plane),), (0.0,), (0.0,), (1, 2)),
        window=Window(((-1e12, -1e12), (1e12, 1e12)), (100, 100)),
        point=(float(plane), 0.0, 0.0),
        dims_displayed=(1, 2),
        world_to_data=to_world.expanded(3).inverse,
        needed=len(tiles),
        have=len(tiles),
        failed=0,
        empty=not tiles,
        tiles=tiles,
        segment_span=span,
        clock=clock,
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
