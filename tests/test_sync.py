"""Synchronous is the same road with a wait at its end, and a wait that could not end is refused, never a deadlock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from psygnal import EmitLoopError

from lamella import SlicingError
from lamella.render import make_renderer
from lamella.sources.base import Failed, FailureKind
from lamella.sources.multiscale import Multiscale
from lamella.testing import FaultySource, GatedSource
from lamella.viewer_model import ViewerModel

WAIT = 60  # seconds, against hanging
BROKEN = Failed(FailureKind.CORRUPT, "does not decode")


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def planes(n: int = 6) -> np.ndarray:
    """Plane z is z + 1 everywhere."""
    return np.broadcast_to(np.arange(1, n + 1, dtype="u1")[:, None, None], (n, 32, 32)).copy()


def gated() -> GatedSource:
    return GatedSource(planes(), (1, 16, 16))


def add(viewer: ViewerModel, source: object, **kwargs: object) -> object:
    return viewer.add_image(Multiscale((source,)), contrast_limits=(0, 255), **kwargs)


# ---- what it promises ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renderer", ["null", "reference", "auto"])
def test_the_block_is_left_when_all_is_sliced_and_drawn(viewer: ViewerModel, renderer: str) -> None:
    viewer.use_renderer(lambda on_frame: make_renderer(renderer, on_frame))
    source = gated()
    source.open()
    layer = add(viewer, source)
    for step in (0, 5, 2):
        with viewer.sync_slicing(WAIT):
            viewer.dims.set_current_step(0, step)
        assert viewer.loaded
        assert (viewer.slices[layer].as_array() == step + 1).all()
        assert viewer.views[0].pick(400, 300)[0][1] == step + 1
        if renderer != "null":
            assert viewer.screenshot(wait=False)[300, 400, 0] == step + 1


def test_layers_that_are_added_and_looks_that_are_set_inside_are_in_the_picture(viewer: ViewerModel) -> None:
    with viewer.sync_slicing(WAIT):
        layer = viewer.add_image(np.full((3, 32, 32), 100, "u2"), contrast_limits=(0, 255))
        layer.contrast_limits = (0, 200)
    viewer.screenshot(timeout=WAIT)
    with viewer.sync_slicing(WAIT):
        layer.contrast_limits = (0, 100)
    assert viewer.screenshot(wait=False)[300, 400, 0] == 255


def test_every_view_is_waited_for(viewer: ViewerModel) -> None:
    layer = viewer.add_image(planes())
    other = viewer.add_view()
    with viewer.sync_slicing(WAIT):
        other.dims.set_current_step(0, 5)
        viewer.dims.set_current_step(0, 1)
    assert (other.slices[layer].as_array() == 6).all()
    assert (viewer.slices[layer].as_array() == 2).all()


def test_blocks_may_be_nested_and_each_waits_at_its_end(viewer: ViewerModel) -> None:
    layer = viewer.add_image(planes())
    with viewer.sync_slicing(WAIT):
        viewer.dims.set_current_step(0, 0)
        with viewer.sync_slicing(WAIT):
            viewer.dims.set_current_step(0, 4)
        assert (viewer.slices[layer].as_array() == 5).all()
        viewer.dims.set_current_step(0, 1)
    assert (viewer.slices[layer].as_array() == 2).all()


def test_an_error_inside_the_block_is_not_masked_by_a_wait(viewer: ViewerModel) -> None:
    add(viewer, gated())  # never answers
    with pytest.raises(ZeroDivisionError), viewer.sync_slicing(WAIT), viewer.sync_slicing(WAIT):
        viewer.dims.set_current_step(0, 5)
        raise ZeroDivisionError


def test_a_timeout_names_what_is_missing_and_leaves_the_viewer_usable(viewer: ViewerModel) -> None:
    source = gated()
    layer = add(viewer, source, name="embryo")
    with pytest.raises(TimeoutError, match=r"after 0\.05 s: layer 'embryo'"), viewer.sync_slicing(0.05):
        viewer.dims.set_current_step(0, 5)
    source.open()
    viewer.wait_until_loaded(WAIT)
    assert (viewer.slices[layer].as_array() == 6).all()


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), "1"])
def test_a_bad_timeout_fails_at_the_call(viewer: ViewerModel, timeout: object) -> None:
    viewer.add_image(planes())
    for call in (viewer.sync_slicing, viewer.wait_until_loaded):
        with pytest.raises(ValueError, match="timeout must be"):
            call(timeout)  # type: ignore[operator]
    with pytest.raises(ValueError, match="strict must be"):
        viewer.sync_slicing(1, strict="yes")  # type: ignore[arg-type]


def test_no_timeout_waits_as_long_as_it_takes(viewer: ViewerModel) -> None:
    source = gated()
    layer = add(viewer, source)
    opener = threading.Thread(target=lambda: source.wait_for(4) and source.open())
    opener.start()
    viewer.wait_until_loaded(None)
    opener.join(WAIT)
    assert viewer.slices[layer].complete


# ---- failures --------------------------------------------------------------------------------------------------------


def broken(times: int = 4) -> FaultySource:
    inner = gated()
    inner.open()
    return FaultySource(inner, [BROKEN] * times)


def test_failed_chunks_end_the_wait(viewer: ViewerModel) -> None:
    layer = add(viewer, broken())
    viewer.wait_until_loaded(WAIT)
    response = viewer.slices[layer]
    assert (response.complete, response.failed) == (True, 4)


def test_strict_names_how_many_chunks_of_which_layers_and_why(viewer: ViewerModel) -> None:
    one, two = broken(3), broken(1)
    add(viewer, one, name="one")
    add(viewer, two, name="two")
    viewer.add_image(planes(), name="fine")
    with pytest.raises(SlicingError) as caught, viewer.sync_slicing(WAIT, strict=True):
        pass
    assert str(caught.value) == (f"4 chunks of layers 'one', 'two' could not be read: {one.name}: does not decode")
    assert [(f.layer, f.source, f.message) for f in caught.value.failures] == [
        ("one", one.name, "does not decode"),
        ("two", two.name, "does not decode"),
    ]
    with pytest.raises(SlicingError):
        viewer.screenshot(timeout=WAIT, strict=True)
    assert viewer.screenshot(timeout=WAIT).shape == (600, 800, 4)


def test_strict_asks_only_for_what_is_shown_now(viewer: ViewerModel) -> None:
    """What failed at a position that was left, or in a layer that is hidden, does not count."""
    layer = add(viewer, broken(4))
    viewer.wait_until_loaded(WAIT)
    assert len(viewer.failures) == 4
    middle = viewer.dims.current_step[0]
    viewer.dims.set_current_step(0, 0)
    viewer.wait_until_loaded(WAIT, strict=True)
    viewer.dims.set_current_step(0, middle)
    with pytest.raises(SlicingError):
        viewer.wait_until_loaded(WAIT, strict=True)
    layer.visible = False  # type: ignore[attr-defined]
    viewer.wait_until_loaded(WAIT, strict=True)


def test_waiting_right_after_a_retry_waits_for_its_answer(viewer: ViewerModel) -> None:
    layer = add(viewer, broken(4))
    viewer.wait_until_loaded(WAIT)
    assert len(viewer.failures) == 4
    viewer.retry_failed()
    assert viewer.failures == ()
    viewer.wait_until_loaded(WAIT, strict=True)
    assert (viewer.slices[layer].as_array() == viewer.dims.current_step[0] + 1).all()
    assert viewer.failures == ()
    assert viewer.statistics().failed == 4


# ---- where it is refused ---------------------------------------------------------------------------------------------

WAITS: dict[str, Callable[[ViewerModel], object]] = {
    "wait_until_loaded": lambda viewer: viewer.wait_until_loaded(WAIT),
    "sync_slicing": lambda viewer: viewer.sync_slicing(WAIT).__enter__(),
    "screenshot": lambda viewer: viewer.screenshot(timeout=WAIT),
    "screenshot of what is there": lambda viewer: viewer.screenshot(wait=False, timeout=WAIT),
    "open": lambda viewer: viewer.open("nowhere.zarr"),
}
every_wait = pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)


@every_wait
def test_a_wait_on_another_thread_is_refused(viewer: ViewerModel, wait: Callable[[ViewerModel], object]) -> None:
    add(viewer, gated())  # never answers
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            wait(viewer)
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(WAIT)
    assert isinstance(caught[0], RuntimeError)
    assert "thread" in str(caught[0])
    assert viewer.opening == ()


def refusals(wait: Callable[[ViewerModel], object], viewer: ViewerModel) -> tuple[list[str], Callable[..., None]]:
    """A callback that waits, and what it was told."""
    told: list[str] = []

    def callback(*_: object) -> None:
        with pytest.raises(RuntimeError) as caught:
            wait(viewer)
        told.append(str(caught.value))

    return told, callback


@every_wait
@pytest.mark.parametrize("signal", ["slice_ready", "frame_ready"])
def test_a_wait_in_a_callback_of_what_is_shown_is_refused(
    viewer: ViewerModel, wait: Callable[[ViewerModel], object], signal: str
) -> None:
    told, callback = refusals(wait, viewer)
    getattr(viewer, signal).connect(callback)
    viewer.add_image(planes())
    viewer.wait_until_loaded(WAIT)
    assert told
    assert all("callback" in text for text in told)


@every_wait
def test_a_wait_in_a_callback_of_dims_is_refused(viewer: ViewerModel, wait: Callable[[ViewerModel], object]) -> None:
    """Whether the user moves the slider or a callback does: the view has not heard of the new position yet."""
    told, callback = refusals(wait, viewer)
    viewer.add_image(planes())
    viewer.wait_until_loaded(WAIT)
    viewer.dims.events.point.connect(callback)
    viewer.dims.set_current_step(0, 5)
    assert len(told) == 1
    viewer.slice_ready.connect(lambda *_: viewer.dims.set_current_step(0, 1))
    viewer.wait_until_loaded(WAIT)
    assert len(told) == 2
    assert all("callback" in text for text in told)


@every_wait
@pytest.mark.parametrize("signal", ["inserted", "removed"])
def test_a_wait_in_a_callback_of_the_layers_is_refused(
    viewer: ViewerModel, wait: Callable[[ViewerModel], object], signal: str
) -> None:
    told, callback = refusals(wait, viewer)
    getattr(viewer.layers.events, signal).connect(callback)
    viewer.layers.remove(viewer.add_image(planes()))
    assert len(told) == 1
    assert "callback" in told[0]


@every_wait
def test_a_wait_for_a_closed_viewer_is_refused(wait: Callable[[ViewerModel], object]) -> None:
    viewer = ViewerModel()
    viewer.add_image(planes())
    viewer.close()
    with pytest.raises(RuntimeError, match="closed"):
        wait(viewer)


def test_a_refused_block_is_not_entered(viewer: ViewerModel) -> None:
    entered = []

    def callback(*_: object) -> None:
        with viewer.sync_slicing(WAIT):
            entered.append(True)

    viewer.dims.events.ndisplay.connect(callback)
    with pytest.raises(EmitLoopError, match="callback"):
        viewer.dims.ndisplay = 3
    assert not entered


def test_a_callback_that_closes_the_viewer_ends_the_wait(viewer: ViewerModel) -> None:
    viewer.slice_ready.connect(lambda *_: viewer.close())
    add(viewer, gated())
    viewer.add_image(planes())
    with pytest.raises(RuntimeError, match="closed while"):
        viewer.wait_until_loaded(WAIT)


def test_a_callback_that_raises_ends_the_wait_with_its_error(viewer: ViewerModel) -> None:
    def fail(*_: object) -> None:
        raise KeyError("mine")

    viewer.slice_ready.connect(fail)
    layer = viewer.add_image(planes())
    with pytest.raises(EmitLoopError) as caught:
        viewer.wait_until_loaded(WAIT)
    assert isinstance(caught.value.__cause__, KeyError)
    viewer.slice_ready.disconnect(fail)
    viewer.wait_until_loaded(WAIT)
    assert viewer.slices[layer].complete


def test_a_viewer_made_on_another_thread_waits_there() -> None:
    shown: list[np.ndarray] = []

    def elsewhere() -> None:
        with ViewerModel() as viewer:
            layer = viewer.add_image(planes())
            with viewer.sync_slicing(WAIT):
                viewer.dims.set_current_step(0, 4)
            shown.append(viewer.slices[layer].as_array())

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(WAIT)
    assert (shown[0] == 5).all()
