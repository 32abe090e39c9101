"""Contexts from EGL, by ctypes: devices are enumerated, hardware first, software last. Needs no display."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_uint, c_void_p
from typing import Any

from lamella.render.gl.context import ContextError

_EXTENSIONS = 0x3055
_PLATFORM_DEVICE = 0x313F
_PLATFORM_SURFACELESS = 0x31DD
_OPENGL_API = 0x30A2
_SURFACE_TYPE, _PBUFFER_BIT = 0x3033, 0x0001
_RENDERABLE_TYPE, _OPENGL_BIT = 0x3040, 0x0008
_RED, _GREEN, _BLUE = 0x3024, 0x3023, 0x3022
_WIDTH, _HEIGHT, _NONE = 0x3057, 0x3056, 0x3038
_MAX_DEVICES = 32

_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "eglGetProcAddress": (c_void_p, (c_char_p,)),
    "eglQueryString": (c_char_p, (c_void_p, c_int)),
    "eglGetDisplay": (c_void_p, (c_void_p,)),
    "eglInitialize": (c_uint, (c_void_p, POINTER(c_int), POINTER(c_int))),
    "eglBindAPI": (c_uint, (c_uint,)),
    "eglChooseConfig": (c_uint, (c_void_p, POINTER(c_int), POINTER(c_void_p), c_int, POINTER(c_int))),
    "eglCreateContext": (c_void_p, (c_void_p, c_void_p, c_void_p, POINTER(c_int))),
    "eglCreatePbufferSurface": (c_void_p, (c_void_p, c_void_p, POINTER(c_int))),
    "eglMakeCurrent": (c_uint, (c_void_p, c_void_p, c_void_p, c_void_p)),
    "eglDestroyContext": (c_uint, (c_void_p, c_void_p)),
    "eglDestroySurface": (c_uint, (c_void_p, c_void_p)),
    "eglReleaseThread": (c_uint, ()),
    "eglGetError": (c_int, ()),
}
_EXTENSION_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "eglQueryDevicesEXT": (c_uint, (c_int, POINTER(c_void_p), POINTER(c_int))),
    "eglQueryDeviceStringEXT": (c_char_p, (c_void_p, c_int)),
    "eglGetPlatformDisplayEXT": (c_void_p, (c_uint, c_void_p, POINTER(c_int))),
}


class EGLProvider:
    """A context of the first EGL display that gives one. Used by one render thread.

    Displays are shared by the whole process and never terminated: other contexts may live on them.
    """

    def __init__(self) -> None:
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")  # read when OpenGL is imported, which volumes will do
        try:
            self._egl = ctypes.CDLL("libEGL.so.1")
        except OSError:
            raise ContextError("the library libEGL.so.1 is not installed (Debian, Ubuntu: libegl1)") from None
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(self._egl, name)
            function.restype, function.argtypes = result, arguments
        self._display: int | None = None
        self._context: int | None = None
        self._surface: int | None = None

    def make_current(self) -> None:
        tried = 0
        for open_display in self._displays():
            tried += 1
            display = open_display()
            if display and self._egl.eglInitialize(display, None, None) and self._try_display(display):
                return
        raise ContextError(f"none of {tried} EGL displays gives a context for desktop OpenGL")

    def release(self) -> None:
        if self._context is None:
            return
        self._egl.eglMakeCurrent(self._display, None, None, None)
        self._free()
        self._egl.eglReleaseThread()

    def _displays(self) -> list[Callable[[], int | None]]:
        """What opens a display, hardware first."""
        client = (self._egl.eglQueryString(None, _EXTENSIONS) or b"").split()
        opens: list[Callable[[], int | None]] = []
        software: list[Callable[[], int | None]] = []
        if b"EGL_EXT_platform_device" in client and self._extension("eglQueryDevicesEXT"):
            for device in self._devices():
                where = software if self._is_software(device) else opens
                where.append(lambda device=device: self._platform_display(_PLATFORM_DEVICE, device))  # type: ignore[misc]
        if b"EGL_MESA_platform_surfaceless" in client:
            opens.append(lambda: self._platform_display(_PLATFORM_SURFACELESS, None))
        return [*opens, *software, lambda: self._egl.eglGetDisplay(None)]

    def _devices(self) -> list[int]:
        devices, count = (c_void_p * _MAX_DEVICES)(), c_int()
        query = self._extension("eglQueryDevicesEXT")
        if query is None or not query(_MAX_DEVICES, devices, byref(count)):
            return []
        return [d for d in devices[: count.value] if d]

    def _is_software(self, device: int) -> bool:
        query = self._extension("eglQueryDeviceStringEXT")
        extensions = (query(device, _EXTENSIONS) or b"") if query else b""
        return b"EGL_MESA_device_software" in extensions.split()

    def _platform_display(self, platform: int, native: int | None) -> int | None:
        get = self._extension("eglGetPlatformDisplayEXT")
        return get(platform, native, None) if get else None

    def _extension(self, name: str) -> Any:
        address = self._egl.eglGetProcAddress(name.encode())
        if not address:
            return None
        result, arguments = _EXTENSION_PROTOTYPES[name]
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def _try_display(self, display: int) -> bool:
        """Make a context on an initialised display and make it current."""
        self._display = display
        config, count = c_void_p(), c_int()
        wish = _attributes(_SURFACE_TYPE, _PBUFFER_BIT, _RENDERABLE_TYPE, _OPENGL_BIT, _RED, 8, _GREEN, 8, _BLUE, 8)
        if not self._egl.eglBindAPI(_OPENGL_API):
            return False
        if not self._egl.eglChooseConfig(display, wish, byref(config), 1, byref(count)) or not count.value:
            return False
        self._context = self._egl.eglCreateContext(display, config, None, None) or None
        if self._context is None:
            return False
        if self._egl.eglMakeCurrent(display, None, None, self._context):
            return True  # drawing goes to framebuffers of our own: no surface is needed
        size = _attributes(_WIDTH, 1, _HEIGHT, 1)
        self._surface = self._egl.eglCreatePbufferSurface(display, config, size) or None
        if self._surface and self._egl.eglMakeCurrent(display, self._surface, self._surface, self._context):
            return True
        self._free()
        return False

    def _free(self) -> None:
        if self._surface:
            self._egl.eglDestroySurface(self._display, self._surface)
        if self._context:
            self._egl.eglDestroyContext(self._display, self._context)
        self._surface = self._context = None


def _attributes(*values: int) -> Any:
    return (c_int * (len(values) + 1))(*values, _NONE)
