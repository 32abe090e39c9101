"""Properties of layers whose arguments are checked and changed together."""

from __future__ import annotations

from typing import Any, Protocol, Self, overload


class Styled(Protocol):
    """A layer with such properties."""

    def update(self, **changes: Any) -> None: ...

    def _field(self, name: str) -> Any: ...


_PLAIN = (bool, int, float, str, tuple, type(None))


def is_unchanged(value: Any, *known: Any) -> bool:
    """Whether setting a field to a value leaves it at one that is known; arrays may have been edited."""
    return isinstance(value, _PLAIN) and any(type(value) is type(k) and value == k for k in known)


class StyleField:
    """A property that is part of the style: setting it is the layer's `update` with one argument."""

    def __set_name__(self, owner: type[Styled], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, layer: None, owner: type[Styled]) -> Self: ...
    @overload
    def __get__(self, layer: Styled, owner: type[Styled]) -> Any: ...
    def __get__(self, layer: Styled | None, owner: type[Styled]) -> Any:
        return self if layer is None else layer._field(self._name)

    def __set__(self, layer: Styled, value: Any) -> None:
        layer.update(**{self._name: value})
