"""Fonts for letters: Pillow's own, and others for what it does not have, which is all but ASCII."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

from PIL import ImageFont

OTHERS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "arial.ttf", "Arial Unicode.ttf", "NotoSansCJK-Regular.ttc")
_NO_LETTER = "\uffff"

Font = ImageFont.FreeTypeFont


class Fonts:
    """Fonts of one size. Owned by one thread.

    Parameters
    ----------
    pixels : int
    """

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        own = ImageFont.load_default(pixels)
        assert isinstance(own, Font)  # it is unless Pillow was built without FreeType
        self.own = own
        self._others: list[Font] | None = None

    def having(self, letter: str) -> Font:
        """The first font that has a letter; Pillow's own if none has."""
        if letter.isascii() or _has(self.own, letter):
            return self.own
        if self._others is None:
            self._others = [ImageFont.truetype(path, self._pixels) for path in _paths()]
        return next((font for font in self._others if _has(font, letter)), self.own)


def _has(font: Font, letter: str) -> bool:
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


@functools.cache
def _paths() -> tuple[str, ...]:
    """Files of other fonts: the one that comes with the drawing library, and those of the system."""
    paths = []
    drawing = importlib.util.find_spec("vispy")
    for folder in (drawing.submodule_search_locations or []) if drawing is not None else []:
        path = Path(folder, "util", "fonts", "data", "OpenSans-Regular.ttf")
        if path.is_file():
            paths.append(str(path))
    for name in OTHERS:
        try:
            paths.append(str(ImageFont.truetype(name, 12).path))
        except OSError:
            continue
    return tuple(paths)
