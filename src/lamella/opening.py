"""Opening a path or URL in the background: a thread that reads metadata and leaves the result in the outbox."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lamella.model.layers.image import Image
from lamella.model.layers.labels import Labels
from lamella.model.layers.points import Points
from lamella.model.layers.surface import Surface
from lamella.model.layers.tracks import Tracks
from lamella.sources.base import Source
from lamella.sources.location import public_name, without_secrets

if TYPE_CHECKING:
    from lamella.io import LayerData
    from lamella.model.layers.base import Layer

_numbers = itertools.count(1)
_KINDS: dict[str, Callable[..., Layer]] = {
    "image": Image,
    "labels": Labels,
    "points": Points,
    "surface": Surface,
    "tracks": Tracks,
}


class Opening:
    """One path being opened. Made and read on the main thread; `result` and `error` are set before it is put.

    Attributes
    ----------
    path, name : str
    result : list of LayerData
    error : Exception or None
    layers : list of Layer
        The layers that came of it, filled by the viewer.
    """

    def __init__(self, path: str, timeout: float, put: Callable[[Any], None]) -> None:
        self.path = public_name(path)
        self.name = self.path.rstrip("/").rsplit("/", 1)[-1] or self.path
        self._given = path  # with what may be secret: for opening only
        self.result: list[LayerData] = []
        self.error: Exception | None = None
        self.layers: list[Layer] = []
        self._timeout = timeout
        self._put = put
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lamella-open-{next(_numbers)}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Stop waiting for the answer; the thread ends within a tenth of a second."""
        self._cancelled.set()
        self._thread.join(0.3)

    def _run(self) -> None:
        from lamella.io import OpenError, open_layers

        try:
            self.result = open_layers(self._given, timeout=self._timeout, cancelled=self._cancelled)
        except OpenError as error:
            self.error = error
        except Exception as error:  # a reader's bug is told like any failure, not lost in a thread
            self.error = OpenError(
                f"{self.path} could not be opened: {type(error).__name__}: {without_secrets(str(error))}"
            )
        self._put(self)


class Openings:
    """All that a viewer is opening, and the sources that it has opened. Owned by the main thread.

    Parameters
    ----------
    put : callable
        Called on another thread with each `Opening` that is done.
    """

    def __init__(self, put: Callable[[Any], None]) -> None:
        self._put = put
        self._under_way: dict[Opening, None] = {}
        # Weakly: a layer that is gone takes its sources along, one that comes back still has them.
        self._sources: weakref.WeakSet[Source] = weakref.WeakSet()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(opening.name for opening in self._under_way)

    def __contains__(self, opening: Opening) -> bool:
        return opening in self._under_way

    def start(self, path: str, timeout: float) -> Opening:
        opening = Opening(path, timeout, self._put)
        self._under_way[opening] = None
        opening.start()
        return opening

    def finish(self, opening: Opening, add: Callable[[Layer], object]) -> bool:
        """Add the layers of what is done; afterwards `Opening.error` says what went wrong. False: nobody wants it."""
        if opening not in self._under_way:
            return False
        del self._under_way[opening]
        try:
            for data in opening.result:
                self._sources.update(getattr(data.data, "levels", ()))
                layer = _KINDS[data.kind](data.data, **data.kwargs)
                add(layer)
                opening.layers.append(layer)
        except (TypeError, ValueError) as error:
            from lamella.io import OpenError

            opening.error = OpenError(f"{opening.path}: {error}")
        return True

    def cancel(self) -> None:
        """Give up what is under way."""
        for opening in self._under_way:
            opening.cancel()
        self._under_way.clear()

    def close_sources(self) -> None:
        """Let go of every source, once nothing reads it any more."""
        for source in list(self._sources):
            source.close()
        self._sources.clear()
