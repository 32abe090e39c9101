"""The symbols of points in GLSL: signed distances to their outlines, in device pixels.

``p`` is the place relative to the point, y downwards as on the canvas; ``s`` the diameter. A distance grows evenly away
from the straight edges, so that a border has the corners of its symbol. The shapes are those of
`lamella.slicing.symbols`.
"""

from __future__ import annotations

from lamella.model.layers.point_style import SYMBOLS

_CROSS = """
    vec2 q = abs(p);
    return min(max(q.x - s / 6.0, q.y - s / 2.0), max(q.y - s / 6.0, q.x - s / 2.0));
"""
_CHEVRON = "max(abs(p.x) + abs(p.y) - s / 2.0, s / 4.0 - p.x - abs(p.y)) * 0.70710678"

# The star is what lies beyond at most one of the five lines of a pentagram, so the second largest distance counts.
_STAR = """
    vec2 q = vec2(abs(p.x), p.y - 0.05 * s);
    float a = -q.y;
    float b = 0.95105652 * q.x - 0.30901699 * q.y;
    float c = 0.58778525 * q.x + 0.80901699 * q.y;
    float d = -0.58778525 * q.x + 0.80901699 * q.y;
    float e = -0.95105652 * q.x - 0.30901699 * q.y;
    float first = max(a, b), second = min(a, b);
    second = max(second, min(first, c)); first = max(first, c);
    second = max(second, min(first, d)); first = max(first, d);
    second = max(second, min(first, e));
    return second - 0.15450850 * s;
"""
_TRIANGLE = """
    float h = 0.86602540 * s;
    return max(y - h / 2.0, 0.86602540 * abs(p.x) - 0.5 * y - h / 4.0);
"""

_DISTANCES: dict[str, str] = {
    "disc": "return length(p) - s / 2.0;",
    "square": "return max(abs(p.x), abs(p.y)) - s / 2.0;",
    "diamond": "return (abs(p.x) + abs(p.y) - s / 2.0) * 0.70710678;",
    "cross": _CROSS,
    "x": "p = vec2(p.x + p.y, p.y - p.x) * 0.70710678;" + _CROSS,
    "ring": "return abs(length(p) - 0.375 * s) - 0.125 * s;",
    "star": _STAR,
    "triangle_up": "float y = p.y;" + _TRIANGLE,
    "triangle_down": "float y = -p.y;" + _TRIANGLE,
    "clobber": """
    vec2 q = vec2(abs(p.x), p.y - 0.05196152 * s);
    float upper = length(q - vec2(0.0, -0.20784610 * s));
    return min(upper, length(q - vec2(0.18 * s, 0.10392305 * s))) - 0.32 * s;
""",
    "arrow": f"return {_CHEVRON};",
    "hbar": "return max(abs(p.x) - s / 2.0, abs(p.y) - s / 6.0);",
    "vbar": "return max(abs(p.y) - s / 2.0, abs(p.x) - s / 6.0);",
    "tailed_arrow": f"""
    float tail = max(max(abs(p.y) - 0.08838835 * s, -p.x - s / 2.0), (p.x + abs(p.y) - s / 2.0) * 0.70710678);
    return min({_CHEVRON}, tail);
""",
}


def distance_function(symbol: int | None) -> str:
    """``float distance_to(vec2 p, float s, float symbol)`` for one symbol, or for whichever a point has."""
    if symbol is not None:
        return f"float distance_to(vec2 p, float s, float symbol) {{\n{_DISTANCES[SYMBOLS[symbol]]}\n}}\n"
    functions = [f"float symbol_{i}(vec2 p, float s) {{\n{_DISTANCES[name]}\n}}\n" for i, name in enumerate(SYMBOLS)]
    choices = [f"    if (symbol < {i}.5) return symbol_{i}(p, s);\n" for i in range(len(SYMBOLS))]
    body = "".join(choices) + "    return 1.0e9;\n"
    return "".join(functions) + f"float distance_to(vec2 p, float s, float symbol) {{\n{body}}}\n"
