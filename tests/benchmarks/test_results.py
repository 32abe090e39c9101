"""Medians, bars and the plot say what was measured, and say so when it was not."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from benchmarks import bars, plot, report, runner
from benchmarks.results import Round, ScenarioResult, as_json
from benchmarks.scenarios import NAMES, Options, Scenario, load

OF_LAYER_TYPES = ("vectors", "shapes", "surface", "tracks")


def slow_plane(**figures: float | None) -> ScenarioResult:
    usual: dict[str, float | None] = {"stall_ms": 10, "witness_ms": 5, "shown": 20, "settle_ms": 90}
    usual |= {"reads_before_wanted": 1} | figures
    return ScenarioResult("slow-plane", "a title", [Round("lamella", "", usual) for _ in range(3)])


def passed(result: ScenarioResult) -> dict[str, bool | None]:
    return {v.bar.text.split(",")[0]: v.passed for v in bars.judge([result])}


def test_every_bar_belongs_to_a_scenario() -> None:
    assert {bar.scenario for bar in bars.BARS} == set(NAMES)


def test_every_scenario_says_who_can_do_it() -> None:
    for name in NAMES:
        assert load(name).name == name
        assert "lamella" in load(name).viewers


@pytest.mark.parametrize("name", ["ram", "ram-10x", "requests", "labels", "points", *OF_LAYER_TYPES])
def test_every_bar_finds_its_figure_in_the_variants_of_its_scenario(name: str) -> None:
    figures: dict[str, float | None] = {"stall_ms": 10, "witness_ms": 5, "shown": 25, "drag_s": 0.96, "slice_ms": 1}
    figures |= {"one_slice_ms": 20, "total_ms": 1000}
    with load(name).setup() as variants:
        rounds = [Round(viewer, v, figures) for v in variants for viewer in ("lamella", "napari-sync")]
    assert {v.passed for v in bars.judge([ScenarioResult(name, "", rounds)])} == {True}


def test_a_drag_that_lasts_longer_than_its_second_misses() -> None:
    figures: dict[str, float | None] = {"stall_ms": 10, "witness_ms": 5, "drag_s": 1.2}
    result = ScenarioResult("vectors", "", [Round("lamella", "", figures)])
    assert passed(result)["from the first step of the drag to the last"] is False


def test_variables_of_one_variant_reach_its_process_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, dict[str, str]] = {}

    def no_child(
        scenario: Scenario, viewer: str, python: str, variant: str, options: Options, own: dict[str, str]
    ) -> Round:
        seen[variant] = own
        return Round(viewer, variant, {})

    monkeypatch.setattr(runner, "_run_child", no_child)
    runner.run_scenario("ram-10x", ["lamella"], 1, {"HOME": "/nowhere"}, lambda text: None)
    assert {v: own["LAMELLA_GPU_BUDGET"] for v, own in seen.items()} == {"image": "256000000", "points": "36000000"}
    assert all(own["HOME"] == "/nowhere" for own in seen.values())


def test_a_good_run_passes_all_its_bars() -> None:
    assert set(passed(slow_plane()).values()) == {True}


def test_a_shared_machine_widens_the_bar_of_stalls_by_what_an_empty_window_had() -> None:
    assert passed(slow_plane(stall_ms=24, witness_ms=20))["longest stall during the drag"]
    assert not passed(slow_plane(stall_ms=26, witness_ms=20))["longest stall during the drag"]
    assert not passed(slow_plane(stall_ms=17, witness_ms=1))["longest stall during the drag"]


def test_what_never_happened_misses() -> None:
    assert passed(slow_plane(settle_ms=None))["settle"] is False


def test_a_bar_against_a_viewer_that_was_not_run_is_left_open() -> None:
    result = ScenarioResult("start", "", [Round("lamella", "", {"start_s": 1.0, "peak_rss_mb": 100.0})])
    assert passed(result)["first picture"] is None
    result.rounds.append(Round("napari", "", {"start_s": 5.0, "peak_rss_mb": 200.0}))
    assert passed(result)["first picture"] is True


def test_one_bad_round_is_enough_where_the_bar_says_never() -> None:
    result = slow_plane()
    result.rounds[1].figures["reads_before_wanted"] = 2
    assert passed(result)["reads between the last input and the wanted read"] is False


def test_a_round_with_a_problem_has_no_figures_and_is_told() -> None:
    result = slow_plane()
    result.rounds.append(Round("ndv", "", {}, "it cannot"))
    assert result.median("ndv", "stall_ms") is None
    assert any("ndv: it cannot" in line for line in report.lines(result))


def test_the_table_has_lamella_as_a_multiple_of_the_others() -> None:
    result = slow_plane(stall_ms=10)
    result.rounds.append(Round("napari", "", {"stall_ms": 40.0}))
    row = next(line for line in report.lines(result) if line.strip().startswith("longest stall"))
    assert row.split()[-3:] == ["10", "40", "0.25×"]


def test_results_are_plain_json_with_nothing_infinite() -> None:
    document = as_json([slow_plane(settle_ms=None)], {}, [])
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text)["scenarios"][0]["medians"]["lamella"][""]["settle_ms"] is None


def test_the_plot_is_a_picture_with_a_dot_for_each_round() -> None:
    root = ET.fromstring(plot.svg([slow_plane()]))
    dots = root.findall("{http://www.w3.org/2000/svg}circle")
    assert len(dots) == 9  # stall, shown and settle of three rounds
