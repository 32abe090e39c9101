"""The layers of a viewer, the lowest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableSequence
from functools import partial
from typing import Any, overload

from psygnal import Signal, SignalGroup

from lamella.model._events import emit_each
from lamella.model._validate import integer
from lamella.model.layers.base import Layer
from lamella.model.selection import Selection

_NUMBERED = re.compile(r"(.*) \[(\d+)\]", re.DOTALL)


class LayerListEvents(SignalGroup):
    """What happens to the list, told after it has happened.

    ``inserted(index, layer)``, ``removed(index, layer)``, ``moved(source, destination, layer)`` for a single move, and
    ``reordered(layers)`` after any change of the order, a single move included.
    """

    inserted = Signal(int, object)
    removed = Signal(int, object)
    moved = Signal(int, int, object)
    reordered = Signal(object)


class LayerList(MutableSequence[Layer]):
    """Layers in drawing order, the lowest first, each with a name of its own.

    Owned by the main thread. Layers are found by index or name. A new layer becomes the active one; when the active one
    is removed its neighbour takes over.

    Parameters
    ----------
    layers : iterable of Layer, optional

    Attributes
    ----------
    selection : Selection
    events : LayerListEvents
    """

    def __init__(self, layers: Iterable[Layer] = ()) -> None:
        self._layers: list[Layer] = []
        self.selection = Selection(self._layers)
        self.events = LayerListEvents(self)
        self.extend(layers)

    def __repr__(self) -> str:
        return f"LayerList({self._layers})"

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._layers)

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            return any(layer.name == key for layer in self._layers)
        return key in self._layers

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> list[Layer]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | list[Layer]:
        if isinstance(key, slice):
            return self._layers[key]
        return self._layers[self._position(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Put another layer in the place of one."""
        if isinstance(key, slice):
            raise TypeError("several layers cannot be replaced at once: use insert, del, move or reorder")
        position = self._position(key)
        if value is self._layers[position]:
            return
        self._check_new(value)
        del self[position]
        self.insert(position, value)

    def __delitem__(self, key: int | str | slice) -> None:
        doomed = self[key] if isinstance(key, slice) else [self[key]]
        for layer in doomed:
            if layer in self._layers:  # a listener may have removed it meanwhile
                self._remove(layer)

    def insert(self, index: int, value: Layer) -> None:
        """Add a layer below the one at ``index``; its name is changed to a free one if it is taken.

        Raises
        ------
        TypeError
            It is no layer.
        ValueError
            It is in this list or another one already.
        """
        self._check_new(value)
        position = min(max(index + len(self) if index < 0 else index, 0), len(self))
        value.name = self._free_name(value.name, value)
        value._unique_name = partial(self._free_name, layer=value)
        self._layers.insert(position, value)
        emit_each([partial(self.events.inserted.emit, position, value), *self.selection._take([value])])

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """Index of a layer, or of the layer with a name."""
        for i in range(*slice(start, stop).indices(len(self))):
            if self._layers[i] is value or (isinstance(value, str) and self._layers[i].name == value):
                return i
        raise ValueError(f"{value!r} is not in the list")

    def remove(self, value: Layer | str) -> None:
        del self[self.index(value)]

    def clear(self) -> None:
        """Remove all, the uppermost first."""
        for layer in reversed(list(self._layers)):
            if layer in self._layers:
                self._remove(layer)

    def move(self, source: int | str | Layer, destination: int) -> None:
        """Move one layer so that it ends at index ``destination``."""
        old = self.index(source) if isinstance(source, Layer) else self._position(source)
        new = self._position(destination)
        if old == new:
            return
        layer = self._layers.pop(old)
        self._layers.insert(new, layer)
        emit_each([partial(self.events.moved.emit, old, new, layer), self._emit_reordered])

    def reorder(self, layers: Iterable[Layer]) -> None:
        """Put the same layers into another order."""
        order = list(layers)
        if len(order) != len(self) or set(order) != set(self._layers):
            raise ValueError("reorder needs each layer of the list exactly once")
        if order != self._layers:
            self._layers[:] = order
            self._emit_reordered()

    def reverse(self) -> None:
        self.reorder(self._layers[::-1])

    def _emit_reordered(self) -> None:
        self.events.reordered.emit(tuple(self._layers))

    def _position(self, key: int | str) -> int:
        if isinstance(key, str):
            for i, layer in enumerate(self._layers):
                if layer.name == key:
                    return i
            raise KeyError(f"no layer is named {key!r}")
        index = integer("index", key)
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no layer {index}: the list has {len(self)}")
        return index % len(self)

    def _check_new(self, layer: Any) -> None:
        if not isinstance(layer, Layer):
            raise TypeError(f"only layers can be added, not {layer!r}")
        if layer in self._layers:
            raise ValueError(f"{layer!r} is in the list already: use move to change its place")
        if layer._unique_name is not None:
            raise ValueError(f"{layer!r} is in another list: remove it there first")

    def _remove(self, layer: Layer) -> None:
        position = self._layers.index(layer)
        selected = [other for other in self.selection if other is not layer]
        was_active = self.selection.active is layer
        del self._layers[position]
        layer._unique_name = None
        if was_active:
            selected = self._layers[max(position - 1, 0) : max(position, 1)]
        emit_each([partial(self.events.removed.emit, position, layer), *self.selection._take(selected)])

    def _free_name(self, name: str, layer: Layer) -> str:
        """``name``, or the next "name [1]", "name [2]" … that no other layer has."""
        taken = {other.name for other in self._layers if other is not layer}
        while name in taken:
            numbered = _NUMBERED.fullmatch(name)
            name = f"{numbered[1]} [{int(numbered[2]) + 1}]" if numbered else f"{name} [1]"
        return name
