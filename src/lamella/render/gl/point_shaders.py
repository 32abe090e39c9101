"""GLSL of points, version 1.20: symbols as point sprites, or as quads where sprites are too small."""

from __future__ import annotations

from lamella.render.gl.symbols import distance_function

# A position is two floats, and so is the camera: their difference is exact to 48 bits, so that nothing jitters however
# far one zooms in. A sprite whose centre is outside the canvas would not be drawn at all, so its centre is moved to the
# edge: it keeps its size and so still covers all of the symbol that can be seen. The fragment measures from the true
# centre.
_SPRITE_VERTEX = """
attribute vec2 a_position;  // row, column relative to the origin of the buffer
attribute vec2 a_residual;  // what float32 leaves of it
attribute float a_size;
attribute float a_border;
attribute vec4 a_face;
attribute vec4 a_edge;
attribute float a_symbol;
uniform vec4 u_linear;  // data to device pixels: x from row, x from column, y from row, y from column
uniform vec4 u_camera;  // centre of the canvas relative to the origin, and what float32 leaves of it
uniform vec2 u_canvas;
uniform vec3 u_scale;  // pixels per unit, smallest diameter, width of the soft edge
varying vec4 v_face;
varying vec4 v_edge;
varying vec3 v_shape;
varying vec2 v_center;
void main() {
    vec2 away = (a_position - u_camera.xy) + (a_residual - u_camera.zw);
    vec2 center = vec2(dot(u_linear.xy, away), dot(u_linear.zw, away)) + 0.5 * u_canvas;
    float size = a_size * u_scale.x;
    float grown = size > 0.0 ? max(u_scale.y / size, 1.0) : 0.0;
    size *= grown;
    float border = a_border * u_scale.x * grown;
    float reach = 0.5 * (size + u_scale.z);
    vec2 inside = clamp(center, vec2(0.0), u_canvas);
    bool shown = size > 0.0 && all(lessThanEqual(abs(inside - center), vec2(reach)));
    v_face = a_face / 255.0;
    v_edge = a_edge / 255.0;
    v_shape = vec3(size, border, a_symbol);
    v_center = center;
    gl_PointSize = shown ? 2.0 * reach : 0.0;
    gl_Position = shown ? vec4(inside / u_canvas * 2.0 - 1.0, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
}
"""

_QUAD_VERTEX = """
attribute vec2 a_corner;
attribute vec2 a_position;  // in device pixels
attribute float a_size;
attribute float a_border;
attribute vec4 a_face;
attribute vec4 a_edge;
attribute float a_symbol;
uniform vec2 u_canvas;
varying vec4 v_face;
varying vec4 v_edge;
varying vec3 v_shape;
varying vec2 v_center;
void main() {
    v_face = a_face / 255.0;
    v_edge = a_edge / 255.0;
    v_shape = vec3(a_size, a_border, a_symbol);
    v_center = a_position;
    gl_Position = vec4(a_corner / u_canvas * 2.0 - 1.0, 0.0, 1.0);
}
"""

_FRAGMENT = """
uniform vec3 u_blend;  // opacity, 1 if alpha is not respected, colour that changes nothing
uniform float u_soft;  // width of the soft edge in device pixels
varying vec4 v_face;
varying vec4 v_edge;
varying vec3 v_shape;  // diameter, border, symbol
varying vec2 v_center;

float alpha_of(float a) {
    return a > 0.0 ? mix(a * u_blend.x, 1.0, u_blend.y) : 0.0;
}

void main() {
    float d = distance_to(gl_FragCoord.xy - v_center, v_shape.x, v_shape.z);
    float whole = clamp(0.5 - d / u_soft, 0.0, 1.0);
    float inner = clamp(0.5 - (d + v_shape.y) / u_soft, 0.0, 1.0);
    float face = alpha_of(v_face.a) * inner;
    float edge = alpha_of(v_edge.a) * (whole - inner);
    float a = face + edge;
    gl_FragColor = vec4(v_face.rgb * face + v_edge.rgb * edge + u_blend.z * (1.0 - a), a);
}
"""


def sprite_shaders(symbol: int | None) -> tuple[str, str]:
    """Variants, because software drawing pays for every branch: with one symbol for all points it is the only one."""
    return _SPRITE_VERTEX, distance_function(symbol) + _FRAGMENT


def quad_shaders(symbol: int | None) -> tuple[str, str]:
    return _QUAD_VERTEX, distance_function(symbol) + _FRAGMENT
