"""Where tiles live in the memory of a renderer: a pure allocator that knows no GL.

A texture (sheet) is a grid of cells. A tile is split into pages of at most 256², each in one cell with a gutter around
it, so that interpolation never reads a neighbour that has nothing to do with it. Points have a buffer of their own
instead of cells. The atlas is the cache of all that is drawn: a tile stays until its place is needed or its owners are
gone.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

PAGE = 256  # texels; small enough that a ragged tile wastes little, large enough that a view needs few
GUTTER = 1  # texels; what linear interpolation reads beyond the edge
CELL = PAGE + 2 * GUTTER
SHEET = 8  # cells along a side: 2064² texels, which every GL can do
DEFAULT_BUDGET = 256 * 2**20  # bytes


class TextureFormat(Enum):
    """How texels are stored; the value is their size in bytes and a name."""

    R8 = (1, "r8")
    R16 = (2, "r16")
    R32F = (4, "r32f")
    RGBA8 = (4, "rgba8")

    @property
    def itemsize(self) -> int:
        return self.value[0]

    @property
    def cell_bytes(self) -> int:
        return CELL * CELL * self.itemsize

    @classmethod
    def of(cls, texture: npt.NDArray[Any]) -> TextureFormat:
        """The format that holds a tile's `texture`."""
        if texture.ndim == 3 and texture.shape[2] == 4 and texture.dtype == np.uint8:
            return cls.RGBA8
        formats = {np.dtype(np.uint8): cls.R8, np.dtype(np.uint16): cls.R16, np.dtype(np.float32): cls.R32F}
        if texture.ndim != 2 or texture.dtype not in formats:
            raise ValueError(
                f"no texture holds tiles of shape {texture.shape} and dtype {texture.dtype}: "
                "uint8, uint16, float32 or uint8 (rows, columns, 4) are needed"
            )
        return formats[texture.dtype]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a tile and the cell that holds it.

    Attributes
    ----------
    sheet : int
    row, column : int
        Of the cell in the sheet.
    rows, columns : (start, stop)
        Texels of the tile.
    """

    sheet: int
    row: int
    column: int
    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def origin(self) -> tuple[int, int]:
        """Texel (y, x) of the sheet where the page begins, inside its gutter."""
        return self.row * CELL + GUTTER, self.column * CELL + GUTTER


@dataclass(slots=True)
class Sheet:
    """A texture of ``rows × columns`` cells. `free` and the pages of the entries partition its cells."""

    id: int
    format: TextureFormat
    rows: int
    columns: int
    free: list[tuple[int, int]]
    keys: set[Hashable] = field(default_factory=set)

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows * CELL, self.columns * CELL

    @property
    def nbytes(self) -> int:
        return self.rows * self.columns * self.format.cell_bytes


@dataclass(slots=True)
class _Entry:
    """A tile in cells of sheets, or in a buffer of its own: then it has no format."""

    pages: tuple[Page, ...]
    format: TextureFormat | None
    owners: set[Hashable]
    buffer_bytes: int = 0
    applied: bool = False  # all of it is written


@dataclass(frozen=True, slots=True)
class _Buffer:
    """A tile that has a buffer of its own."""

    key: Hashable
    nbytes: int


class Atlas:
    """Cells of sheets and buffers, given to tiles; least recently drawn tiles make room. Owned by the render thread.

    The bytes of all sheets and buffers never exceed the budget; a tile that is in a draw list is never thrown out.

    Parameters
    ----------
    budget : int
        Bytes of textures and buffers together.
    """

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self.budget = budget
        self.sheets: dict[int, Sheet] = {}
        self.changes = 0
        """Bumped when a tile or a sheet goes away."""
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._buffer_bytes = 0
        self._ids = itertools.count()

    @property
    def nbytes(self) -> int:
        return sum(sheet.nbytes for sheet in self.sheets.values()) + self._buffer_bytes

    def __contains__(self, key: Hashable) -> bool:
        """The tile can be drawn: it has a place and all of it is written."""
        entry = self._entries.get(key)
        return entry is not None and entry.applied

    def has(self, key: Hashable) -> bool:
        """The tile has a place, even if not all of it is written yet."""
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def pages(self, key: Hashable) -> tuple[Page, ...]:
        return self._entries[key].pages

    def touch(self, key: Hashable, owner: Hashable) -> None:
        """The tile is drawn for ``owner``: it goes last when room is needed."""
        self._entries[key].owners.add(owner)
        self._entries.move_to_end(key)

    def place(
        self,
        key: Hashable,
        format: TextureFormat,
        shape: tuple[int, int],
        owner: Hashable,
        pinned: Callable[[], Collection[Hashable]] = tuple,
    ) -> tuple[Page, ...] | None:
        """Cells for a tile of ``shape`` texels, or None if that would throw out a pinned tile or exceed the budget.

        The caller writes them and calls `finish`. ``pinned`` is called only if something must go.

        If there is no room, nothing is thrown out.
        """
        parts = [(r, c) for r in _spans(shape[0]) for c in _spans(shape[1])]
        if not parts or not self._make_room(len(parts), format, pinned):
            return None
        pages = []
        sheets = sorted((s for s in self.sheets.values() if s.format is format and s.free), key=lambda s: len(s.free))
        for (rows, columns), (sheet, cell) in zip(parts, ((s, c) for s in sheets for c in s.free), strict=False):
            pages.append(Page(sheet.id, *cell, rows, columns))
        for page in pages:
            sheet = self.sheets[page.sheet]
            sheet.free.remove((page.row, page.column))
            sheet.keys.add(key)
        self._entries[key] = _Entry(tuple(pages), format, {owner})
        return tuple(pages)

    def place_buffer(
        self, key: Hashable, nbytes: int, owner: Hashable, pinned: Callable[[], Collection[Hashable]] = tuple
    ) -> bool:
        """Room for a tile with a buffer of its own; False, with nothing thrown out, if there is none.

        The caller writes it and calls `finish`.
        """
        if self.nbytes + nbytes > self.budget:
            kept = pinned()
            idle = self._idle(None, kept)
            if self.nbytes - sum(item.nbytes for item in idle) + nbytes > self.budget:
                return False
            for item in idle:
                if self.nbytes + nbytes <= self.budget:
                    break
                self._throw_out(item)
        self._entries[key] = _Entry((), None, {owner}, nbytes)
        self._buffer_bytes += nbytes
        return True

    def finish(self, key: Hashable) -> None:
        """All of the tile is written."""
        self._entries[key].applied = True

    def discard(self, key: Hashable) -> None:
        """Free what a tile has, if it has something; a sheet stays for the next one."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.changes += 1
        self._buffer_bytes -= entry.buffer_bytes
        for page in entry.pages:
            sheet = self.sheets[page.sheet]
            sheet.free.append((page.row, page.column))
            sheet.keys.discard(key)

    def release(self, owner: Hashable) -> None:
        """``owner`` is gone: free the tiles and the sheets that nobody else uses."""
        for key in [k for k, e in self._entries.items() if owner in e.owners]:
            owners = self._entries[key].owners
            owners.discard(owner)
            if not owners:
                self.discard(key)
        for sheet in [s for s in self.sheets.values() if not s.keys]:
            self._drop(sheet)

    def _make_room(self, cells: int, format: TextureFormat, pinned: Callable[[], Collection[Hashable]]) -> bool:
        free = sum(len(s.free) for s in self.sheets.values() if s.format is format)
        while free < cells and (sheet := self._new_sheet(format)):
            free += len(sheet.free)
        if free >= cells:
            return True
        kept = pinned()
        if not self._buffer_bytes and all(sheet.format is format for sheet in self.sheets.values()):
            return self._replace_oldest(cells - free, kept)
        old = [k for k, e in self._entries.items() if e.format is format and k not in kept]
        taken = list(itertools.accumulate((len(self._entries[k].pages) for k in old), initial=free))
        foreign = self._idle(format, kept)
        if not self._enough(taken[-1], foreign, cells, format):
            return False
        for item in foreign:  # first what is of no use for this format, idlest first
            if free >= cells:
                return True
            self._throw_out(item)
            while free < cells and (new := self._new_sheet(format)):
                free += len(new.free)
        for key in old:
            if free >= cells:
                break
            free += len(self._entries[key].pages)
            self.discard(key)
        return True

    def _replace_oldest(self, cells: int, kept: Collection[Hashable]) -> bool:
        """Throw out as many tiles as have ``cells``, where all tiles have one format.

        That is the usual case in a drag with full memory, and costs what is thrown out, not what there is.
        """
        going: list[Hashable] = []
        for key, entry in self._entries.items():
            if cells <= 0:
                break
            if key not in kept:
                going.append(key)
                cells -= len(entry.pages)
        if cells > 0:
            return False
        for key in going:
            self.discard(key)
        return True

    def _idle(self, format: TextureFormat | None, pinned: Collection[Hashable]) -> list[Sheet | _Buffer]:
        """Sheets of other formats and buffers without a pinned tile, least recently drawn first."""
        age = {key: i for i, key in enumerate(self._entries)}
        # A tile may span sheets: dropping one of them must not tear a tile that is pinned, and it is not.
        found: list[tuple[int, Sheet | _Buffer]] = [
            (max((age[k] for k in sheet.keys), default=-1), sheet)
            for sheet in self.sheets.values()
            if sheet.format is not format and not any(k in pinned for k in sheet.keys)
        ]
        for key, entry in self._entries.items():
            if entry.format is None and key not in pinned:
                found.append((age[key], _Buffer(key, entry.buffer_bytes)))
        return [item for _, item in sorted(found, key=lambda pair: pair[0])]

    def _throw_out(self, item: Sheet | _Buffer) -> None:
        if isinstance(item, _Buffer):
            self.discard(item.key)
            return
        for key in list(item.keys):
            self.discard(key)
        self._drop(item)

    def _enough(self, cells_here: int, foreign: list[Sheet | _Buffer], needed: int, format: TextureFormat) -> bool:
        left = self.budget - self.nbytes + sum(item.nbytes for item in foreign)
        return cells_here + left // format.cell_bytes >= needed

    def _new_sheet(self, format: TextureFormat) -> Sheet | None:
        cells = min((self.budget - self.nbytes) // format.cell_bytes, SHEET * SHEET)
        if cells < 1:
            return None
        columns = min(cells, SHEET)
        rows = cells // columns
        free = [(r, c) for r in range(rows) for c in range(columns)]
        sheet = Sheet(next(self._ids), format, rows, columns, free)
        self.sheets[sheet.id] = sheet
        return sheet

    def _drop(self, sheet: Sheet) -> None:
        del self.sheets[sheet.id]
        self.changes += 1


def _spans(n: int) -> list[tuple[int, int]]:
    return [(a, min(a + PAGE, n)) for a in range(0, n, PAGE)]


def cell_texels(texture: npt.NDArray[Any], page: Page) -> npt.NDArray[Any]:
    """The texels of a page with its gutter: the tile's own neighbours, repeated at the tile's edge."""
    (r0, r1), (c0, c1) = page.rows, page.columns
    h, w = texture.shape[:2]
    g = GUTTER
    out = np.empty((r1 - r0 + 2 * g, c1 - c0 + 2 * g, *texture.shape[2:]), texture.dtype)
    top, bottom, left, right = (max(r0 - g, 0), min(r1 + g, h), max(c0 - g, 0), min(c1 + g, w))
    y, x = top - (r0 - g), left - (c0 - g)
    out[y : y + bottom - top, x : x + right - left] = texture[top:bottom, left:right]
    if top == r0:
        out[0] = out[1]
    if bottom == r1:
        out[-1] = out[-2]
    if left == c0:
        out[:, 0] = out[:, 1]
    if right == c1:
        out[:, -1] = out[:, -2]
    return out
