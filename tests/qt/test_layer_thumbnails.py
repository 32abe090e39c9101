"""Thumbnails in the layer list follow the slices of view 0 and the looks, a few times a second."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtGui import QColor, QImage
from qtpy.QtWidgets import QApplication

from lamella import Viewer
from lamella.model.view import View
from lamella.qt.layer_delegate import LayerDelegate, Parts
from lamella.qt.layer_list import LayerListView
from lamella.qt.layer_thumbnails import LayerThumbnails
from tests.qt.fakes import FakeViewer

SLICE = SimpleNamespace(key="a plane")


@pytest.fixture
def viewer() -> FakeViewer:
    return FakeViewer()


@pytest.fixture
def rows(viewer: FakeViewer, qtbot: QtBot) -> LayerListView:
    view = LayerListView(viewer)
    qtbot.addWidget(view)
    view.resize(260, 300)
    view.show()
    return view


def plain(*color: int) -> np.ndarray:
    return np.full((32, 32, 4), color, np.uint8)


def pass_the_time(thumbnails: LayerThumbnails) -> None:
    """The timer has run out."""
    thumbnails._timer.stop()
    thumbnails._ask()


def test_a_drag_asks_at_once_then_now_and_then_and_for_its_end(viewer: FakeViewer, rows: LayerListView):
    a = viewer.add("a")
    for _ in range(25):
        viewer.slice_ready.emit(viewer.views[0], a, SLICE)
    assert viewer.wanted_thumbnails == [{a}]
    pass_the_time(rows.rows.thumbnails)
    assert viewer.wanted_thumbnails == [{a}, {a}], "the last slice is asked for whenever the drag has ended"
    pass_the_time(rows.rows.thumbnails)
    assert len(viewer.wanted_thumbnails) == 2
    assert not rows.rows.thumbnails._timer.isActive(), "nothing runs while nothing changes"


def test_layers_that_change_together_are_asked_for_together(viewer: FakeViewer, rows: LayerListView):
    a, b, c = (viewer.add(name) for name in "abc")
    for layer in (a, b, c, b):
        viewer.slice_ready.emit(viewer.views[0], layer, SLICE)
    pass_the_time(rows.rows.thumbnails)
    assert viewer.wanted_thumbnails == [{a}, {b, c}]


def test_another_look_is_another_thumbnail_and_another_view_is_not(viewer: FakeViewer, rows: LayerListView):
    a = viewer.add("a")
    viewer.slice_ready.emit(View(), a, SLICE)
    assert not viewer.wanted_thumbnails
    a.colormap = "viridis"
    assert viewer.wanted_thumbnails == [{a}]


def test_a_row_shows_the_thumbnail_over_the_colour_of_the_canvas(viewer: FakeViewer, rows: LayerListView):
    a = viewer.add("a")
    place = LayerDelegate.thumbnail_rect(rows.visualRect(rows.rows.index_of(a))).center()

    def seen() -> QColor:
        image: QImage = rows.viewport().grab().toImage()
        ratio = image.devicePixelRatio()
        return image.pixelColor(int(place.x() * ratio), int(place.y() * ratio))

    theme = rows._delegate.theme
    assert seen() == QColor(theme.field), "a frame while there is none"
    viewer.thumbnail_ready.emit(a, plain(10, 200, 30, 255))
    assert seen() == QColor(10, 200, 30)
    viewer.thumbnail_ready.emit(a, plain(10, 200, 30, 0))
    assert seen() == QColor(theme.canvas)
    viewer.thumbnail_ready.emit(a, None)
    assert seen() == QColor(theme.field)


def test_a_new_thumbnail_repaints_its_place_and_an_equal_one_nothing(
    viewer: FakeViewer, rows: LayerListView, monkeypatch: pytest.MonkeyPatch
):
    a = viewer.add("a")
    QApplication.processEvents()
    heard: list[int] = []
    rows.rows.thumbnails.changed.connect(lambda: heard.append(len(heard)))
    viewer.thumbnail_ready.emit(a, plain(1, 2, 3, 255))
    viewer.thumbnail_ready.emit(a, plain(1, 2, 3, 255))
    assert heard == [0]
    viewer.thumbnail_ready.emit(a, plain(9, 2, 3, 255))
    assert heard == [0, 1]
    QApplication.processEvents()  # the timer that waits for the thumbnails of other layers,
    QApplication.processEvents()  # then the painting
    assert rows._delegate._paints == Parts(thumbnails=True, rest=False, signs=False)


def test_a_layer_that_is_gone_leaves_nothing(viewer: FakeViewer, rows: LayerListView):
    a = viewer.add("a")
    viewer.slice_ready.emit(viewer.views[0], a, SLICE)
    viewer.slice_ready.emit(viewer.views[0], a, SLICE)
    viewer.thumbnail_ready.emit(a, plain(1, 2, 3, 255))
    viewer.layers.remove(a)
    assert rows.rows.thumbnails.of(a) is None
    pass_the_time(rows.rows.thumbnails)
    assert viewer.wanted_thumbnails == [{a}]


def test_a_closed_list_asks_for_nothing(viewer: FakeViewer, rows: LayerListView):
    a = viewer.add("a")
    rows.close_view()
    viewer.slice_ready.emit(viewer.views[0], a, SLICE)
    viewer.thumbnail_ready.emit(a, plain(1, 2, 3, 255))
    assert not viewer.wanted_thumbnails
    assert rows.rows.thumbnails.of(a) is None


def test_the_end_of_a_drag_is_seen_in_the_list_of_a_window(qtbot: QtBot):
    with Viewer(show=False) as viewer:
        planes = np.repeat(np.array([50, 100, 150, 200], np.uint8), 64).reshape(4, 8, 8)
        layer = viewer.add_image(planes, contrast_limits=(0, 255))
        thumbnails = viewer.window.layer_list.rows.thumbnails

        def seen() -> int:
            image = thumbnails.of(layer)
            return -1 if image is None else image.pixelColor(16, 16).red()

        for plane in (0, 1, 2, 3):
            viewer.dims.set_point(0, plane)
        qtbot.waitUntil(lambda: seen() == 200)
        layer.contrast_limits = (0, 200)
        qtbot.waitUntil(lambda: seen() == 255)
        layer.visible = False
        viewer.wait_until_loaded()
        assert seen() == 255, "hidden layers keep theirs"
