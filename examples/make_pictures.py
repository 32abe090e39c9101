"""Make the pictures of the gallery anew, each by the example of its name.

python examples/make_pictures.py [FOLDER]
"""

from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path

from PIL import Image

EXAMPLES = ("images", "labels", "points", "vectors", "shapes", "surface", "tracks", "all_types")
LARGEST = 60_000  # bytes: pages with pictures stay quick to load, and the repository small
FOLDER = Path(__file__).parent.parent / "docs" / "gallery"


def make_picture(name: str, folder: Path) -> Path:
    """Run an example; its picture is written with as many colours as fit."""
    path = folder / f"{name}.png"
    importlib.import_module(name).main(path)
    picture = Image.open(path).convert("RGB")
    for colors in (256, 128, 64, 32):
        buffer = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
        if buffer.tell() <= LARGEST:
            break
    path.write_bytes(buffer.getvalue())
    return path


if __name__ == "__main__":
    for example in EXAMPLES:
        made = make_picture(example, Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
        print(f"{made.name}: {made.stat().st_size / 1000:.0f} kB")
