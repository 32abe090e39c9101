"""What callers leave for the render thread: the newest scene of each view, the newest slice of each layer in it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from lamella.render.messages import Scene
from lamella.slicing.response import LayerSliceResponse


@dataclass(slots=True)
class Mail:
    """All that came in since the last time, to be handled in the order of the fields."""

    removed: set[int] = field(default_factory=set)
    scenes: dict[int, Scene] = field(default_factory=dict)
    slices: dict[tuple[int, int], LayerSliceResponse] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    woken: bool = False
    rehearse: bool = False
    closed: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.removed or self.scenes or self.slices or self.taken or self.woken or self.rehearse or self.closed
        )


class Mailbox:
    """Latest wins. Any thread may put, the render thread collects; the lock is held for a few dictionary look-ups."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._mail = Mail()
        self._members: dict[int, frozenset[int]] = {}  # view → layers of its newest scene
        self._generations: dict[tuple[int, int], int] = {}  # newest put, of members only

    def put_scene(self, scene: Scene) -> None:
        with self._condition:
            self._mail.scenes[scene.view] = scene
            members = frozenset(draw.layer for draw in scene.layers)
            gone = self._members.get(scene.view, frozenset()) - members
            self._members[scene.view] = members
            self._forget(scene.view, gone)
            self._condition.notify()

    def put_slice(self, response: LayerSliceResponse) -> bool:
        """False if it is for a layer that is not in the scene or older than one put before."""
        place = response.view, response.layer
        with self._condition:
            if response.layer not in self._members.get(response.view, ()):
                return False
            if response.generation < self._generations.get(place, -1):
                return False
            self._generations[place] = response.generation
            self._mail.slices[place] = response
            self._condition.notify()
            return True

    def put_taken(self, view: int) -> None:
        with self._condition:
            self._mail.taken.add(view)
            self._condition.notify()

    def remove_view(self, view: int) -> None:
        with self._condition:
            self._mail.scenes.pop(view, None)
            self._forget(view, self._members.pop(view, frozenset()))
            self._mail.taken.discard(view)
            self._mail.removed.add(view)
            self._condition.notify()

    def wake(self) -> None:
        with self._condition:
            self._mail.woken = True
            self._condition.notify()

    def put_rehearse(self) -> None:
        with self._condition:
            self._mail.rehearse = True
            self._condition.notify()

    def close(self) -> None:
        with self._condition:
            self._mail.closed = True
            self._condition.notify()

    def collect(self, timeout: float | None) -> Mail:
        """Everything since the last call; waits for something ``timeout`` seconds, with None for ever."""
        with self._condition:
            self._condition.wait_for(lambda: self._mail, timeout)
            mail, self._mail = self._mail, Mail(closed=self._mail.closed)
            return mail

    def _forget(self, view: int, layers: frozenset[int]) -> None:
        for layer in layers:
            self._mail.slices.pop((view, layer), None)
            self._generations.pop((view, layer), None)
