"""The locked requirements are what the bootstrap needs: pinned, hashed and free of addresses."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKED = sorted((ROOT / "requirements").glob("*.txt"))


def requirements(path: Path) -> list[str]:
    text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", LOCKED, ids=lambda p: p.stem)
def test_every_requirement_has_a_version_and_a_hash_and_no_address(path: Path) -> None:
    lines = requirements(path)
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==", line), line
        assert "--hash=sha256:" in line, line
    assert "://" not in path.read_text(encoding="utf-8")


def test_the_test_environment_holds_the_run_environment() -> None:
    def pins(name: str) -> set[str]:
        return {line.split(" ")[0] for line in requirements(ROOT / "requirements" / f"{name}.txt")}

    assert pins("run") <= pins("test")


def test_every_locked_set_that_the_bootstrap_uses_is_there() -> None:
    assert {path.stem for path in LOCKED} == {"bench", "build", "run", "test", "uv"}


def test_all_means_every_format_and_the_window() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (everything,) = project["optional-dependencies"]["all"]
    assert everything == "lamella[dask,hdf5,meshes,qt,tables,zarr]"
