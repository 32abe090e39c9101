"""What data say of themselves beside their values: names and places of the axes.

Layers take it where the user is silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Described:
    """Each None if the data do not say it. Tuples have one entry an axis of the data."""

    name: str | None = None
    axis_labels: tuple[str, ...] | None = None
    scale: tuple[float, ...] | None = None
    translate: tuple[float, ...] | None = None
    units: tuple[str, ...] | None = None

    def without_last_axis(self) -> Described:
        """The same without the colours of an RGB image."""
        tuples: dict[str, Any] = {
            f.name: value[:-1] for f in fields(self) if isinstance(value := getattr(self, f.name), tuple)
        }
        return replace(self, **tuples)


def describe(data: Any) -> Described:
    """What an array, a group, or a list of resolutions says of itself. Reads nothing but what is in memory."""
    if isinstance(data, (list, tuple)):
        return describe(data[0]) if _is_levels(data) else Described()
    library, kind = type(data).__module__.partition(".")[0], type(data).__name__
    if library == "xarray" and kind == "DataArray":
        from lamella.sources.xarray_source import describe_xarray

        return describe_xarray(data)
    if library == "zarr" and kind == "Group":
        from lamella.sources.zarr_group import describe_group

        return describe_group(data)
    if library == "zarr" and kind == "Array":
        names = getattr(data.metadata, "dimension_names", None)
        if names and all(names):
            return Described(axis_labels=tuple(names))
    return Described()


def _is_levels(data: Sequence[Any]) -> bool:
    return len(data) > 0 and type(data[0]).__module__.partition(".")[0] in ("xarray", "zarr")
