"""The frozen snapshot of a view: all that slicing and drawing need to know about dims, camera and canvas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewState:
    """Dims, camera and canvas of one view at one moment.

    Canvas coordinates are logical pixels, x to the right and y down from the top left corner. Displayed world
    coordinates are in the order of `displayed`: in 2-D (row, column), rows downwards.

    Attributes
    ----------
    point, margin_left, margin_right : tuple of float
        World coordinates, one an axis.
    order : tuple of int
    ndisplay : int
        2 or 3.
    center : tuple of float
        Displayed world coordinates at the centre of the canvas, (depth, row, column); 2-D views use the last two.
    zoom : float
        Canvas pixels per world unit.
    angles : tuple of float
        Degrees, 3-D only.
    canvas_size : tuple of int
        (width, height) in logical pixels.
    pixel_ratio : float
        Device pixels per logical pixel.
    """

    point: tuple[float, ...]
    margin_left: tuple[float, ...]
    margin_right: tuple[float, ...]
    order: tuple[int, ...]
    ndisplay: int
    center: tuple[float, float, float]
    zoom: float
    angles: tuple[float, float, float]
    canvas_size: tuple[int, int]
    pixel_ratio: float = 1.0

    @property
    def displayed(self) -> tuple[int, ...]:
        return self.order[-self.ndisplay :]

    @property
    def device_size(self) -> tuple[int, int]:
        """(width, height) of the picture in device pixels, each at least 1."""
        w, h = self.canvas_size
        return max(round(w * self.pixel_ratio), 1), max(round(h * self.pixel_ratio), 1)

    @property
    def field_of_view(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Low and high corner of the canvas in displayed world coordinates. In 3-D a cube around the centre."""
        w, h = self.canvas_size
        extent = (h, w) if self.ndisplay == 2 else (max(w, h),) * self.ndisplay
        centre = self.center[-self.ndisplay :]
        low = tuple(c - e / self.zoom / 2 for c, e in zip(centre, extent, strict=True))
        return low, tuple(c + e / self.zoom / 2 for c, e in zip(centre, extent, strict=True))

    def canvas_to_world(self, x: float, y: float) -> tuple[float, float]:
        """Displayed world (row, column) under a canvas position, 2-D views."""
        w, h = self.canvas_size
        return self.center[1] + (y - h / 2) / self.zoom, self.center[2] + (x - w / 2) / self.zoom

    def world_to_canvas(self, row: float, column: float) -> tuple[float, float]:
        """Canvas (x, y) of a displayed world position, 2-D views."""
        w, h = self.canvas_size
        return (column - self.center[2]) * self.zoom + w / 2, (row - self.center[1]) * self.zoom + h / 2
