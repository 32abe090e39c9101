"""A viewer with a window."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from os import PathLike
from typing import Any

import pydantic.fields  # noqa: F401  # before Qt: PySide6's import hook breaks a later import of it

from lamella.model.layers.image import Image
from lamella.qt import application, ipython
from lamella.qt.main_window import MainWindow
from lamella.qt.preload import Preload
from lamella.qt.text import source_name
from lamella.qt.wake import Wake
from lamella.viewer_model import ViewerModel

__all__ = ["Viewer", "view"]


class Viewer(ViewerModel):
    """Layers and views of them, in a window. Owned by the main thread.

    Parameters
    ----------
    title : str
    ndisplay : int
        2 or 3 displayed axes. Drawing is 2-D for now.
    show : bool
        Show the window at once. A hidden one slices and draws as well.

    Raises
    ------
    RuntimeError
        Called on another thread than the main one.

    Attributes
    ----------
    window : MainWindow
    """

    def __init__(self, *, title: str = "lamella", ndisplay: int = 2, show: bool = True) -> None:
        application.get_app()
        super().__init__(title=title, ndisplay=ndisplay)
        self._wake = Wake(self.drain)
        self.window = MainWindow(self)
        self._preload = Preload(self, self.window)
        application.register(self)
        self.set_wake(self._wake)
        self._surface: Any = None
        self._start_drawing()
        if show:
            self.show()

    def show(self) -> None:
        """Show the window, in front of the others. In IPython and Jupyter also start Qt's event loop."""
        if self._closed:
            raise RuntimeError("the viewer is closed: make another one")
        first = not self.window.isVisible()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if first:
            if not self.layers:
                self._pictures.rehearse()  # while data are opened or the user looks for them
            self._preload.start()
            hint = ipython.prepare_host(ipython.current_shell(), ipython.current_host())
            if hint is not None:
                print(hint, file=sys.stderr)

    def drain(self) -> None:
        """Take what the other threads have left, and come back for what is to be told later."""
        super().drain()
        if not self._closed and (due := self.drain_due) is not None:
            self._wake.later(due)

    def _start_drawing(self) -> None:
        if sys.platform not in ("darwin", "win32"):
            self._ensure_pictures()
            return
        from lamella.render import make_renderer
        from lamella.render.gl.qt_context import QtProvider

        self._surface = QtProvider()
        self.use_renderer(partial(make_renderer, "auto", provider=self._surface))

    def close(self) -> None:
        """Close the window and end every thread of this viewer. May be called twice."""
        if self._closed:
            return
        application.forget(self)
        self.set_wake(None)
        self._wake.close()
        self._preload.close()
        self.window.let_go()
        super().close()
        self._surface = None  # after the render thread has ended, and on the main thread
        self.window.close()
        self.window.deleteLater()
        self._wake.deleteLater()


def view(data: Any, *, title: str | None = None, ndisplay: int = 2, show: bool = True, **kwargs: Any) -> Viewer:
    """Show an array, a path or a URL in a new window.

    Parameters
    ----------
    data : array, sequence of arrays, str or path
        A path or URL is opened (this waits up to 10 s for its metadata, never for its data).
    title : str, optional
    ndisplay : int
    show : bool
    **kwargs
        Arguments of `Image`; for a path or URL, attributes that every layer of it gets.

    Returns
    -------
    Viewer

    Raises
    ------
    lamella.io.OpenError
        The path or URL cannot be opened: one sentence says why.
    TypeError, ValueError
        Data or an argument that an image cannot have. No window is left.
    """
    is_path = isinstance(data, (str, PathLike))
    if is_path:
        _check_attributes(kwargs)
    viewer = Viewer(title=title or (source_name(str(data)) if is_path else "lamella"), ndisplay=ndisplay, show=show)
    try:
        if is_path:
            for layer in viewer.open(data):
                for name, value in kwargs.items():
                    setattr(layer, name, value)
        else:
            viewer.add_image(data, **kwargs)
    except BaseException:
        viewer.close()
        raise
    return viewer


def _check_attributes(kwargs: dict[str, Any]) -> None:
    """Names that can be set on the layers of an opened file."""
    allowed = set(inspect.signature(Image.__init__).parameters) - {"self", "data", "rgb", "multiscale"}
    for name in kwargs:
        if name not in allowed:
            raise TypeError(f"view() of a path or URL has no argument {name!r}; there are {', '.join(sorted(allowed))}")
