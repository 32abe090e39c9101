import json
import subprocess
import sys

import pytest

from lamella import settings


@pytest.fixture
def file(monkeypatch, tmp_path):
    path = tmp_path / "settings.json"
    monkeypatch.setattr(settings, "settings_path", lambda: path)
    monkeypatch.delenv("LAMELLA_CACHE_SIZE", raising=False)
    monkeypatch.delenv("LAMELLA_GPU_BUDGET", raising=False)
    settings.get_settings.cache_clear()
    yield path
    settings.get_settings.cache_clear()


def test_without_a_file_the_defaults_hold(file):
    assert settings.get_settings() == settings.Settings(cache_size=1_000_000_000, gpu_budget=256 * 2**20)
    assert settings.cache_size() == 1_000_000_000


def test_the_environment_stands_above_the_file(file, monkeypatch):
    file.write_text(json.dumps({"cache_size": 5, "gpu_budget": 6, "from_the_future": 1}))
    monkeypatch.setenv("LAMELLA_GPU_BUDGET", "7")
    assert settings.get_settings().cache_size == 5
    assert settings.get_settings().gpu_budget == 7


@pytest.mark.parametrize("text", ["{", "[]", '{"cache_size": -1}', '{"cache_size": "much"}', "[" * 100_000])
def test_a_bad_file_is_told_of_and_left_out(file, text, caplog):
    file.write_text(text)
    assert settings.get_settings().cache_size == 1_000_000_000
    assert len(caplog.records) == 1


def test_sources_do_not_load_the_settings_or_tensorstore():
    code = "import lamella.sources, sys; assert not {'pydantic', 'tensorstore', 'zarr'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
