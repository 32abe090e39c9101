"""GLSL of the image visual, version 1.20: what every desktop GL understands. Colours come out premultiplied."""

IMAGE_VERTEX = """
attribute vec3 a_position;
attribute vec2 a_uv;
varying vec2 v_uv;
void main() {
    v_uv = a_uv;
    gl_Position = vec4(a_position, 1.0);
}
"""

_IMAGE_FRAGMENT = """
uniform sampler2D u_tiles;
uniform sampler2D u_lut;
uniform vec3 u_value;  // low, 1 / (high - low), gamma
uniform vec3 u_blend;  // opacity, 1 if alpha is not respected, colour that changes nothing
varying vec2 v_uv;
void main() {
    vec4 color = texture2D(u_tiles, v_uv);
    float known = 1.0;
#ifndef RGB
    float v = color.r;
    known = (v <= 0.0 || 0.0 <= v) ? 1.0 : 0.0;  // false for NaN only
    float x = clamp((v - u_value.x) * u_value.y, 0.0, 1.0);
#ifdef GAMMA
    x = pow(x, u_value.z);
#endif
    color = texture2D(u_lut, vec2((floor(x * 255.0 + 0.5) + 0.5) / 256.0, 0.5));
#endif
    float a = known * mix(color.a * u_blend.x, 1.0, u_blend.y);
    gl_FragColor = vec4(a > 0.0 ? color.rgb * a + u_blend.z * (1.0 - a) : vec3(u_blend.z), a);
}
"""


def image_fragment(rgb: bool, gamma: bool) -> str:
    """Variants, because software drawing pays for both sides of every branch (the power alone is 1.5 ms a frame)."""
    return ("#define RGB\n" if rgb else "") + ("#define GAMMA\n" if gamma else "") + _IMAGE_FRAGMENT


FLAT_VERTEX = """
attribute vec3 a_position;
void main() {
    gl_Position = vec4(a_position, 1.0);
}
"""

FLAT_FRAGMENT = """
uniform vec4 u_color;
uniform float u_period;  // device pixels of the stripes, 0 for none
void main() {
    if (u_period > 0.0 && mod(gl_FragCoord.x + gl_FragCoord.y, u_period) >= 0.5 * u_period) discard;
    gl_FragColor = u_color;
}
"""
