"""Runs each scenario in a fresh process for each viewer, the viewers in turn, as many rounds as asked for."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT, python_for
from benchmarks.results import Round, ScenarioResult
from benchmarks.scenarios import Options, Scenario, load

PATIENCE_S = 240.0  # of one process
VIEWER_ENVIRONMENT = {"napari": {"NAPARI_ASYNC": "1"}, "napari-sync": {"NAPARI_ASYNC": "0"}}

Say = Callable[[str], None]


class Witness:
    """An empty window beside the viewer; see `benchmarks.witness`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.witness"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("the empty window beside the viewer did not open")

    def longest_gap(self, begin: float, end: float) -> float:
        """Seconds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(begin, end, file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def run_scenario(
    name: str, viewers: Sequence[str], rounds: int, environment: dict[str, str], say: Say
) -> ScenarioResult:
    """All rounds of one scenario, A B A B …; viewers that cannot do it are left out."""
    scenario = load(name)
    result = ScenarioResult(scenario.name, scenario.title)
    able = [v for v in viewers if v in scenario.viewers]
    pythons = {viewer: python_for(viewer) for viewer in able}
    with scenario.setup() as variants:
        if scenario.warm_up:
            for viewer in able:
                say(f"{name} · warming up · {viewer}")
                own = environment | VIEWER_ENVIRONMENT.get(viewer, {})
                _run_child(scenario, viewer, pythons[viewer], "", next(iter(variants.values())), own)
        for number in range(rounds):
            for viewer in able:
                found: dict[str, dict[str, Any]] = {}
                for variant, options in variants.items():
                    own = environment | VIEWER_ENVIRONMENT.get(viewer, {}) | options.get("_environment", {})
                    say(f"{name} {variant} · round {number + 1} of {rounds} · {viewer}".replace("  ", " "))
                    measured = _run_child(scenario, viewer, pythons[viewer], variant, options, own)
                    result.rounds.append(measured)
                    if not measured.problem:
                        found[variant] = measured.figures
                if scenario.derive is not None and len(found) == len(variants):
                    result.rounds.append(Round(viewer, "*", scenario.derive(found)))
    return result


def _run_child(
    scenario: Scenario, viewer: str, python: str, variant: str, options: Options, environment: dict[str, str]
) -> Round:
    for_child = {k: v for k, v in options.items() if not k.startswith("_")}
    with tempfile.TemporaryDirectory(prefix="lamella-bench-") as folder, contextlib.ExitStack() as stack:
        out, log = Path(folder) / "result.json", Path(folder) / "log"
        witness = None
        if scenario.witness:
            witness = Witness(environment)
            stack.callback(witness.close)
        command = [python, "-m", "benchmarks.child", scenario.name, viewer, "--options", json.dumps(for_child)]
        command += ["--out", str(out)]
        with log.open("w") as output:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*command, "--began", repr(began)], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return Round(viewer, variant, {}, f"not ended after {PATIENCE_S:g} s; {_tail(log)}")
        answer: dict[str, Any] = (
            json.loads(out.read_text()) if out.exists() else {"error": f"exit {process.returncode}"}
        )
        if "figures" not in answer:
            problem = answer.get("unsupported") or f"{answer['error']}; {_tail(log)}"
            return Round(viewer, variant, {}, problem)
        figures: dict[str, Any] = answer["figures"]
        if witness is not None and answer["interaction"]:
            figures["witness_ms"] = witness.longest_gap(*answer["interaction"]) * 1e3
        scenario.finish(viewer, options, figures)
        if process.returncode:
            figures["exit_status"] = process.returncode
        return Round(viewer, variant, {k: v for k, v in figures.items() if not k.startswith("_")})


def _tail(log: Path) -> str:
    text = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(text[-3:])


def child_environment(*parts: dict[str, str]) -> dict[str, str]:
    """The variables of a viewer's process: this one's, without those that would change what is measured.

    Without ``PYTHONDONTWRITEBYTECODE`` too: each start would compile all modules again.
    """
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("NAPARI", "LAMELLA", "NDV", "QT_")) and k != "PYTHONDONTWRITEBYTECODE"
    }
    kept.update({"QT_API": "pyside6", "PYTHONUNBUFFERED": "1"})
    for part in parts:
        kept.update(part)
    return kept


def about(viewers: Sequence[str], rounds: int) -> dict[str, Any]:
    """What the figures hold for."""
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "viewers": {viewer: _version(viewer) for viewer in viewers},
        "rounds": rounds,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }


def _version(viewer: str) -> str:
    package = viewer.partition("-")[0]
    code = f"from importlib.metadata import version; print(version({package!r}))"
    answer = subprocess.run([python_for(viewer), "-c", code], capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"


def expand(against: Sequence[str]) -> Iterator[str]:
    """Viewers to run: lamella, and each other one; napari both ways."""
    yield "lamella"
    for viewer in against:
        yield viewer
        if viewer == "napari":
            yield "napari-sync"
