"""GLSL of tiles and flat boxes, version 1.20: what every desktop GL understands. Colours come out premultiplied."""

TILE_VERTEX = """
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


# An id comes as its four bytes. Every number below stays under 2²⁴, where floats are exact.
_LABELS_FRAGMENT = """
uniform sampler2D u_tiles;
uniform vec3 u_blend;  // opacity, 1 if alpha is not respected, colour that changes nothing
uniform vec4 u_selected;  // bytes of the only id that is shown
varying vec2 v_uv;
#ifdef DIRECT
uniform sampler2D u_keys;
uniform sampler2D u_colors;
uniform vec4 u_hash;
uniform vec4 u_default;
uniform vec3 u_table;  // width, height, longest search
#else
uniform sampler2D u_colors;
uniform float u_count;
#endif

vec4 color_of(vec4 id) {
#ifdef DIRECT
    float size = u_table.x * u_table.y;
    float slot = mod(dot(id, u_hash), size);
    for (float step = 0.0; step < u_table.z; step += 1.0) {
        float row = floor(slot / u_table.x);
        vec2 at = (vec2(slot - row * u_table.x, row) + 0.5) / u_table.xy;
        vec4 key = floor(texture2D(u_keys, at) * 255.0 + 0.5);
        if (key == id) return texture2D(u_colors, at);
        if (key == vec4(0.0)) break;
        slot = slot + 1.0 < size ? slot + 1.0 : 0.0;
    }
    return u_default;
#else
    float rest = 0.0;  // id mod count, by bytes from the highest; + 0.5 keeps the quotient off the whole numbers
    rest = id.a - u_count * floor((id.a + 0.5) / u_count);
    rest = rest * 256.0 + id.b;
    rest = rest - u_count * floor((rest + 0.5) / u_count);
    rest = rest * 256.0 + id.g;
    rest = rest - u_count * floor((rest + 0.5) / u_count);
    rest = rest * 256.0 + id.r;
    rest = rest - u_count * floor((rest + 0.5) / u_count);
    return texture2D(u_colors, vec2((rest + 0.5) / u_count, 0.5));
#endif
}

void main() {
    vec4 id = floor(texture2D(u_tiles, v_uv) * 255.0 + 0.5);
    vec4 color = vec4(0.0);
    bool shown = id != vec4(0.0);
#ifdef SELECTED
    shown = shown && id == u_selected;
#endif
    if (shown) color = color_of(id);
    float a = color.a > 0.0 ? mix(color.a * u_blend.x, 1.0, u_blend.y) : 0.0;
    gl_FragColor = vec4(color.rgb * a + u_blend.z * (1.0 - a), a);
}
"""


def labels_fragment(direct: bool, selected: bool) -> str:
    return ("#define DIRECT\n" if direct else "") + ("#define SELECTED\n" if selected else "") + _LABELS_FRAGMENT


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
