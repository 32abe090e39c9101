from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.faults.scene import Scene
from tests.e2e.stores import write_plain


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="package")
def data(folder: Path) -> np.ndarray:
    return write_plain(folder)


@pytest.fixture
def scene(folder: Path, data: np.ndarray) -> Iterator[Scene]:
    with Scene(folder, data) as scene:
        yield scene


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for hosts takes seconds; here a hundredth of that."""
    monkeypatch.setattr("lamella.slicing.retry.FIRST_DELAY_S", 0.002)
    monkeypatch.setattr("lamella.slicing.lanes.FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr("lamella.slicing.lanes.LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr("lamella.slicing.lanes.THROTTLED_PAUSE_S", 0.01)
