"""What could not be read: the list that a viewer keeps, and the error that a strict wait raises."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lamella.model.layers.base import Layer
from lamella.model.layers.image import Image
from lamella.slicing.request import SliceKey, Window
from lamella.slicing.response import LayerSliceResponse

MAX_FAILURES = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """A chunk that could not be read.

    Attributes
    ----------
    layer : str
        Name of the layer that wanted it.
    source : str
        What could not be read: a path, a URL, or the class of the array.
    message : str
        Why, the same for every chunk that failed for the same reason.
    """

    layer: str
    source: str
    message: str


class SlicingError(RuntimeError):
    """Chunks of what was waited for could not be read.

    Attributes
    ----------
    failures : tuple of Failure
        One for each layer and reason.
    """

    def __init__(self, message: str, failures: Sequence[Failure]) -> None:
        super().__init__(message)
        self.failures = tuple(failures)


@dataclass(frozen=True, slots=True)
class ChunkFailed:
    """What the slicing thread says of a chunk that failed for good; it knows layers by their ids."""

    layer: int
    source: str
    message: str


class FailureLog:
    """The chunks that failed, as far as it still matters. Owned by the main thread.

    Those of a layer that is gone, that has got other data, that was refreshed, or whose slice is whole by now matter no
    more.

    Attributes
    ----------
    total : int
        How many there ever were.
    """

    def __init__(self) -> None:
        self.total = 0
        self._items: deque[tuple[int, ChunkFailed]] = deque(maxlen=MAX_FAILURES)
        self._seen: dict[tuple[int, int], tuple[SliceKey, Window]] = {}  # slices that were shown with failures

    def add(self, failed: ChunkFailed, layers: Iterable[Layer]) -> bool:
        """False if the layer is gone already."""
        self.total += 1
        version = next((_data_version(layer) for layer in layers if layer.id == failed.layer), None)
        if version is not None:
            self._items.append((version, failed))
        return version is not None

    def look_at(self, response: LayerSliceResponse) -> None:
        """Forget what had failed of a layer once it is there without anybody having moved: a server has come back."""
        slot, slice_shown = (response.view, response.layer), (response.key, response.window)
        if response.failed:
            self._seen[slot] = slice_shown
        elif self._seen.get(slot) != slice_shown:
            self._seen.pop(slot, None)
        elif response.complete:
            del self._seen[slot]
            kept = [item for item in self._items if item[1].layer != response.layer]
            self._items.clear()
            self._items.extend(kept)

    def clear(self) -> None:
        self._items.clear()
        self._seen.clear()

    def of(self, layers: Iterable[Layer]) -> tuple[Failure, ...]:
        """Oldest first, at most `MAX_FAILURES`."""
        current = {layer.id: (_data_version(layer), layer.name) for layer in layers}
        nothing = (None, "")
        found = [(version, failed, *current.get(failed.layer, nothing)) for version, failed in self._items]
        return tuple(Failure(name, f.source, f.message) for version, f, now, name in found if version == now)


def slicing_error(failed: Sequence[tuple[Layer, int, Sequence[str]]]) -> SlicingError:
    """The error for layers of which chunks failed: (layer, how many chunks, distinct messages) of each."""
    failures = [
        Failure(layer.name, layer.source.name if isinstance(layer, Image) else layer.name, message)
        for layer, _, messages in failed
        for message in messages
    ]
    chunks = sum(count for _, count, _ in failed)
    names = ", ".join(repr(layer.name) for layer, _, _ in failed)
    first = f": {failures[0].source}: {failures[0].message}" if failures else ""
    return SlicingError(
        f"{chunks} chunk{'s' * (chunks != 1)} of layer{'s' * (len(failed) != 1)} {names} could not be read{first}",
        failures,
    )


def _data_version(layer: Layer) -> int:
    """The version of the data as a whole: refreshing a part of them does not mend what failed elsewhere."""
    return layer.edits.base if isinstance(layer, Image) else layer.version
