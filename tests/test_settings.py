import json
import subprocess
import sys

import numpy as np
import pytest

from lamella import settings
from lamella.sources.multiscale import Multiscale
from lamella.testing import GatedSource
from lamella.viewer_model import ViewerModel


@pytest.fixture
def file(monkeypatch, tmp_path):
    path = tmp_path / "settings.json"
    monkeypatch.setattr(settings, "settings_path", lambda: path)
    monkeypatch.delenv("LAMELLA_CACHE_SIZE", raising=False)
    monkeypatch.delenv("LAMELLA_GPU_BUDGET", raising=False)
    monkeypatch.setattr(settings, "_updated", {})
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


def test_an_update_is_kept_in_the_file_and_holds_at_once(file, monkeypatch):
    file.write_text(json.dumps({"gpu_budget": 6, "from_the_future": 1}))
    monkeypatch.setenv("LAMELLA_CACHE_SIZE", "7")
    assert settings.get_settings().cache_size == 7
    told = []
    settings.settings_changed.connect(told.append)
    new = settings.update_settings(cache_size=4e9)
    assert told == [new] == [settings.get_settings()]
    assert (new.cache_size, new.gpu_budget) == (4_000_000_000, 6)
    assert json.loads(file.read_text()) == {"gpu_budget": 6, "from_the_future": 1, "cache_size": 4_000_000_000}
    assert list(file.parent.iterdir()) == [file]


def test_an_update_makes_the_folder_and_mends_a_bad_file(file, monkeypatch):
    path = file.parent / "new" / "settings.json"
    monkeypatch.setattr(settings, "settings_path", lambda: path)
    settings.update_settings(gpu_budget=8)
    path.write_text("{")
    settings.update_settings(gpu_budget=9)
    assert json.loads(path.read_text()) == {"gpu_budget": 9}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cache_size": 0}, "the setting cache_size cannot be 0"),
        ({"cache_size": "much"}, "the setting cache_size cannot be 'much'"),
        ({"gpu_budget": 5, "cache_size": None}, "the setting cache_size cannot be None"),
        ({"cash_size": 5}, "there is no setting 'cash_size'; there are cache_size, gpu_budget"),
    ],
)
def test_a_bad_update_changes_nothing(file, change, sentence):
    told = []
    settings.settings_changed.connect(told.append)
    with pytest.raises(ValueError, match=sentence) as caught:
        settings.update_settings(**change)
    assert "\n" not in str(caught.value)
    assert not told
    assert not file.exists()


def test_an_update_that_cannot_be_written_changes_nothing(file, monkeypatch):
    (file.parent / "taken").write_text("")
    monkeypatch.setattr(settings, "settings_path", lambda: file.parent / "taken" / "settings.json")
    with pytest.raises(OSError, match="taken"):
        settings.update_settings(cache_size=5)
    assert settings.get_settings().cache_size == 1_000_000_000


def test_viewers_that_are_open_follow_the_limit_of_the_cache(file):
    data = np.random.default_rng(0).integers(0, 255, (3, 512, 512), "u1")
    sources = [GatedSource(np.ascontiguousarray(data[:, :: 2**k, :: 2**k]), (1, 32, 32)) for k in range(3)]
    for source in sources:
        source.open()
    settings.update_settings(cache_size=300_000)
    with ViewerModel() as viewer, ViewerModel() as other:
        layer = viewer.add_image(Multiscale(tuple(sources)), contrast_limits=(0, 255))
        viewer.wait_until_loaded()
        assert viewer.slices[layer].level > 0, "the finest level does not fit"
        settings.update_settings(cache_size=50_000_000)
        viewer.drain()
        viewer.wait_until_loaded()
        assert viewer.slices[layer].level == 0
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[viewer.dims.current_step[0]])
        settings.update_settings(cache_size=300_000)
        viewer.drain()
        viewer.wait_until_loaded()
        assert viewer.slices[layer].level > 0
        assert other._engine.wait_idle(10), "it has heard of it"
        figures = viewer.statistics()
        assert figures.limit == other.statistics().limit == 300_000
        assert figures.resident + figures.reserved <= figures.limit
        assert figures.reads_started == viewer.reads
    settings.update_settings(cache_size=5)  # nobody is left to hear of it


def test_sources_do_not_load_the_settings_or_tensorstore():
    code = "import lamella.sources, sys; assert not {'pydantic', 'tensorstore', 'zarr'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
