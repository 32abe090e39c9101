"""GLSL of triangles and lines, version 1.20: in variants, as software drawing pays for both sides of every branch."""

from __future__ import annotations

_PLACE = """
uniform vec4 u_linear;  // data to device pixels: x from row, x from column, y from row, y from column
uniform vec4 u_camera;  // centre of the canvas relative to the origin, and what float32 leaves of it
uniform vec2 u_canvas;
uniform vec3 u_scale;  // pixels per unit of width, width of the thinnest line, width of the soft edge

vec2 to_device(vec2 position) {
    vec2 away = (position - u_camera.xy) - u_camera.zw;
    return vec2(dot(u_linear.xy, away), dot(u_linear.zw, away)) + 0.5 * u_canvas;
}
"""

_BLEND = """
uniform vec3 u_blend;  // opacity, 1 if alpha is not respected, colour that changes nothing

vec4 blended(vec4 color, float coverage) {
    float a = color.a > 0.0 ? mix(color.a * u_blend.x, 1.0, u_blend.y) * coverage : 0.0;
    return vec4(color.rgb * a + u_blend.z * (1.0 - a), a);
}
"""

_TRIANGLE_VERTEX = """
attribute vec2 a_position;
attribute vec2 a_offset;
attribute float a_width;
attribute vec4 a_color;
#ifdef TEXTURE
attribute vec2 a_uv;
varying vec2 v_uv;
#endif
#ifdef VALUES
attribute float a_value;
varying float v_value;
varying float v_known;
#endif
varying vec4 v_color;

void main() {
    float width = a_width * u_scale.x;
    float grown = width > 0.0 ? max(u_scale.y / width, 1.0) : 1.0;
    v_color = a_color / 255.0;
#ifdef TEXTURE
    v_uv = a_uv;
#endif
#ifdef VALUES
    bool known = a_value <= 0.0 || 0.0 <= a_value;  // false for NaN only
    v_known = known ? 1.0 : 0.0;
    v_value = known ? clamp(a_value, -1e30, 1e30) : 0.0;  // infinity cannot be mixed
#endif
    gl_Position = vec4(to_device(a_position + a_offset * grown) / u_canvas * 2.0 - 1.0, 0.0, 1.0);
}
"""

_TRIANGLE_FRAGMENT = """
varying vec4 v_color;
#ifdef TEXTURE
varying vec2 v_uv;
uniform sampler2D u_texture;
#endif
#ifdef VALUES
varying float v_value;
varying float v_known;
uniform sampler2D u_lut;
uniform vec3 u_limits;  // value of the first colour, 1 / range, gamma
#endif

void main() {
    vec4 color = v_color;
#ifdef TEXTURE
    color *= texture2D(u_texture, v_uv);
#endif
#ifdef VALUES
    if (v_known < 0.999) discard;
    float x = clamp((v_value - u_limits.x) * u_limits.y, 0.0, 1.0);
#ifdef GAMMA
    x = pow(x, u_limits.z);
#endif
    color *= texture2D(u_lut, vec2((floor(x * 255.0 + 0.5) + 0.5) / 256.0, 0.5));
#endif
    gl_FragColor = blended(color, 1.0);
}
"""

_SEGMENT_VERTEX = """
attribute vec2 a_corner;  // 0 or 1 along the line, -1 or 1 across
attribute vec2 a_start;
attribute vec2 a_stop;
attribute vec4 a_color;
attribute vec4 a_color_stop;
attribute float a_width;
#ifdef CLOCK
attribute vec2 a_times;
attribute float a_end;
uniform vec4 u_clock;  // now, tail, head, 1 if what has ended is hidden
varying vec2 v_times;
#endif
varying vec4 v_color;
varying vec4 v_color_stop;
varying vec4 v_place;  // along, across, length, half of the width, in device pixels

void main() {
    vec2 start = to_device(a_start), stop = to_device(a_stop);
    vec2 along = stop - start;
    float size = length(along);
    along = size > 0.0 ? along / size : vec2(1.0, 0.0);
    float half_width = 0.5 * max(a_width * u_scale.x, u_scale.y);
    float reach = half_width + 0.5 * u_scale.z;
    float x = a_corner.x > 0.5 ? size + reach : -reach;
    float y = a_corner.y * reach;
    v_color = a_color / 255.0;
    v_color_stop = a_color_stop / 255.0;
    v_place = vec4(x, y, size, half_width);
    bool shown = a_width > 0.0;
#ifdef CLOCK
    v_times = a_times - u_clock.x;  // from now, for what is now to stay exact between the ends
    shown = shown && (u_clock.w < 0.5 || a_end >= u_clock.x);
#endif
    vec2 at = start + along * x + vec2(-along.y, along.x) * y;
    gl_Position = shown ? vec4(at / u_canvas * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
"""

_SEGMENT_FRAGMENT = """
#ifdef CLOCK
uniform vec4 u_clock;
uniform float u_slack;  // equal times may be that far apart
varying vec2 v_times;
#endif
uniform float u_soft;
varying vec4 v_color;
varying vec4 v_color_stop;
varying vec4 v_place;

void main() {
    float x = clamp(v_place.x, 0.0, v_place.z);
    float away = length(vec2(v_place.x - x, v_place.y)) - v_place.w;
    float coverage = clamp(0.5 - away / u_soft, 0.0, 1.0);
    float part = v_place.z > 0.0 ? x / v_place.z : 0.0;
#ifdef CLOCK
    float time = mix(v_times.x, v_times.y, part);
    float span = u_clock.y + u_clock.z;
    if (span > 0.0) {
        float late = time - u_clock.z;
        coverage *= late > u_slack ? 0.0 : clamp(1.0 + late / span, 0.0, 1.0);
    } else {
        coverage *= abs(time) <= u_slack ? 1.0 : 0.0;
    }
#endif
    gl_FragColor = blended(mix(v_color, v_color_stop, part), coverage);
}
"""


def triangle_shaders(values: bool, gamma: bool, texture: bool) -> tuple[str, str]:
    """Colours of corners, multiplied with those of values and with a texture where there are any."""
    chosen = "#define VALUES\n" * values + "#define GAMMA\n" * gamma + "#define TEXTURE\n" * texture
    return chosen + _PLACE + _TRIANGLE_VERTEX, chosen + _BLEND + _TRIANGLE_FRAGMENT


def segment_shaders(clock: bool) -> tuple[str, str]:
    """Lines with round ends, one instance each; those with a clock fade."""
    chosen = "#define CLOCK\n" * clock
    return chosen + _PLACE + _SEGMENT_VERTEX, chosen + _BLEND + _SEGMENT_FRAGMENT
