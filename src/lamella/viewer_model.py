"""The wiring: layers and views, the slicer, a renderer. No Qt, and no GL until a picture is asked for.

`ViewerModel` is what scripts, notebooks and headless programs use; the window is a `ViewerModel` with widgets on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lamella import picking
from lamella.failures import Failure, slicing_error
from lamella.model._validate import flag, number
from lamella.model.camera import Camera
from lamella.model.dims import Dims
from lamella.model.layers.base import Layer
from lamella.model.layers.image import Image
from lamella.model.layers.labels import Labels
from lamella.model.layers.points import Points
from lamella.model.layers.shapes import Shapes
from lamella.model.layers.surface import Surface
from lamella.model.layers.tracks import Tracks
from lamella.model.layers.vectors import Vectors
from lamella.model.playback import Playback
from lamella.model.view import View
from lamella.opening import Opening
from lamella.pictures import png, write_picture
from lamella.render.messages import Frame, Renderer
from lamella.slicing.futures import gather
from lamella.slicing.response import LayerSliceResponse
from lamella.slicing.statistics import ViewerStatistics
from lamella.viewer_base import ViewerBase


class ViewerModel(ViewerBase):
    """Layers and the views of them, sliced and drawn away from the main thread. Owned by the main thread.

    Parameters
    ----------
    title : str
    ndisplay : int
        2 or 3 displayed axes. Drawing is 2-D for now.

    Attributes
    ----------
    layers : LayerList
    views : tuple of View
        At least one.
    """

    def __init__(self, *, title: str = "lamella", ndisplay: int = 2) -> None:
        super().__init__(title)
        self.add_view(ndisplay=ndisplay)

    # State

    @property
    def dims(self) -> Dims:
        """Dims of the active view."""
        return self.views[0].dims

    @property
    def camera(self) -> Camera:
        """Camera of the active view."""
        return self.views[0].camera

    @property
    def slices(self) -> Mapping[Layer, LayerSliceResponse]:
        """The responses that view 0 shows now."""
        self._drain_if_here()
        return self.views[0].slices

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Chunks that could not be read, oldest first (the last 1,000).

        `retry_failed` empties it. Failures of a layer that is gone, that was refreshed as a whole, that has got other
        data or whose server has come back are left out.
        """
        self._drain_if_here()
        return self._failures.of(self.layers)

    @property
    def opening(self) -> tuple[str, ...]:
        """Names of what `open_async` is still opening."""
        return self._openings.names

    @property
    def loaded(self) -> bool:
        """Whether every view shows all that is asked for, completely."""
        self._drain_if_here()
        return not self._missing()

    def loaded_in(self, view: View) -> bool:
        """Whether the picture of ``view`` shows all that is asked for, completely."""
        return not self._progress.missing(view)

    @property
    def reads(self) -> int:
        """Chunk reads since the viewer was made."""
        return self._engine.reads_started

    def statistics(self) -> ViewerStatistics:
        """What the chunk cache holds now, and counters since the viewer was made. Any thread."""
        return ViewerStatistics(**asdict(self._engine.statistics()), failed=self._failures.total)

    @property
    def renderer_name(self) -> str:
        """What draws: ``"null"`` until a picture was asked for."""
        return self._pictures.renderer_name

    # Layers and views

    def add_view(self, ndisplay: int = 2) -> View:
        """One more view of the same layers, with dims and camera of its own."""
        view = self._wiring.add_view(ndisplay)
        view.picker = lambda x, y: picking.pick(self.layers, self._pictures.frame_of(view), x, y)
        return view

    def remove_view(self, view: View) -> None:
        """Take a view away; the last one stays.

        Raises
        ------
        ValueError
            It is the last one, or not one of this viewer's.
        """
        self._wiring.remove_view(view)
        self._player.stop(view)

    def add_layer(self, layer: Layer) -> Layer:
        """Put a layer on top."""
        self.layers.append(layer)
        return layer

    def add_image(self, data: Any, *, channel_axis: int | None = None, **kwargs: Any) -> Any:
        """Show an array, or a list of arrays from fine to coarse, as an image. Arguments as for `Image`.

        Parameters
        ----------
        data : array or sequence of arrays
        channel_axis : int, optional
            Make a layer of each entry of this axis; see `lamella.model.layers.channels.split_channels`.
        **kwargs
            Of `Image`.

        Returns
        -------
        Image or list of Image
        """
        if channel_axis is None:
            return self.add_layer(Image(data, **kwargs))
        from lamella.model.layers.channels import split_channels

        layers = [Image(channel, **own) for channel, own in split_channels(data, channel_axis, **kwargs)]
        return [self.add_layer(layer) for layer in layers]

    def add_labels(self, data: Any, **kwargs: Any) -> Labels:
        """Show an array of ids, or a list of them from fine to coarse, as labels. Arguments as for `Labels`."""
        layer = Labels(data, **kwargs)
        self.add_layer(layer)
        return layer

    def add_points(self, data: Any = None, **kwargs: Any) -> Points:
        """Show points: (n, ndim) coordinates, or none yet. Arguments as for `Points`."""
        layer = Points(data, **kwargs)
        self.add_layer(layer)
        return layer

    def add_vectors(self, data: Any = None, **kwargs: Any) -> Vectors:
        """Show vectors: (n, 2, ndim) starts and directions, or an image of directions. Arguments as for `Vectors`."""
        layer = Vectors(data, **kwargs)
        self.add_layer(layer)
        return layer

    def add_shapes(self, data: Any = None, **kwargs: Any) -> Shapes:
        """Show shapes: a list of arrays of vertices, or of tuples of these and a type. Arguments as for `Shapes`."""
        layer = Shapes(data, **kwargs)
        self.add_layer(layer)
        return layer

    def add_surface(self, data: Any, **kwargs: Any) -> Surface:
        """Show a surface: (vertices, faces) or (vertices, faces, values). Arguments as for `Surface`."""
        layer = Surface(data, **kwargs)
        self.add_layer(layer)
        return layer

    def add_tracks(self, data: Any = None, **kwargs: Any) -> Tracks:
        """Show tracks: one row a vertex, its track id, time and other coordinates. Arguments as for `Tracks`."""
        layer = Tracks(data, **kwargs)
        self.add_layer(layer)
        return layer

    def reset_view(self) -> None:
        """Fit the camera of every view to the layers."""
        self._wiring.fit()

    # Playing

    def play(
        self,
        axis: int | None = None,
        rate: float = 10.0,
        *,
        loop: str = "loop",
        steps: tuple[int, int] | None = None,
        view: View | None = None,
    ) -> None:
        """Play an axis: each frame is asked for at its time, and dropped if its time is over.

        In a window it runs by itself; otherwise call `tick`. It stops when the axis is moved by hand. A view that plays
        the axis already goes on in the new way, without a jump.

        Parameters
        ----------
        axis : int, optional
            The one that was used last, if not given.
        rate : float
            Frames a second, from 0.01 to 1000; negative plays backwards.
        loop : {"loop", "once", "back and forth"}
        steps : (int, int), optional
            First and last step; all, if not given.
        view : View, optional
            View 0, if not given.

        Raises
        ------
        ValueError
            Nothing has changed then.
        RuntimeError
            The viewer is closed.
        """
        if self._closed:
            raise RuntimeError("the viewer is closed")
        self._player.play(view or self.views[0], axis, rate, loop, steps)

    def stop(self, view: View | None = None) -> None:
        """Stop playing, where it is."""
        self._player.stop(view or self.views[0])

    @property
    def playing(self) -> bool:
        """Whether any view plays."""
        return self._player.playing

    def playback(self, view: View | None = None) -> Playback | None:
        """What the view plays; None if it does not."""
        return self._player.of(view or self.views[0])

    def playback_rate(self, view: View | None = None) -> tuple[float, float | None] | None:
        """Frames a second that are asked for and that really come on screen, of the slowest layer that has the axis.

        Returns
        -------
        (float, float or None) or None
            The second is None as long as it is too early to say. None if the view does not play.
        """
        return self._player.rates(view or self.views[0])

    def tick(self) -> float | None:
        """Take what the other threads have left and ask for the frame that is due. Windows do this by themselves.

        Returns
        -------
        float or None
            Seconds until it has something to do again; None if nothing plays.
        """
        self._drain_if_here()
        self._player.tick()
        return self._player.due_in

    # Opening

    def open(self, path: str | Path, *, timeout: float = 10.0) -> list[Layer]:
        """Open a file, folder or URL and add its layers; waits until it is open.

        Raises
        ------
        lamella.io.OpenError
            One sentence says what is wrong.
        TimeoutError
        RuntimeError
            As for `wait_until_loaded`.
        """
        self._waiting.check()
        opening = self.open_async(path, timeout=timeout)
        self._waiting.until(lambda: [f"opening {opening.name}"] if opening in self._openings else [], timeout + 1)
        if opening.error is not None:
            raise opening.error
        return list(opening.layers)

    def open_async(self, path: str | Path, *, timeout: float = 10.0) -> Opening:
        """Open a file, folder or URL in the background; its layers are added when they are known."""
        opening = self._openings.start(str(path), timeout)
        self.events.opening.emit(self.opening)
        return opening

    # Slices and pictures

    def wait_until_loaded(self, timeout: float | None = 30.0, *, strict: bool = False) -> None:
        """Wait until every view shows all that is asked for, completely; chunks that failed count as there.

        It takes what lamella's threads have left, and emits the events of that, but runs no event loop. Ctrl-C ends it.

        Parameters
        ----------
        timeout : float or None
            Seconds; None waits as long as it takes.
        strict : bool
            Raise if chunks of what is shown then could not be read.

        Raises
        ------
        TimeoutError
            Names what is missing.
        lamella.SlicingError
            Chunks could not be read, and ``strict`` is True.
        RuntimeError
            Called on another thread than the viewer's, inside a callback of lamella, or after `close`.
        """
        flag("strict", strict)
        self._waiting.until(self._missing, timeout)
        if strict and (failed := self._progress.failed(self.views)):
            raise slicing_error(failed)

    def sync_slicing(self, timeout: float | None = 30.0, *, strict: bool = False) -> AbstractContextManager[None]:
        """A ``with`` block that is left only when all that was asked for inside is sliced and drawn.

        The same as `wait_until_loaded` at the end of the block, refused already at its beginning where that would be.
        If the block raises, nothing is waited for. Blocks may be nested: each waits at its own end.

        Parameters
        ----------
        timeout, strict
            As for `wait_until_loaded`.

        Raises
        ------
        TimeoutError, lamella.SlicingError, RuntimeError
            As for `wait_until_loaded`.
        """
        flag("strict", strict)
        if timeout is not None:
            number("timeout", timeout, 0)
        return self._sync_slicing(timeout, strict)

    @contextmanager
    def _sync_slicing(self, timeout: float | None, strict: bool) -> Iterator[None]:
        self._waiting.check()
        yield
        self.wait_until_loaded(timeout, strict=strict)

    def slice_layers_async(
        self, layers: Iterable[Layer] | None = None, view: View | None = None
    ) -> Future[dict[Layer, LayerSliceResponse]]:
        """Slice layers for what a view asks for now. The future completes when they are sliced, not when shown."""
        wanted = list(self.layers if layers is None else layers)
        parts = self._slicer.slice_layers_async(wanted, view or self.views[0])
        return gather(parts)

    def screenshot(
        self,
        path: str | Path | None = None,
        *,
        wait: bool = True,
        timeout: float | None = 30.0,
        strict: bool = False,
    ) -> npt.NDArray[np.uint8]:
        """The picture of view 0.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it; the extension says the format (.png, .jpg, .tif).
        wait : bool
            Wait until everything that is asked for is in the picture. False: what is there.
        timeout, strict
            As for `wait_until_loaded`; the wait for the first picture, without ``wait``, is never strict.

        Returns
        -------
        (height, width, 4) uint8 array
            RGBA, device pixels.

        Raises
        ------
        TimeoutError, lamella.SlicingError, RuntimeError
            As for `wait_until_loaded`.
        """
        self._waiting.check()
        self._ensure_pictures()
        view = self.views[0]
        if wait:
            self.wait_until_loaded(timeout, strict=strict)
        else:
            self._waiting.until(lambda: [] if self._pictures.rgba(view) is not None else ["the first picture"], timeout)
        rgba = self._pictures.rgba(view)
        assert rgba is not None
        if path is not None:
            write_picture(rgba, path)
        return rgba

    def _repr_png_(self) -> bytes:
        """The picture, for notebooks."""
        return png(self.screenshot())

    def use_renderer(self, make: Callable[[Callable[[Frame], None]], Renderer]) -> None:
        """Draw with another renderer from now on; what is shown is handed over."""
        self._pictures.use(make)
        self._hand_over()

    def _ensure_pictures(self) -> None:
        if self._pictures.need_pixels():
            self._hand_over()

    def _hand_over(self) -> None:
        self._wiring.post()
        self._engine.redeliver()

    def retry_failed(self) -> None:
        """Read again what failed, and forget what `failures` says of it."""
        self._drain_if_here()  # failures that came before this are answered by it
        self._failures.clear()
        self._engine.retry_failed()
        self._slicer.request_again()  # under a new generation, or a wait would end with the old answer
        self._update_statuses()

    def value_at(self, view: View, x: float, y: float) -> str:
        """One line on what the shown picture has at a canvas position: coordinates, then each layer's value."""
        return picking.describe(self.layers, self._pictures.frame_of(view), x, y)


def _with_channel_axis() -> inspect.Signature:
    """The signature of `Image` with ``channel_axis``, for help and completion."""
    signature = inspect.signature(Image.__init__)
    added = inspect.Parameter("channel_axis", inspect.Parameter.KEYWORD_ONLY, default=None, annotation="int | None")
    return signature.replace(parameters=[*signature.parameters.values(), added])


ViewerModel.add_image.__signature__ = _with_channel_axis()  # type: ignore[attr-defined]
ViewerModel.add_labels.__signature__ = inspect.signature(Labels.__init__)  # type: ignore[attr-defined]
ViewerModel.add_points.__signature__ = inspect.signature(Points.__init__)  # type: ignore[attr-defined]
ViewerModel.add_vectors.__signature__ = inspect.signature(Vectors.__init__)  # type: ignore[attr-defined]
ViewerModel.add_shapes.__signature__ = inspect.signature(Shapes.__init__)  # type: ignore[attr-defined]
ViewerModel.add_surface.__signature__ = inspect.signature(Surface.__init__)  # type: ignore[attr-defined]
ViewerModel.add_tracks.__signature__ = inspect.signature(Tracks.__init__)  # type: ignore[attr-defined]
