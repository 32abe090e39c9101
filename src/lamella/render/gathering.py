"""When a view is drawn whose layers are at different positions: not while the slices of the others are just coming.

Twenty layers come one after the other within some milliseconds. Drawn at once they would be torn in most frames of a
drag: some channels of this position, some of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

QUIET_S = 0.004  # nothing has come for this long: the others are late, and the picture does not wait for them
PATIENCE_S = 1 / 30  # nor longer than this, whatever comes


class Gathering:
    """Owned by the render thread.

    Parameters
    ----------
    clock : callable
        Seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._came: dict[int, float] = {}  # view → when its newest slice came
        self._since: dict[int, float] = {}  # views that wait → since when
        self.left: float | None = None
        """Seconds until a view that waits is drawn all the same; None if no view waits."""

    def note(self, views: Iterable[int]) -> None:
        """Slices of these views have come."""
        self._came.update(dict.fromkeys(views, self._clock()))

    def ready(self, views: Iterable[int], is_torn: Callable[[int], bool], uploading: bool) -> list[int]:
        """Those of ``views`` that are to be drawn now. While there is something to upload, more is coming."""
        now = self._clock()
        since, self._since = self._since, {}
        found, left = [], []
        for view in views:
            began = since.get(view, now)
            quiet = now if uploading else self._came.get(view, began)
            due = min(quiet + QUIET_S, began + PATIENCE_S)
            if now < due and is_torn(view):
                self._since[view] = began
                left.append(due - now)
            else:
                found.append(view)
        self.left = min(left, default=None)
        return found
