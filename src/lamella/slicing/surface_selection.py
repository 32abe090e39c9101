"""Which vertices and faces of a mesh a slice holds. Worked out once for the geometry and for all values on it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from lamella.model.layers.mesh import Mesh
from lamella.model.layers.snapshots import snapshot
from lamella.slicing.point_selection import Slab, select
from lamella.slicing.point_table import Kept, columns_of
from lamella.slicing.surface_mesh import Faces, kept_faces

_NO_SIZE, _ALL = np.zeros((), np.float32), np.ones((), bool)

_faces = Kept()
_lock = threading.Lock()
# Weakly: the tile of the geometry holds it, and counts its memory, for as long as values on it may be wanted.
_selections: WeakValueDictionary[tuple[int, Slab], MeshSelection] = WeakValueDictionary()


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class MeshSelection:
    """The part of a mesh that is in a slab. Read-only arrays.

    Attributes
    ----------
    rows : (n,) int64
        Vertices, ascending.
    faces : (m, 3) uint32
        Faces of which all vertices are in, as indices into `rows`, in their order.
    drawn : (k, 3) uint32
        Those of `faces` with finite corners on the displayed axes.
    """

    rows: npt.NDArray[np.int64]
    faces: Faces
    drawn: Faces

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self.faces.nbytes + (0 if self.drawn is self.faces else self.drawn.nbytes)


def faces_of(mesh: Mesh) -> Faces:
    """The faces of a mesh, which nobody writes to; the first call copies them.

    Raises
    ------
    ValueError
        They were edited since the mesh was made, and name vertices now that are not there.
    """
    faces: Faces = _faces.get(mesh, lambda: _copied(mesh))
    return faces


def selection_of(mesh: Mesh, slab: Slab, displayed: Sequence[int]) -> MeshSelection:
    """The part of a mesh in a slab.

    Parameters
    ----------
    mesh : Mesh
    slab : Slab
    displayed : sequence of int
        All axes of the vertices that the slab does not have.
    """
    key = (mesh.token, slab)
    with _lock:
        known = _selections.get(key)
    if known is not None:
        return known
    made = _select(mesh, slab, displayed)
    with _lock:
        return _selections.setdefault(key, made)


def _select(mesh: Mesh, slab: Slab, displayed: Sequence[int]) -> MeshSelection:
    table = columns_of(mesh.cloud)
    rows = select(table, slab, _NO_SIZE, _ALL, 0.0).rows
    faces = faces_of(mesh)
    if len(rows) != mesh.count:
        faces = kept_faces(faces, rows, mesh.count)
    known = np.ones(len(rows), bool)
    for axis in displayed:
        known &= np.isfinite(_of_rows(table.columns[axis], rows))
    drawn = faces if known.all() else _read_only(faces[known[faces].all(axis=1)])
    return MeshSelection(_read_only(rows), _read_only(faces), drawn)


def _copied(mesh: Mesh) -> Faces:
    faces = snapshot(mesh.faces, lambda part: part.astype(np.uint32))
    if faces.max(initial=0) >= max(mesh.count, 1):
        raise ValueError(f"faces were edited and name vertices that are not there: there are {mesh.count}")
    return faces


def _of_rows(column: npt.NDArray[Any], rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    return column if len(rows) == len(column) else column.take(rows)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array.setflags(write=False)
    return array
