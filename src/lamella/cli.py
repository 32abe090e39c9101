"""The command line: ``lamella view | info | screenshot | demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lamella import __version__

app = typer.Typer(
    name="lamella",
    help="Browse n-D images that are lazy, remote or larger than memory, in a window that never freezes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PathOrUrl = Annotated[
    str,
    typer.Argument(
        metavar="PATH_OR_URL",
        help="OME-Zarr, zarr, N5 or precomputed folder or URL; a GEFF folder; or a .npy, .csv, .parquet or mesh file.",
    ),
]
Timeout = Annotated[float, typer.Option(help="Seconds to wait for a server or a complete picture.", min=0.1)]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lamella {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Browse n-D images that are lazy, remote or larger than memory, in a window that never freezes."""


@app.command()
def view(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH_OR_URL…", help="What to open; each becomes one or more layers.")
    ],
) -> None:
    """Show images in a window.

    Example: lamella view https://host/image.zarr
    """
    from lamella.launch import show

    raise typer.Exit(show(paths))


@app.command()
def info(
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH_OR_URL]", help="What to describe; without it, this installation.")
    ] = None,
    timeout: Timeout = 10.0,
) -> None:
    """Print levels, chunks, axes and sizes, without reading data."""
    from lamella.info import print_info, print_system
    from lamella.io import OpenError

    if path is None:
        print_system()
        return
    try:
        print_info(path, timeout)
    except OpenError as error:
        _fail(str(error))


@app.command()
def screenshot(
    path: PathOrUrl,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to write the picture; .png, .jpg or .tif.")],
    point: Annotated[
        str | None,
        typer.Option(help="World coordinates, one an axis, with commas; an empty one stays in the middle: 3,,, "),
    ] = None,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT of the picture in pixels.")] = "800x600",
    timeout: Timeout = 60.0,
) -> None:
    """Write the complete picture of an image to a file; needs no display."""
    from lamella.headless import write_screenshot
    from lamella.io import OpenError

    try:
        write_screenshot(path, output, point, size, timeout)
    except (OpenError, ValueError, TimeoutError, OSError) as error:
        refused = error.strerror if isinstance(error, OSError) else None  # by the operating system
        _fail(f"{output} cannot be written: {refused}" if refused else str(error))
    typer.echo(f"wrote {output}")


@app.command()
def demo(
    delay: Annotated[float, typer.Option(help="Seconds that the server adds to each request.", min=0)] = 0.05,
    bandwidth: Annotated[float, typer.Option(help="Bytes per second of the server.", min=1000)] = 12.5e6,
    script: Annotated[
        bool, typer.Option(help="Drag the slider by script, print what was measured and end, window or not.")
    ] = False,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the scripted demo writes its picture.")] = Path(
        "lamella-demo.png"
    ),
) -> None:
    """Browse a made-up volume of 10¹⁵ voxels on a slow server that this command starts on this machine.

    Without a display the slider is dragged by script and a picture is written.
    """
    from lamella.demo.command import run_demo

    raise typer.Exit(run_demo(delay, bandwidth, script, output))


def _fail(message: str) -> NoReturn:
    typer.echo(f"lamella: {message}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Entry point of the ``lamella`` command."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
