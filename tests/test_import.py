"""`import lamella` is cheap, whatever lamella can do."""

import subprocess
import sys

import pytest

import lamella

HEAVY = (
    "OpenGL",
    "PySide6",
    "app_model",
    "cmap",
    "dask",
    "h5py",
    "numpy",
    "pydantic",
    "qtpy",
    "rich",
    "superqt",
    "tensorstore",
    "typer",
    "vispy",
    "zarr",
)


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``code``."""
    script = f"{code}\nimport sys; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_import_loads_neither_qt_nor_gl_nor_formats() -> None:
    assert loaded_after("import lamella").isdisjoint(HEAVY)


def test_looking_at_the_table_of_contents_imports_nothing() -> None:
    assert loaded_after("import lamella; dir(lamella); lamella.__version__; lamella.__all__").isdisjoint(HEAVY)


def test_a_viewer_model_loads_neither_qt_nor_gl() -> None:
    loaded = loaded_after("import lamella; lamella.ViewerModel")
    assert loaded.isdisjoint({"OpenGL", "PySide6", "app_model", "qtpy", "superqt", "vispy"})


def test_the_model_does_not_load_pydantic_or_tensorstore() -> None:
    assert loaded_after("import lamella.model.layers.image").isdisjoint({"pydantic", "tensorstore", "PySide6"})


def test_every_name_of_the_table_of_contents_is_there() -> None:
    assert set(lamella.__all__) <= set(dir(lamella))
    for name in lamella.__all__:
        assert getattr(lamella, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'napari'"):
        lamella.napari  # noqa: B018


def test_a_missing_extra_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['qtpy'] = sys.modules['PySide6'] = None\n"
        "import lamella\n"
        "try: lamella.Viewer\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "pip install 'lamella[all]'" in done.stdout
