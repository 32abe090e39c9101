"""The rows are the layers, top first, whatever happens to either side."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QDropEvent
from qtpy.QtTest import QAbstractItemModelTester, QTest
from qtpy.QtWidgets import QApplication

from lamella.model.layers.base import LayerStatus
from lamella.model.layers.image import Image
from lamella.model.view import View
from lamella.qt.layer_delegate import LayerDelegate, Parts, show_only
from lamella.qt.layer_list import LayerListView
from lamella.qt.layer_rows import layer_tip
from lamella.sources.multiscale import Multiscale
from lamella.sources.opaque import READER, OpaqueSource
from lamella.sources.portable import NotPortable
from tests.qt.fakes import FakeViewer


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def viewer() -> FakeViewer:
    return FakeViewer()


@pytest.fixture
def rows(viewer: FakeViewer, clock: Clock, qtbot: QtBot) -> LayerListView:
    view = LayerListView(viewer, clock=clock)
    qtbot.addWidget(view)
    view.resize(260, 300)
    view.show()
    view.tester = QAbstractItemModelTester(view.rows, QAbstractItemModelTester.FailureReportingMode.Fatal, view)
    return view


def names(rows: LayerListView) -> list[str]:
    return [rows.rows.index(row).data() for row in range(rows.rows.rowCount())]


def selected(rows: LayerListView) -> list[str]:
    return [layer.name for layer in rows.selected_layers()]


def test_the_top_layer_is_at_the_top(viewer: FakeViewer, rows: LayerListView) -> None:
    for name in "abc":
        viewer.add(name)
    assert names(rows) == ["c", "b", "a"]
    viewer.layers.move(0, 2)
    assert names(rows) == ["a", "c", "b"]
    del viewer.layers["c"]
    assert names(rows) == ["a", "b"]
    viewer.layers.clear()
    assert names(rows) == []


def test_layers_that_were_there_before_have_rows_too(viewer: FakeViewer, qtbot: QtBot) -> None:
    viewer.add("a")
    view = LayerListView(viewer)
    qtbot.addWidget(view)
    assert names(view) == ["a"]
    assert selected(view) == ["a"]


def test_selections_are_equal(viewer: FakeViewer, rows: LayerListView) -> None:
    a, b, c = (viewer.add(name) for name in "abc")
    assert selected(rows) == ["c"]  # a new layer becomes the active one
    viewer.layers.selection.active = a
    assert selected(rows) == ["a"]
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(rows.rows.index_of(b)).center())
    assert viewer.layers.selection.active is b
    QTest.mouseClick(
        rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier,
        rows.visualRect(rows.rows.index_of(c)).center(),
    )  # fmt: skip
    assert set(viewer.layers.selection) == {b, c}


def test_a_removed_layer_leaves_its_neighbour_selected(viewer: FakeViewer, rows: LayerListView) -> None:
    a, b, c = (viewer.add(name) for name in "abc")
    viewer.layers.selection.active = b
    viewer.layers.remove(b)
    assert viewer.layers.selection.active is a
    assert selected(rows) == ["a"]
    viewer.layers.selection.clear()
    assert selected(rows) == []
    viewer.layers.remove(c)
    assert list(viewer.layers.selection) == []
    assert selected(rows) == []


def test_a_click_on_the_eye_hides_the_layer_and_selects_nothing_else(viewer: FakeViewer, rows: LayerListView) -> None:
    a, b = viewer.add("a"), viewer.add("b")
    eye = LayerDelegate.eye_rect(rows.visualRect(rows.rows.index_of(a))).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert not a.visible and b.visible
    assert rows.rows.index_of(a).data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    assert a.visible


def test_one_layer_alone_and_all_again(viewer: FakeViewer) -> None:
    a, b, c = (viewer.add(name) for name in "abc")
    show_only(viewer.layers, b)
    assert [x.visible for x in (a, b, c)] == [False, True, False]
    show_only(viewer.layers, b)
    assert all(x.visible for x in (a, b, c))


def test_a_name_can_be_edited_and_stays_unique(viewer: FakeViewer, rows: LayerListView) -> None:
    viewer.add("a")
    b = viewer.add("b")
    rows.rows.setData(rows.rows.index_of(b), "a")
    assert b.name == "a [1]"
    assert names(rows) == ["a [1]", "a"]
    rows.rows.setData(rows.rows.index_of(b), "  ")
    assert b.name == "a [1]"
    b.name = "other"
    assert names(rows) == ["other", "a"]


def test_rows_can_be_dragged(viewer: FakeViewer, rows: LayerListView) -> None:
    for name in "abcd":
        viewer.add(name)
    model = rows.rows
    data = model.mimeData([model.index(0)])  # d
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, 3, 0, model.index(-1))
    assert names(rows) == ["c", "b", "d", "a"]
    assert [layer.name for layer in viewer.layers] == ["a", "d", "b", "c"]
    assert selected(rows) == ["d"]  # the selection moves with its layer
    model.dropMimeData(
        model.mimeData([model.index(1), model.index(3)]), Qt.DropAction.MoveAction, 0, 0, model.index(-1)
    )
    assert names(rows) == ["b", "a", "c", "d"]


def test_delete_removes_the_selected(viewer: FakeViewer, rows: LayerListView) -> None:
    a, b, c = (viewer.add(name) for name in "abc")
    viewer.layers.selection.replace([a, c])
    QTest.keyClick(rows, Qt.Key.Key_Delete)
    assert list(viewer.layers) == [b]
    assert names(rows) == ["b"]


def test_what_is_being_opened_has_a_row(viewer: FakeViewer, rows: LayerListView) -> None:
    viewer.add("a")
    viewer.say_opening("https://host/data/cells.zarr")
    assert names(rows) == ["cells.zarr …", "a"]
    assert rows.rows.index(0).data(Qt.ItemDataRole.ToolTipRole) == "Opening https://host/data/cells.zarr"
    assert not rows.rows.flags(rows.rows.index(0)) & Qt.ItemFlag.ItemIsSelectable
    viewer.add("cells")
    viewer.say_opening()
    assert names(rows) == ["cells", "a"]
    assert selected(rows) == ["cells"]


def test_a_layer_that_loads_for_long_says_so(viewer: FakeViewer, rows: LayerListView, clock: Clock) -> None:
    a = viewer.add("a")
    a.status = LayerStatus(loading=True, needed=64, have=20)
    assert not rows.rows.cue(a)
    clock.now = 0.2
    assert rows.rows.cue(a)
    assert rows._timer.isActive()
    assert "20 of 64" in layer_tip(a)
    rows.grab()
    a.status = LayerStatus(needed=64, have=64)
    assert not rows.rows.cue(a)
    assert not rows._timer.isActive()  # nothing turns: nothing is repainted


def test_nothing_turns_in_a_drag_that_keeps_up(viewer: FakeViewer, rows: LayerListView, clock: Clock) -> None:
    a = viewer.add("a")
    a.status = LayerStatus(loading=True, needed=1)
    for plane in range(10):
        clock.now += 0.1
        assert not rows.rows.cue(a)
        viewer.slice_ready.emit(viewer.views[0], a, SimpleNamespace(key=plane))
    clock.now += 0.2
    rows.rows.cues_due()
    assert rows.rows.turning
    viewer.slice_ready.emit(viewer.views[0], a, SimpleNamespace(key=9))
    assert rows.rows.turning, "more of the same plane: the rest is still loading"
    viewer.slice_ready.emit(View(), a, SimpleNamespace(key=10))
    assert rows.rows.turning, "another view"
    viewer.slice_ready.emit(viewer.views[0], a, SimpleNamespace(key=10))
    assert not rows.rows.turning


def test_a_layer_says_whether_it_is_read_in_a_process_of_its_own(viewer: FakeViewer, rows: LayerListView) -> None:
    class Array:
        shape, dtype = (4, 5), np.dtype("u1")

        def __getitem__(self, box: tuple[slice, ...]) -> np.ndarray:
            return np.zeros(self.shape, self.dtype)[box]

    def recipe() -> bytes:
        raise NotPortable("it belongs to the user's cluster")

    source = OpaqueSource(Array(), recipe=recipe)
    layer = Image(Multiscale((source,)), name="a")
    viewer.layers.append(layer)
    assert layer_tip(layer) == "a"
    source.read((slice(0, 1), slice(0, 1)), lambda outcome: None)
    assert layer_tip(layer) == "a\nread in a thread: it belongs to the user's cluster"
    source.isolation = READER
    assert layer_tip(layer) == "a\nread in a reader process"


def test_a_layer_with_failures_says_what_failed(viewer: FakeViewer, rows: LayerListView) -> None:
    a = viewer.add("a")
    a.status = LayerStatus(needed=64, have=52, failed=12, errors=("HTTP 500",))
    assert rows.rows.index_of(a).data(Qt.ItemDataRole.ToolTipRole).splitlines() == [
        "a",
        "12 of 64 chunks failed",
        "HTTP 500",
    ]
    rows.grab()


def test_a_closed_list_hears_nothing(viewer: FakeViewer, rows: LayerListView) -> None:
    a = viewer.add("a")
    rows.close_view()
    a.status = LayerStatus(loading=True)
    viewer.add("b")
    viewer.say_opening("x")
    assert not rows._timer.isActive()
    assert rows.rows.layers == []


def test_a_row_dropped_between_others_moves_its_layer(viewer: FakeViewer, rows: LayerListView) -> None:
    for name in "abc":
        viewer.add(name)
    mime = rows.rows.mimeData([rows.rows.index(0)])  # c
    below_b = rows.visualRect(rows.rows.index(1)).bottomLeft() + QPoint(60, 0)
    action, button, modifier = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(below_b), action, mime, button, modifier)
    rows.dropEvent(event)
    assert names(rows) == ["b", "c", "a"]
    assert len(viewer.layers) == 3
    assert event.isAccepted() and event.dropAction() == Qt.DropAction.IgnoreAction


def test_a_drag_over_fast_data_repaints_no_row(viewer: FakeViewer, rows: LayerListView) -> None:
    a = viewer.add("a")
    a.status = LayerStatus(needed=4, have=4)
    heard: list[object] = []
    rows.rows.dataChanged.connect(lambda *args: heard.append(args))
    for have in range(4):
        a.status = LayerStatus(loading=True, needed=4, have=have)
        a.status = LayerStatus(needed=4, have=4)
    assert heard == []
    a.visible = False
    assert len(heard) == 1


def test_a_drag_repaints_no_row_and_a_long_load_is_told_and_untold(
    viewer: FakeViewer, rows: LayerListView, clock: Clock
) -> None:
    a, b = viewer.add("a"), viewer.add("b")
    painted: list[object] = []
    rows.rows.dataChanged.connect(lambda first, last: painted.append(first.row()))
    rows.rows.sign_changed.connect(painted.append)
    for _ in range(25):
        a.status = LayerStatus(loading=True)
        a.status = LayerStatus()
    assert not painted
    b.status = LayerStatus(loading=True)
    clock.now += 1
    rows._spin()
    assert painted == [b]
    b.status = LayerStatus()
    assert painted == [b, b], "the sign that turned is taken away"


def test_rings_that_turn_repaint_nothing_else(viewer: FakeViewer, rows: LayerListView, clock: Clock) -> None:
    a = viewer.add("a")
    a.status = LayerStatus(loading=True, needed=4, have=1)
    clock.now += 1
    rows._spin()
    QApplication.processEvents()
    whole = rows.viewport().grab().toImage()
    assert rows._delegate._paints == Parts()
    rows._spin()
    QApplication.processEvents()
    assert rows._delegate._paints == Parts(thumbnails=False, rest=False, signs=True)
    ring = LayerDelegate.sign_rect(rows.visualRect(rows.rows.index_of(a)))
    a.status = LayerStatus(needed=4, have=4)
    clear = rows.viewport().grab().toImage()
    differ = [
        (x, y) for x in range(whole.width()) for y in range(whole.height()) if whole.pixel(x, y) != clear.pixel(x, y)
    ]
    assert differ and all(ring.contains(x, y) for x, y in differ)
