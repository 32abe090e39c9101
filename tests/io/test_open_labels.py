"""Labels of an OME-Zarr image open as Labels over their image, with the colours that the store says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr
from ome_zarr.io import parse_url
from ome_zarr.writer import write_image, write_labels

from lamella import Labels
from lamella.io import open_layers
from lamella.viewer_model import ViewerModel


def write(folder: Path, version: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 999, (2, 6, 64, 64)).astype(np.uint16)
    ids = rng.integers(0, 5, (6, 8, 8)).astype(np.int32).repeat(8, 1).repeat(8, 2)
    from ome_zarr.format import FormatV04, FormatV05

    fmt = FormatV04() if version == "0.4" else FormatV05()
    group = zarr.open_group(parse_url(folder, mode="w", fmt=fmt).store, mode="a")
    write_image(image, group, axes="czyx", fmt=fmt)
    write_labels(
        ids,
        group,
        name="cells",
        axes="zyx",
        fmt=fmt,
        label_metadata={"colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}]},
    )
    return image, ids


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.filterwarnings("ignore")
def test_labels_open_over_their_image(tmp_path: Path, version: str) -> None:
    _, ids = write(tmp_path / "a.zarr", version)
    with ViewerModel() as viewer:
        layers = viewer.open(tmp_path / "a.zarr")
        assert [type(layer).__name__ for layer in layers] == ["Image", "Image", "Labels"]
        labels = layers[2]
        assert isinstance(labels, Labels)
        assert labels.name == "cells"
        assert labels.colormap == {1: (1.0, 0.0, 0.0, 1.0)}
        labels.locked_data_level = 0
        viewer.wait_until_loaded(strict=True)
        assert np.array_equal(viewer.slices[labels].as_array(), ids[viewer.dims.current_step[-3]])


@pytest.mark.filterwarnings("ignore")
def test_damaged_labels_leave_the_image_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "a.zarr", "0.5")
    (tmp_path / "a.zarr" / "labels" / "cells" / "zarr.json").write_text("{")
    assert [data.kind for data in open_layers(tmp_path / "a.zarr")] == ["image", "image"]
    assert "left out" in caplog.text
