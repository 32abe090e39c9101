"""The scenarios by name. A scenario's script runs in the viewer's process, everything else in the runner's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

Options = dict[str, Any]
Figures = dict[str, Any]

_HOMES = {
    "slow-plane": "slow_plane",
    "requests": "requests",
    "layers": "layers",
    "ram": "ram",
    "ram-10x": "ram_10x",
    "labels": "labels",
    "points": "points",
    "vectors": "vectors",
    "shapes": "shapes",
    "surface": "surface",
    "tracks": "tracks",
    "remote": "remote",
    "backed": "backed",
    "scale": "scale",
    "start": "start",
}
NAMES = tuple(_HOMES)


@dataclass(frozen=True)
class Scenario:
    """What the runner knows of a scenario.

    Attributes
    ----------
    name, title : str
    setup : callable
        A context manager that gives the options of each variant: every variant runs in a process of its own. Options
        that begin with ``_`` stay in the runner; ``_environment`` holds variables of the viewer's process.
    viewers : tuple of str
        Who can do it.
    witness : bool
        Whether an empty window watches beside it.
    warm_up : bool
        Start each viewer once before, so that byte code and files are where they are at the second start of a day.
    finish : callable
        Adds to a viewer's figures what only the runner knows: ``finish(viewer, options, figures)``.
    derive : callable
        Figures of a viewer across the variants: from variant → figures of one round.
    """

    name: str
    title: str
    setup: Callable[[], AbstractContextManager[dict[str, Options]]]
    viewers: tuple[str, ...]
    witness: bool = True
    warm_up: bool = False
    finish: Callable[[str, Options, Figures], None] = lambda viewer, options, figures: None
    derive: Callable[[dict[str, Figures]], Figures] | None = None


def load(name: str) -> Scenario:
    """The scenario called ``name``, for the runner."""
    scenario: Scenario = import_module(f"benchmarks.scenarios.{_HOMES[name]}").SCENARIO
    return scenario


def script_of(name: str) -> Callable[[Session, Options], Script]:
    """What the scenario called ``name`` does in the viewer's process."""
    script: Callable[[Session, Options], Script] = import_module(f"benchmarks.scenarios.{_HOMES[name]}").script
    return script
