"""Which layers of a list are selected, and which of them is the active one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, MutableSet
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal, SignalGroup

from lamella.model._events import emit_each

if TYPE_CHECKING:
    from lamella.model.layers.base import Layer


class SelectionEvents(SignalGroup):
    """``changed``: with the `Selection`, once a change. ``active``: with the active layer or None, if it changed."""

    changed = Signal(object, reemission="latest-only")
    active = Signal(object, reemission="latest-only")


class Selection(MutableSet["Layer"]):
    """The selected layers, a set that iterates in the order of the list.

    Owned by the main thread.

    Parameters
    ----------
    layers : collection of Layer
        Those that may be selected.

    Attributes
    ----------
    events : SelectionEvents
    """

    def __init__(self, layers: Collection[Layer]) -> None:
        self._layers = layers
        self._selected: frozenset[Layer] = frozenset()
        self.events = SelectionEvents(self)

    def __repr__(self) -> str:
        return f"Selection({[layer.name for layer in self]})"

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, layer: object) -> bool:
        return layer in self._selected

    def __iter__(self) -> Iterator[Layer]:
        return iter([layer for layer in self._layers if layer in self._selected])

    def __len__(self) -> int:
        return len(self._selected)

    @classmethod
    def _from_iterable(cls, it: Iterable[Layer]) -> set[Layer]:  # type: ignore[override]
        return set(it)  # what `&` and `|` of two selections give

    @property
    def active(self) -> Layer | None:
        """The selected layer, if it is the only one. Setting it selects it alone; None clears the selection."""
        return next(iter(self._selected)) if len(self._selected) == 1 else None

    @active.setter
    def active(self, layer: Layer | None) -> None:
        self.replace(() if layer is None else (layer,))

    def add(self, value: Layer) -> None:
        self.replace({*self._selected, value})

    def discard(self, value: Layer) -> None:
        self.replace(self._selected - {value})

    def clear(self) -> None:
        self.replace(())

    def toggle(self, layer: Layer) -> None:
        self.replace(self._selected ^ {layer})

    def replace(self, layers: Iterable[Layer]) -> None:
        """Select exactly these, as one change.

        Raises
        ------
        ValueError
            One of them is not in the list.
        """
        new = frozenset(layers)
        for layer in new:
            if layer not in self._layers:
                raise ValueError(f"{layer!r} cannot be selected: it is not in the list")
        emit_each(self._take(new))

    def _take(self, layers: Iterable[Layer]) -> list[Callable[[], object]]:
        """Select these without a word; what there is to tell is returned."""
        before, active = self._selected, self.active
        self._selected = frozenset(layers)
        if self._selected == before:
            return []
        changed = partial(self.events.changed.emit, self)
        return [changed] if self.active is active else [changed, self._emit_active]

    def _emit_active(self) -> None:
        self.events.active.emit(self.active)
