"""What layers of n-D arrays have in common: levels, edits of their data, the level that is locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from psygnal import Signal

from lamella.model._validate import integer
from lamella.model.edits import Edits, new_version, newest_version, region_of
from lamella.model.layers.base import Array, Layer, LayerEvents
from lamella.sources.base import Forgetful
from lamella.sources.described import describe
from lamella.sources.multiscale import Multiscale


class ChunkedLayerEvents(LayerEvents):
    """The signals of every layer and those of arrays."""

    locked_data_level = Signal(object, reemission="latest-only")


class ChunkedLayer(Layer):
    """An n-D array at one or more resolutions. Owned by the main thread.

    Parameters
    ----------
    data : array or sequence of arrays
    source : Multiscale
        Made of it, and checked.
    colours : bool
        Whether the last axis of the data is colours, and so no axis of the layer.
    multiscale : bool, optional
        As it was given, for data that are set later.
    name, scale, translate, affine, units, axis_labels, metadata
        As they were given: what the data say of themselves stands in for what was not.
    **kwargs
        Of `Layer`.
    """

    events: ChunkedLayerEvents

    def __init__(
        self,
        data: Any,
        source: Multiscale,
        *,
        colours: bool,
        multiscale: bool | None,
        name: str | None,
        scale: Any,
        translate: Any,
        affine: Any,
        units: str | Sequence[str] | None,
        axis_labels: Sequence[str] | None,
        metadata: Mapping[str, Any] | None,
        **kwargs: Any,
    ) -> None:
        self._source, self._data, self._multiscale = source, data, multiscale
        self._colours = colours
        self._samples, self._edges = _boxes(source, colours)
        self._locked_data_level: int | None = None
        said = describe(data, source.ndim)
        ndim = source.ndim - colours
        super().__init__(
            ndim,
            name=name
            if name is not None
            else said.name or (source.name if data is source else "") or type(self).__name__,
            **kwargs,
            **said.fill_in(
                ndim,
                scale=scale,
                translate=translate,
                affine=affine,
                units=units,
                axis_labels=axis_labels,
                metadata=metadata,
            ),
        )
        self._version = newest_version(_tokens(source))
        self._edits = Edits(self._version)

    def _make_events(self) -> ChunkedLayerEvents:
        return ChunkedLayerEvents(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} {self.source.shape} {self.source.dtype}>"

    @classmethod
    def check(cls, source: Multiscale, colours: bool) -> None:
        """Refuse data that this type cannot show.

        Raises
        ------
        TypeError, ValueError
        """
        raise NotImplementedError

    @property
    def source(self) -> Multiscale:
        """The levels, as sources."""
        return self._source

    @property
    def data(self) -> Any:
        """What the layer was given. Setting it keeps the number of axes, and the look that the user has set."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        source = as_multiscale(value, self._multiscale)
        self.check(source, self._colours)
        if source.ndim != self._source.ndim:
            raise ValueError(
                f"data must have {self._source.ndim} axes as before, not {source.ndim}: add it as a layer of its own"
            )
        samples, edges = _boxes(source, self._colours)
        self._check_extent(edges, self.transform)
        same_size, same_levels = source.shape == self._source.shape, len(source.levels) == len(self._source.levels)
        self._source, self._data = source, value
        self._samples, self._edges = samples, edges
        self._version = new_version(_tokens(source))
        self._edits = Edits(self._version)
        unlocked = [] if same_levels or self._locked_data_level is None else ["locked_data_level"]
        if unlocked:
            self._locked_data_level = None
        look = self._follow_data()
        self._emit("data", "version", *unlocked, *look, *([] if same_size else ["extent"]), "slicing")

    def _follow_data(self) -> list[str]:
        """Adapt to other data; the signals of what has changed by it."""
        return []

    @property
    def edits(self) -> Edits:
        """Which version each part of the data has."""
        return self._edits

    def refresh(self, region: Any = None) -> None:
        """The data changed where they lie: read them again, or only what may follow from a part of them.

        Parameters
        ----------
        region : slice, int, (start, stop), None, Ellipsis, or a tuple with one of these an axis of the data, optional
            The samples of the finest level that changed, as an index of numpy: after ``data[3, 10:20] = 0`` it is
            ``(3, slice(10, 20))`` or ``np.s_[3, 10:20]``. None and axes that are left out are whole ones.

        Raises
        ------
        ValueError
            It is no such index, or a number beyond the data.
        """
        changed = region_of(region, self._source.shape)
        if changed is None:
            return
        for level in self._source.levels:
            if isinstance(level, Forgetful):
                level.forget()
        version = new_version(_tokens(self._source))
        self._edits = Edits(version) if region is None else self._edits.with_edit(version, changed)
        self._version = version
        self._emit("version", "slicing")

    @property
    def locked_data_level(self) -> int | None:
        """The level to show whatever the zoom; None lets the zoom decide."""
        return self._locked_data_level

    @locked_data_level.setter
    def locked_data_level(self, value: int | None) -> None:
        if value is not None:
            value = integer("locked_data_level", value)
            if not 0 <= value < len(self._source.levels):
                raise ValueError(
                    f"locked_data_level must be None or from 0 to {len(self._source.levels) - 1}, not {value!r}"
                )
        self._change("locked_data_level", value, "slicing")

    @property
    def extent_data(self) -> Array:
        """Box of the sample centres in data coordinates of level 0: 0 … n − 1 on each axis. Read-only."""
        return self._samples

    @property
    def drawn_extent_data(self) -> Array:
        """The same with the edges of the pixels: −0.5 … n − 0.5. Read-only."""
        return self._edges


def as_multiscale(data: Any, multiscale: bool | None) -> Multiscale:
    """The levels of what a user gives."""
    if isinstance(data, Multiscale):
        return data
    from lamella.sources import as_multiscale

    result: Multiscale = as_multiscale(data, multiscale=multiscale)
    return result


def check_levels(source: Multiscale, what: str) -> None:
    """Refuse levels that do not belong together. ``what``: "an image".

    Raises
    ------
    ValueError
    """
    if not source.levels:
        raise ValueError("data must have at least one level, but the list is empty")
    dtype = source.dtype
    for level, coarse in enumerate(source.levels):
        fine = source.levels[max(level - 1, 0)]
        if len(coarse.shape) != len(fine.shape) or coarse.dtype.newbyteorder("=") != dtype.newbyteorder("="):
            raise ValueError(
                f"all levels must have the same number of axes and dtype, but level {level} has shape {coarse.shape} "
                f"and dtype {coarse.dtype} after {fine.shape} and {fine.dtype}"
            )
        if any(c > f for c, f in zip(coarse.shape, fine.shape, strict=True)):
            raise ValueError(
                f"levels must get coarser, finest first, but level {level} has shape {coarse.shape} after {fine.shape}"
            )
        if 0 in coarse.shape:
            raise ValueError(f"{what} must not be empty, but the shape is {coarse.shape}")


def _tokens(source: Multiscale) -> tuple[int, ...]:
    return tuple(level.token for level in source.levels)


def _boxes(source: Multiscale, rgb: bool) -> tuple[Array, Array]:
    """Low and high corner of the sample centres, and of the edges of the pixels."""
    last = np.array(source.shape[: source.ndim - rgb], dtype=np.float64) - 1
    samples: Array = np.stack([np.zeros_like(last), last])
    edges: Array = np.stack([samples[0] - 0.5, samples[1] + 0.5])
    samples.setflags(write=False)
    edges.setflags(write=False)
    return samples, edges
