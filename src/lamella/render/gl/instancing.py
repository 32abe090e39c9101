"""Instanced drawing, which gloo can command but whose functions its OpenGL lacks."""

from __future__ import annotations

from ctypes import c_int, c_uint

from vispy.gloo import gl

from lamella.render.gl.context import ContextError


def enable_instancing() -> None:
    """Give gloo the functions of OpenGL 3.3. From then on it minds the divisors of all attributes.

    Raises
    ------
    ContextError
        The OpenGL library does not have them.
    """
    if hasattr(gl, "glVertexAttribDivisor"):
        return
    try:
        divisor = gl.gl2._get_gl_func("glVertexAttribDivisor", None, (c_uint, c_uint))
        arrays = gl.gl2._get_gl_func("glDrawArraysInstanced", None, (c_uint, c_int, c_int, c_int))
    except RuntimeError:
        raise ContextError("OpenGL 3.3 is needed: the library that is installed has no instanced drawing") from None
    gl.glVertexAttribDivisor, gl.glDrawArraysInstanced = divisor, arrays
