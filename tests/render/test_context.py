"""Contexts: made without a display, hardware first; nothing of GL is imported before it is asked for."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading

import pytest

from lamella.render.gl.context import ContextError, default_provider
from lamella.render.gl.egl import _PLATFORM_DEVICE, _PLATFORM_SURFACELESS, EGLProvider

linux = pytest.mark.skipif(sys.platform != "linux", reason="EGL is for Linux")


def egl() -> EGLProvider:
    try:
        return EGLProvider()
    except ContextError as error:
        pytest.skip(str(error))


def test_importing_the_renderers_imports_no_gl():
    code = (
        "import sys, lamella.render, lamella.render.thread, lamella.render.reference, lamella.render.null\n"
        "print([m for m in ('vispy', 'OpenGL', 'qtpy', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


@linux
def test_a_picture_is_drawn_without_a_display():
    egl()
    code = (
        "from lamella.render import make_renderer\n"
        "renderer = make_renderer('gl', lambda frame: None)\n"
        "print(bool(renderer.name))\n"
        "renderer.close()"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "EGL_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, env=environment
    )
    assert done.stdout.strip() == "True"


@linux
def test_hardware_is_tried_first_and_software_last(monkeypatch):
    provider = egl()
    opened: list[tuple[int, int | None]] = []

    class FakeEGL:
        def eglQueryString(self, display, name):
            return b"EGL_EXT_platform_device EGL_MESA_platform_surfaceless"

        def eglGetDisplay(self, native):
            opened.append((0, native))

    monkeypatch.setattr(provider, "_egl", FakeEGL())
    monkeypatch.setattr(provider, "_extension", lambda name: True)
    monkeypatch.setattr(provider, "_devices", lambda: [1, 2, 3])
    monkeypatch.setattr(provider, "_is_software", lambda device: device == 1)
    monkeypatch.setattr(provider, "_platform_display", lambda *display: opened.append(display))
    with pytest.raises(ContextError, match="none of 5 EGL displays"):
        provider.make_current()
    assert opened == [
        (_PLATFORM_DEVICE, 2),
        (_PLATFORM_DEVICE, 3),
        (_PLATFORM_SURFACELESS, None),
        (_PLATFORM_DEVICE, 1),
        (0, None),
    ]


@linux
def test_contexts_of_several_threads_live_side_by_side():
    first = egl()
    made: list[bool] = []

    def live() -> None:
        provider = EGLProvider()
        provider.make_current()
        made.append(True)
        provider.release()
        provider.release()  # twice is no harm

    first.make_current()
    threads = [threading.Thread(target=live) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first.release()
    assert made == [True] * 3


@linux
def test_a_missing_library_is_named(monkeypatch):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(ContextError, match=r"libEGL\.so\.1 is not installed"):
        default_provider()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_the_window_must_provide_the_context(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ContextError, match="the window must provide"):
        default_provider()


@pytest.mark.parametrize(("version", "enough"), [
    ("4.5 (Compatibility Profile) Mesa 22.3.6", True), ("3.3.0 NVIDIA 550.54", True), ("4.10.1", True),
    ("3.2.1", False), ("2.1 Metal - 88", False), ("", False), ("OpenGL ES 3.2 Mesa", False),
])  # fmt: skip
def test_a_context_that_cannot_draw_all_layer_types_is_refused(version, enough):
    from lamella.render.gl.renderer import is_enough

    assert is_enough(version) is enough


def test_a_library_without_instanced_drawing_is_refused_in_one_sentence(monkeypatch):
    from lamella.render.gl import instancing

    def missing(*function):
        raise RuntimeError("not there")

    monkeypatch.delattr(instancing.gl, "glVertexAttribDivisor", raising=False)
    monkeypatch.setattr(instancing.gl.gl2, "_get_gl_func", missing)
    with pytest.raises(ContextError, match=r"^OpenGL 3\.3 is needed"):
        instancing.enable_instancing()
