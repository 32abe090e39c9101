"""The blending modes as GL knows them. All colours are premultiplied."""

from __future__ import annotations

from typing import Any

BLENDING: dict[str, dict[str, Any]] = {
    "opaque": {"blend_func": ("one", "one_minus_src_alpha"), "blend_equation": "func_add"},
    "translucent": {"blend_func": ("one", "one_minus_src_alpha"), "blend_equation": "func_add"},
    "additive": {"blend_func": ("one", "one"), "blend_equation": "func_add"},
    "minimum": {"blend_func": ("one", "one"), "blend_equation": "min"},
    "multiplicative": {"blend_func": ("dst_color", "zero"), "blend_equation": "func_add"},
}
_NEUTRAL = {"minimum": 1.0, "multiplicative": 1.0}  # 0 in the other modes


def blend_uniform(opacity: float, blending: str) -> tuple[float, float, float]:
    """Opacity, whether alpha counts for nothing, and the colour that changes nothing."""
    return opacity, float(blending == "opaque"), _NEUTRAL.get(blending, 0.0)
