"""A numpy array of ids: a drag, and single steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.data import labelled
from benchmarks.scenarios import Options, Scenario
from benchmarks.scenarios.parts import drag_and_slices, one_variant

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

IDS = 1000


def script(session: Session, options: Options) -> Script:
    session.adapter.add("labels", labelled(100, 1024, IDS))
    return (yield from drag_and_slices(session))


SCENARIO = Scenario(
    "labels",
    f"numpy array of 100×1024² int32 with {IDS:,} ids; drag",
    one_variant,
    ("lamella", "napari", "napari-sync"),
)
