"""Numbers and messages as the window writes them: pure functions."""

from __future__ import annotations

import math
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from lamella.sources.location import public_name


def format_world(value: float, step: float, unit: str = "") -> str:
    """A world coordinate with as many digits as its step asks for."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if size >= 1e9 or 0 < abs(step) < 1e-6:
        text = f"{value:.6g}"
    else:
        decimals = 0 if step == 0 or not math.isfinite(step) else max(0, min(6, _decimals(abs(step))))
        text = f"{value:.{decimals}f}"
        if decimals:
            text = text.rstrip("0").rstrip(".") if decimals > 3 else text
    text = "0" if text in ("-0", "-0.0", "") else text
    return f"{text} {unit}".rstrip()


def _decimals(step: float) -> int:
    """Decimals that tell multiples of ``step`` apart: 1 → 0, 0.5 → 1, 0.65 → 2, 2.25 → 2."""
    for decimals in range(7):
        if math.isclose(round(step, decimals), step, rel_tol=1e-6):
            return decimals
    return max(0, 1 - math.floor(math.log10(step)))


UNIT_SIGNS = {
    "micrometer": "µm",
    "micrometre": "µm",
    "um": "µm",
    "micron": "µm",
    "nanometer": "nm",
    "millimeter": "mm",
    "meter": "m",
    "angstrom": "Å",
    "second": "s",
    "millisecond": "ms",
    "minute": "min",
    "hour": "h",
    "pixel": "",
    "": "",
    "None": "",
}


def unit_sign(unit: object) -> str:
    """How a unit is written beside a number; pixels are not written."""
    name = str(unit)
    return UNIT_SIGNS.get(name, name)


def number_from(text: str) -> float | None:
    """The number at the start of ``text`` (a unit may follow), None if there is none or it is not finite."""
    words = text.replace(",", ".").split()
    if not words:
        return None
    try:
        value = float(words[0])
    except ValueError:
        digits = words[0].rstrip("abcdefghijklmnopqrstuvwxyzµÅ°%ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        try:
            value = float(digits)
        except ValueError:
            return None
    return value if math.isfinite(value) else None


def source_name(path_or_url: str) -> str:
    """The short name of what is opened: the last part of a path or URL."""
    parts = urlsplit(public_name(path_or_url))
    if len(parts.scheme) > 1 and parts.netloc:
        return unquote(PurePath(parts.path.rstrip("/")).name) or parts.netloc
    return PurePath(path_or_url.rstrip("/\\")).name or path_or_url


def loading_line(loading: int, have: int, needed: int) -> str:
    """How far the layers are that load; empty if none does."""
    if not loading:
        return ""
    return f"loading {have}/{needed}" if needed else "loading"
