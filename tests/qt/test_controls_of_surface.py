"""Controls and a surface follow each other."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from lamella import ViewerModel
from lamella.model.layers.surface import Surface
from lamella.qt.controls.surface import SurfaceControls

MESH = (np.array([[0, 0], [0, 9], [9, 9]], float), np.array([[0, 1, 2]]))


@pytest.fixture
def controls(qtbot: QtBot) -> SurfaceControls:
    controls = SurfaceControls()
    qtbot.addWidget(controls)
    return controls


def test_a_surface_follows_its_controls(controls: SurfaceControls) -> None:
    layer = Surface(MESH, wireframe={"visible": False, "color": "red", "width": 3})
    controls.set_layer(layer)
    controls.opacity.setValue(0.5)
    controls.colormap.setCurrentColormap("magma")
    controls.gamma.setValue(2)
    controls.shading.setCurrentText("flat")
    controls.wireframe.setChecked(True)
    controls.projection_mode.setCurrentText("none")
    assert (layer.opacity, layer.gamma, layer.shading, layer.projection_mode) == (0.5, 2, "flat", "none")
    assert layer.colormap.name.endswith("magma")
    assert (layer.wireframe.visible, layer.wireframe.color, layer.wireframe.width) == (True, (255, 0, 0, 255), 3)


def test_controls_follow_their_surface(controls: SurfaceControls) -> None:
    layer = Surface(MESH)
    controls.set_layer(layer)
    layer.shading, layer.wireframe, layer.gamma = "smooth", True, 0.5
    assert controls.shading.currentText() == "smooth"
    assert controls.wireframe.isChecked()
    assert controls.gamma.value() == 0.5
    controls.set_layer(None)
    layer.gamma = 1.0
    assert controls.gamma.value() == 0.5


def test_colours_of_vertices_have_no_colormap(controls: SurfaceControls) -> None:
    controls.set_layer(Surface(MESH, vertex_colors=np.ones((3, 3))))
    assert not controls.form.isRowVisible(controls.colormap)
    controls.set_layer(Surface(MESH))
    assert controls.form.isRowVisible(controls.colormap)


def test_limits_of_a_surface_are_those_of_its_values_until_they_are_set(controls: SurfaceControls) -> None:
    values = np.array([2.0, 3, 7])
    with ViewerModel() as viewer:
        layer = viewer.add_surface((*MESH, values))
        controls.set_layer(layer)
        assert layer.contrast_limits is None and controls.contrast.slider.isHidden()
        viewer.wait_until_loaded()
        assert layer.contrast_limits == layer.contrast_limits_range == (2, 7)
        assert controls.contrast.slider.value() == (2, 7)
        controls.contrast.slider.setValue((3, 6))
        assert layer.contrast_limits == (3, 6) and not layer.auto_contrast
        controls.contrast.auto.click()
        assert layer.contrast_limits == (2, 7)
        layer.data = (*MESH, 10 * values)
        assert layer.contrast_limits is None
        viewer.wait_until_loaded()
        assert layer.contrast_limits == (20, 70)


def test_a_surface_without_values_has_no_limits(controls: SurfaceControls) -> None:
    with ViewerModel() as viewer:
        layer = viewer.add_surface(MESH)
        controls.set_layer(layer)
        viewer.wait_until_loaded()
        assert layer.contrast_limits is None
        assert not controls.form.isRowVisible(controls.contrast) and not controls.form.isRowVisible(controls.gamma)
        assert controls.form.isRowVisible(controls.colormap)
