"""What data say of themselves beside their values: their name, and names, units and places of the axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_OF_AXES = ("axis_labels", "scale", "translate", "units")
_PLACE = ("scale", "translate", "units")


@dataclass(frozen=True, slots=True)
class Described:
    """What a layer takes where the user is silent. Tuples have one entry an axis of the data; None: not said."""

    name: str = ""
    axis_labels: tuple[str, ...] | None = None
    scale: tuple[float, ...] | None = None
    translate: tuple[float, ...] | None = None
    units: tuple[str, ...] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def fill_in(self, ndim: int, **given: Any) -> dict[str, Any]:
        """The arguments of a layer of the first ``ndim`` axes: those that are given, otherwise what is said.

        The place is not mixed: if ``scale`` or ``affine`` is given, the units and the origin that are said are those of
        other coordinates.
        """
        filled = dict(given)
        placed = given.get("scale") is not None or given.get("affine") is not None
        for argument in _OF_AXES:
            said = getattr(self, argument)
            if given.get(argument) is None and said is not None and not (placed and argument in _PLACE):
                filled[argument] = said[:ndim]
        if self.metadata and isinstance(metadata := given.get("metadata") or {}, Mapping):
            filled["metadata"] = {**self.metadata, **metadata}
        return filled


def describe(data: Any, ndim: int) -> Described:
    """What an array, a group, or a list of resolutions of ``ndim`` axes says of itself. Nothing is read for it."""
    said = _describe(data, ndim)
    wrong: dict[str, Any] = {name: None for name in _OF_AXES if len(getattr(said, name) or ()) not in (0, ndim)}
    return replace(said, **wrong)


def _describe(data: Any, ndim: int) -> Described:
    if isinstance(data, (list, tuple)):
        return _describe(data[0], ndim) if data and not isinstance(data[0], (list, tuple)) else Described()
    match type(data).__module__.partition(".")[0], type(data).__name__:
        case "xarray", "DataArray":
            from lamella.sources.xarray_source import describe_xarray

            return describe_xarray(data)
        case "zarr", "Group":
            from lamella.sources.zarr_group import describe_group

            return describe_group(data, ndim)
        case "zarr", "Array":
            from lamella.sources.zarr_source import axis_names, name_of

            return Described(name=name_of(data), axis_labels=axis_names(data))
        case "h5py", "Dataset":
            return Described(name=(data.name or "").rpartition("/")[2])
    return Described()
