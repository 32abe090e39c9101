"""Where the viewers live: lamella here, the others here if installed, otherwise in environments of their own."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QT = "PySide6-Essentials>=6.8,!=6.11.0,!=6.11.1,<6.12"  # what lamella takes, so that all draw with the same Qt
REQUIREMENTS = {
    "napari": ("napari==0.9.2", QT, "zarr>=3.1", "dask[array]", "fsspec", "aiohttp"),
    "ndv": ("ndv[vispy]==0.5.0", QT, "qtpy", "superqt[iconify]"),
}


def python_for(viewer: str) -> str:
    """The interpreter that has a viewer; the first time this makes an environment under ``.run/``.

    Raises
    ------
    RuntimeError
        It could not be made.
    """
    package = viewer.partition("-")[0]
    if package == "lamella" or importlib.util.find_spec(package) is not None:
        return sys.executable
    folder = ROOT / ".run" / f"bench-{package}"
    python, stamp = folder / "bin" / "python", folder / "bench-stamp"
    wanted = "\n".join((sys.version, *REQUIREMENTS[package]))
    if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
        print(f"making an environment for {package} in {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
        _make(folder, python, REQUIREMENTS[package])
        stamp.write_text(wanted)
    return str(python)


def _make(folder: Path, python: Path, requirements: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    log = folder.with_suffix(".log")
    log.parent.mkdir(exist_ok=True)
    commands: list[list[str]] = [
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    ]
    with log.open("w") as output:
        for command in commands:
            if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode:
                raise RuntimeError(f"{' '.join(command[:4])} … failed: {log} says why")
