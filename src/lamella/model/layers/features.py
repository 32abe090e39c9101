"""A table of features, one row a point, as the user keeps it: a dict, a pandas DataFrame or a pyarrow Table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from lamella.model.layers.snapshots import AT_THE_CALL

Kind = Literal["number", "integer", "category"]


class Features:
    """Columns by name. Immutable as far as columns of up to 1 MiB go: these are copied at the call.

    Larger columns are read by the first slice that needs them, on another thread.

    Parameters
    ----------
    table : mapping of columns, pandas.DataFrame, pyarrow.Table or None
    rows : int
        How many the table must have.
    each : str
        What a row is of, for messages.

    Raises
    ------
    TypeError, ValueError

    Attributes
    ----------
    table : object
        As given.
    names : tuple of str
    each : str
    """

    __slots__ = ("__weakref__", "_columns", "each", "names", "rows", "table")

    def __init__(self, table: Any, rows: int, each: str = "point") -> None:
        self.table = table
        self.rows = rows
        self.each = each
        self._columns: dict[str, Any] = {}
        for name in _names(table):
            column = table[name]
            column = column if hasattr(column, "__array__") else _as_array(name, column, each)
            if np.ndim(column) != 1 or len(column) != rows:
                shape = " × ".join(str(n) for n in np.shape(column))
                raise ValueError(
                    f"features must have {rows} rows, one a {each}, but the column {name!r} has {shape}: give a table "
                    "of as many rows"
                )
            if not _is_immutable(column) and getattr(column, "nbytes", 0) <= AT_THE_CALL:
                column = column.copy()
            self._columns[name] = column
        if not self._columns and table is not None and hasattr(table, "shape") and table.shape[0] not in (0, rows):
            raise ValueError(f"features must have {rows} rows, one a {each}, not {table.shape[0]}")
        self.names = tuple(self._columns)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._columns

    def kind(self, name: str) -> Kind:
        """What a column holds, from its dtype alone."""
        dtype = str(getattr(self._columns[name], "type", None) or self._columns[name].dtype).lower()
        if dtype.startswith(("float", "double", "halffloat")):
            return "number"
        return "integer" if dtype.startswith(("int", "uint")) else "category"

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column as floats; NaN where a value is missing. May take long.

        Raises
        ------
        ValueError
            It holds no numbers.
        """
        column = self._columns[name]
        try:
            if hasattr(column, "to_numpy") and not isinstance(column, np.ndarray):
                column = column.to_numpy()
            return np.asarray(column).astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"the column {name!r} of features holds no numbers") from None

    def values(self, name: str) -> npt.NDArray[Any]:
        """A copy of a column as it is, of whatever dtype. May take long."""
        values = np.array(_as_numpy(self._columns[name]))
        if values.dtype.kind != "f" or self.kind(name) != "integer":
            return values
        whole, known = np.full(len(values), None, object), ~np.isnan(values)  # some are missing
        whole[known] = values[known].astype(np.int64)
        return whole

    def head(self, name: str) -> npt.NDArray[Any]:
        """Its first value, if there is one."""
        return _as_numpy(self._columns[name][:1])

    def categories(self, name: str) -> tuple[npt.NDArray[np.intp], list[Any]]:
        """A column as codes and the sorted values that they stand for; −1 where a value is missing. May take long."""
        column = self._columns[name]
        if hasattr(column, "cat"):  # a categorical of pandas knows both, in an order that the user has chosen
            return np.asarray(column.cat.codes, np.intp), list(column.cat.categories)
        if hasattr(column, "factorize"):
            codes, values = column.factorize(sort=True)
            return np.asarray(codes, np.intp), list(values)
        if hasattr(column, "dictionary_encode"):
            encoded = column.dictionary_encode().combine_chunks()
            values = encoded.dictionary.to_pylist()
            order = sorted(range(len(values)), key=lambda i: str(values[i]))
            rank = np.empty(len(values) + 1, np.intp)
            rank[order], rank[-1] = np.arange(len(values)), -1
            codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
            return rank[codes], [values[i] for i in order]
        array = np.asarray(column)
        if array.dtype.kind != "O":
            found, codes = np.unique(array, return_inverse=True)
            return codes.astype(np.intp), found.tolist()
        order = sorted({v for v in array if not is_missing(v)}, key=str)
        number = {value: i for i, value in enumerate(order)}
        return np.array([number.get(v, -1) if not is_missing(v) else -1 for v in array], np.intp), order


def plural(each: str) -> str:
    """What several of them are called."""
    return {"vertex": "vertices"}.get(each, f"{each}s")


def _names(table: Any) -> list[str]:
    if table is None:
        return []
    if isinstance(table, Mapping):
        names = list(table)
    elif hasattr(table, "column_names"):
        names = list(table.column_names)
    elif hasattr(table, "columns"):
        names = list(table.columns)
    else:
        raise TypeError(
            f"features must be a mapping of columns, a pandas DataFrame or a pyarrow Table, not {type(table).__name__}"
        )
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"features must have strings as names of columns, not {name!r}")
    return names


def _as_array(name: str, column: Any, each: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(column)
    except ValueError:
        raise ValueError(f"the column {name!r} of features must have one value a {each}, not lists of them") from None


def _is_immutable(column: Any) -> bool:
    return hasattr(column, "dictionary_encode")  # pyarrow's are


def _as_numpy(column: Any) -> npt.NDArray[Any]:
    if hasattr(column, "dictionary_encode"):
        return np.asarray(column.to_numpy())
    return np.asarray(column)


def as_plain(values: npt.NDArray[Any]) -> list[Any]:
    """Values as Python's own types, in which dates and whole seconds are formatted as one expects."""
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]")
    return list(values.tolist())


def is_missing(value: Any) -> bool:
    """None, NaN, or what a library has instead."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # pandas.NA is not even unequal to itself
        return True


def joined(first: Any, more: Any) -> Any:
    """Two tables of the same kind and columns, the rows of the second after those of the first.

    Raises
    ------
    ValueError
        Their columns differ.
    """
    names, others = _names(first), _names(more)
    if set(names) != set(others) or isinstance(first, Mapping) != isinstance(more, Mapping):
        raise ValueError(f"features must have the columns {', '.join(names)} of the layer's, not {', '.join(others)}")
    if isinstance(first, Mapping):
        return {name: np.concatenate([np.asarray(first[name]), np.asarray(more[name])]) for name in names}
    if hasattr(first, "column_names"):
        import pyarrow

        return pyarrow.concat_tables([first, more.select(names)])
    import pandas

    return pandas.concat([first, more[names]], ignore_index=True)
