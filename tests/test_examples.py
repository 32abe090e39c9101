"""The examples of the gallery make pictures that show something."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in ("specimen", "make_pictures"))


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.mark.parametrize("name", NAMES)
def test_an_example_makes_a_picture(examples: None, name: str, tmp_path: Path) -> None:
    importlib.import_module(name).main(tmp_path / "picture.png")
    picture = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB"))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_each_example_has_a_page_and_a_small_picture(examples: None) -> None:
    maker = importlib.import_module("make_pictures")
    assert sorted(maker.EXAMPLES) == NAMES
    for name in NAMES:
        picture = maker.FOLDER / f"{name}.png"
        assert (maker.FOLDER / f"{name}.md").is_file()
        assert picture.stat().st_size <= maker.LARGEST
