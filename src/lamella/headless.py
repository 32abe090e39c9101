"""Pictures without a window: what ``lamella screenshot`` does."""

from __future__ import annotations

from pathlib import Path

from lamella.failures import SlicingError
from lamella.viewer_model import ViewerModel

MAX_PIXELS = 16_384


def write_screenshot(path: str, output: Path, point: str | None, size: str, timeout: float) -> None:
    """Open ``path``, wait until the picture is complete and write it.

    Raises
    ------
    lamella.io.OpenError, ValueError, TimeoutError, OSError
        One sentence says what is wrong.
    """
    if output.suffix.lower() not in (".png", ".jpg", ".jpeg", ".tif", ".tiff"):
        raise ValueError(f"output must end in .png, .jpg or .tif, not {output.name!r}")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"output: there is no folder {str(output.parent)!r} to write to")
    canvas = parse_size(size)
    with ViewerModel() as viewer:
        viewer.views[0].canvas_size = canvas
        viewer.open(path, timeout=timeout)
        if point is not None:
            viewer.dims.point = parse_point(point, viewer.dims.point, viewer.dims.axis_labels)
        viewer.screenshot(output, timeout=timeout)
        try:
            viewer.wait_until_loaded(timeout, strict=True)
        except SlicingError as error:  # the picture is written all the same: most of it may be there
            raise OSError(str(error)) from error


def parse_size(text: str) -> tuple[int, int]:
    """``"800x600"`` → (800, 600).

    Raises
    ------
    ValueError
    """
    parts = text.lower().split("x")
    if len(parts) != 2 or not all(p.strip().isdecimal() and 0 < int(p) <= MAX_PIXELS for p in parts):
        raise ValueError(f"size must be WIDTHxHEIGHT with 1 to {MAX_PIXELS} pixels each, such as 800x600, not {text!r}")
    return int(parts[0]), int(parts[1])


def parse_point(text: str, point: tuple[float, ...], labels: tuple[str, ...]) -> tuple[float, ...]:
    """World coordinates from ``"3,,7"``: empty places keep what ``point`` has, missing ones at the end too.

    Raises
    ------
    ValueError
    """
    given = text.split(",")
    while len(given) > len(point) and not given[-1].strip():
        given.pop()
    if len(given) > len(point):
        raise ValueError(
            f"point has {len(given)} coordinates, but the image has {len(point)} axes: {', '.join(labels)}"
        )
    result = list(point)
    for axis, part in enumerate(given):
        if part.strip():
            try:
                result[axis] = float(part)
            except ValueError:
                raise ValueError(f"point must be numbers with commas, not {part.strip()!r}") from None
    return tuple(result)
