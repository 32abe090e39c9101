"""Thumbnails of layers: asked for on the main thread, made in a worker from the slices that are shown."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from lamella.model.layers.base import Layer
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.thumbnail import Picture, thumbnail_of

_log = logging.getLogger(__name__)

Job = tuple[int, LayerSliceResponse, Any]
"""(layer, its slice, its look)"""


@dataclass(frozen=True, slots=True)
class ThumbnailsMade:
    """What a worker has made, by layer; None where a slice shows nothing of its layer."""

    pictures: Mapping[int, Picture | None]


class Thumbnails:
    """One worker at a time makes them. What is asked for meanwhile is made after that, as it is then. Main thread.

    Parameters
    ----------
    compute : callable
        Runs a job in a worker.
    put : callable
        Called in the worker with the `ThumbnailsMade`.
    shown : callable
        The slices that are shown.
    """

    def __init__(
        self,
        compute: Callable[[Callable[[], None]], None],
        put: Callable[[ThumbnailsMade], None],
        shown: Callable[[], Mapping[Layer, LayerSliceResponse]],
    ) -> None:
        self._compute = compute
        self._put = put
        self._shown = shown
        self._wanted: set[Layer] = set()
        self._making = False

    def want(self, layers: Iterable[Layer]) -> None:
        """Ask for thumbnails of what is shown of these layers. Layers that are not shown get none."""
        self._wanted.update(layers)
        if self._making:
            return
        slices = self._shown()
        jobs = [(layer.id, slices[layer], layer.look()) for layer in self._wanted if layer in slices]
        self._wanted.clear()
        if jobs:
            self._making = True
            self._compute(partial(_make, jobs, self._put))

    def go_on(self) -> None:
        """What was being made is there: make what was asked for meanwhile."""
        self._making = False
        self.want(())


def _make(jobs: Iterable[Job], put: Callable[[ThumbnailsMade], None]) -> None:
    pictures: dict[int, Picture | None] = {}
    for layer, response, look in jobs:
        try:
            pictures[layer] = thumbnail_of(response, look)
        except Exception:
            _log.exception("no thumbnail of a slice of %s", response.kind)
    put(ThumbnailsMade(pictures))
