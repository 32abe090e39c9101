"""Letters: how large texts are, and their pictures, made of glyphs that are drawn once each."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from lamella.render.fonts import Fonts

Raster = npt.NDArray[np.uint8]
"""(height, width, 2): how much of each pixel is letter, and how much is letter or halo."""

LARGEST = 1400  # device pixels of a side of a text; the rest of it is cut off
RASTER_BYTES = 8 * 2**20


class Typeface:
    """Letters of one size. Owned by one thread.

    Parameters
    ----------
    pixels : int
        Size in device pixels.
    halo : int
        Device pixels around the letters.

    Attributes
    ----------
    cap : int
        Height of a capital letter.
    pad : int
        Around the letters of a raster.
    ascent, line : int
        From the top of a line to its letters' feet, and to the next line.
    """

    def __init__(self, pixels: int, halo: int) -> None:
        self._fonts = Fonts(pixels)
        self._halo = halo
        self._advances: dict[int, int] = {ord("\n"): 0}
        self._glyphs: dict[str, Raster] = {}
        ascent, descent = self._fonts.own.getmetrics()
        self.ascent = int(ascent)
        self.line = int(ascent + descent)
        self.cap = -int(self._fonts.own.getbbox("H", anchor="ls")[1])
        self.pad = halo + max(1, pixels // 24)

    def sizes(self, strings: Sequence[str]) -> npt.NDArray[np.intp]:
        """Heights and widths of the rasters of these texts, (n, 2); 20,000 of them take 5 ms."""
        joined = "".join(strings)
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        stops = np.cumsum(np.fromiter(map(len, strings), np.intp, len(strings)))
        starts = np.concatenate([[0], stops[:-1]])
        ends = np.concatenate([[0], np.cumsum(self._advances_of(codes))])
        widths = ends[stops] - ends[starts]
        lines = np.ones(len(strings), np.intp)
        if "\n" in joined:
            for i in [i for i, text in enumerate(strings) if "\n" in text]:
                of_lines = strings[i].split("\n")
                lines[i], widths[i] = len(of_lines), max(self._width(line) for line in of_lines)
        sizes: npt.NDArray[np.intp] = np.stack([lines * self.line, widths], axis=1) + 2 * self.pad
        return np.minimum(sizes, LARGEST)

    def raster(self, text: str) -> Raster:
        """The picture of a text, of the size that `sizes` says."""
        lines = text.split("\n")
        height = min(len(lines) * self.line + 2 * self.pad, LARGEST)
        width = min(max(map(self._width, lines)) + 2 * self.pad, LARGEST)
        raster = np.zeros((height, width, 2), np.uint8)
        for number, line in enumerate(lines):
            x = 0
            for letter in line:
                glyph = self._glyph(letter)
                part = raster[number * self.line :, x : x + glyph.shape[1]][: glyph.shape[0]]
                np.maximum(part, glyph[: part.shape[0], : part.shape[1]], out=part)
                x += self._advance(ord(letter))
        return raster

    def _width(self, line: str) -> int:
        return sum(self._advance(ord(letter)) for letter in line)

    def _advance(self, code: int) -> int:
        advance = self._advances.get(code)
        if advance is None:
            letter = chr(code)
            advance = self._advances[code] = math.ceil(self._fonts.having(letter).getlength(letter))
        return advance

    def _advances_of(self, codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
        if not len(codes):
            return np.empty(0, np.intp)
        table = np.bincount(codes)  # 4 MB for the last plane of Unicode, which is rare
        for code in np.flatnonzero(table).tolist():
            table[code] = self._advance(code)
        advances: npt.NDArray[np.intp] = table[codes]
        return advances

    def _glyph(self, letter: str) -> Raster:
        glyph = self._glyphs.get(letter)
        if glyph is None:
            size = self._advance(ord(letter)) + 2 * self.pad, self.line + 2 * self.pad
            layers, font = [], self._fonts.having(letter)
            for stroke in (0, self._halo):
                image = Image.new("L", size)
                at = self.pad, self.pad + self.ascent
                ImageDraw.Draw(image).text(at, letter, 255, font, "ls", stroke_width=stroke)
                layers.append(np.asarray(image))
            glyph = self._glyphs[letter] = np.stack([layers[0], np.maximum(*layers)], axis=-1)
        return glyph


class Rasters:
    """Pictures of texts by text, size and angle: those used last, up to `RASTER_BYTES`. Owned by one thread."""

    def __init__(self) -> None:
        self._typefaces: dict[tuple[int, int], Typeface] = {}
        self._kept: OrderedDict[Hashable, Raster] = OrderedDict()
        self._nbytes = 0

    def typeface(self, size: float, ratio: float) -> Typeface:
        """The letters of a size in canvas pixels."""
        key = max(1, round(size * ratio)), max(1, round(ratio))
        if key not in self._typefaces:
            if len(self._typefaces) >= _TYPEFACES:
                self._typefaces.clear()
            self._typefaces[key] = Typeface(*key)
        return self._typefaces[key]

    def get(self, text: str, size: float, ratio: float, degrees: float) -> tuple[Hashable, Raster]:
        """The picture of a text with a key of its own."""
        key = text, max(1, round(size * ratio)), max(1, round(ratio)), degrees
        raster = self._kept.get(key)
        if raster is None:
            raster = rotated(self.typeface(size, ratio).raster(text), degrees)
            self._kept[key] = raster
            self._nbytes += raster.nbytes
            while self._nbytes > RASTER_BYTES and len(self._kept) > 1:
                self._nbytes -= self._kept.popitem(last=False)[1].nbytes
        else:
            self._kept.move_to_end(key)
        return key, raster


_TYPEFACES = 32


def turn(degrees: float) -> npt.NDArray[np.float64]:
    """(y, x) → (y, x) turned counterclockwise on the canvas, where y points down."""
    angle = math.radians(degrees % 360)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def turned_sizes(sizes: npt.NDArray[np.intp], degrees: float) -> npt.NDArray[np.intp]:
    """Heights and widths around turned rectangles, (n, 2)."""
    if not degrees % 360:
        return sizes
    around: npt.NDArray[np.intp] = np.ceil(sizes @ np.abs(turn(degrees)).T - 1e-6).astype(np.intp)
    return around


def rotated(raster: Raster, degrees: float) -> Raster:
    """A raster turned around its middle, as large as `turned_sizes` says."""
    if not degrees % 90:
        return np.ascontiguousarray(np.rot90(raster, int(degrees // 90 % 4)))
    shape = raster.shape[:2]
    height, width = turned_sizes(np.array([shape]), degrees)[0].tolist()
    back = turn(-degrees)  # from the turned raster to the straight one
    y, x = np.array(shape) / 2 - back @ [height / 2, width / 2]
    matrix = (back[1, 1], back[1, 0], x, back[0, 1], back[0, 0], y)
    layers = [
        Image.fromarray(np.ascontiguousarray(raster[..., i])).transform(
            (width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        for i in range(2)
    ]
    return np.stack([np.asarray(layer) for layer in layers], axis=-1)
