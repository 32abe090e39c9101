"""``python -m benchmarks [SCENARIO …] [--against napari,ndv] [--rounds 3] [--json FILE] [--plot FILE]``"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks import bars, plot, report, runner
from benchmarks.display import NoDisplay, clean_home, virtual_screen
from benchmarks.environments import REQUIREMENTS, ROOT
from benchmarks.results import ScenarioResult, as_json
from benchmarks.scenarios import NAMES


def main() -> int:
    arguments = _parse()
    viewers = list(runner.expand(arguments.against))
    if arguments.without_lamella:
        viewers.remove("lamella")
    results = []
    try:
        with clean_home() as home:
            if arguments.desktop:
                results = _measure(arguments, viewers, runner.child_environment(home))
            else:
                with virtual_screen() as screen:
                    results = _measure(arguments, viewers, runner.child_environment(home, screen))
    except (NoDisplay, RuntimeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    verdicts = bars.judge(results)
    if verdicts:
        print("\nbars")
        for verdict in verdicts:
            print(f"  {verdict}")
    document = as_json(
        results,
        runner.about(viewers, arguments.rounds),
        [
            {"scenario": v.bar.scenario, "text": v.bar.text, "value": v.value, "limit": v.limit, "passed": v.passed}
            for v in verdicts
        ],
    )
    for path, text in ((arguments.json, json.dumps(document, indent=1)), (arguments.plot, plot.svg(results))):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"wrote {path}")
    return 1 if arguments.strict and any(v.passed is False for v in verdicts) else 0


def _measure(arguments: argparse.Namespace, viewers: list[str], environment: dict[str, str]) -> list[ScenarioResult]:
    results = []
    for name in arguments.scenarios:
        result = runner.run_scenario(
            name, viewers, arguments.rounds, environment, lambda text: print(f"· {text}", file=sys.stderr, flush=True)
        )
        print("\n".join(report.lines(result)), flush=True)
        results.append(result)
    return results


def _parse() -> argparse.Namespace:
    stem = ROOT / "benchmarks" / "results" / time.strftime("%Y%m%d-%H%M%S")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure lamella, and others in the same run, each scenario in a fresh process for each viewer.",
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(NAMES)}; all if none is given")
    parser.add_argument("--against", type=_viewers, default=[], metavar="napari,ndv", help="viewers to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="processes of each viewer and scenario (default 3)")
    parser.add_argument("--json", type=Path, default=stem.with_suffix(".json"), metavar="FILE")
    parser.add_argument("--plot", type=Path, default=stem.with_suffix(".svg"), metavar="FILE.svg")
    parser.add_argument("--desktop", action="store_true", help="on this desktop instead of a virtual screen")
    parser.add_argument("--without-lamella", action="store_true", help="measure only the others")
    parser.add_argument("--strict", action="store_true", help="exit status 1 if a bar is missed")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.scenarios if name not in NAMES]
    if unknown:
        parser.error(f"there is no scenario {unknown[0]!r}; there are {', '.join(NAMES)}")
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    if arguments.plot.suffix != ".svg":
        parser.error(f"the plot is written as SVG, so its name ends in .svg, not {arguments.plot.suffix!r}")
    arguments.scenarios = arguments.scenarios or list(NAMES)
    return arguments


def _viewers(text: str) -> list[str]:
    viewers = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in viewers if name not in REQUIREMENTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {unknown[0]!r}; there are {', '.join(REQUIREMENTS)}")
    return viewers


if __name__ == "__main__":
    sys.exit(main())
