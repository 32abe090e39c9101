"""What ``lamella info`` prints."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from lamella.io import Description, describe

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def print_info(path: str, timeout: float) -> None:
    """Print what there is at ``path``: levels, chunks, axes and sizes.

    Raises
    ------
    lamella.io.OpenError
    """
    console = Console(highlight=False, soft_wrap=True)
    print_description(describe(path, timeout=timeout), console)


def print_system() -> None:
    """Print versions, and what draws here."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from lamella.viewer_model import ViewerModel

    console = Console(highlight=False, soft_wrap=True)
    for name in ("lamella", "numpy", "tensorstore", "vispy", "PySide6-Essentials", "zarr"):
        try:
            console.print(f"{name:20} {version(name)}")
        except PackageNotFoundError:
            console.print(f"{name:20} not installed")
    console.print(f"{'Python':20} {platform.python_version()} on {platform.platform()}")
    with ViewerModel() as viewer:
        viewer.screenshot(wait=False)
        console.print(f"{'drawing':20} {viewer.renderer_name}")


def print_description(what: Description, console: Console) -> None:
    """A few lines and a table of the levels."""
    console.print(what.location, style="bold", markup=False)
    console.print(f"{what.format}, {what.dtype}, {what.layers} layer(s): {', '.join(what.layer_names)}", markup=False)
    axes = Table("axis", "size", "scale", "origin", "unit", box=None, pad_edge=False)
    for name, size, scale, origin, unit in zip(
        what.axes, what.levels[0].shape, what.scale, what.translate, what.units, strict=True
    ):
        axes.add_row(name, f"{size:,}", f"{scale:g}", f"{origin:g}", unit or "-")
    console.print(axes)
    levels = Table("level", "path", "shape", "chunk", "shard", "codec", "size", box=None, pad_edge=False)
    for number, level in enumerate(what.levels):
        shard = _shape(level.shards) if level.shards else "-"
        row = (_shape(level.shape), _shape(level.chunks) if level.chunks else "-", shard, level.codec or "-")
        levels.add_row(str(number), level.path, *row, size_text(level.nbytes))
    console.print(levels)


def size_text(nbytes: int) -> str:
    """Bytes as people say them: ``31.5 MB``."""
    power = min(int(math.log10(nbytes) // 3), len(UNITS) - 1) if nbytes > 0 else 0
    return f"{nbytes / 1000**power:.4g} {UNITS[power]}"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{n:,}" for n in shape)
