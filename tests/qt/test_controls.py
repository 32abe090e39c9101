"""The controls and the active layer always agree."""

from __future__ import annotations

import cmap
import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from lamella.model.layers.image import Image
from lamella.qt.controls import CONTROLS, ControlsPanel
from lamella.qt.controls.colormap import format_limit, same_colormap
from lamella.qt.controls.image import ImageControls
from lamella.render import VISUALS
from tests.qt.fakes import FakeViewer


@pytest.fixture
def layer() -> Image:
    return Image(np.zeros((40, 50), np.uint16), name="a")


@pytest.fixture
def controls(layer: Image, qtbot: QtBot) -> ImageControls:
    controls = ImageControls()
    qtbot.addWidget(controls)
    controls.set_layer(layer)
    controls.show()
    return controls


def test_every_layer_type_that_is_drawn_has_controls() -> None:
    assert CONTROLS.keys() == VISUALS.keys()


def test_limits_that_are_not_known_yet_say_so(layer: Image, controls: ImageControls) -> None:
    assert controls.contrast.slider.isHidden() and not controls.contrast.state.isHidden()
    layer.set_auto_limits((100, 3000))
    assert not controls.contrast.slider.isHidden() and controls.contrast.state.isHidden()
    assert controls.contrast.slider.value() == (100, 3000)
    assert (controls.contrast.low.text(), controls.contrast.high.text()) == ("100", "3000")
    assert controls.contrast.auto.isChecked()
    assert layer.auto_contrast  # filling the widgets is no wish of the user's


def test_moved_limits_are_the_users(layer: Image, controls: ImageControls) -> None:
    layer.set_auto_limits((100, 3000))
    controls.contrast.slider.setValue((500, 2000))
    assert layer.contrast_limits == (500, 2000)
    assert not layer.auto_contrast
    assert not controls.contrast.auto.isChecked()
    controls.contrast.auto.click()
    assert layer.contrast_limits == (100, 3000)
    assert layer.auto_contrast
    controls.contrast.auto.click()
    assert layer.contrast_limits == (100, 3000) and not layer.auto_contrast


def test_limits_can_be_typed_beyond_the_range(layer: Image, controls: ImageControls) -> None:
    layer.set_auto_limits((100, 3000))
    controls.contrast.high.selectAll()
    QTest.keyClicks(controls.contrast.high, "9000")
    QTest.keyClick(controls.contrast.high, Qt.Key.Key_Return)
    assert layer.contrast_limits == (100, 9000)
    assert controls.contrast.slider.maximum() == 9000
    controls.contrast.high.selectAll()
    QTest.keyClicks(controls.contrast.high, "50")  # below the lower limit: refused
    QTest.keyClick(controls.contrast.high, Qt.Key.Key_Return)
    assert layer.contrast_limits == (100, 9000)
    assert controls.contrast.high.text() == "9000"


@pytest.mark.parametrize("limits", [(0.0, 1e-12), (-1e30, 1e30), (5.0, 5.000001), (-3.0, 65535.0)])
def test_limits_of_any_size_stay_what_they_are(
    layer: Image, controls: ImageControls, limits: tuple[float, float]
) -> None:
    layer.contrast_limits = limits
    assert layer.contrast_limits == limits
    assert controls.contrast.slider.value() == pytest.approx(limits)


def test_the_look_follows_the_widgets(layer: Image, controls: ImageControls) -> None:
    controls.opacity.setValue(0.25)
    controls.gamma.setValue(2.0)
    controls.blending.setCurrentText("additive")
    controls.interpolation.setCurrentText("linear")
    assert (layer.opacity, layer.gamma, layer.blending, layer.interpolation) == (0.25, 2.0, "additive", "linear")


def test_the_widgets_follow_the_look(layer: Image, controls: ImageControls) -> None:
    heard: list[object] = []
    layer.opacity, layer.blending = 0.5, "minimum"
    layer.events.look.connect(heard.append)
    layer.gamma = 40.0  # beyond what the slider offers: kept
    assert layer.gamma == 40.0
    assert controls.gamma.value() == pytest.approx(40)
    assert controls.opacity.value() == pytest.approx(0.5)
    assert controls.blending.currentText() == "minimum"
    assert len(heard) == 1


def test_a_colormap_can_be_chosen(layer: Image, controls: ImageControls) -> None:
    index = controls.colormap.findText("magma")
    controls.colormap.setCurrentIndex(index)
    assert same_colormap(layer.colormap, cmap.Colormap("magma"))


def test_any_colormap_can_be_shown(controls: ImageControls, qtbot: QtBot) -> None:
    green, red = (Image(np.zeros((4, 4), np.uint8), colormap=["black", c]) for c in ("lime", "red"))
    for layer in (green, red, green):
        controls.set_layer(layer)
        assert same_colormap(controls.colormap.currentColormap(), layer.colormap)
    assert same_colormap(green.colormap, cmap.Colormap(["black", "lime"]))
    assert same_colormap(red.colormap, cmap.Colormap(["black", "red"]))


def test_colours_have_no_colormap(controls: ImageControls) -> None:
    controls.set_layer(Image(np.zeros((40, 50, 3), np.uint8)))
    assert controls.colormap.isHidden() and controls.contrast.isHidden()
    assert not controls.opacity.isHidden()


def test_controls_change_the_layer_that_they_show_and_no_other(layer: Image, controls: ImageControls) -> None:
    other = Image(np.zeros((40, 50), np.uint8), opacity=0.3, gamma=1.5, colormap="gray")
    controls.set_layer(other)
    assert (other.opacity, other.gamma) == (0.3, 1.5)
    assert layer.opacity == 1
    controls.opacity.setValue(0.6)
    assert (layer.opacity, other.opacity) == (1, 0.6)
    layer.opacity = 0.1
    assert controls.opacity.value() == pytest.approx(0.6)
    controls.set_layer(None)
    assert not controls.isEnabled()


def test_the_panel_shows_the_active_layer(qtbot: QtBot) -> None:
    viewer = FakeViewer()
    panel = ControlsPanel(viewer.layers)
    qtbot.addWidget(panel)
    assert panel.controls is None
    a, b = viewer.add("a"), viewer.add("b")
    assert panel.controls.layer is b
    viewer.layers.selection.active = a
    assert panel.controls.layer is a
    viewer.layers.selection.replace([a, b])
    assert panel.controls is None
    viewer.layers.clear()
    assert panel.controls is None


@pytest.mark.parametrize(
    ("value", "span", "text"),
    [
        (30000.4, 65535, "30000"),
        (0.25, 1, "0.25"),
        (3.14159, 10, "3.1"),
        (1.5e-9, 1e-8, "1.5e-09"),
        (2e12, 5e12, "2e+12"),
    ],
)
def test_limits_are_written_with_the_digits_that_matter(value: float, span: float, text: str) -> None:
    assert format_limit(value, span) == text
