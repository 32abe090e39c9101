"""What was measured: every figure of every round, and the medians and worst of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.measures import median


@dataclass(frozen=True, slots=True)
class Round:
    """One process of one viewer.

    Attributes
    ----------
    variant : str
        ``""`` for scenarios without any; ``"*"`` for figures across them.
    figures : dict
        Numbers by name; None for what never happened.
    problem : str
        Why there are no figures; empty if there are.
    """

    viewer: str
    variant: str
    figures: dict[str, float | None]
    problem: str = ""


@dataclass(slots=True)
class ScenarioResult:
    """All rounds of one scenario."""

    name: str
    title: str
    rounds: list[Round] = field(default_factory=list)

    def viewers(self) -> list[str]:
        return list(dict.fromkeys(r.viewer for r in self.rounds))

    def variants(self) -> list[str]:
        return list(dict.fromkeys(r.variant for r in self.rounds))

    def names(self, variant: str = "") -> list[str]:
        return list(dict.fromkeys(name for r in self.rounds if r.variant == variant for name in r.figures))

    def values(self, viewer: str, name: str, variant: str = "") -> list[float | None]:
        """One value a round that has figures at all."""
        return [
            r.figures.get(name)
            for r in self.rounds
            if r.viewer == viewer and r.variant == variant and not r.problem and name in r.figures
        ]

    def median(self, viewer: str, name: str, variant: str = "") -> float | None:
        return median(self.values(viewer, name, variant))

    def largest(self, viewer: str, name: str, variant: str = "") -> float | None:
        values = self.values(viewer, name, variant)
        return max((math.inf if v is None else v for v in values), default=None)

    def problems(self) -> list[str]:
        return list(
            dict.fromkeys(f"{r.viewer} {r.variant}".strip() + f": {r.problem}" for r in self.rounds if r.problem)
        )


def as_json(results: Iterable[ScenarioResult], about: dict[str, Any], verdicts: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything, with no value that JSON does not have."""
    scenarios = []
    for result in results:
        medians = {
            viewer: {
                variant: {name: _finite(result.median(viewer, name, variant)) for name in result.names(variant)}
                for variant in result.variants()
            }
            for viewer in result.viewers()
        }
        scenarios.append(
            {
                "name": result.name,
                "title": result.title,
                "rounds": [asdict(r) for r in result.rounds],
                "medians": medians,
            }
        )
    return {"about": about, "scenarios": scenarios, "bars": verdicts}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
